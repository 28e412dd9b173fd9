"""What strangers may ask for over and over has a share of a turn of the event loop, and of the interpreter."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.types import Receive, Scope, Send

from folkmoot_governance import Refusal
from folkmoot_protocol.codec import MSGPACK
from folkmoot_protocol.requests import ListGroups, Post
from folkmoot_server.bench.stream import BINARY, PING, client_frame
from folkmoot_server.common.deadlines import Deadlines
from folkmoot_server.common.i18n import translator
from folkmoot_server.config.settings import Limits
from folkmoot_server.delivery.session import LONG_COST, PACE_AT_ONCE, Session
from folkmoot_server.doors.websocket import MAX_OFTEN, MAX_STARTED, Conversation, Listener
from folkmoot_server.http.app import PAGES_AT_ONCE, few_at_once
from folkmoot_server.storage.sqlite.store import SqliteStore
from folkmoot_server.transport import turns, websocket
from folkmoot_server.transport.handshake import Settings
from folkmoot_server.transport.intake import Intake
from folkmoot_server.transport.shared import Shared
from folkmoot_server.transport.turns import CALM_S, FIRST_S
from folkmoot_server.transport.websocket import AT_ONCE_S, FRAMES_AT_ONCE, WebSocket
from tests.unit.server.lines import Line
from tests.unit.server.stores import staged


async def test_who_asks_again_and_again_for_what_takes_a_while_has_a_smaller_share(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        node, begun = stage.node, list[str]()
        listener = Listener(node.app, node.audience, node.hub, node.presence)
        socket: Any = None
        busy, calm = (
            Session(socket, MSGPACK, node.hub, Limits(), Deadlines(30), address="192.0.2.1", language="en")
            for _ in range(2)
        )
        for session, seat in zip((busy, calm), stage.seats[0], strict=False):
            session.account = await node.accounts.load(seat.user)
        at_once = PACE_AT_ONCE // LONG_COST
        for _ in range(at_once + 10):
            listener.begin(busy, partial(begun.append, "busy"))
        assert len(begun) == MAX_STARTED + MAX_OFTEN
        # Who asks for the first time waits for what others were let begin as early, not for all they ask for.
        listener.begin(calm, partial(begun.append, "calm"))
        counts = [len(begun)]
        async with asyncio.timeout(60):
            while len(begun) <= at_once + 10:
                await asyncio.sleep(0)
                counts.append(len(begun))
        assert begun.count("busy") == at_once + 10
        assert begun.index("calm") <= at_once + 2 * MAX_OFTEN
        # From then on only what is asked for again and again is left.
        del counts[: begun.index("calm")]
        assert max(after - before for before, after in pairwise(counts)) == MAX_OFTEN


async def test_pages_of_history_are_read_one_at_a_time(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "data", say=translator("en"))
    threads, under_way = store._threads, list[int]()
    read: Callable[..., Any] = threads.read_both

    async def counted(*arguments: Any, **more: Any) -> Any:
        under_way.append(1)
        most.append(len(under_way))
        try:
            return await read(*arguments, **more)
        finally:
            under_way.pop()

    most: list[int] = []
    threads.read_both = counted  # type: ignore[method-assign]
    try:
        await asyncio.gather(*(store.journal.page("482190673350", limit=200) for _ in range(10)))
    finally:
        await store.close()
    assert most == [1] * 10


async def test_pages_begin_few_at_a_time() -> None:
    begun: list[int] = []

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        begun.append(1)

    app, nothing = few_at_once(page), Any
    asked = [asyncio.create_task(app({"type": "http"}, nothing, nothing)) for _ in range(6)]  # type: ignore[arg-type]
    counts = [0]
    for _ in range(8):
        await asyncio.sleep(0)
        counts.append(len(begun))
    assert max(after - before for before, after in pairwise(counts)) == PAGES_AT_ONCE
    await asyncio.gather(*asked)


class Reader(Line):
    """A line that can be told not to read."""

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class SlowReceiver:
    """Takes messages that are much work: the clock of the connection goes on by `work_s` with each."""

    def __init__(self, work_s: float) -> None:
        self.work_s = work_s
        self.now_s = 1000.0
        self.taken: list[bytes | str] = []

    def monotonic(self) -> float:
        return self.now_s

    def on_message(self, data: bytes | str) -> None:
        self.taken.append(data)
        self.now_s += self.work_s

    def on_pace(self) -> None:
        pass

    def on_close(self) -> None:
        pass


async def test_a_connection_has_so_much_time_of_a_turn_however_few_its_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [client_frame(BINARY, bytes([number])) for number in range(FRAMES_AT_ONCE)]
    # The clock is looked at from the second on.
    for work_s, at_once in ((1.01 * AT_ONCE_S, 2), (1.01 * AT_ONCE_S / 4, 5), (0.0, FRAMES_AT_ONCE)):
        receiver = SlowReceiver(work_s)
        monkeypatch.setattr(websocket, "monotonic", receiver.monotonic)
        app: Any = None
        socket = WebSocket(Shared(app, Settings(max_size=1000), None, Intake()))
        socket.transport, socket.is_open, socket._receiver = Reader(), True, receiver
        socket.data_received(b"".join(frames))
        assert len(receiver.taken) == at_once
        while len(receiver.taken) < len(frames):
            before = len(receiver.taken)
            await asyncio.sleep(0)
            assert len(receiver.taken) - before <= at_once
        assert receiver.taken == [bytes([number]) for number in range(FRAMES_AT_ONCE)], "in their order, none lost"


class Shares:
    """Connections of one server, and a clock that goes on only as their frames are carried out, each `work_s`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, work_s: float) -> None:
        self.work_s = work_s
        self.now_s = 1000.0
        self.taken: list[str] = []
        self.shared = Shared[WebSocket](cast(Any, None), Settings(max_size=1000), None, Intake())
        for module in (websocket, turns):
            monkeypatch.setattr(module, "monotonic", lambda: self.now_s)

    def connect(self, name: str) -> WebSocket:
        """Return an open connection whose messages are noted by its name."""
        socket = WebSocket(self.shared)
        socket.transport, socket.is_open, socket._receiver = Reader(), True, Worker(self, name, socket)
        return socket


class Worker:
    """Carries out messages, and says what they cost, as a conversation does."""

    def __init__(self, shares: Shares, name: str, socket: WebSocket) -> None:
        self.shares, self.name, self.socket = shares, name, socket

    def on_message(self, data: bytes | str) -> None:
        began = self.shares.now_s
        self.shares.taken.append(self.name)
        self.shares.now_s += self.shares.work_s
        self.socket.spend(began)

    def on_pace(self) -> None:
        pass

    def on_close(self) -> None:
        pass


ONE = client_frame(BINARY, b"1")


async def test_connections_share_the_time_of_a_turn_however_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = Shares(monkeypatch, 1.01 * FIRST_S / 4)
    for number in range(100):
        shares.connect(str(number)).data_received(ONE)
    assert len(shares.taken) == 4, "as many as the time is for"
    while len(shares.taken) < 100:
        before = len(shares.taken)
        await asyncio.sleep(0)
        assert 0 < len(shares.taken) - before <= 4 * CALM_S / FIRST_S + 1
    assert shares.taken == [str(number) for number in range(100)], "in their order, none lost"


async def test_who_sends_much_does_not_stand_before_who_sends_little(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = Shares(monkeypatch, FIRST_S / 2)
    greedy = [shares.connect("greedy") for _ in range(20)]
    calm = shares.connect("calm")
    for _ in range(100):
        for one in greedy:
            one.data_received(ONE)
        await asyncio.sleep(0)
    shares.taken.clear()
    calm.data_received(ONE)
    await asyncio.sleep(0)
    assert "calm" in shares.taken, "at once, though twenty others have been waiting"
    # It has no more than its share because it has sent so much so far, not for ever.
    shares.now_s += 10
    for _ in range(len(greedy)):
        await asyncio.sleep(0)
    for one in greedy:
        one.data_received(ONE)
    assert shares.shared.turns._calm


class Pinged(Reader):
    """A line on which each answer costs time, and is counted."""

    def __init__(self, shares: Shares) -> None:
        super().__init__()
        self.shares = shares

    def write(self, data: bytes) -> None:
        assert data == b"\x8a\x00"
        self.shares.taken.append("pong")
        self.shares.now_s += self.shares.work_s


async def test_pings_of_those_who_wait_for_an_answer_share_the_time_of_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = Shares(monkeypatch, 1.01 * FIRST_S / 4)
    sockets = [shares.connect(str(number)) for number in range(20)]
    for socket in sockets:
        socket.transport = cast(Any, Pinged(shares))
        socket.pause()
        socket.data_received(client_frame(PING, b"") * 5)
    assert shares.taken == ["pong"] * 4, "as many as the time is for"
    while len(shares.taken) < 100:
        before = len(shares.taken)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert 0 < len(shares.taken) - before <= 8, "later, though no answer has come yet"
    for socket in sockets:
        socket.data_received(ONE)
        socket.resume()
    for _ in range(20):
        await asyncio.sleep(0)
    assert sorted(shares.taken[100:]) == sorted(str(number) for number in range(20))


async def test_what_waits_behind_an_answer_has_its_share_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = Shares(monkeypatch, 1.01 * FIRST_S / 4)
    sockets = [shares.connect(str(number)) for number in range(20)]
    for socket in sockets:
        socket.pause()
        socket.data_received(ONE)
    assert not shares.taken
    for socket in sockets:
        socket.resume()
    assert len(shares.taken) == 4


async def test_a_conversation_counts_requests_and_no_posts(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        node, spent = stage.node, list[float]()
        seat = stage.seats[0][0]
        socket = WebSocket(Shared[WebSocket](cast(Any, None), Settings(max_size=1000), None, Intake()))
        socket.transport, socket.is_open = Reader(), True
        session = Session(socket, MSGPACK, node.hub, Limits(), Deadlines(30), address="192.0.2.1", language="en")
        session.account = await node.accounts.load(seat.user)
        conversation = Conversation(Listener(node.app, node.audience, node.hub, node.presence), session)
        socket._shared.turns.spend = spent.append  # type: ignore[method-assign]
        # What is not at hand has to be loaded first, and that is waited for.
        assert not isinstance(await node.app.membership.enter_room(session, seat.code), Refusal)
        conversation.on_message(MSGPACK.encode(Post(id=1, group=seat.code, body="hello")))
        assert (session.in_flight, spent) == (1, [])
        for request in (ListGroups(id=2), Post(id=3, group=seat.code, body="/help"), Post(id=4, group="no", body="x")):
            before = len(spent)
            conversation.on_message(MSGPACK.encode(request))
            assert len(spent) == before + 1, request
        await node.commit_queue.drain()
