"""Servers that send back every message: the library's own, and ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request

from folkmoot_server.http.server import HttpServer
from folkmoot_server.transport.frames import make_frame
from folkmoot_server.transport.handshake import Settings
from folkmoot_server.transport.server import WebSocketServer
from folkmoot_server.transport.websocket import WebSocket

MAX_SIZE = 1 << 24


class Echo:
    """An `App`, and the `Receiver` of each connection."""

    def __init__(self, socket: WebSocket | None = None) -> None:
        self._socket = socket

    def on_request(self, socket: WebSocket, request: Request) -> tuple[HTTPStatus, str] | None:
        return None

    def on_open(self, socket: WebSocket) -> tuple["Echo", bytes]:
        return Echo(socket), b""

    def on_message(self, data: bytes | str) -> None:
        assert self._socket is not None
        if self._socket.is_open:
            payload = data.encode() if isinstance(data, str) else data
            self._socket.transport.write(make_frame(payload, binary=isinstance(data, bytes)))

    def on_pace(self) -> None:
        pass

    def on_close(self) -> None:
        self._socket = None


async def send_back(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@asynccontextmanager
async def library_server() -> AsyncIterator[int]:
    """Serve with the library's asyncio server; yield the port."""
    async with serve(send_back, "127.0.0.1", 0, max_size=MAX_SIZE, compression=None) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@asynccontextmanager
async def own_server() -> AsyncIterator[int]:
    """Serve with our connection class, and a page to who asks for another path than `/`; yield the port."""
    server = WebSocketServer(Echo(), Settings(MAX_SIZE), HttpServer(PlainTextResponse("a page")))
    await server.start("127.0.0.1", 0)
    try:
        yield server.name[1]
    finally:
        await server.close(1001)
