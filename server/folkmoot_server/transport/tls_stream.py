"""A stream over TLS to a server that takes and does not answer: connected when something is to be sent."""

import array
import asyncio
import contextlib
import fcntl
import ssl
import sys
import termios
from pathlib import Path

SETTLE_S = 2.0
"""How long a connection must have stood behind what was sent. Where TLS 1.3 asks who connects, one that is refused is
told so only after its handshake is done and it has sent something."""


class TlsStream:
    """Sends to `host` and `port`. A connection that is lost is made anew with the next thing to send."""

    def __init__(
        self, host: str, port: int, ca_file: Path | None, own: tuple[Path, Path] | None, timeout_s: float
    ) -> None:
        self._host = host
        self._port = port
        self._ca_file = ca_file
        self._own = own
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()
        self._number = 0
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._ended: asyncio.Task[OSError]

    async def send(self, data: bytes) -> int:
        """Give all of it to the system; return the number of its connection, for `settle`. Raises OSError."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout_s):
                    writer = await self._connected()
                    writer.write(data)
                    await writer.drain()
                    return self._number
            except BaseException:
                self._abort()
                raise

    async def settle(self, number: int) -> None:
        """Wait until what was sent over the connection of a number may be taken to have arrived: the other machine has
        acknowledged it, and stays. Raises OSError where it may be lost."""
        try:
            async with asyncio.timeout(self._timeout_s + SETTLE_S):
                while not await self._has_settled(number):
                    pass
        except TimeoutError:
            if self._number == number:
                self._abort()
            raise

    async def _has_settled(self, number: int) -> bool:
        """Wait a while; say whether all was acknowledged. Raises OSError where the connection is not there any more."""
        if self._open is not None and self._number == number:
            (_, writer), ended = self._open, self._ended
            await asyncio.wait([ended], timeout=SETTLE_S)
            if ended.done():
                raise ended.result()
            if self._number == number and self._open is not None:
                return not _unacknowledged(writer)
        raise ConnectionResetError("the connection broke")

    async def _connected(self) -> asyncio.StreamWriter:
        """Return the connection, unless the other side has ended it, or a new one."""
        if self._open is not None and not self._ended.done() and not self._open[1].is_closing():
            return self._open[1]
        self._abort()
        # Files are read anew, so that another certificate counts from the next connection on.
        context = await asyncio.to_thread(self._context)
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=context)
        # What is drained is with the system, and not in a buffer here. With a limit of 0 a TLS transport that has sent
        # all at once would take that for being full, and drain for ever.
        writer.transport.set_write_buffer_limits(high=1, low=0)
        self._open = reader, writer
        self._ended = asyncio.create_task(_end_of(reader))
        self._number += 1
        return writer

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._own is not None:
            context.load_cert_chain(*self._own)
        return context

    def _abort(self) -> None:
        if self._open is not None:
            self._open[1].transport.abort()
            self._open = None

    async def close(self) -> None:
        """End the connection."""
        async with self._turn:
            if self._open is None:
                return
            (_, writer), self._open = self._open, None
            writer.close()
            with contextlib.suppress(OSError):
                async with asyncio.timeout(self._timeout_s):
                    await writer.wait_closed()


async def _end_of(reader: asyncio.StreamReader) -> OSError:
    """Wait for the end of a connection; return why it ended. Whatever the other side says is nothing to us."""
    try:
        while await reader.read(1024):
            pass
    except OSError as error:
        return error
    return ConnectionResetError("the server has ended the connection")


def _unacknowledged(writer: asyncio.StreamWriter) -> int:
    """Return how many bytes the other machine has not acknowledged; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    waiting = array.array("i", [0])
    fcntl.ioctl(writer.get_extra_info("socket").fileno(), termios.TIOCOUTQ, waiting)
    return waiting[0]
