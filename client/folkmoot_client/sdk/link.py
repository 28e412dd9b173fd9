"""One live connection: hello, replies matched to requests, events passed on."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from folkmoot_protocol import (
    PROTOCOL_VERSION,
    Codec,
    Error,
    ErrorCode,
    Event,
    Hello,
    Ok,
    ProtocolError,
    Request,
    Result,
    ServerFrame,
    read_result,
)

from .address import is_loopback
from .errors import ConnectionLost, NotReachable, RequestRefused

ABNORMAL = 1006
MAX_FRAME_BYTES = 64 << 20
"""Of a frame from the server; a page of history is far below."""

OnEvent = Callable[[Event], None]
OnResult = Callable[[Request, Result], None]


def close_of(error: ConnectionClosed) -> tuple[int, str]:
    """Return code and reason of the server's close frame, 1006 for none (RFC 6455 section 7.1.5)."""
    return (error.rcvd.code, error.rcvd.reason) if error.rcvd else (ABNORMAL, "")


class Link:
    """A connection after its `hello`. `run` must be running for requests to be answered.

    `on_event` and `on_result` are called in the order of the frames, so that a listener's picture of its
    groups is right before the frame after is looked at.
    """

    def __init__(
        self, connection: ClientConnection, codec: Codec, hello: Hello, on_event: OnEvent, on_result: OnResult
    ) -> None:
        self.hello = hello
        self._connection = connection
        self._codec = codec
        self._on_event = on_event
        self._on_result = on_result
        self._last_id = 0
        self._open: dict[int, tuple[Request, asyncio.Future[Result | Error | None]]] = {}
        self._close = (ABNORMAL, "")
        self._ended = False

    @classmethod
    async def open(cls, url: str, codec: Codec, on_event: OnEvent, on_result: OnResult, timeout_s: float) -> "Link":
        """Connect and read the hello. Raises `NotReachable`."""
        proxy: Literal[True] | None = None if is_loopback(url) else True
        connecting = connect(
            url,
            subprotocols=[Subprotocol(codec.subprotocol)],
            compression=None,
            max_size=MAX_FRAME_BYTES,
            open_timeout=timeout_s,
            proxy=proxy,
        )
        try:
            async with asyncio.timeout(timeout_s):
                connection = await connecting
                hello = await _read_hello(connection, codec)
        except (OSError, WebSocketException, ProtocolError) as error:
            raise NotReachable(f"{url}: {error}") from error
        return cls(connection, codec, hello, on_event, on_result)

    def next_id(self) -> int:
        """Return an id for a request, never the same twice."""
        self._last_id += 1
        return self._last_id

    async def ask(self, request: Request) -> Result:
        """Send a request and wait for its reply. Raises `RequestRefused`, `ConnectionLost`."""
        if self._ended:
            raise ConnectionLost(*self._close)
        data = self._codec.encode(request)
        if len(data) > self.hello.limits.frame_bytes:
            raise RequestRefused(ErrorCode.TOO_LONG, "The request is longer than the server takes.")
        future: asyncio.Future[Result | Error | None] = asyncio.get_running_loop().create_future()
        self._open[request.id] = request, future
        try:
            # A send on a broken connection says no more than `run` does, which then settles the future.
            with suppress(ConnectionClosed):
                await self._connection.send(data, text=not self._codec.binary)
            reply = await future
        finally:
            self._open.pop(request.id, None)
        if reply is None:
            raise ConnectionLost(*self._close)
        if isinstance(reply, Error):
            raise RequestRefused.of(reply)
        return reply

    async def run(self) -> tuple[int, str]:
        """Read until the connection closes; return code and reason of the close. Raises `ProtocolError`."""
        try:
            while True:
                frame = self._codec.decode_frame(await self._connection.recv(decode=False))
                if frame is not None:
                    self._take(frame)
        except ConnectionClosed as closed:
            self._close = close_of(closed)
        finally:
            self._abandon()
        return self._close

    async def close(self) -> None:
        """Close on purpose."""
        await self._connection.close()

    def _take(self, frame: ServerFrame) -> None:
        if isinstance(frame, Ok | Error):
            self._take_reply(frame)
        elif not isinstance(frame, Hello):
            self._on_event(frame)

    def _take_reply(self, frame: Ok | Error) -> None:
        request, future = self._open.pop(frame.re, (None, None))
        if request is None or future is None:
            return  # its asker was cancelled meanwhile
        reply: Result | Error = frame if isinstance(frame, Error) else read_result(request, frame)
        if not isinstance(reply, Error):
            self._on_result(request, reply)
        if not future.done():
            future.set_result(reply)

    def _abandon(self) -> None:
        """Tell those who wait that no reply will come."""
        self._ended = True
        waiting, self._open = self._open, {}
        for _, future in waiting.values():
            if not future.done():
                future.set_result(None)


async def _read_hello(connection: ClientConnection, codec: Codec) -> Hello:
    """Read the first frame. Raises `ProtocolError` when it is not the hello of this protocol."""
    try:
        hello = codec.decode_frame(await connection.recv(decode=False))
        if not isinstance(hello, Hello) or hello.protocol != PROTOCOL_VERSION:
            raise ProtocolError(f"not a server of protocol version {PROTOCOL_VERSION}")
    except BaseException:
        connection.transport.abort()
        raise
    return hello
