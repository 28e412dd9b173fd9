"""Accepting connections and looking after them: what all of them have in common is in `shared.Shared`."""

import asyncio
import socket
import ssl

import structlog

from .handshake import Settings
from .intake import Intake
from .shared import App, HttpServer, Shared
from .websocket import WebSocket

log = structlog.get_logger()

BACKLOG = 4096
ACCEPT_REST_S = 0.1
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
        self.name: tuple[str, int]
        """Host and port that are listened on."""
        self._server: asyncio.Server | TlsServer
        self._keeper: asyncio.Task[None]

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None, backlog: int = BACKLOG) -> None:
        """Listen. Raises OSError."""
        loop, shared = asyncio.get_running_loop(), self._shared
        if tls is None:
            self._server = await loop.create_server(lambda: WebSocket(shared), host, port, backlog=backlog)
            self.name = self._server.sockets[0].getsockname()[:2]
        else:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listening = socket.create_server((host, port), family=family, backlog=backlog)
            listening.setblocking(False)
            self._server = TlsServer(listening, shared, tls)
            self.name = listening.getsockname()[:2]
        self._keeper = asyncio.create_task(self._keep_alive())

    async def close(self, code: int) -> None:
        """Accept nothing more; close what is open with a code, give up what does not close in time."""
        shared = self._shared
        shared.closing = True
        self._server.close()
        self._keeper.cancel()
        for one in list(shared.sockets):
            one.close(code)
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
                for one in turn[number::slices]:
                    one.keep_alive()
                await asyncio.sleep(PING_S / slices)


class TlsServer:
    """Accepts connections that are encrypted: each counts while that is being agreed on, and has `TLS_S` for it."""

    def __init__(self, listening: socket.socket, shared: Shared[WebSocket], tls: ssl.SSLContext) -> None:
        self._listening = listening
        self._shared = shared
        self._tls = tls
        self._agreeing: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.create_task(self._accept())

    def close(self) -> None:
        """Accept nothing more."""
        self._accepting.cancel()
        self._listening.close()
        for task in self._agreeing:
            task.cancel()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, (peer, *_) = await loop.sock_accept(self._listening)
            except OSError as error:
                # Of a connection that is gone already, or too many open files: others are no worse for it.
                log.warning("could not accept a connection", cause=repr(error))
                await asyncio.sleep(ACCEPT_REST_S)
                continue
            if self._shared.intake.enter(peer):
                task = asyncio.create_task(self._agree(accepted, peer))
                self._agreeing.add(task)
                task.add_done_callback(self._agreeing.discard)
            else:
                accepted.close()

    async def _agree(self, accepted: socket.socket, peer: str) -> None:
        one, loop = WebSocket(self._shared, peer), asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: one, accepted, ssl=self._tls, ssl_handshake_timeout=TLS_S)
        except (OSError, RuntimeError):
            # Who speaks no TLS, or goes away meanwhile, is no news.
            pass
        finally:
            if not one.is_made:
                accepted.close()
                self._shared.intake.leave(peer)
