"""Looking names up: the operating system sets no bound to how long that takes, and nothing can end it."""

import asyncio
import socket
import threading
from contextlib import suppress

MOST_LOOKUPS = 64
"""Names that are being looked up at the same time, each in a thread of its own."""

Place = tuple[str, int]


class Lookups:
    """Looks names up, so that a slow one keeps nobody waiting but who asks for it."""

    def __init__(self) -> None:
        self._running: dict[Place, asyncio.Future[list[str] | Exception]] = {}

    async def find(self, host: str, port: int, timeout_s: float) -> list[str]:
        """Return the IP addresses of a name. Raises OSError, which TimeoutError is one of, and ValueError.

        Whoever asks for a name that is being looked up waits for the same answer: a slow name takes one thread.
        """
        place = (host, port)
        future = self._running.get(place)
        if future is None:
            if len(self._running) >= MOST_LOOKUPS:
                raise OSError("too many names are being looked up")
            loop = asyncio.get_running_loop()
            future = self._running[place] = loop.create_future()
            threading.Thread(target=self._look_up, args=(loop, place), name="lookup", daemon=True).start()
        async with asyncio.timeout(timeout_s):
            found = await asyncio.shield(future)
        if isinstance(found, Exception):
            raise found
        return found

    def _look_up(self, loop: asyncio.AbstractEventLoop, place: Place) -> None:
        found: list[str] | Exception
        try:
            found = [str(one[4][0]) for one in socket.getaddrinfo(*place, type=socket.SOCK_STREAM)]
        except Exception as error:  # whoever asked is told
            found = error
        # When the program ends nobody waits for it any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._end, place, found)

    def _end(self, place: Place, found: list[str] | Exception) -> None:
        self._running.pop(place).set_result(found)
