"""The listener: greets WebSockets, brings their requests to the handlers until a connection ends."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from time import monotonic

from websockets.http11 import Request
from websockets.typing import Subprotocol

from folkmoot_protocol.codec import SUBPROTOCOLS, for_subprotocol
from folkmoot_protocol.errors import CloseCode, ProtocolError
from folkmoot_protocol.events import PROTOCOL_VERSION, Hello
from folkmoot_protocol.types import Agreement, Limits

from .. import __version__
from ..actions.app import App
from ..common.deadlines import Deadlines
from ..common.i18n import LANGUAGES
from ..delivery.audience import Audience
from ..delivery.hub import Hub
from ..delivery.session import LONG_COST, Session
from ..live.presence import Presence
from ..requests.dispatch import dispatch
from ..sealed.access_records import AccessKind
from ..transport.accept_throttle import AcceptThrottle
from ..transport.addresses import (
    UNKNOWN_HOST,
    client_address,
    is_known_host,
    is_origin_allowed,
    is_trusted,
    origin_of,
)
from ..transport.frames import make_frame
from ..transport.websocket import WebSocket

SPARE = 8
"""Connections beyond what an address may have that are kept long enough to be told so."""

MAX_STARTED = 4
"""Requests that begin in one turn of the loop and are not answered at once; those beyond have to wait for the next."""
MAX_OFTEN = 1
"""Of them, of connections that ask for such again and again (`session.PACE_PER_S`)."""
OFTEN_REST = 4
"""For so many times as long as the turn took, none of these begins after it: they have what others leave."""

WS_PATH = "/ws"
PROTOCOLS = [Subprotocol(name) for name in SUBPROTOCOLS]


class Listener:
    """Serves connections of one node: the `App` of its WebSocket server."""

    def __init__(self, app: App, audience: Audience, hub: Hub, presence: Presence) -> None:
        self.app = app
        self.loop = asyncio.get_running_loop()
        self._audience = audience
        self._hub = hub
        self._presence = presence
        self._deadlines = Deadlines(app.config.limits.auth_seconds)
        self._starting = AcceptThrottle(MAX_STARTED)
        self._often = AcceptThrottle(MAX_OFTEN, rest=OFTEN_REST)
        server = app.config.server
        self._proxies = server.trusted_proxies
        self._host_names = server.host_names
        self._origins = (*server.allowed_origins, *filter(None, [origin_of(server.public_url)]))
        limits, agreement = app.config.limits, app.documents.agreement
        self._limits = Limits(
            frame_bytes=limits.frame_bytes,
            body_chars=limits.body_chars,
            auth_seconds=limits.auth_seconds,
            history_page=limits.history_page,
        )
        self._agreement = Agreement(version=agreement.version, sha256=agreement.sha256, url="/agreement")

    def on_accept(self, peer: str) -> bool:
        """Count a connection from its first moment; those of a proxy count for whom it speaks for, once that is known.

        Returns False if there are so many of the peer's that this one is not even told so.
        """
        if self._is_proxy(peer):
            return True
        if not self.app.shared_limits.has_room(peer, SPARE):
            return False
        self.app.shared_limits.opened(peer)
        return True

    def on_gone(self, peer: str) -> None:
        """Count it no more."""
        if not self._is_proxy(peer):
            self.app.shared_limits.closed(peer)

    def _is_proxy(self, peer: str) -> bool:
        return bool(self._proxies) and is_trusted(peer, self._proxies)

    def on_request(self, socket: WebSocket, request: Request) -> tuple[HTTPStatus, str] | None:
        """Refuse a connection, or (None) let it open."""
        forwarded = request.headers.get_all("X-Forwarded-For")
        address = client_address(socket.peer, forwarded, self._proxies)
        if not is_known_host(request.headers.get_all("Host"), self._host_names):
            return HTTPStatus.MISDIRECTED_REQUEST, UNKNOWN_HOST
        if not is_origin_allowed(request.headers, self._origins, address):
            return HTTPStatus.FORBIDDEN, "This origin may not connect: see server.allowed_origins.\n"
        # A connection that counts already must not stand in its own way.
        if not self.app.shared_limits.has_room(address, 0 if self._is_proxy(socket.peer) else 1):
            text = "Too many connections from your address: see limits.connections_per_address.\n"
            return HTTPStatus.TOO_MANY_REQUESTS, text
        socket.address = address
        return None

    def on_open(self, socket: WebSocket) -> tuple["Conversation", bytes]:
        """Greet a connection."""
        config = self.app.config
        codec, language = for_subprotocol(socket.subprotocol), config.i18n.default_language
        session = Session(
            socket,
            codec,
            self._hub,
            config.limits,
            self._deadlines,
            address=socket.address,
            language=language,
            opened_ms=self.app.clock.now_ms(),
        )
        if self._is_proxy(socket.peer):
            self.app.shared_limits.opened(session.address)
        self._audience.sessions.add(session)
        session.start_deadline()
        self.app.access_log.note(AccessKind.CONNECTED, session)
        return Conversation(self, session), make_frame(codec.encode(self._hello()), binary=codec.binary)

    def begin(self, session: Session, call: Callable[[], None]) -> None:
        """Make a call that begins what takes a while, in this turn of the loop or one of the next."""
        # What nobody has signed in to asks little anyway: that pace says how much.
        is_often = session.account is not None and session.pace.take(self.app.clock.ticks(), LONG_COST)
        (self._often if is_often else self._starting).enter(call)

    def forget(self, session: Session) -> None:
        """Forget a connection that has ended."""
        session.signed_in()
        self.app.access_log.note(AccessKind.ENDED, session, detail=str(session.opened_ms))
        self._audience.sessions.discard(session)
        self._hub.detach(session)
        if session.account is not None:
            self._presence.changed(session.account)
        if self._is_proxy(session.socket.peer):
            self.app.shared_limits.closed(session.address)

    def _hello(self) -> Hello:
        return Hello(
            protocol=PROTOCOL_VERSION,
            server=f"folkmoot/{__version__}",
            ts=self.app.clock.now_ms(),
            limits=self._limits,
            agreement=self._agreement,
            languages=LANGUAGES,
        )


class Conversation:
    """The requests of one connection, carried out one after the other."""

    __slots__ = ("_listener", "_session", "_waiting")

    def __init__(self, listener: Listener, session: Session) -> None:
        self._listener = listener
        self._session = session
        self._waiting: asyncio.Task[None] | None = None

    def on_message(self, data: bytes | str) -> None:
        """Carry out a request; if that takes a while, or the peer is behind with reading, the next one has to wait."""
        session = self._session
        if session.closing:
            return
        began, in_flight = monotonic(), session.in_flight
        try:
            answer = dispatch(self._listener.app, session, data)
        except ProtocolError:
            session.close(CloseCode.UNDECODABLE)
            return
        if session.in_flight == in_flight:
            # Of what is on its way to disk there is only as much as the rates of posts and acts let through.
            session.socket.spend(began)
        if answer is not None or session.is_behind():
            session.socket.pause()
            # What has to be waited for may be work, too: few begin in one turn of the loop, whoever sends them.
            self._listener.begin(session, partial(self._begin, answer))

    def _begin(self, answer: Awaitable[None] | None) -> None:
        self._waiting = self._listener.loop.create_task(self._wait(answer))

    async def _wait(self, answer: Awaitable[None] | None) -> None:
        if answer is not None:
            await answer
        if self._session.is_behind():
            await self._session.wait_for_room()
        self._waiting = None
        if self._session.overdue and self._session.account is None:
            self._session.close(CloseCode.NOT_AUTHENTICATED)
        self._session.socket.resume()

    def on_pace(self) -> None:
        """Look again whether the connection can be written to at once."""
        self._session.look_again()

    def on_close(self) -> None:
        """Forget the connection. A request that is being carried out is carried out all the same."""
        self._listener.forget(self._session)
