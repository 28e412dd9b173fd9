"""Opening handshakes (RFC 6455, section 4.2), as the websockets library reads and answers them.

Programs of one kind send the same request again and again, with another key: what the library made of the first one
holds for the others, for as long as the date in its answer is right.
"""

import re
from collections.abc import Sequence
from time import time

from msgspec import Struct
from websockets.exceptions import NegotiationError
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.streams import StreamReader
from websockets.typing import Subprotocol
from websockets.utils import accept_key

MAX_KNOWN = 200
"""Kinds of requests in one second whose answers are kept. Those beyond are all read by the library."""

KEY = re.compile(rb"\r\nSec-WebSocket-Key: ([A-Za-z0-9+/]{22}==)\r\n")


class Settings(Struct, frozen=True):
    """What all connections of a server share. `max_size`: of a message, in bytes. `path`: where WebSockets open.

    While more than `max_waiting` bytes wait for a peer nothing more is read of it.
    """

    max_size: int
    subprotocols: Sequence[Subprotocol] = ()
    path: str = "/"
    max_waiting: int = 1 << 20


class Opening:
    """A request to open a connection, and all that is known of its answer."""

    __slots__ = ("accepted", "key", "kind", "request")

    def __init__(self, request: Request, kind: tuple[bytes, bytes] | None = None, key: str = "") -> None:
        self.request = request
        """Of all of its kind the first one, so that its key may be another's."""
        self.kind = kind
        self.key = key
        self.accepted: Accepted | None = None


class Accepted(Struct, frozen=True):
    """The answer to requests of a kind: `before` and `after` what proves that the key was read."""

    request: Request
    before: bytes
    after: bytes
    subprotocol: Subprotocol | None


class Greeter:
    """Reads and answers the opening handshakes of a server's connections."""

    def __init__(self, settings: Settings) -> None:
        self._start = f"GET {settings.path}".encode()
        self._core = new_handshake(settings)
        self._known: dict[tuple[bytes, bytes], Accepted] = {}
        self._second = 0

    def asks_for_socket(self, data: bytes) -> bool | None:
        """Say whether a request that begins with `data` is for the path of WebSockets; None while that is open."""
        start = self._start
        if len(data) > len(start):
            return data.startswith(start) and data[len(start)] in b" ?"
        return None if start.startswith(data) else False

    def read(self, data: bytes) -> Opening | None:
        """Return the request that `data` is, whole and with nothing after it; else None: a core must look at it."""
        found = KEY.search(data)
        if found is None:
            request = parse_request(data)
            return Opening(request) if request else None
        kind, key = (data[: found.start(1)], data[found.end(1) :]), found[1].decode()
        accepted = self._recall().get(kind)
        request = accepted.request if accepted else parse_request(data)
        if request is None:
            return None
        opening = Opening(request, kind, key)
        opening.accepted = accepted
        return opening

    def accept(self, opening: Opening) -> tuple[bytes, Subprotocol | None] | Response:
        """Return the answer that opens the connection, and the subprotocol agreed on; or a refusal."""
        accepted, proof = opening.accepted, accept_key(opening.key).encode()
        if accepted is not None:
            return accepted.before + proof + accepted.after, accepted.subprotocol
        core = self._core
        response = core.accept(opening.request)
        if response.status_code != 101:
            return response
        answer = response.serialize()
        before, found, after = answer.partition(proof)
        known = self._recall()
        if opening.kind and found and len(known) < MAX_KNOWN:
            known[opening.kind] = Accepted(opening.request, before, after, core.subprotocol)
        return answer, core.subprotocol

    def reject(self, status: int, text: str) -> Response:
        """Return a refusal."""
        return self._core.reject(status, text)

    def _recall(self) -> dict[tuple[bytes, bytes], Accepted]:
        """Return the answers of this second."""
        second = int(time())
        if second != self._second:
            self._second = second
            self._known.clear()
        return self._known


def select_subprotocol(core: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Return the first of ours that the client offers. None offered: none; only unknown ones: refused."""
    known = core.available_subprotocols or ()
    for name in known:
        if name in offered:
            return name
    if offered:
        raise NegotiationError(f"known subprotocols: {', '.join(known)}")
    return None


def new_handshake(settings: Settings) -> ServerProtocol:
    """Return a core that knows what to agree on."""
    return ServerProtocol(
        subprotocols=settings.subprotocols or None,
        select_subprotocol=select_subprotocol,
        max_size=settings.max_size,
    )


def parse_request(data: bytes) -> Request | None:
    """Return the request that `data` is, whole and with nothing after it; else None: a core must look at it."""
    if not data.endswith(b"\r\n\r\n"):
        return None
    reader = StreamReader()
    reader.feed_data(data)
    try:
        next(Request.parse(reader.read_line))
    except StopIteration as parsed:
        request: Request = parsed.value
        return request if not reader.buffer else None
    except Exception:  # a core says what is wrong
        return None
    return None
