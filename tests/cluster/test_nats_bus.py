"""News between two nodes over a real NATS server. See `bus.api.Bus` for the promises that all buses keep."""

import asyncio
import importlib
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from folkmoot_governance.account import AccountSuspended
from folkmoot_governance.group.events import TopicSet
from folkmoot_protocol.types import Author, Entry, Role
from folkmoot_server.bus.messages import (
    AccountUpdate,
    BusMessage,
    GroupUpdate,
    TypingUpdate,
    account_topic,
    group_topic,
)
from folkmoot_server.common.metrics import BUS_DROPPED, BUS_MESSAGES, BUS_REFUSED
from tests.builders.entries import make_entry
from tests.builders.world import START, code_of
from tests.services import Nats

pytest.importorskip("nats", reason="nats-py is not installed")
nats_bus = importlib.import_module("folkmoot_server.bus.nats")

nats_interest = importlib.import_module("folkmoot_server.bus.nats_interest")

KEY = bytes(range(32))
CODE = code_of(0)
FOLLOWED = (*(group_topic(code_of(number)) for number in range(3)), account_topic("b.o.b."))
AUTHOR = Author("bob", "鲍勃", Role.ADMIN, ("creator",))
BOUND_S = 30.0


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self, bus: Any) -> None:
        self.heard: list[BusMessage] = []
        self._more = asyncio.Event()
        bus.listen(self)

    def __call__(self, message: BusMessage) -> None:
        self.heard.append(message)
        self._more.set()

    async def until(self, enough: Callable[[list[BusMessage]], bool]) -> list[BusMessage]:
        async with asyncio.timeout(BOUND_S):
            while not enough(self.heard):
                self._more.clear()
                await self._more.wait()
        return self.heard


def entry(seq: int, body: str = "text") -> Entry:
    return make_entry(seq, ts=START, from_=AUTHOR, body=body, data={"n": [1, None, {"a": 1.5}]})


def posted(seq: int, code: str = CODE) -> GroupUpdate:
    return GroupUpdate(code, (entry(seq),), 1)


def count(metric: Any) -> float:
    return float(metric._value.get())


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so that tells nobody."""
    async with asyncio.timeout(BOUND_S):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture
async def buses(nats: Nats) -> AsyncIterator[list[Any]]:
    buses = [await nats_bus.NatsBus.connect(nats.url, "node", key=KEY) for _ in range(2)]
    assert all(bus.connected for bus in buses)
    for bus in buses:
        for topic in FOLLOWED:
            await bus.follow(topic)
    yield buses
    for bus in buses:
        await bus.close()


async def test_news_of_every_kind_arrives_as_it_was_sent(buses: list[Any]) -> None:
    topic = TopicSet(at=START, by="alice", topic="t")
    suspended = AccountSuspended(at=START, by="root", until_ms=START + 1, reason="r")
    sent: list[BusMessage] = [
        GroupUpdate(CODE, (entry(1), entry(2, "waves\x00🙂")), 7, (topic,)),
        AccountUpdate("b.o.b.", 2, (suspended,)),
        TypingUpdate(CODE, "bob"),
    ]
    ear, own = Ear(buses[1]), Ear(buses[0])
    for message in sent:
        buses[0].publish(message)
    assert own.heard == sent
    heard = await ear.until(lambda heard: len(heard) == 3)
    assert sorted(heard, key=repr) == sorted(sent, key=repr)


async def test_news_of_a_group_comes_in_order_once_and_not_back(buses: list[Any]) -> None:
    ears = [Ear(bus) for bus in buses]
    both = [code_of(1), code_of(2)]
    for seq in range(1, 301):
        buses[seq % 2].publish(posted(seq, both[seq % 2]))
        if seq % 50 == 0:
            await asyncio.sleep(0)
    for ear in ears:
        heard = await ear.until(lambda heard: len(heard) >= 300)
        for code in both:
            seqs = [
                message.entries[0].seq for message in heard if isinstance(message, GroupUpdate) and message.code == code
            ]
            assert seqs == sorted(set(seqs))
        assert len(heard) == 300


async def test_what_waits_for_one_group_is_one_message(buses: list[Any]) -> None:
    ear = Ear(buses[1])
    before = BUS_MESSAGES.labels("sent")._value.get()
    for seq in range(1, 101):
        buses[0].publish(posted(seq))
    await ear.until(lambda heard: len(heard) == 100)
    assert BUS_MESSAGES.labels("sent")._value.get() == before + 1


async def test_news_too_long_for_a_message_is_split(buses: list[Any]) -> None:
    topics = tuple(TopicSet(at=START, by="alice", topic=str(number)) for number in range(3))
    entries = tuple(entry(seq, "x" * 60_000) for seq in range(1, 41))
    ear = Ear(buses[1])
    buses[0].publish(GroupUpdate(CODE, entries, 10, topics))
    heard = await ear.until(lambda heard: sum(len(message.entries) for message in heard) == 40)
    assert len(heard) > 2
    assert tuple(one for message in heard for one in message.entries) == entries
    assert tuple(one for message in heard for one in message.events) == topics
    assert [message.version for message in heard] == [7] * (len(heard) - 1) + [10]


async def test_what_nobody_follows_does_not_come(buses: list[Any]) -> None:
    ear, strange = Ear(buses[1]), code_of(9)
    buses[1].unfollow(group_topic(code_of(1)))
    await buses[1].follow(group_topic(code_of(2)))
    before = BUS_MESSAGES.labels("received")._value.get()
    for code in (strange, code_of(1), CODE):
        buses[0].publish(posted(1, code))
    await ear.until(bool)
    assert ear.heard == [posted(1)]
    assert BUS_MESSAGES.labels("received")._value.get() == before + 1
    await buses[1].follow(group_topic(strange))
    buses[0].publish(posted(2, strange))
    assert await ear.until(lambda heard: len(heard) == 2) == [posted(1), posted(2, strange)]


async def test_thousands_of_topics_stand_when_following_them_is_done(buses: list[Any]) -> None:
    topics = [f"group.{number}" for number in range(3_000)]
    futures = [buses[1].follow(topic) for topic in topics]
    for topic in topics[::2]:
        buses[1].unfollow(topic)
    for topic in topics[::4]:
        buses[1].follow(topic)
    await asyncio.gather(*futures)
    await buses[1].follow("group.last")
    ear = Ear(buses[1])
    for number in range(3_000):
        buses[0].publish(posted(1, str(number)))
    heard = await ear.until(lambda heard: len(heard) == 2_250)
    assert {message.code for message in heard if isinstance(message, GroupUpdate)} == {
        str(number) for number in range(3_000) if number % 4 != 2
    }


async def test_what_is_followed_while_nats_is_away_stands_when_it_is_back(buses: list[Any], nats: Nats) -> None:
    ear, late = Ear(buses[1]), code_of(9)
    breaks = buses[1].breaks
    nats.stop(signal.SIGKILL)
    try:
        await until(lambda: not any(bus.connected for bus in buses))
        await buses[1].follow(group_topic(late))
        buses[1].unfollow(group_topic(CODE))
    finally:
        nats.start()
    await until(lambda: all(bus.connected for bus in buses))
    assert buses[1].breaks > breaks
    for code in (CODE, late):
        buses[0].publish(posted(1, code))
    assert await ear.until(bool) == [posted(1, late)]


async def test_a_server_that_takes_no_subscriptions_is_left(
    buses: list[Any], nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_interest, "CONFIRM_S", 0.1)
    breaks = buses[1].breaks
    nats.signal_all(signal.SIGSTOP)
    try:
        async with asyncio.timeout(BOUND_S):
            await buses[1].follow("group.any")
            await until(lambda: buses[1].breaks > breaks)
        assert not buses[1].connected
    finally:
        nats.signal_all(signal.SIGCONT)


async def test_nats_may_go_and_come_back(buses: list[Any], nats: Nats) -> None:
    ears = [Ear(bus) for bus in buses]
    nats.stop(signal.SIGKILL)
    try:
        await until(lambda: not any(bus.connected for bus in buses))
        dropped = count(BUS_DROPPED)
        buses[0].publish(posted(1))
        assert ears[0].heard == [posted(1)]
        assert count(BUS_DROPPED) == dropped + 1
    finally:
        nats.start()
    await until(lambda: all(bus.connected for bus in buses))
    buses[0].publish(posted(2))
    assert await ears[1].until(bool) == [posted(2)]


async def test_a_server_that_stands_still_is_noticed(buses: list[Any], nats: Nats) -> None:
    nats.signal_all(signal.SIGSTOP)
    try:
        async with asyncio.timeout(BOUND_S):
            while buses[0].connected:
                buses[0].publish(posted(1))
                await asyncio.sleep(0.05)
    finally:
        nats.signal_all(signal.SIGCONT)


async def test_a_node_starts_without_nats_and_joins_later(nats: Nats) -> None:
    nats.stop()
    try:
        bus = await nats_bus.NatsBus.connect(nats.url, "early", key=KEY)
        assert not bus.connected
        ear = Ear(bus)
        bus.publish(posted(1))
        assert ear.heard == [posted(1)]
    finally:
        nats.start()
    async with asyncio.timeout(BOUND_S):
        await bus._up.wait()
    assert bus.connected
    await bus.close()


async def test_a_bus_over_a_network_takes_no_server_without_tls_or_passwords(nats: Nats) -> None:
    """The server of the tests asks for a password, and has no TLS."""
    bus = await nats_bus.NatsBus.connect(nats.url, "far", key=KEY, exposed=True)
    try:
        assert not bus.connected
    finally:
        await bus.close()
    client = nats_bus.Client()
    for said, cause in (({}, "password"), ({"auth_required": True}, "TLS"), ({"tls_required": True}, "password")):
        client._server_info = said
        with pytest.raises(nats_bus.nats.errors.Error, match=cause):
            nats_bus.check_server(client)
    client._server_info = {"auth_required": True, "tls_required": True}
    nats_bus.check_server(client)


async def test_what_is_no_news_is_passed_over(buses: list[Any]) -> None:
    ear = Ear(buses[1])
    refused = BUS_REFUSED.labels("forged")._value.get()
    for rubbish in (b"", b"\xc1", b"\x90", nats_bus._encode(["other", [{"type": "group"}]])):
        await buses[0]._client.publish(f"group.{CODE}", rubbish)
    buses[0].publish(posted(1))
    assert await ear.until(bool) == [posted(1)]
    assert BUS_REFUSED.labels("forged")._value.get() == refused + 4


async def test_a_listener_that_fails_does_not_end_the_bus(buses: list[Any]) -> None:
    def fail(message: BusMessage) -> None:
        raise RuntimeError("a mistake")

    ear = Ear(buses[1])
    buses[1].listen(fail)
    for seq in (1, 2):
        buses[0].publish(posted(seq))
    assert await ear.until(lambda heard: len(heard) == 2) == [posted(1), posted(2)]


async def test_more_than_may_wait_is_dropped(buses: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_bus, "MAX_WAITING", 1000)
    dropped = count(BUS_DROPPED)
    ear = Ear(buses[1])
    for seq in range(1, 101):
        buses[0].publish(posted(seq))
    lost = count(BUS_DROPPED) - dropped
    assert 0 < lost < 100
    await ear.until(lambda heard: len(heard) == 100 - lost)
