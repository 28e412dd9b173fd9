"""The listener: accepts connections, answers HTTP, reads frames until a connection ends."""

from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from folkmoot_protocol.codec import SUBPROTOCOLS, for_subprotocol
from folkmoot_protocol.errors import CloseCode, ProtocolError
from folkmoot_protocol.events import PROTOCOL_VERSION, Hello
from folkmoot_protocol.types import Agreement, Limits

from . import __version__
from .addresses import client_address, is_origin_allowed, origin_of
from .dispatch import dispatch
from .i18n import LANGUAGES
from .pages import TEXT, get_page, respond
from .session import Session

if TYPE_CHECKING:
    from .node import Node

log = structlog.get_logger()

WS_PATH = "/ws"
PROTOCOLS = [Subprotocol(name) for name in SUBPROTOCOLS]


class Listener:
    """Serves connections of one node. `process_request` and `serve` are what the websockets library calls."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._by_address: Counter[str] = Counter()
        server = node.config.server
        self._origins = (*server.allowed_origins, *filter(None, [origin_of(server.public_url)]))
        limits, agreement = node.config.limits, node.documents.agreement
        self._limits = Limits(
            frame_bytes=limits.frame_bytes,
            body_chars=limits.body_chars,
            auth_seconds=limits.auth_seconds,
            history_page=limits.history_page,
        )
        self._agreement = Agreement(version=agreement.version, sha256=agreement.sha256, url="/agreement")

    def address_of(self, connection: ServerConnection) -> str:
        """Return the address of a peer, as limits count it."""
        peer = connection.remote_address
        headers = connection.request.headers if connection.request else None
        address = str(peer[0]) if peer else ""
        return client_address(address, headers, self._node.config.server.trusted_proxies) if headers else address

    def process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a page, refuse a connection, or (None) let the handshake go on."""
        address = self.address_of(connection)
        if request.path.partition("?")[0] != WS_PATH:
            return get_page(self._node, request, address)
        if not is_origin_allowed(request.headers, self._origins, address):
            return respond("This origin may not connect: see server.allowed_origins.\n", TEXT, HTTPStatus.FORBIDDEN)
        most = self._node.config.limits.connections_per_address
        if most and self._by_address[address] >= most:
            text = "Too many connections from your address: see limits.connections_per_address.\n"
            return respond(text, TEXT, HTTPStatus.TOO_MANY_REQUESTS)
        return None

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one connection from its hello to its end."""
        node = self._node
        address = self.address_of(connection)
        language = node.config.i18n.default_language
        codec = for_subprotocol(connection.subprotocol)
        session = Session(connection, codec, node.hub, node.config.limits, address=address, language=language)
        self._by_address[address] += 1
        node.sessions.add(session)
        try:
            session.send(self._hello())
            session.start_deadline()
            await self._read(session)
        finally:
            session.signed_in()
            node.sessions.discard(session)
            node.hub.detach(session)
            if session.account is not None:
                node.presence.changed(session.account)
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def _hello(self) -> Hello:
        return Hello(
            protocol=PROTOCOL_VERSION,
            server=f"folkmoot/{__version__}",
            ts=self._node.clock.now_ms(),
            limits=self._limits,
            agreement=self._agreement,
            languages=LANGUAGES,
        )

    async def _read(self, session: Session) -> None:
        """Read frames, one request after the other, until the connection ends."""
        try:
            async for data in session.connection:
                if session.closing:
                    break
                await dispatch(self._node, session, data)
                if session.is_behind():
                    await session.wait_for_room()
        except ProtocolError:
            session.close(CloseCode.UNDECODABLE)
        except ConnectionClosed:
            pass
        await session.connection.wait_closed()
