"""HTTP/1.1 by uvicorn's H11Protocol, and the bounds of time and size that it leaves to a proxy."""

import asyncio
import sys
from collections.abc import Callable

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

REQUEST_S = 10
"""How long a peer may take to send a request, counted from its first byte, and then to take the answer; not how long
that is thought about.

Who sends or takes a long body is given as much for each `PROGRESS` bytes of it.
"""
PROGRESS = 1 << 16
KEEP_ALIVE_S = 5
"""How long a connection is kept after an answer, for the next request."""
CLOSE_S = 5
"""How long a request may take to be answered while the server stops."""
HEAD_BYTES = 1 << 14
"""How much of a request without its body is waited for. What comes in one piece may be longer."""
MAX_UNREAD = 1 << 20
"""Bytes of a body that may follow once it was answered without having been read."""


class HttpConnection(H11Protocol):
    """A connection over which requests come, one after the other."""

    def __init__(self, config: uvicorn.Config, state: ServerState, on_gone: Callable[[], None]) -> None:
        super().__init__(config, state, {})
        self._on_gone = on_gone
        self._deadline: asyncio.TimerHandle | None = None
        self._is_idle = False
        self._body_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a request. See asyncio.Protocol, also for the four that follow."""
        super().connection_made(transport)
        self.end_after(REQUEST_S)

    def data_received(self, data: bytes) -> None:
        """Take what came over the network."""
        if self._is_idle:
            self._is_idle = False
            self.end_after(REQUEST_S)
        super().data_received(data)
        if self.conn.their_state is h11.SEND_BODY:
            self._count_body(len(data))
        elif self.conn.our_state is h11.SEND_RESPONSE and not self.flow.write_paused:
            self._stop_counting()

    def eof_received(self) -> bool:  # type: ignore[override]  # as uvicorn has it
        """The peer will send no more: end, after the answer to what it sent, if that was all of a request. TLS knows no
        half of an end."""
        if self.conn.their_state is h11.SEND_BODY:
            return False
        is_answering = self.conn.our_state is not h11.IDLE and not self.cycle.response_complete
        if is_answering:
            self.cycle.keep_alive = False
        return is_answering and self.scheme == "http"

    def pause_writing(self) -> None:
        """The peer has not taken what was written."""
        super().pause_writing()
        self.end_after(REQUEST_S)

    def resume_writing(self) -> None:
        """The peer has taken most of what was written."""
        super().resume_writing()
        self.end_after(REQUEST_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_counting()
        self._on_gone()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._is_idle = True
        self._body_bytes = 0
        self.end_after(REQUEST_S)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or no body of one; once that is being answered, just end."""
        if error := sys.exception():
            # A frame that h11's error holds has that error, and this connection: see `main.keep_survivors`.
            error.__traceback__ = None
        if self.conn.our_state is not h11.IDLE:
            self.cycle.disconnected = True
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()

    def end_after(self, seconds: float) -> None:
        """Give the connection up in a while, counted from now."""
        self._stop_counting()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _stop_counting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _count_body(self, size: int) -> None:
        self._body_bytes += size
        if self.cycle.response_complete:
            if self._body_bytes > MAX_UNREAD:
                self.transport.abort()
        elif self._body_bytes > PROGRESS:
            self._body_bytes = 0
            self.end_after(REQUEST_S)


class HttpServer:
    """Serves an ASGI application over connections that somebody else accepts: see `transport.shared.HttpServer`."""

    def __init__(self, app: ASGIApp) -> None:
        # What uvicorn has to say of requests that are none would fill the log; errors of the application stay.
        self._config = uvicorn.Config(
            app,
            http=HttpConnection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            h11_max_incomplete_event_size=HEAD_BYTES,
        )
        self._config.load()
        self._state = ServerState()
        self._gone = asyncio.Event()

    def new_connection(self, on_gone: Callable[[], None]) -> HttpConnection:
        """Return what takes a connection over, and calls `on_gone` when that has ended."""

        def note() -> None:
            on_gone()
            self._gone.set()

        return HttpConnection(self._config, self._state, note)

    async def close(self) -> None:
        """End all connections, those whose request is being answered within `CLOSE_S`."""
        for connection in list(self._state.connections):
            if not connection.transport.is_closing():
                connection.shutdown()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._wait_until_gone()
        except TimeoutError:
            for connection in self._state.connections:
                connection.transport.abort()
            await self._wait_until_gone()
        # Whose peer has gone may still be asking storage.
        while self._state.tasks:
            await asyncio.wait(self._state.tasks)

    async def _wait_until_gone(self) -> None:
        while self._state.connections:
            self._gone.clear()
            await self._gone.wait()
