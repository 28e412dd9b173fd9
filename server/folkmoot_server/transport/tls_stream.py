"""A stream over TLS to a server that takes and does not answer: connected when something is to be sent."""

import asyncio
import contextlib
import ssl
from pathlib import Path


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

    async def send(self, data: bytes) -> int:
        """Send all of it, as far as one can tell: the system has taken it. Return the number of the connection over
        which: if the next one has another, this may be lost. Raises OSError."""
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

    async def _connected(self) -> asyncio.StreamWriter:
        """Return the connection, unless the other side has ended it, or a new one."""
        if self._open is not None and not self._open[0].at_eof() and not self._open[1].is_closing():
            return self._open[1]
        self._abort()
        # Files are read anew, so that another certificate counts from the next connection on.
        context = await asyncio.to_thread(self._context)
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=context)
        # What is drained is with the system, and not in a buffer here. With a limit of 0 a TLS transport that has sent
        # all at once would take that for being full, and drain for ever.
        writer.transport.set_write_buffer_limits(high=1, low=0)
        self._open = reader, writer
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
