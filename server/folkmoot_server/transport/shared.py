"""What connections are for, and what all those of a server have in common."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Generic, Protocol, TypeVar

from websockets.http11 import Request

from ..common.deadlines import Deadlines
from .accept_throttle import AcceptThrottle
from .handshake import Greeter, Settings
from .intake import Intake
from .turns import Turns

HANDSHAKE_S = 10
"""How long a peer may take to send its request, or to take a refusal."""
CLOSE_S = 5
"""How long a peer may take to answer a close frame."""

S = TypeVar("S")
"""A connection."""
S_contra = TypeVar("S_contra", contravariant=True)


class Receiver(Protocol):
    """What listens to one open connection. None of these may raise."""

    def on_message(self, data: bytes | str) -> None:
        """Take a whole message; `str` if it was text."""
        ...

    def on_pace(self) -> None:
        """What the connection takes has changed: `is_backed_up` or `is_open`."""
        ...

    def on_close(self) -> None:
        """The connection has ended, whoever ended it."""
        ...


class App(Protocol[S_contra]):
    """What connections are for."""

    def on_request(self, socket: S_contra, request: Request) -> tuple[HTTPStatus, str] | None:
        """Refuse a request with a status and a text, or return None: the WebSocket may open."""
        ...

    def on_open(self, socket: S_contra) -> tuple[Receiver, bytes]:
        """Say who listens to a connection whose handshake is done, and the frames that greet it."""
        ...


class HttpServer(Protocol):
    """What takes the connections that ask for something else than a WebSocket."""

    def new_connection(self, on_gone: Callable[[], None]) -> asyncio.Protocol:
        """Return what takes one connection over: it is told of the transport, then gets the bytes that came.

        It has to call `on_gone` when the connection has ended.
        """
        ...

    async def close(self) -> None:
        """End all connections that were taken over, those whose request is being answered last."""
        ...


class Shared(Generic[S]):
    """What all connections of a server have in common. `sockets`: those that are open or about to open."""

    def __init__(self, app: App[S], settings: Settings, http: HttpServer | None, intake: Intake) -> None:
        self.app = app
        self.settings = settings
        self.http = http
        self.intake = intake
        self.greeter = Greeter(settings)
        self.sockets: set[S] = set()
        self.door = AcceptThrottle()
        self.turns = Turns()
        self.handshakes, self.closings = Deadlines(HANDSHAKE_S), Deadlines(CLOSE_S)
        self.closing = False
        self.gone = asyncio.Event()

    def discard(self, socket: S) -> None:
        """Forget a connection that has ended, or is no WebSocket."""
        self.sockets.discard(socket)
        self.handshakes.drop(socket)
        self.closings.drop(socket)
        if not self.sockets:
            self.gone.set()
