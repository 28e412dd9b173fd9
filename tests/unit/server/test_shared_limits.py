"""The tally: limits by address over several nodes, whose news arrives when the test says so."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_server.bus.api import LocalBus
from folkmoot_server.bus.messages import BusMessage, LimitsUpdate
from folkmoot_server.common.clock import Clock
from folkmoot_server.config.settings import load_config
from folkmoot_server.live import shared_limits as module
from folkmoot_server.live.shared_limits import FORGET_TURNS, REPEAT_TURNS, SharedLimits

PER_ADDRESS, SIGN_INS, TRIES = (
    "limits.connections_per_address",
    "limits.sign_ins_per_minute",
    "policy.groups.tries_per_hour",
)


class Wire(LocalBus):
    """The bus of one node: what it tells waits in `sent`."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[LimitsUpdate] = []

    def publish(self, message: BusMessage) -> None:
        assert isinstance(message, LimitsUpdate)
        self.sent.append(message)


class Nodes:
    """The tallies of some nodes, and the time."""

    def __init__(self, count: int, limits: dict[str, Any]) -> None:
        self.now_s = 1_000_000.0
        self.wires = [Wire() for _ in range(count)]
        config, clock = load_config(overrides=limits), Clock(lambda: self.now_s)
        self.tallies = [
            SharedLimits(f"n{number}", wire, config, clock, b"key") for number, wire in enumerate(self.wires)
        ]

    def tell(self, *silent: int) -> list[LimitsUpdate]:
        """Let all nodes but some tell, and all hear; return what was told."""
        for number, shared_limits in enumerate(self.tallies):
            if number not in silent:
                shared_limits.tell()
        told = [message for wire in self.wires for message in wire.sent]
        for wire in self.wires:
            wire.sent.clear()
        for message in told:
            as_sent = msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=LimitsUpdate)
            for shared_limits in self.tallies:
                shared_limits.on_bus_message(as_sent)
        return told

    def full(self, address: str) -> list[bool]:
        """Say of each node whether an address may open no more connections there."""
        return [not shared_limits.has_room(address) for shared_limits in self.tallies]


steps = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.booleans(), st.booleans()), max_size=150)


@given(limit=st.integers(1, 50), steps=steps)
def test_all_nodes_know_which_addresses_are_full_once_all_have_told(
    limit: int, steps: list[tuple[int, str, bool, bool]]
) -> None:
    nodes, there = Nodes(4, {PER_ADDRESS: limit}), Counter[tuple[int, str]]()
    for node, address, opens, tells in steps:
        if opens and nodes.tallies[node].has_room(address):
            nodes.tallies[node].opened(address)
            there[node, address] += 1
        elif not opens and there[node, address]:
            nodes.tallies[node].closed(address)
            there[node, address] -= 1
        if tells:
            nodes.tell(node)
    nodes.tell()
    # Who has a few connections tells of them once somebody else did.
    nodes.tell()
    for address in "ab":
        total = sum(there[node, address] for node in range(4))
        assert nodes.full(address) == [total >= limit] * 4


@given(limit=st.integers(1, 60), opens=st.lists(st.integers(0, 2), max_size=200))
def test_no_address_gets_more_than_the_limit_while_the_others_hear_of_each(limit: int, opens: list[int]) -> None:
    nodes, total = Nodes(3, {PER_ADDRESS: limit}), 0
    for node in opens:
        if nodes.tallies[node].has_room("a"):
            nodes.tallies[node].opened("a")
            total += 1
        nodes.tell()
        nodes.tell()
    assert total == min(limit, len(opens))


def test_addresses_with_few_connections_are_not_told_of() -> None:
    nodes = Nodes(3, {PER_ADDRESS: 100})
    for number in range(1000):
        for _ in range(4):
            nodes.tallies[0].opened(f"10.0.{number}.1")
    for _ in range(2 * REPEAT_TURNS):
        assert nodes.tell() == []
    nodes.tallies[0].opened("10.0.0.1")
    (message,) = nodes.tell()
    assert list(message.connections.values()) == [5]


def test_nothing_is_told_twice_before_its_time() -> None:
    nodes = Nodes(2, {PER_ADDRESS: 10})
    nodes.tallies[0].opened("a")
    nodes.tallies[1].opened("a")
    turns = [len(nodes.tell()) for _ in range(3 * REPEAT_TURNS)]
    assert turns[0] == 2
    assert {turn + 1: count for turn, count in enumerate(turns) if count} == {
        1: 2,
        **{k * REPEAT_TURNS: 2 for k in (1, 2, 3)},
    }


def test_a_node_that_was_not_there_learns_it_by_the_repetition() -> None:
    nodes = Nodes(2, {PER_ADDRESS: 1})
    nodes.tallies[0].opened("a")
    nodes.tallies[0].tell()
    nodes.wires[0].sent.clear()
    assert nodes.full("a") == [True, False]
    for _ in range(REPEAT_TURNS):
        nodes.tell()
    assert nodes.full("a") == [True, True]


def test_what_a_dead_node_told_is_forgotten_and_what_a_living_one_told_is_not() -> None:
    nodes = Nodes(3, {PER_ADDRESS: 2})
    nodes.tallies[0].opened("dead")
    nodes.tallies[0].opened("dead")
    nodes.tallies[1].opened("alive")
    nodes.tallies[1].opened("alive")
    nodes.tell()
    assert nodes.full("dead") == nodes.full("alive") == [True] * 3
    for _ in range(FORGET_TURNS - 1):
        nodes.tell(0)
    assert nodes.full("dead") == [True] * 3
    for _ in range(REPEAT_TURNS + 1):
        nodes.tell(0)
    assert nodes.full("dead") == [True, False, False]
    assert nodes.full("alive") == [True] * 3


def test_a_node_that_is_cut_off_goes_by_the_last_picture_and_tells_afterwards() -> None:
    nodes = Nodes(2, {PER_ADDRESS: 2, SIGN_INS: 2})
    nodes.tallies[0].opened("a")
    nodes.tallies[0].opened("a")
    nodes.tell()
    for wire in nodes.wires:
        wire.connected = False
    for _ in range(2 * FORGET_TURNS):
        assert nodes.tell() == []
    assert nodes.full("a") == [True, True]
    nodes.tallies[0].closed("a")
    assert [nodes.tallies[0].take_sign_in("b") for _ in range(2)] == [0, 0]
    for wire in nodes.wires:
        wire.connected = True
    nodes.tell()
    assert nodes.full("a") == [False, False]
    assert nodes.tallies[1].take_sign_in("b") > 0


def test_nothing_is_kept_of_addresses_that_left() -> None:
    nodes = Nodes(2, {PER_ADDRESS: 10})
    for number in range(100):
        nodes.tallies[0].opened(str(number))
        nodes.tallies[1].opened(str(number))
    nodes.tell()
    nodes.tell()
    for number in range(100):
        nodes.tallies[0].closed(str(number))
        nodes.tallies[1].closed(str(number))
    nodes.tell()
    for shared_limits in nodes.tallies:
        assert not (shared_limits._here or shared_limits._elsewhere or shared_limits._told or shared_limits._changed)


def test_while_cut_off_nothing_is_kept_of_who_comes_and_goes() -> None:
    nodes = Nodes(1, {PER_ADDRESS: 10})
    nodes.wires[0].connected = False
    for number in range(100):
        nodes.tallies[0].opened(str(number))
        nodes.tallies[0].closed(str(number))
    assert not nodes.tallies[0]._changed


def test_a_flood_of_addresses_costs_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOLD", 10)
    monkeypatch.setattr(module, "MAX_SPENT", 10)
    nodes = Nodes(3, {PER_ADDRESS: 2, SIGN_INS: 2})
    for number in range(100):
        nodes.tallies[0].opened(f"to0-{number}")
        nodes.tallies[1].opened(f"to1-{number}")
        nodes.tallies[0].take_sign_in(f"to0-{number}")
    told = nodes.tell()
    assert [len(message.connections) for message in told] == [10, 10]
    assert len(told[0].spent["sign_ins"]) == 10
    assert len(nodes.tallies[2]._elsewhere) == 10
    # Who is known stays known, and is counted on.
    (known,) = [number for number in range(100) if nodes.tallies[0]._hide(f"to0-{number}") in told[0].connections][:1]
    nodes.tallies[0].opened(f"to0-{known}")
    nodes.tell()
    assert not nodes.tallies[2].has_room(f"to0-{known}")


@given(takes=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3000)), max_size=200))
def test_sign_ins_and_tries_have_one_rate_over_all_nodes(takes: list[tuple[int, int]]) -> None:
    nodes = Nodes(3, {SIGN_INS: 6, TRIES: 360})
    start_s, passed = nodes.now_s, Counter[str]()
    for node, pause_ms in takes:
        nodes.now_s += pause_ms / 1000
        shared_limits = nodes.tallies[node]
        passed["sign_ins"] += not shared_limits.take_sign_in("a")
        passed["tries"] += not shared_limits.take_try("ann", "100000000006")
        nodes.tell()
    seconds = nodes.now_s - start_s
    assert passed["sign_ins"] <= 6 + seconds * 6 / 60 + 0.01
    assert passed["tries"] <= 360 + seconds * 360 / 3600 + 0.01
    if takes and takes[0][0] != takes[-1][0]:
        assert passed["sign_ins"] >= min(6, len(takes))


def test_what_nodes_let_pass_within_one_moment_is_made_up_for() -> None:
    nodes = Nodes(3, {SIGN_INS: 6})
    assert [shared_limits.take_sign_in("a") for shared_limits in nodes.tallies for _ in range(6)] == [0] * 18
    nodes.tell()
    # A bucket is in debt for one burst at most: an address that is shared by many waits two minutes, not hours.
    waits = [shared_limits.take_sign_in("a") for shared_limits in nodes.tallies]
    assert all(60_000 < wait <= 70_001 for wait in waits)


def test_a_try_at_one_door_is_none_at_another() -> None:
    nodes = Nodes(2, {TRIES: 1})
    assert nodes.tallies[0].take_try("ann", "100000000006") == 0
    nodes.tell()
    assert nodes.tallies[1].take_try("ann", "100000000006") > 0
    assert nodes.tallies[1].take_try("ann", "100000000014") == 0
    assert nodes.tallies[1].take_try("bob", "100000000006") == 0


def test_without_limits_nothing_is_counted_or_told() -> None:
    nodes = Nodes(2, {PER_ADDRESS: 0, SIGN_INS: 0})
    for _ in range(100):
        nodes.tallies[0].opened("a")
        assert nodes.tallies[0].take_sign_in("a") == 0
    assert nodes.tell() == []
    nodes.tallies[0].closed("a")
    assert nodes.full("a") == [False, False]


def test_others_hear_no_address() -> None:
    nodes = Nodes(2, {PER_ADDRESS: 1, SIGN_INS: 10})
    nodes.tallies[0].opened("198.51.100.7")
    nodes.tallies[0].take_sign_in("198.51.100.7")
    nodes.tallies[0].take_try("ann", "100000000006")
    (message,) = nodes.tell()
    assert (len(message.connections), message.spent.keys()) == (1, {"sign_ins", "tries"})
    data = msgspec.msgpack.encode(message)
    assert not any(word in data for word in (b"198.51.100.7", b"ann", b"100000000006"))
    other = SharedLimits("n9", nodes.wires[1], load_config(), Clock(), b"another key")
    assert nodes.tallies[0]._hide("a") == nodes.tallies[1]._hide("a") != other._hide("a")


SAME = [
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
    ("2001:db8:1:2::1", "2001:0DB8:0001:0002::2"),
    ("::ffff:192.0.2.7", "192.0.2.7"),
]
OTHERS = [("2001:db8:1:2::1", "2001:db8:1:3::1"), ("192.0.2.7", "192.0.2.8"), ("::1", "2001:db8::1")]


@pytest.mark.parametrize(
    ("one", "other", "is_same"), [(*pair, True) for pair in SAME] + [(*pair, False) for pair in OTHERS]
)
def test_addresses_of_one_network_share_what_they_may(one: str, other: str, is_same: bool) -> None:
    (tally,) = Nodes(1, {PER_ADDRESS: 1, "limits.sign_ins_per_minute": 1}).tallies
    tally.opened(one)
    assert tally.has_room(other) is not is_same
    assert tally.take_sign_in(one) == 0
    assert (tally.take_sign_in(other) > 0) is is_same
    tally.closed(other)
    assert tally.has_room(one) is is_same


def test_a_little_room_is_kept_for_who_is_to_be_told() -> None:
    (tally,) = Nodes(1, {PER_ADDRESS: 2}).tallies
    for _ in range(3):
        tally.opened("192.0.2.7")
    assert [tally.has_room("192.0.2.7", spare) for spare in (0, 1, 2)] == [False, False, True]
