"""Accepting connections and looking after them: what all of them have in common is in `shared.Shared`."""

import asyncio
import ssl
from contextlib import suppress
from typing import cast

from .handshake import Settings
from .intake import Intake
from .peers import peer_of
from .shared import App, HttpServer, Shared
from .websocket import WebSocket

BACKLOG = 4096
TLS_S = 10
"""How long a peer may take to agree on the encryption."""
PING_S = 20
"""How often a silent peer is asked whether it is there; one that has said nothing by the next time is given up."""


class WebSocketServer:
    """Accepts connections for an app. `start` first, `close` in the end.

    `http` takes connections whose request is for another path than `settings.path`; without it there are none such.
    """

    def __init__(
        self, app: App[WebSocket], settings: Settings, http: HttpServer | None = None, intake: Intake | None = None
    ) -> None:
        self._shared = Shared[WebSocket](app, settings, http, intake or Intake())
        self._server: asyncio.Server
        self._keeper: asyncio.Task[None]

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None, backlog: int = BACKLOG) -> None:
        """Listen. Raises OSError."""
        shared = self._shared

        def accept() -> asyncio.Protocol:
            return WebSocket(shared) if tls is None else TlsHandshake(shared, tls)

        self._server = await asyncio.get_running_loop().create_server(accept, host, port, backlog=backlog)
        self._keeper = asyncio.create_task(self._keep_alive())

    @property
    def name(self) -> tuple[str, int]:
        """Host and port that are listened on."""
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def close(self, code: int) -> None:
        """Accept nothing more; close what is open with a code, give up what does not close in time."""
        shared = self._shared
        shared.closing = True
        self._server.close()
        self._keeper.cancel()
        for socket in list(shared.sockets):
            socket.close(code)
        if shared.http is not None:
            await shared.http.close()
        while shared.sockets:
            shared.gone.clear()
            await shared.gone.wait()

    async def _keep_alive(self) -> None:
        """Look after each connection every `PING_S`, a few at a time: thousands of pings at once would be felt."""
        while True:
            turn = list(self._shared.sockets)
            slices = min(len(turn), 200) or 1
            for number in range(slices):
                for socket in turn[number::slices]:
                    socket.keep_alive()
                await asyncio.sleep(PING_S / slices)


class TlsHandshake(asyncio.Protocol):
    """A connection whose encryption is being agreed on: it counts already, and has only `TLS_S` for it."""

    def __init__(self, shared: Shared[WebSocket], tls: ssl.SSLContext) -> None:
        self._shared = shared
        self._tls = tls
        self._early = bytearray()
        self._has_ended = self._is_lost = False
        self._task: asyncio.Task[None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin. See asyncio.Protocol, also for the three that follow: what they tell is for the WebSocket."""
        plain = cast(asyncio.Transport, transport)
        peer = peer_of(plain)
        if not self._shared.intake.enter(peer):
            plain.abort()
            return
        plain.pause_reading()
        self._task = asyncio.create_task(self._agree(plain, peer))

    def data_received(self, data: bytes) -> None:
        """Keep what comes together with the end of the handshake."""
        self._early += data

    def eof_received(self) -> None:
        """The peer will send no more."""
        self._has_ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._is_lost = True

    async def _agree(self, plain: asyncio.Transport, peer: str) -> None:
        loop, encrypted = asyncio.get_running_loop(), None
        # Who speaks no TLS, or goes away meanwhile, is no news.
        with suppress(OSError, RuntimeError):
            encrypted = await loop.start_tls(plain, self, self._tls, server_side=True, ssl_handshake_timeout=TLS_S)
        if encrypted is None or self._is_lost or self._shared.closing:
            plain.abort()
            self._shared.intake.leave(peer)
            return
        socket = WebSocket(self._shared, peer)
        encrypted.set_protocol(socket)
        socket.connection_made(encrypted)
        if self._early:
            socket.data_received(bytes(self._early))
        if self._has_ended:
            socket.eof_received()
