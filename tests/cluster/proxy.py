"""A TCP proxy between one node and one service, which can be cut."""

import asyncio
import contextlib
from typing import Literal

Mode = Literal["open", "cut", "hole"]
CHUNK = 1 << 16


class Proxy:
    """Listens on 127.0.0.1 at `port` and forwards to `target`, another port there.

    `open` forwards; `cut` ends all connections and every new one; `hole` lets them stand and carries nothing, as a
    cable that was pulled does. `ports` are those that it has had connections to the target from.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._flowing = asyncio.Event()
        self._mode: Mode = "open"
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.ports: set[int] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._flowing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def set(self, mode: Mode) -> None:
        """Change how it behaves, at once."""
        self._mode = mode
        if mode == "hole":
            self._flowing.clear()
            return
        # What a hole has swallowed is not delivered late: its connections are dead.
        if mode == "cut" or not self._flowing.is_set():
            self._abort()
        self._flowing.set()

    async def close(self) -> None:
        """End everything."""
        self.set("cut")
        if self._server is not None:
            self._server.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._mode != "cut":
                await self._forward(reader, writer)
        except OSError:
            pass  # One end is gone, so the other goes too.
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flowing.wait()
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers.add(back)
        self.ports.add(back.get_extra_info("sockname")[1])
        try:
            pumps = [asyncio.create_task(self._pump(reader, back)), asyncio.create_task(self._pump(there, writer))]
            _, rest = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in rest:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._writers.discard(back)
            back.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
