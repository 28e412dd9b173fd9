"""WebSocket servers: ours must not do worse than the library's in anything."""

import asyncio
import os
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, suppress

import kosoku
import pytest
from starlette.responses import PlainTextResponse
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from folkmoot_server.http.server import HttpServer
from folkmoot_server.transport.frames import make_frame
from folkmoot_server.transport.handshake import Settings
from folkmoot_server.transport.intake import Intake
from folkmoot_server.transport.server import WebSocketServer
from folkmoot_server.transport.websocket import ODD_AT_ONCE, WebSocket
from tests.conformance.echo import MAX_SIZE, Echo, library_server, own_server

Serve = Callable[[], AbstractAsyncContextManager[int]]

RANKS = {"OK": 0, "INFORMATIONAL": 0, "NON-STRICT": 1, "UNIMPLEMENTED": 2, "UNCLEAN": 2}

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture(params=[library_server, own_server])
async def port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    async with request.param() as number:
        yield number


class Peer:
    """A client that sends bytes as it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> "Peer":
        peer = cls(*await asyncio.open_connection("127.0.0.1", port))
        peer.writer.write(REQUEST)
        head = await peer.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
        return peer

    def send(self, opcode: Opcode, data: bytes, *, fin: bool = True) -> None:
        self.writer.write(masked(opcode, data, fin=fin))

    async def frame(self) -> tuple[int, bytes]:
        """Return the next frame: first byte, payload."""
        first, size = await self.reader.readexactly(2)
        if size == 126:
            (size,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first, await self.reader.readexactly(size)

    async def close_code(self) -> int:
        """Return the code of the close frame that comes next, after which nothing may come."""
        first, payload = await self.frame()
        assert first == 0x88, payload[:80]
        self.send(Opcode.CLOSE, payload)
        with suppress(ConnectionError):
            assert await self.reader.read() == b""
        return int.from_bytes(payload[:2])


def masked(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True, extensions=[])


@pytest.fixture
async def peer(port: int) -> AsyncIterator[Peer]:
    opened = await Peer.open(port)
    yield opened
    opened.writer.close()


async def judge(serve: Serve) -> dict[str, tuple[int, int]]:
    """Return how bad each of Autobahn's cases went: the exchange, and the close."""
    async with serve() as port:
        try:
            # 12 and 13: compression, which neither server offers.
            left_out = ["12.*", "13.*"]
            address = f"ws://127.0.0.1:{port}"
            results = await kosoku.run_fuzzingclient(address, exclude_cases=left_out, concurrency=8)
        except kosoku.FailureError as error:
            results = error.results
    ranks = {}
    for one in results:
        ranks[one.case_id] = RANKS.get(one.behavior.value, 3), RANKS.get(one.behavior_close.value, 3)
    return ranks


async def test_no_case_of_autobahn_goes_worse_than_with_the_library(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL", "websockets.server")
    theirs, ours = await judge(library_server), await judge(own_server)
    assert len(ours) > 250
    assert ours.keys() == theirs.keys()
    worse = {case: (theirs[case], ours[case]) for case in ours if max(ours[case]) > max(theirs[case])}
    assert not worse


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 1 << 20])
async def test_messages_of_any_size_come_back(port: int, size: int) -> None:
    async with connect(f"ws://127.0.0.1:{port}/", max_size=None, compression=None) as client:
        for message in (os.urandom(size), "é" * (size // 2)):
            await client.send(message)
            assert await client.recv() == message


async def test_many_frames_in_one_piece(peer: Peer) -> None:
    sent = [b"%d" % number * (number % 50) for number in range(300)]
    peer.writer.write(b"".join(masked(Opcode.BINARY, data) for data in sent))
    assert [await peer.frame() for _ in sent] == [(0x82, data) for data in sent]


async def test_frames_byte_by_byte(peer: Peer) -> None:
    for byte in masked(Opcode.TEXT, b"slowly") + masked(Opcode.BINARY, b"x" * 130):
        peer.writer.write(bytes([byte]))
        await peer.writer.drain()
    assert await peer.frame() == (0x81, b"slowly")
    assert await peer.frame() == (0x82, b"x" * 130)


async def test_fragments_with_a_ping_between(peer: Peer) -> None:
    peer.send(Opcode.TEXT, "über".encode()[:1], fin=False)
    peer.send(Opcode.PING, b"there?")
    peer.send(Opcode.CONT, "über".encode()[1:3], fin=False)
    peer.send(Opcode.CONT, "über".encode()[3:])
    peer.send(Opcode.BINARY, b"after")
    assert await peer.frame() == (0x8A, b"there?")
    assert await peer.frame() == (0x81, "über".encode())
    assert await peer.frame() == (0x82, b"after")


async def test_text_that_is_no_utf8_closes_with_1007(peer: Peer) -> None:
    peer.send(Opcode.TEXT, b"\xff")
    assert await peer.close_code() == 1007


async def test_a_head_that_says_too_much_closes_with_1009_at_once(peer: Peer) -> None:
    peer.writer.write(b"\x82\xff" + (MAX_SIZE + 1).to_bytes(8) + b"mask")
    assert await peer.close_code() == 1009


async def test_fragments_that_sum_up_to_too_much_close_with_1009(peer: Peer) -> None:
    peer.send(Opcode.BINARY, b"x" * (MAX_SIZE // 2), fin=False)
    peer.send(Opcode.CONT, b"x" * (MAX_SIZE // 2 + 1))
    assert await peer.close_code() == 1009


@pytest.mark.parametrize(
    "data",
    [
        b"\x82\x05plain",
        b"\xc2\x80mask",
        b"\x83\x80mask",
        b"\x80\x80mask",
        b"\x89\xfe\x00\x80mask" + bytes(128),
        masked(Opcode.TEXT, b"a", fin=False) + masked(Opcode.TEXT, b"b"),
    ],
    ids=["no mask", "reserved bit", "unknown opcode", "continues nothing", "long ping", "message in a message"],
)
async def test_what_breaks_the_protocol_closes_with_1002(peer: Peer, data: bytes) -> None:
    peer.send(Opcode.BINARY, b"before")
    assert await peer.frame() == (0x82, b"before")
    peer.writer.write(data)
    assert await peer.close_code() == 1002


async def test_a_close_is_answered_and_what_follows_it_is_not_heard(peer: Peer) -> None:
    peer.send(Opcode.CLOSE, (1000).to_bytes(2))
    peer.send(Opcode.BINARY, b"too late")
    assert await peer.close_code() == 1000


async def test_a_request_in_pieces(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for byte in REQUEST:
        writer.write(bytes([byte]))
        await writer.drain()
    assert (await reader.readline()).startswith(b"HTTP/1.1 101 ")
    writer.close()


@pytest.mark.parametrize(
    "head",
    [b"GARBAGE\r\n\r\n", b"GET /GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n"],
)
async def test_what_is_no_request_opens_nothing(port: int, head: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    with suppress(ConnectionError):
        assert b" 101 " not in await reader.read()
    writer.close()


class Slow(Echo):
    """Takes one message at a time; the test says when the next one may come."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: asyncio.Queue[bytes | str] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.socket: WebSocket

    def on_open(self, socket: WebSocket) -> tuple["Slow", bytes]:
        self.socket = socket
        return self, b""

    def on_message(self, data: bytes | str) -> None:
        self.heard.put_nowait(data)
        self.socket.pause()

    def on_close(self) -> None:
        self.closed.set()


@pytest.fixture
async def slow() -> AsyncIterator[tuple[Slow, Peer]]:
    app = Slow()
    server = WebSocketServer(app, Settings(MAX_SIZE))
    await server.start("127.0.0.1", 0)
    opened = await Peer.open(server.name[1])
    yield app, opened
    opened.writer.close()
    await server.close(1001)


async def test_who_pauses_gets_nothing_before_it_resumes(slow: tuple[Slow, Peer]) -> None:
    app, peer = slow
    sent = [b"%d" % number for number in range(5)]
    peer.writer.write(b"".join(masked(Opcode.BINARY, data) for data in sent[:4]))
    assert await app.heard.get() == b"0"
    peer.send(Opcode.BINARY, sent[4])
    for data in sent[1:]:
        assert app.heard.empty()
        app.socket.resume()
        assert await app.heard.get() == data


async def test_a_silent_peer_is_asked_and_then_given_up(slow: tuple[Slow, Peer]) -> None:
    app, peer = slow
    app.socket.keep_alive()
    assert await peer.frame() == (0x89, b"")
    app.socket.keep_alive()
    await app.closed.wait()
    assert not app.socket.is_open


async def test_a_peer_that_answers_is_kept(slow: tuple[Slow, Peer]) -> None:
    app, peer = slow
    for _ in range(3):
        app.socket.keep_alive()
        assert await peer.frame() == (0x89, b"")
        peer.send(Opcode.PONG, b"")
        peer.send(Opcode.BINARY, b"here")
        await app.heard.get()
        app.socket.resume()
    assert app.socket.is_open


async def test_a_peer_whose_request_takes_long_is_kept(slow: tuple[Slow, Peer]) -> None:
    app, peer = slow
    peer.send(Opcode.BINARY, b"work")
    await app.heard.get()
    for _ in range(3):
        app.socket.keep_alive()
    assert app.socket.is_open


async def test_who_sends_before_it_is_answered_is_cut_off() -> None:
    """RFC 6455, section 4.1: the client must wait. Nothing is dropped silently."""
    async with own_server() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST + masked(Opcode.BINARY, b"early"))
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


async def test_closing_ends_all_connections() -> None:
    async with own_server() as port:
        client = await connect(f"ws://127.0.0.1:{port}/")
        half_open = await asyncio.open_connection("127.0.0.1", port)
    with pytest.raises(ConnectionClosed) as caught:
        await client.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1001
    assert await half_open[0].read() == b""
    half_open[1].close()


@pytest.mark.parametrize("size", range(1, 8))
async def test_who_asks_for_something_else_is_handed_over(size: int) -> None:
    """Whichever piece of the request comes first."""
    request = b"GET /page HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
    async with own_server() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in (request[:size], request[size:]):
            writer.write(piece)
            await writer.drain()
        assert (await reader.read()).endswith(b"a page")
        writer.close()


async def test_pings_are_answered_while_a_request_is_carried_out(slow: tuple[Slow, Peer]) -> None:
    app, peer = slow
    peer.send(Opcode.BINARY, b"work")
    await app.heard.get()
    for number in range(5):
        peer.send(Opcode.BINARY, b"later %d" % number)
        peer.send(Opcode.PING, b"%d" % number)
        assert await peer.frame() == (0x8A, b"%d" % number)
    ping = masked(Opcode.PING, b"in two pieces")
    for piece in (ping[:4], ping[4:]):
        peer.writer.write(piece)
        await peer.writer.drain()
    assert await peer.frame() == (0x8A, b"in two pieces")
    for number in range(5):
        assert app.heard.empty()
        app.socket.resume()
        assert await app.heard.get() == b"later %d" % number


async def test_pings_that_are_too_many_end_who_waits_for_an_answer(slow: tuple[Slow, Peer]) -> None:
    app, peer = slow
    peer.send(Opcode.BINARY, b"work")
    await app.heard.get()
    for _ in range(2 * ODD_AT_ONCE):
        peer.send(Opcode.PING, b"")
        await peer.writer.drain()
    app.socket.resume()
    while (frame := await peer.frame())[0] == 0x8A:
        pass
    assert frame == (0x88, (4429).to_bytes(2))


class Generous(Slow):
    """Answers everything with a lot."""

    LOT = 1 << 20

    def __init__(self) -> None:
        super().__init__()
        self.backed_up = asyncio.Event()

    def on_open(self, socket: WebSocket) -> tuple["Generous", bytes]:
        self.socket = socket
        return self, b""

    def on_message(self, data: bytes | str) -> None:
        self.heard.put_nowait(data)
        self.socket.transport.write(make_frame(bytes(self.LOT), binary=True))

    def on_pace(self) -> None:
        if self.socket.is_backed_up:
            self.backed_up.set()


@pytest.fixture
async def generous() -> AsyncIterator[tuple[Generous, Peer]]:
    app = Generous()
    server = WebSocketServer(app, Settings(MAX_SIZE, max_waiting=Generous.LOT))
    await server.start("127.0.0.1", 0)
    opened = await Peer.open(server.name[1])
    yield app, opened
    opened.writer.close()
    await server.close(1001)


@pytest.mark.parametrize("opcode", [Opcode.BINARY, Opcode.PING], ids=["requests", "pings"])
async def test_nothing_is_read_of_who_has_too_much_waiting(generous: tuple[Generous, Peer], opcode: Opcode) -> None:
    app, peer = generous
    transport = peer.writer.transport
    assert isinstance(transport, asyncio.Transport)
    transport.pause_reading()
    for _ in range(100):
        peer.send(Opcode.BINARY, b"more")
    await app.backed_up.wait()
    for _ in range(ODD_AT_ONCE // 2):
        peer.send(opcode, b"x" * 100)
    # All of the kernel's buffers and ours, and what one frame more may bring.
    for _ in range(200):
        await asyncio.sleep(0)
    assert app.socket.transport.get_write_buffer_size() <= 2 * Generous.LOT + 100
    transport.resume_reading()
    frames = 0
    while frames < 100:
        frames += (await peer.frame())[0] == 0x82
    assert app.socket.is_open


@pytest.mark.parametrize("is_linux", [True, False])
async def test_who_takes_nothing_is_given_up_whatever_it_sends(
    generous: tuple[Generous, Peer], is_linux: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_linux:
        monkeypatch.delattr("socket.TCP_INFO")
    app, peer = generous
    transport = peer.writer.transport
    assert isinstance(transport, asyncio.Transport)
    transport.pause_reading()
    for _ in range(100):
        peer.send(Opcode.BINARY, b"more")
    await app.backed_up.wait()
    waiting = app.socket.transport.get_write_buffer_size()
    # Until what the kernel takes for the peer is full.
    while waiting != (waiting := await later(app.socket)):
        pass
    app.socket.keep_alive()
    peer.send(Opcode.PING, b"")
    assert app.socket.is_open
    app.socket.keep_alive()
    await app.closed.wait()


async def later(socket: WebSocket) -> int:
    """Return how much waits for a peer after some turns of the loop."""
    for _ in range(100):
        await asyncio.sleep(0.001)
    return socket.transport.get_write_buffer_size()


async def test_who_takes_a_little_is_kept(generous: tuple[Generous, Peer]) -> None:
    app, peer = generous
    transport = peer.writer.transport
    assert isinstance(transport, asyncio.Transport)
    for _ in range(100):
        peer.send(Opcode.BINARY, b"more")
    await app.backed_up.wait()
    for _ in range(4):
        app.socket.keep_alive()
        for _ in range(8):
            await peer.frame()
    assert app.socket.is_open


@pytest.mark.parametrize("kind", ["silent", "half a request", "a page"])
async def test_connections_count_from_their_first_moment_to_their_last(kind: str) -> None:
    there: Counter[str] = Counter()
    gone = asyncio.Event()

    def on_accept(peer: str) -> bool:
        there[peer] += 1
        return True

    def on_gone(peer: str) -> None:
        there[peer] -= 1
        gone.set()

    server = WebSocketServer(
        Echo(), Settings(MAX_SIZE), HttpServer(PlainTextResponse("a page")), Intake(2, on_accept, on_gone)
    )
    await server.start("127.0.0.1", 0)
    sent = {"silent": b"", "half a request": REQUEST[:20], "a page": b"GET /page HTTP/1.1\r\nHost: here\r\n\r\n"}[kind]
    peers = [await asyncio.open_connection("127.0.0.1", server.name[1]) for _ in range(2)]
    for _, writer in peers:
        writer.write(sent)
    if kind == "a page":
        for reader, _ in peers:
            await reader.readuntil(b"a page")
    reader, refused = await asyncio.open_connection("127.0.0.1", server.name[1])
    with suppress(ConnectionError):
        assert await reader.read() == b"", "a third one is ended at once"
    assert there == {"127.0.0.1": 2}
    peers[0][1].close()
    await gone.wait()
    another = await Peer.open(server.name[1])
    assert there == {"127.0.0.1": 2}
    for writer in (refused, peers[1][1], another.writer):
        writer.close()
    await server.close(1001)
    assert there == {"127.0.0.1": 0}
