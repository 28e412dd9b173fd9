"""What a node makes of news that comes late, out of order, twice or not at all."""

import asyncio
from copy import deepcopy

import pytest

from folkmoot_governance import PlatformRole, apply, apply_account
from folkmoot_governance import account as a
from folkmoot_governance.group import events as e
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_protocol import events as ev
from folkmoot_protocol.codec import JSON, MSGPACK
from folkmoot_protocol.errors import CloseCode
from folkmoot_protocol.types import Identity, LeftReason
from folkmoot_server.bus import messages as m
from folkmoot_server.common.metrics import HOLES
from folkmoot_server.delivery import follower as follower_module
from folkmoot_server.live.rooms import Room
from folkmoot_server.storage.change_set import Profile
from tests.builders.entries import make_entry
from tests.builders.rules import NOW, SOON, make_group
from tests.unit.server.lines import Following, Peer, stored_account, turn

CODE, OTHER = "482190673352", "591827364505"
JOINED = e.MemberJoined(at=NOW, by="gus", user="gus", via="open")
TOPIC = e.TopicSet(at=NOW, by="olga", topic="Tea")


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> Following:
    monkeypatch.setattr(follower_module, "RETRY_S", 0.001)
    return Following()


@pytest.fixture
async def room(house: Following) -> Room:
    return await house.open(last_seq=3)


@pytest.fixture
async def mia(house: Following, room: Room) -> Peer:
    return await house.enter(MSGPACK, "mia", room)


def heard(peer: Peer) -> list[int]:
    return [frame.entry.seq for frame in peer.frames if isinstance(frame, ev.EntryEvent)]


def tell(house: Following, *seqs: int, version: int = 0, events: tuple[e.Event, ...] = ()) -> None:
    entries = tuple(make_entry(seq) for seq in seqs)
    house.bus.publish(m.GroupUpdate(CODE, entries, version, events))  # type: ignore[arg-type]


def holes() -> float:
    return HOLES._value.get()


async def settle(house: Following) -> None:
    """Wait until nothing is on its way any more."""
    await turn()
    while house.follower._tasks or house.queue._starting_over:
        await asyncio.wait({*house.follower._tasks, *house.queue._starting_over})
        await turn()


# Entries


async def test_entries_that_are_next_are_delivered_and_nothing_is_read(house: Following, mia: Peer) -> None:
    asked = house.shelf.asked["page"]
    tell(house, 4, 5)
    tell(house, 6)
    await settle(house)
    assert (heard(mia), house.shelf.asked["page"]) == ([4, 5, 6], asked)


async def test_entries_out_of_order_wait_for_those_before_them(house: Following, room: Room, mia: Peer) -> None:
    before = holes()
    tell(house, 6, 7)
    tell(house, 5)
    assert list(room.held_back) == [6, 7, 5]
    tell(house, 4)
    await settle(house)
    assert (heard(mia), room.held_back, holes()) == ([4, 5, 6, 7], {}, before)


async def test_entries_that_came_before_are_dropped(house: Following, room: Room, mia: Peer) -> None:
    tell(house, 2)
    tell(house, 3)
    assert room.held_back == {}
    tell(house, 3, 4)
    tell(house, 4)
    await settle(house)
    assert (heard(mia), room.held_back) == ([4], {})


async def test_a_hole_is_filled_from_storage(house: Following, room: Room, mia: Peer) -> None:
    before = holes()
    house.shelf.write(CODE, 4, 5, 6)
    tell(house, 6)
    await turn()
    assert heard(mia) == []
    await settle(house)
    assert (heard(mia), room.held_back, holes()) == ([4, 5, 6], {}, before + 1)


async def test_what_comes_by_itself_in_a_while_is_not_read(
    house: Following, room: Room, mia: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "PATIENCE_S", 0.5)
    asked = house.shelf.asked["page"]
    tell(house, 5)
    for _ in range(3):
        await turn()
    tell(house, 4)
    await settle(house)
    assert (heard(mia), house.shelf.asked["page"]) == ([4, 5], asked)


async def test_a_large_hole_is_filled_page_by_page(
    house: Following, room: Room, mia: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "PAGE", 2)
    house.shelf.write(CODE, *range(4, 9))
    tell(house, 10)
    house.shelf.write(CODE, 9)
    await settle(house)
    assert (heard(mia), room.held_back) == (list(range(4, 11)), {})


async def test_a_hole_that_storage_has_not_yet_is_looked_for_again(house: Following, room: Room, mia: Peer) -> None:
    tell(house, 5)
    await house.shelf.asked_for("page", 3)
    assert (heard(mia), list(room.held_back)) == ([], [5])
    house.shelf.write(CODE, 4)
    await settle(house)
    assert heard(mia) == [4, 5]


async def test_a_hole_is_filled_when_storage_answers_again(house: Following, room: Room, mia: Peer) -> None:
    house.shelf.write(CODE, 4, 5)
    house.shelf.broken = True
    tell(house, 5)
    await house.shelf.asked_for("page", 2)
    house.shelf.broken = False
    await settle(house)
    assert heard(mia) == [4, 5]


async def test_what_is_held_back_is_bounded(
    house: Following, room: Room, mia: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "MAX_HELD_BACK", 2)
    house.shelf.write(CODE, *range(4, 9))
    tell(house, 5, 6)
    assert list(room.held_back) == [5, 6]
    tell(house, 8)
    assert room.held_back == {}
    house.follower.fill(room)
    await settle(house)
    assert heard(mia) == []
    house.follower.fill(room)
    await settle(house)
    assert heard(mia) == [4, 5, 6, 7, 8]


async def test_two_holes_of_a_group_are_looked_for_once(house: Following, room: Room, mia: Peer) -> None:
    before = holes()
    house.shelf.write(CODE, 4, 5, 6, 7, 8)
    tell(house, 5)
    tell(house, 8)
    await settle(house)
    assert (heard(mia), holes()) == ([4, 5, 6, 7, 8], before + 1)


async def test_news_of_a_group_that_is_not_in_memory_is_let_go(house: Following) -> None:
    tell(house, 1, version=1, events=(TOPIC,))
    house.bus.publish(m.TypingUpdate(CODE, "mia"))
    await settle(house)
    assert (house.rooms.find(CODE), house.shelf.asked.total()) == (None, 0)


# Events


async def test_the_next_event_is_applied_and_told(house: Following, room: Room, mia: Peer) -> None:
    version = room.state.version
    gus = await house.enter(MSGPACK, "gus")
    account = house.accounts.get("gus")
    assert account is not None
    room.author(house.accounts.get("mia"))  # type: ignore[arg-type]
    tell(house, 4, version=version + 1, events=(JOINED,))
    await settle(house)
    assert (room.state.version, "gus" in room.state.members, account.groups) == (version + 1, True, {CODE})
    assert [type(frame) for frame in gus.frames] == [ev.GroupEvent, ev.EntryEvent]
    assert (room.authors, room.known_version, house.shelf.asked["group"]) == ({}, version + 1, 1)
    tell(house, 5, version=version + 2, events=(TOPIC,))
    await turn()
    assert [type(frame) for frame in mia.frames][-2:] == [ev.EntryEvent, ev.GroupEvent]
    assert room.state.topic == "Tea"


async def test_what_this_node_decided_itself_is_told_and_not_applied_twice(house: Following, room: Room) -> None:
    gus = await house.enter(MSGPACK, "gus")
    apply(room.state, JOINED)
    room.in_flight = 1
    tell(house, 4, version=room.state.version, events=(JOINED,))
    await settle(house)
    assert [type(frame) for frame in gus.frames] == [ev.GroupEvent, ev.EntryEvent]
    assert house.shelf.asked["group"] == 1


@pytest.mark.parametrize("case", ["a gap", "work on its way", "several at once"])
async def test_events_that_cannot_be_applied_have_the_group_read_again(
    house: Following, room: Room, mia: Peer, case: str
) -> None:
    stored = house.shelf.groups[CODE]
    apply(stored, TOPIC)
    events: tuple[e.Event, ...] = (TOPIC,)
    if case == "a gap":
        apply(stored, TOPIC)
    elif case == "work on its way":
        room.in_flight = 1
    else:
        events = (TOPIC, TOPIC)
    house.shelf.write(CODE, 4)
    tell(house, 4, version=stored.version, events=events)
    assert not room.ready.is_set()
    await turn()
    room.in_flight = 0
    await settle(house)
    assert (room.state.version, room.state.topic, room.ready.is_set()) == (stored.version, "Tea", True)
    assert (heard(mia), house.shelf.asked["group"]) == ([4], 2)


async def test_a_group_that_is_being_read_is_read_until_it_has_what_was_told(house: Following, room: Room) -> None:
    stored, told = house.shelf.groups[CODE], False

    def meanwhile() -> None:
        nonlocal told
        if not told:
            told = True
            tell(house, version=stored.version + 1, events=(TOPIC,))
            apply(stored, TOPIC)

    house.shelf.on_read = meanwhile
    house.queue.read_again(room, frozenset())
    await settle(house)
    assert (room.state.topic, house.shelf.asked["group"]) == ("Tea", 3)


async def test_nothing_is_applied_to_a_group_that_is_being_read(house: Following, room: Room, mia: Peer) -> None:
    room.ready.clear()
    tell(house, version=room.state.version + 1, events=(TOPIC,))
    await settle(house)
    assert (room.state.topic, room.known_version) == ("", room.state.version + 1)


async def test_an_older_version_is_no_news(house: Following, room: Room) -> None:
    room.known_version = room.state.version + 3
    tell(house, version=room.state.version, events=(TOPIC,))
    assert (room.known_version, room.ready.is_set()) == (room.state.version + 3, True)


# Rooms that are opened, and read again


async def test_who_joined_elsewhere_is_let_in_here(house: Following) -> None:
    house.shelf.groups[CODE] = make_group()
    house.shelf.write(CODE, 1)
    peer = await house.enter(MSGPACK, "mia")
    house.bus.publish(m.JoinedUpdate("mia", CODE))
    house.bus.publish(m.JoinedUpdate("gus", CODE))
    await settle(house)
    assert [type(frame) for frame in peer.frames] == [ev.GroupEvent]
    asked = house.shelf.asked["group"]
    house.bus.publish(m.JoinedUpdate("mia", CODE))
    await settle(house)
    assert house.shelf.asked["group"] == asked == 1, "a group in memory hears of it by its own news"


async def test_nothing_is_opened_for_who_is_not_connected_or_what_is_not_there(house: Following) -> None:
    house.shelf.groups[CODE] = make_group()
    house.shelf.accounts["max"] = stored_account("max")
    await house.accounts.load("max")
    house.bus.publish(m.JoinedUpdate("max", CODE))
    await house.enter(MSGPACK, "mia")
    house.bus.publish(m.JoinedUpdate("mia", OTHER))
    await settle(house)
    assert len(house.rooms) == 0
    house.shelf.broken = True
    house.bus.publish(m.JoinedUpdate("mia", CODE))
    await settle(house)
    assert len(house.rooms) == 0


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (e.MemberBanned(at=NOW, by="olga", user="mia", until_ms=SOON), LeftReason.BANNED),
        (e.MemberLeft(at=NOW, by="mia", user="mia"), LeftReason.LEFT),
        (e.GroupDissolved(at=NOW, by="olga"), LeftReason.CLOSED),
    ],
    ids=lambda one: type(one).__name__,
)
async def test_who_is_gone_when_a_group_is_read_again_is_told_why(
    house: Following, room: Room, mia: Peer, event: e.Event, reason: LeftReason
) -> None:
    account = house.accounts.get("mia")
    assert account is not None and account.groups == {CODE}
    apply(house.shelf.groups[CODE], event)
    house.queue.read_again(room, frozenset())
    await settle(house)
    assert mia.frames == [ev.LeftEvent(group=CODE, reason=reason)]
    assert (account.groups, room.listening) == (set(), 0)


async def test_a_group_that_another_node_closes_and_opens_again_is_heard_again(
    house: Following, room: Room, mia: Peer
) -> None:
    account = house.accounts.get("mia")
    assert account is not None
    version = room.state.version
    closed = e.GroupClosed(at=NOW, by="sue", reason="r", kept_until_ms=SOON)
    tell(house, 4, version=version + 1, events=(closed,))
    await settle(house)
    assert (account.groups, room.listening, mia.frames[-1]) == (
        set(),
        0,
        ev.LeftEvent(group=CODE, reason=LeftReason.CLOSED),
    )
    opened = e.MeasureOverturned(
        at=NOW, by="", user="olga", number=version + 1, kind="closed", measure="x", reopens=True
    )
    tell(house, 5, version=version + 2, events=(opened,))
    tell(house, 6)
    await settle(house)
    assert (account.groups, room.listening, heard(mia)) == ({CODE}, 1, [4, 5, 6])


async def test_members_see_their_own_fields_when_a_group_was_read_again(house: Following, room: Room) -> None:
    old = await house.enter(MSGPACK, "mia", room)
    device, gus = await house.enter(JSON, "max", room), await house.enter(MSGPACK, "gus")
    second = house.peer(MSGPACK, "max")
    apply(house.shelf.groups[CODE], JOINED)
    house.shelf.write(CODE, 4)
    house.queue.read_again(room, frozenset())
    await settle(house)
    for peer in (old, gus, second, device):
        groups = [frame.group for frame in peer.frames if isinstance(frame, ev.GroupEvent)]
        assert groups and {group.role for group in groups} == {"member"}
        assert heard(peer) == [4]
    account = house.accounts.get("gus")
    assert account is not None and account.groups == {CODE}


# Accounts


async def test_news_of_an_account_has_it_read_and_told(house: Following, mia: Peer) -> None:
    account = house.accounts.get("mia")
    assert account is not None
    event = a.CreditChanged(at=NOW, by="", cause="penalty", points=-50, score=50, case="r-1")
    stored = house.shelf.accounts["mia"].state
    apply_account(stored, event)
    house.bus.publish(m.AccountUpdate("mia", stored.version, (event,)))
    await settle(house)
    house.bus.publish(m.AccountUpdate("mia", stored.version, (event,)))
    await settle(house)
    assert [type(frame) for frame in mia.frames] == [ev.AccountEvent] * 2
    assert (account.state.credit, house.shelf.asked["account"]) == (50, 2)


GRANTED = a.RoleGranted(at=NOW, by="root", role=PlatformRole.SUPERADMIN, reason="r")
SUSPENDED = a.AccountSuspended(at=NOW, by="root", until_ms=SOON, reason="r")
ATTESTED = a.IdentityAttested(at=NOW, by="root", identity=Identity.PERSON, reason="r")
FINED = a.CreditChanged(at=NOW, by="", cause="penalty", points=-50, score=50, case="r-1")
CLOSED = a.AccountClosed(at=NOW, by="mia", author_tag="~1")


@pytest.mark.parametrize("event", [GRANTED, SUSPENDED, ATTESTED, FINED, CLOSED])
async def test_what_news_say_of_an_account_is_believed_of_storage_alone(
    house: Following, mia: Peer, event: a.AccountEvent
) -> None:
    account = house.accounts.get("mia")
    assert account is not None
    before = deepcopy(account.state)
    house.bus.publish(m.AccountUpdate("mia", before.version + 1, (event,)))  # type: ignore[arg-type]
    await settle(house)
    assert account.state == before
    assert (house.shelf.asked["account"], mia.closed) == (2, [])


async def test_an_account_that_has_moved_on_is_read_again(house: Following, mia: Peer) -> None:
    account = house.accounts.get("mia")
    assert account is not None
    event = a.CreditChanged(at=NOW, by="", cause="penalty", points=-5, score=95, case="r-1")
    stored = house.shelf.accounts["mia"].state
    for _ in range(2):
        apply_account(stored, event)
    house.bus.publish(m.AccountUpdate("mia", stored.version, (event,)))
    await settle(house)
    assert (account.state.version, account.state.credit) == (stored.version, 95)
    assert [type(frame) for frame in mia.frames] == [ev.AccountEvent]


async def test_news_of_an_account_that_is_being_read_has_it_read_once_more(house: Following) -> None:
    house.shelf.accounts["gus"] = stored_account("gus")
    told = False

    def meanwhile() -> None:
        nonlocal told
        if not told:
            told = True
            house.bus.publish(m.AccountUpdate("gus", 9, ()))

    house.shelf.on_read = meanwhile
    await house.accounts.load("gus")
    assert house.shelf.asked["account"] == 2


async def test_names_that_were_removed_elsewhere_are_shown_no_more(house: Following, room: Room, mia: Peer) -> None:
    account = house.accounts.get("mia")
    assert account is not None
    stored = house.shelf.accounts["mia"]
    account.profile = Profile("mia", "Bank", "", "en")
    house.shelf.accounts["mia"] = type(stored)(
        stored.state, account.profile, stored.groups, stored.created, stored.read_seqs
    )
    assert room.author(account).display_name == "Bank"
    event = a.NamesRemoved(at=NOW, by="root", reason="r")
    apply_account(stored.state, event)
    house.bus.publish(m.AccountUpdate("mia", stored.state.version, (event,)))
    await settle(house)
    assert room.author(account).display_name == "mia"
    assert room.recent.page(None, None, 9) is None, "what it wrote is read again"


async def test_settings_that_were_changed_elsewhere_are_read(house: Following, room: Room, mia: Peer) -> None:
    account = house.accounts.get("mia")
    assert account is not None
    room.author(account)
    changed = stored_account("mia", CODE)
    house.shelf.accounts["mia"] = type(changed)(
        changed.state, Profile("mia", "New name", "", "en"), changed.groups, changed.created, changed.read_seqs
    )
    house.bus.publish(m.SettingsUpdate("mia", CODE))
    house.bus.publish(m.SettingsUpdate("nobody here", CODE))
    await settle(house)
    assert (account.profile.display_name, room.author(account).display_name) == ("New name", "New name")
    assert [type(frame) for frame in mia.frames] == [ev.GroupEvent]
    house.bus.publish(m.SettingsUpdate("mia"))
    await settle(house)
    assert [type(frame) for frame in mia.frames] == [ev.GroupEvent, ev.AccountEvent]


async def test_answers_typing_and_revoked_tokens_reach_whom_they_concern(
    house: Following, room: Room, mia: Peer
) -> None:
    other = await house.enter(MSGPACK, "max", room)
    other.session.token_hash = "hash"
    for user in ("mia", "nobody here"):
        house.bus.publish(m.NoticeUpdate(user, PersonalNotice(user, 1, "upheld", "r-1")))
    house.bus.publish(m.TypingUpdate(CODE, "max"))
    house.bus.publish(m.RevokedUpdate("nobody here", "hash"))
    house.bus.publish(m.RevokedUpdate("max", "another"))
    # That it is revoked is believed of storage, once that answers.
    house.shelf.tokens["hash"] = "max"
    house.bus.publish(m.RevokedUpdate("max", "hash"))
    await settle(house)
    assert [type(frame) for frame in mia.frames] == [ev.CaseEvent, ev.TypingEvent]
    account = house.accounts.get("mia")
    assert account is not None and account.has_unread
    assert (other.frames, other.closed) == ([], [])
    del house.shelf.tokens["hash"]
    house.shelf.broken = True
    house.bus.publish(m.RevokedUpdate("max", "hash"))
    await house.shelf.asked_for("token", 5)
    assert other.closed == []
    house.shelf.broken = False
    await settle(house)
    assert other.closed == [(CloseCode.FORBIDDEN, "")]


async def test_when_an_account_is_closed_nothing_is_kept_of_what_was_written(house: Following, room: Room) -> None:
    house.hub.deliver(room, [make_entry(4)])
    assert room.recent.page(None, 3, 9) is not None
    house.bus.publish(m.ClosedUpdate("mia"))
    assert room.recent.page(None, 3, 9) is None


async def test_when_names_are_removed_nothing_is_kept_of_what_was_written(house: Following, room: Room) -> None:
    house.hub.deliver(room, [make_entry(4)])
    assert room.recent.page(None, 3, 9) is not None
    house.bus.publish(m.AccountUpdate("mia", 2, (a.NamesRemoved(at=NOW, by="root", reason="r"),)))
    assert room.recent.page(None, 3, 9) is None, "before storage is asked"


# Looking after who signs in


async def look_after(house: Following, user: str = "mia") -> None:
    account = house.accounts.get(user)
    assert account is not None
    house.follower.signed_in(account)
    await settle(house)


async def test_who_signs_in_is_let_into_groups_that_it_came_into_meanwhile(house: Following) -> None:
    house.shelf.groups[CODE] = make_group()
    house.shelf.write(CODE, 1)
    peer = await house.enter(MSGPACK, "mia")
    house.shelf.accounts["mia"] = stored_account("mia", CODE)
    await look_after(house)
    assert [type(frame) for frame in peer.frames] == [ev.GroupEvent]


async def test_of_the_connections_of_who_signs_in_each_is_let_in(house: Following, room: Room, mia: Peer) -> None:
    second = house.peer(MSGPACK, "mia")
    await look_after(house)
    assert ([type(frame) for frame in second.frames], room in second.session.rooms) == ([ev.GroupEvent], True)


async def test_who_signs_in_gets_what_a_group_has_missed(house: Following, room: Room, mia: Peer) -> None:
    house.shelf.write(CODE, 4)
    await look_after(house)
    assert [type(frame) for frame in mia.frames] == [ev.EntryEvent]


async def test_a_group_that_has_moved_on_is_read_again_for_who_signs_in(
    house: Following, room: Room, mia: Peer
) -> None:
    apply(house.shelf.groups[CODE], TOPIC)
    await look_after(house)
    assert (room.state.topic, [type(frame) for frame in mia.frames]) == ("Tea", [ev.GroupEvent])


async def test_nothing_is_done_for_who_has_missed_nothing(house: Following, room: Room, mia: Peer) -> None:
    asked = deepcopy(house.shelf.asked)
    await look_after(house)
    assert (mia.frames, house.shelf.asked - asked) == ([], {"account": 1, "heads": 1})


async def test_a_group_with_work_on_its_way_finds_out_by_itself(house: Following, room: Room, mia: Peer) -> None:
    apply(house.shelf.groups[CODE], TOPIC)
    house.shelf.write(CODE, 4)
    room.in_flight = 1
    await look_after(house)
    assert (room.state.topic, mia.frames) == ("", [])


async def test_that_storage_does_not_answer_is_no_reason_to_fail(house: Following, room: Room, mia: Peer) -> None:
    house.shelf.broken = True
    await look_after(house)
    assert mia.frames == []


async def test_of_an_account_that_storage_has_lost_the_groups_in_memory_are_looked_at(
    house: Following, room: Room, mia: Peer
) -> None:
    house.shelf.write(CODE, 4)
    del house.shelf.accounts["mia"]
    await look_after(house)
    assert heard(mia) == [4]
