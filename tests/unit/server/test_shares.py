"""What strangers may ask for over and over has a share of a turn of the event loop, and of the interpreter."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from folkmoot_protocol.codec import MSGPACK
from folkmoot_server.bench.stream import BINARY, client_frame
from folkmoot_server.common.deadlines import Deadlines
from folkmoot_server.common.i18n import translator
from folkmoot_server.config.settings import Limits
from folkmoot_server.delivery.session import LONG_COST, PACE_AT_ONCE, Session
from folkmoot_server.doors.websocket import MAX_OFTEN, MAX_STARTED, Listener
from folkmoot_server.http.app import PAGES_AT_ONCE, few_at_once
from folkmoot_server.storage.sqlite.store import SqliteStore
from folkmoot_server.transport import websocket
from folkmoot_server.transport.handshake import Settings
from folkmoot_server.transport.intake import Intake
from folkmoot_server.transport.shared import Shared
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
        for _ in range(at_once + 11):
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
