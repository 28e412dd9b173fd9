"""What every bus promises, checked on each backend. To add one, add how to open it to `backends.BUSES`."""

from collections.abc import AsyncIterator

import pytest

from folkmoot_governance.account import AccountSuspended
from folkmoot_governance.group.events import TopicSet
from folkmoot_protocol.types import Author, Entry, EntryKind, Role
from folkmoot_server.bus.api import Bus
from folkmoot_server.bus.messages import (
    AccountUpdate,
    BusMessage,
    ClosedUpdate,
    GroupUpdate,
    LimitsUpdate,
    PresenceUpdate,
    TypingUpdate,
)
from tests.builders.entries import make_entry
from tests.conformance.backends import BUSES

CODE = "100000000006"


@pytest.fixture(params=list(BUSES))
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    bus = await BUSES[request.param](request)()
    yield bus
    await bus.close()


def entry(seq: int) -> Entry:
    author = Author("ann", "安", Role.OWNER, ("creator",))
    return make_entry(seq, kind=EntryKind.NOTICE, from_=author, target=1, data={"event": "x", "n": [1]})


ALL_KINDS: list[BusMessage] = [
    GroupUpdate(CODE, (entry(1), entry(2)), 7),
    GroupUpdate(CODE, (entry(3),), 8, (TopicSet(at=1, by="ann", topic="茶"),)),
    AccountUpdate("ann", 2, (AccountSuspended(at=1, by="root", until_ms=2, reason="spam"),)),
    TypingUpdate(CODE, "ann"),
    PresenceUpdate("ann", "node", 2, asks=True),
    ClosedUpdate("alice"),
    LimitsUpdate("node", {b"\x00\xff": 3}, {"tries": {b"": 1}}),
]


async def test_news_is_heard_as_it_was_told_before_publish_returns(bus: Bus) -> None:
    heard: list[BusMessage] = []
    bus.listen(heard.append)
    for number, message in enumerate(ALL_KINDS, 1):
        bus.publish(message)
        assert heard == ALL_KINDS[:number]


async def test_every_listener_hears_each_piece_once_and_in_order(bus: Bus) -> None:
    ears: list[list[BusMessage]] = [[], [], []]
    for ear in ears:
        bus.listen(ear.append)
    told: list[BusMessage] = [GroupUpdate(CODE, (entry(seq),), 1) for seq in range(1, 500)]
    for message in told:
        bus.publish(message)
    assert ears == [told, told, told]


async def test_a_listener_hears_what_is_told_while_it_listens(bus: Bus) -> None:
    heard: list[BusMessage] = []
    first, second, third, fourth = ALL_KINDS[:4]
    bus.publish(first)
    stop = bus.listen(heard.append)
    bus.publish(second)
    stop()
    bus.publish(third)
    bus.listen(heard.append)
    bus.publish(fourth)
    assert heard == [second, fourth]


async def test_a_listener_may_go_while_it_hears(bus: Bus) -> None:
    heard: list[BusMessage] = []

    def once(message: BusMessage) -> None:
        heard.append(message)
        stop()

    stop = bus.listen(once)
    others: list[BusMessage] = []
    bus.listen(others.append)
    for message in ALL_KINDS:
        bus.publish(message)
    assert heard == ALL_KINDS[:1]
    assert others == ALL_KINDS


async def test_publish_does_not_raise_and_one_deaf_listener_harms_no_other(bus: Bus) -> None:
    def fail(message: BusMessage) -> None:
        raise ValueError("deaf")

    heard: list[BusMessage] = []
    bus.listen(fail)
    bus.listen(heard.append)
    for message in ALL_KINDS:
        bus.publish(message)
    assert heard == ALL_KINDS


async def test_nothing_is_heard_after_closing(bus: Bus) -> None:
    heard: list[BusMessage] = []
    bus.listen(heard.append)
    await bus.close()
    bus.publish(ALL_KINDS[0])
    assert heard == []


async def test_nobody_need_listen(bus: Bus) -> None:
    for message in ALL_KINDS:
        bus.publish(message)
