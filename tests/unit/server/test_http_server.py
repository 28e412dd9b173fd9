"""What a peer may do over HTTP, however it behaves: bounds of time and size, broken requests, the end of the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, cast

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from folkmoot_server.http import server
from folkmoot_server.http.server import HttpConnection, HttpServer
from folkmoot_server.transport.handshake import Settings
from folkmoot_server.transport.server import WebSocketServer
from tests.conformance.echo import MAX_SIZE, Echo

HOST = b"Host: here\r\n"
GET = b"GET /page HTTP/1.1\r\n" + HOST + b"\r\n"
POST = b"POST /page HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

LONG = bytes(1 << 24)

page = PlainTextResponse("a page")


class Peer(NamedTuple):
    """A client that sends bytes as it likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        with suppress(ConnectionError):
            await self.writer.drain()

    async def rest(self) -> bytes:
        """Return what comes until the server ends the connection."""
        received = b""
        with suppress(ConnectionError):
            while data := await self.reader.read(65536):
                received += data
        return received

    async def answered(self) -> None:
        """Wait for an answer whose body is `a page`."""
        await self.reader.readuntil(b"\r\n\r\na page")


class Serving:
    """A server and those who connected to it."""

    def __init__(self, running: WebSocketServer, http: HttpServer) -> None:
        self.server = running
        self.http = http
        self.peers: list[Peer] = []

    async def peer(self) -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.server.name[1]))
        self.peers.append(peer)
        return peer


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[Serving]:
    http = HttpServer(app)
    running = WebSocketServer(Echo(), Settings(MAX_SIZE, path="/ws"), http)
    await running.start("127.0.0.1", 0)
    serving = Serving(running, http)
    try:
        yield serving
    finally:
        await running.close(1001)
        for peer in serving.peers:
            peer.writer.close()


class Reading:
    """An application that takes a body piece by piece, then answers."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[int] = asyncio.Queue()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async for piece in Request(scope, receive).stream():
            self.pieces.put_nowait(len(piece))
        await page(scope, receive, send)


class Thinking:
    """An application that answers when it is let."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.set()
        await self.go.wait()
        await page(scope, receive, send)


@pytest.fixture
def renewals(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times that connections were given, in seconds."""
    given: list[float] = []
    renew = HttpConnection.end_after

    def end_after(connection: HttpConnection, seconds: float) -> None:
        given.append(seconds)
        renew(connection, seconds)

    monkeypatch.setattr(HttpConnection, "end_after", end_after)
    return given


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> "asyncio.Queue[bytes]":
    """What the server got, piece by piece."""
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    take = HttpConnection.data_received

    def data_received(connection: HttpConnection, data: bytes) -> None:
        take(connection, data)
        pieces.put_nowait(data)

    monkeypatch.setattr(HttpConnection, "data_received", data_received)
    return pieces


@pytest.mark.parametrize(
    "start", [b"GET /page HTTP", b"POST /page HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nabc"]
)
async def test_who_does_not_finish_a_request_is_cut_off(monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(server, "REQUEST_S", 0.05)
    async with serving(Reading()) as running:
        peer = await running.peer()
        await peer.send(start)
        assert await peer.rest() == b""


@pytest.mark.parametrize("first", [b"", GET], ids=["first request", "second request"])
async def test_sending_slowly_gains_no_time(monkeypatch: pytest.MonkeyPatch, first: bytes) -> None:
    monkeypatch.setattr(server, "REQUEST_S", 0.2)
    async with serving(page) as running:
        peer = await running.peer()
        if first:
            await peer.send(first)
            await peer.answered()
        ended = asyncio.create_task(peer.rest())
        await peer.send(b"GET /page HTTP/1.1\r\n" + HOST)
        while not (await asyncio.wait([ended], timeout=0.02))[0]:
            await peer.send(b"X: y\r\n")
        assert await ended == b""


async def test_a_connection_is_kept_for_the_next_request_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "KEEP_ALIVE_S", 1)
    async with serving(page) as running:
        peer = await running.peer()
        for _ in range(3):
            await peer.send(GET)
            await peer.answered()
        assert await peer.rest() == b""


async def test_a_body_is_streamed_and_gains_time_as_it_comes(
    monkeypatch: pytest.MonkeyPatch, renewals: list[float]
) -> None:
    monkeypatch.setattr(server, "PROGRESS", 100)
    app = Reading()
    async with serving(app) as running:
        peer = await running.peer()
        await peer.send(POST + b"Content-Length: 1000\r\n\r\n")
        for _ in range(10):
            await peer.send(bytes(100))
            taken = 0
            while taken < 100:
                taken += await app.pieces.get()
        await peer.answered()
    # The connection, the body's every second piece, the answer.
    assert renewals == [server.REQUEST_S] * 7


async def test_who_does_not_take_the_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLOSE_S", 0.5)
    async with serving(PlainTextResponse(LONG)) as running:
        peer = await running.peer()
        await peer.send(GET)
        await peer.reader.readuntil(b"\r\n\r\n")
        cast(asyncio.ReadTransport, peer.writer.transport).pause_reading()
        ending = asyncio.create_task(running.server.close(1001))
        assert not (await asyncio.wait([ending], timeout=0.05))[0]
        await ending


async def test_who_takes_a_long_answer_gains_time(renewals: list[float]) -> None:
    async with serving(PlainTextResponse(LONG)) as running:
        peer = await running.peer()
        await peer.send(GET)
        head = await peer.reader.readuntil(b"\r\n\r\n")
        await peer.reader.readexactly(len(LONG))
        await peer.send(GET)
        await peer.reader.readexactly(len(head) + len(LONG))
    # The connection; twice: what waits to be taken, what was taken of it, the answer; the second request.
    assert len(renewals) == 8


async def test_no_time_of_the_peer_runs_while_an_answer_is_thought_about(heard: "asyncio.Queue[bytes]") -> None:
    thinking = Thinking()
    async with serving(thinking) as running:
        peer = await running.peer()
        await peer.send(POST + b"Content-Length: 4\r\n\r\nab")
        await thinking.asked.wait()
        (connection,) = running.http._state.connections
        assert connection._deadline is not None
        await peer.send(b"cd")
        while await heard.get() != b"cd":
            pass
        assert connection._deadline is None
        thinking.go.set()
        await peer.answered()
        assert connection._deadline is not None


async def test_a_body_that_nobody_reads_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, heard: "asyncio.Queue[bytes]"
) -> None:
    monkeypatch.setattr(server, "MAX_UNREAD", 5000)
    async with serving(page) as running:
        peer = await running.peer()
        for _ in range(3):
            await peer.send(POST + b"Content-Length: 4000\r\n\r\n")
            await peer.answered()
            await peer.send(bytes(3000))
            while await heard.get() != bytes(3000):
                pass
            await peer.send(bytes(1000))
        await peer.send(GET)
        await peer.answered()


async def test_a_long_body_that_nobody_reads_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_UNREAD", 1000)
    monkeypatch.setattr(server, "REQUEST_S", 1000)
    async with serving(page) as running:
        peer = await running.peer()
        await peer.send(POST + b"Content-Length: 100000000\r\n\r\n")
        await peer.answered()
        await peer.send(bytes(2000))
        assert await peer.rest() == b""


async def test_a_body_that_breaks_off_before_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    app = Thinking()
    async with serving(app) as running:
        peer = await running.peer()
        await peer.send(CHUNKED)
        await app.asked.wait()
        await peer.send(b"no chunk\r\n")
        assert (await peer.rest()).startswith(b"HTTP/1.1 400 ")
        app.go.set()
    assert not caplog.records


async def test_a_body_that_is_broken_from_the_start(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(page) as running:
        peer = await running.peer()
        await peer.send(CHUNKED + b"no chunk\r\n")
        assert (await peer.rest()).startswith(b"HTTP/1.1 400 ")
    assert not caplog.records


async def test_a_body_that_breaks_off_after_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(page) as running:
        peer = await running.peer()
        await peer.send(CHUNKED)
        await peer.answered()
        await peer.send(b"no chunk\r\n")
        assert await peer.rest() == b""
    assert not caplog.records


async def test_who_will_send_no_more_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    app, no_more = Thinking(), asyncio.Event()
    take_end = HttpConnection.eof_received

    def eof_received(connection: HttpConnection) -> bool:
        no_more.set()
        return take_end(connection)

    monkeypatch.setattr(HttpConnection, "eof_received", eof_received)
    async with serving(app) as running:
        peer = await running.peer()
        await peer.send(GET)
        await app.asked.wait()
        peer.writer.write_eof()
        await no_more.wait()
        app.go.set()
        assert (await peer.rest()).endswith(b"a page")
        idle = await running.peer()
        await idle.send(GET)
        await idle.answered()
        idle.writer.write_eof()
        assert await idle.rest() == b""


async def test_the_end_of_the_server_waits_for_answers_alone() -> None:
    app = Thinking()
    async with serving(app) as running:
        busy, idle, half = [await running.peer() for _ in range(3)]
        app.go.set()
        await idle.send(GET)
        await idle.answered()
        app.go.clear()
        app.asked.clear()
        await half.send(b"GET /page HT")
        await busy.send(GET)
        await app.asked.wait()
        ending = asyncio.create_task(running.server.close(1001))
        assert await idle.rest() == await half.rest() == b""
        assert not ending.done()
        app.go.set()
        assert (await busy.rest()).endswith(b"a page")
        await ending


async def test_an_answer_that_does_not_come_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLOSE_S", 0.05)
    app = Thinking()
    async with serving(app) as running:
        peer = await running.peer()
        await peer.send(GET)
        await app.asked.wait()
        ending = asyncio.create_task(running.server.close(1001))
        assert await peer.rest() == b""
        # Its peer has gone, and yet it may need what is closed next.
        assert not (await asyncio.wait([ending], timeout=0.05))[0]
        app.go.set()
        await ending


async def test_a_body_that_does_not_end_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLOSE_S", 0.1)
    monkeypatch.setattr(server, "PROGRESS", 10)
    app = Reading()
    async with serving(app) as running:
        peer = await running.peer()
        await peer.send(POST + b"Content-Length: 100000000\r\n\r\nbegin")
        await app.pieces.get()
        ending = asyncio.create_task(running.server.close(1001))
        while not (await asyncio.wait([ending], timeout=0.02))[0]:
            await peer.send(bytes(100))
        await ending


async def test_a_server_ends_while_a_broken_answer_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLOSE_S", 0.05)
    answered = asyncio.Event()

    async def too_short(scope: Scope, receive: Receive, send: Send) -> None:
        answered.set()
        await PlainTextResponse(LONG, headers={"Content-Length": str(len(LONG) + 1)})(scope, receive, send)

    async with serving(too_short) as running:
        peer = await running.peer()
        cast(asyncio.ReadTransport, peer.writer.transport).pause_reading()
        await peer.send(GET)
        await answered.wait()
        await running.server.close(1001)


async def test_an_error_is_logged_once_and_answered(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    async with serving(broken) as running:
        peer = await running.peer()
        await peer.send(GET)
        assert (await peer.rest()).startswith(b"HTTP/1.1 500 ")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
