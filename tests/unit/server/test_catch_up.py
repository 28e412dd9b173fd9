"""What a node finds in storage that no news told of."""

import asyncio
from typing import Any, cast

import pytest

from folkmoot_governance import account as a
from folkmoot_governance import apply, apply_account
from folkmoot_governance.group import events as e
from folkmoot_protocol import events as ev
from folkmoot_protocol.codec import MSGPACK
from folkmoot_protocol.errors import CloseCode, ErrorCode
from folkmoot_server.bus.api import LocalBus
from folkmoot_server.common.metrics import STORAGE_UP
from folkmoot_server.delivery import catch_up as catch_up_module
from folkmoot_server.delivery.catch_up import OF_THE_GROUP, CatchUp, chunks
from folkmoot_server.live.channels import PostTimes
from folkmoot_server.live.rooms import Room
from tests.builders.rules import NOW, make_group
from tests.unit.server.lines import Following, Peer, stored_account
from tests.unit.server.test_follower import settle

CODE, OTHER = "482190673350", "591827364505"
TOPIC = e.TopicSet(at=NOW, by="olga", topic="Tea")


class ShakyBus(LocalBus):
    """A bus that may be cut off."""

    is_connected = True
    times = 0

    @property
    def connected(self) -> bool:
        return self.is_connected

    @property
    def breaks(self) -> int:
        return self.times


class Catching(Following):
    """A house that looks in storage for what it missed."""

    def __init__(self, *, in_cluster: bool = True) -> None:
        super().__init__()
        self.shaky = ShakyBus()
        self.catch_up = CatchUp(
            cast(Any, self.shelf),
            self.shaky,
            self.rooms,
            self.accounts,
            self.audience,
            self.queue,
            self.hub,
            self.follower,
            PostTimes(cast(Any, self.shelf), self.clock),
            in_cluster=in_cluster,
        )


@pytest.fixture
async def house() -> Catching:
    return Catching()


@pytest.fixture
async def room(house: Catching) -> Room:
    return await house.open(make_group(code=CODE), last_seq=3)


@pytest.fixture
async def mia(house: Catching, room: Room) -> Peer:
    return await house.enter(MSGPACK, "mia", room)


async def look(house: Catching) -> None:
    await house.catch_up.look()
    await settle(house)


def kinds(peer: Peer) -> list[type]:
    return [type(frame) for frame in peer.frames]


def test_many_are_asked_for_at_once_and_no_more() -> None:
    assert [list(chunk) for chunk in chunks([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]


async def test_entries_that_nobody_told_of_are_delivered(house: Catching, room: Room, mia: Peer) -> None:
    house.shelf.write(CODE, 4)
    await look(house)
    assert kinds(mia) == [ev.EntryEvent]
    asked = house.shelf.asked["page"]
    await look(house)
    assert (kinds(mia), house.shelf.asked["page"]) == ([ev.EntryEvent], asked), "where nothing is new nothing is read"


async def test_a_group_that_has_moved_on_is_read_again(house: Catching, room: Room, mia: Peer) -> None:
    apply(house.shelf.groups[CODE], TOPIC)
    house.shelf.write(CODE, 4)
    await look(house)
    assert room.state.topic == "Tea"
    assert sorted(kind.__name__ for kind in kinds(mia)) == ["EntryEvent", "GroupEvent"]


@pytest.mark.parametrize("busy", ["in_flight", "being read"])
async def test_a_group_with_work_of_this_node_is_left_alone(house: Catching, room: Room, mia: Peer, busy: str) -> None:
    apply(house.shelf.groups[CODE], TOPIC)
    house.shelf.write(CODE, 4)
    if busy == "in_flight":
        room.in_flight = 1
    else:
        room.ready.clear()
    await look(house)
    assert (room.state.topic, mia.frames, house.queue._starting_over) == ("", [], set())


async def test_groups_that_nobody_listens_to_are_not_looked_at(house: Catching, room: Room) -> None:
    apply(house.shelf.groups[CODE], TOPIC)
    await look(house)
    assert (room.state.topic, house.shelf.asked["heads"]) == ("", 1)


async def test_a_group_that_storage_does_not_name_is_left_alone(house: Catching, room: Room, mia: Peer) -> None:
    del house.shelf.groups[CODE]
    await look(house)
    assert house.rooms.find(CODE) is room


async def test_an_account_that_has_moved_on_is_read_again(house: Catching, room: Room, mia: Peer) -> None:
    other = await house.enter(MSGPACK, "max", room)
    event = a.CreditChanged(at=NOW, by="", cause="penalty", points=-5, score=95, case="r-1")
    apply_account(house.shelf.accounts["mia"].state, event)
    del house.shelf.accounts["max"]
    await look(house)
    account = house.accounts.get("mia")
    assert account is not None
    assert (account.state.credit, kinds(mia), kinds(other)) == (95, [ev.AccountEvent], [])


# In rounds


class Rounds:
    """Lets the loop of a house run, a look at a time."""

    def __init__(self, house: Catching) -> None:
        self.house = house
        self.task = asyncio.create_task(house.catch_up.run())

    async def asked(self, what: str, times: int) -> None:
        await self.house.shelf.asked_for(what, times)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catch_up_module, "ALARMED_S", 0.001)
    monkeypatch.setattr(catch_up_module, "CALM_S", 3600.0)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("alarm", ["cut off", "was cut off", "cannot read"])
async def test_it_looks_at_once_when_news_may_have_been_lost(house: Catching, alarm: str) -> None:
    if alarm == "cut off":
        house.shaky.is_connected = False
    elif alarm == "was cut off":
        house.shaky.times = 1
    else:
        house.catch_up.can_read = False
    rounds = Rounds(house)
    await rounds.asked("heads", 1)
    if alarm == "cut off":
        await rounds.asked("heads", 4)
    await rounds.end()
    assert house.catch_up.can_read


@pytest.mark.usefixtures("quick")
async def test_while_all_is_well_it_looks_now_and_then(house: Catching, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = Rounds(house)
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert house.shelf.asked["heads"] == 0
    await rounds.end()
    monkeypatch.setattr(catch_up_module, "CALM_S", 0.001)
    rounds = Rounds(house)
    await rounds.asked("heads", 2)
    await rounds.end()


@pytest.mark.usefixtures("quick")
async def test_after_a_break_it_looks_once_and_is_calm_again(house: Catching) -> None:
    house.shaky.times = 1
    rounds = Rounds(house)
    await rounds.asked("heads", 1)
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert house.shelf.asked["heads"] == 1
    house.shaky.times = 2
    await rounds.asked("heads", 2)
    await rounds.end()


@pytest.mark.usefixtures("quick")
async def test_what_is_read_while_it_is_cut_off_is_read_again_when_it_is_not(house: Catching) -> None:
    house.shaky.is_connected, house.shaky.times = False, 1
    rounds = Rounds(house)
    await rounds.asked("heads", 2)
    house.shaky.is_connected = True
    before = house.shelf.asked["heads"]
    await rounds.asked("heads", before + 1)
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert house.shelf.asked["heads"] <= before + 2
    await rounds.end()


@pytest.mark.usefixtures("quick")
async def test_that_storage_does_not_answer_is_shown_until_it_does(house: Catching) -> None:
    assert STORAGE_UP._value.get() == 1
    house.shelf.broken = True
    house.shaky.is_connected = False
    rounds = Rounds(house)
    await rounds.asked("heads", 2)
    assert (house.catch_up.can_read, STORAGE_UP._value.get()) == (False, 0)
    house.shelf.broken = False
    await rounds.asked("heads", house.shelf.asked["heads"] + 2)
    assert (house.catch_up.can_read, STORAGE_UP._value.get()) == (True, 1)
    await rounds.end()


@pytest.mark.usefixtures("quick")
async def test_when_news_was_lost_memberships_and_tokens_are_looked_at(house: Catching, room: Room) -> None:
    peer, device = await house.enter(MSGPACK, "mia"), house.peer(MSGPACK, "mia")
    house.shelf.accounts["mia"] = stored_account("mia", CODE)
    peer.session.token_hash, device.session.token_hash = "good", "revoked"
    house.shelf.tokens["good"] = "mia"
    house.shaky.times = 1
    rounds = Rounds(house)
    await device.until(lambda: device.closed)
    await rounds.end()
    await settle(house)
    assert (device.closed, peer.closed) == ([(CloseCode.FORBIDDEN, "")], [])
    assert ev.GroupEvent in kinds(peer)


@pytest.mark.usefixtures("quick")
async def test_when_news_was_lost_who_reads_home_live_is_told_of_posts(house: Catching, room: Room) -> None:
    peer = await house.enter(MSGPACK, "mia", room)
    peer.session.token_hash, house.shelf.tokens["good"] = "good", "mia"
    house.hub.live_home.listen(peer.session, [OTHER])
    house.shelf.posts = {OTHER: (NOW, 7)}
    # In calm the news may be on their way.
    await look(house)
    assert ev.LagEvent not in kinds(peer)
    house.shelf.posts = {OTHER: (NOW + 1, 9)}
    house.shaky.times = 1
    rounds = Rounds(house)
    await peer.until(lambda: ev.LagEvent in kinds(peer))
    await rounds.end()
    (told,) = (frame for frame in peer.frames if isinstance(frame, ev.LagEvent))
    assert told == ev.LagEvent(group=OTHER, from_=9, to=9)


# Before a refusal


async def moved_on(house: Catching, group: str | None = CODE, code: ErrorCode = ErrorCode.MUTED) -> bool:
    return await house.catch_up.has_moved_on(group, code)


async def test_before_it_refuses_it_asks_whether_the_group_has_changed(house: Catching, room: Room) -> None:
    assert not await moved_on(house)
    apply(house.shelf.groups[CODE], TOPIC)
    assert await moved_on(house, "4821-9067-3350")
    assert room.state.topic == "Tea"
    assert not await moved_on(house)


@pytest.mark.parametrize("group", [None, "", "nonsense", OTHER])
async def test_what_is_no_group_in_memory_has_not_moved(house: Catching, room: Room, group: str | None) -> None:
    apply(house.shelf.groups[CODE], TOPIC)
    assert not await moved_on(house, group)
    assert house.shelf.asked["heads"] == 0


@pytest.mark.parametrize("code", ErrorCode)
async def test_only_refusals_that_rest_on_the_group_are_asked_about(
    house: Catching, room: Room, code: ErrorCode
) -> None:
    apply(house.shelf.groups[CODE], TOPIC)
    assert await moved_on(house, code=code) is (code in OF_THE_GROUP)


def test_which_refusals_rest_on_the_group() -> None:
    of_the_group = (
        "not_a_member already_member forbidden outranked banned muted group_muted slow_mode group_suspended group_full "
        "join_closed no_such_user conflict"
    )
    assert {code.value for code in OF_THE_GROUP} == set(of_the_group.split())


async def test_a_single_node_asks_nothing(room: Room) -> None:
    alone = Catching(in_cluster=False)
    await alone.open(make_group(code=CODE))
    apply(alone.shelf.groups[CODE], TOPIC)
    assert not await moved_on(alone)


async def test_a_group_with_work_on_its_way_finds_out_by_itself(house: Catching, room: Room) -> None:
    apply(house.shelf.groups[CODE], TOPIC)
    room.in_flight = 1
    assert not await moved_on(house)


async def test_a_group_that_storage_has_lost_has_not_moved(house: Catching, room: Room) -> None:
    del house.shelf.groups[CODE]
    assert not await moved_on(house)


async def test_news_that_came_while_storage_was_asked_is_enough(house: Catching, room: Room) -> None:
    apply(house.shelf.groups[CODE], TOPIC)
    heads = house.shelf.heads

    async def meanwhile(codes: Any) -> Any:
        found = await heads(codes)
        apply(room.state, TOPIC)
        return found

    house.shelf.heads = meanwhile  # type: ignore[method-assign]
    asked = house.shelf.asked["group"]
    assert await moved_on(house)
    assert house.shelf.asked["group"] == asked
