"""Whom the hub tells what, in which order, and in how many writes. Who listens is kept by the audience."""

import asyncio

import pytest

from folkmoot_governance import account as a
from folkmoot_governance import apply
from folkmoot_governance.group import events as e
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_protocol import events as ev
from folkmoot_protocol.codec import JSON, MSGPACK
from folkmoot_protocol.errors import CloseCode
from folkmoot_protocol.types import CommentPolicy, EntryKind, JoinMode, LeftReason, LinkRule
from folkmoot_server.common.metrics import DELIVERIES, ENTRIES
from folkmoot_server.delivery import hub as hub_module
from folkmoot_server.delivery.notices import PASSING, SENTENCES
from tests.builders.entries import make_entry
from tests.builders.rules import NOW, SOON, make_group
from tests.integration.wire import PATIENCE_S
from tests.unit.server.lines import House, Line, Peer, turn

CODE = "482190673352"


@pytest.fixture
async def house() -> House:
    return House()


def heard(peer: Peer) -> list[int]:
    return [frame.entry.seq for frame in peer.frames if isinstance(frame, ev.EntryEvent)]


async def test_each_gets_all_that_a_turn_brought_in_one_write_in_its_own_encoding(house: House) -> None:
    room = house.room()
    other = house.room(make_group(code="591827364505"))
    text, binary = [house.peer(codec, "mia", room, other) for codec in (JSON, MSGPACK)]
    entries, deliveries = ENTRIES.count, DELIVERIES.count
    house.hub.deliver(room, [make_entry(1), make_entry(2)])
    house.hub.deliver(room, [make_entry(3)])
    assert text.line.writes == binary.line.writes == []
    await turn()
    for peer in (text, binary):
        (write,) = peer.turns
        assert write == [ev.EntryEvent(group=CODE, entry=make_entry(seq)) for seq in (1, 2, 3)]
    assert (ENTRIES.count - entries, DELIVERIES.count - deliveries) == (3, 6)
    assert room.last_seq == 3
    page = room.recent.page(None, 0, 10)
    assert page is not None and [one.seq for one in page.entries] == [1, 2, 3]
    house.hub.deliver(room, [make_entry(4)])
    await turn()
    assert (len(text.turns), heard(text)) == (2, [1, 2, 3, 4])


async def test_entries_are_counted_where_nobody_listens(house: House) -> None:
    room = house.room()
    house.hub.deliver(room, [make_entry(1)])
    await turn()
    assert room.last_seq == 1
    peer = house.peer(MSGPACK, "mia", room)
    house.hub.deliver(room, [make_entry(2)])
    await turn()
    assert heard(peer) == [2]


async def test_a_connection_with_one_room_is_written_to_without_an_outbox(house: House) -> None:
    room = house.room()
    peer = house.peer(MSGPACK, "mia", room)
    house.hub.deliver(room, [make_entry(1)])
    await turn()
    assert (heard(peer), peer.session.outbox, peer.session.write) == ([1], [], peer.line.write)


async def test_what_was_answered_before_goes_out_before(house: House) -> None:
    room = house.room()
    peer = house.peer(MSGPACK, "mia", room)
    peer.session.send(ev.AccountEvent(account=house.accounts.get("mia").own_view()))  # type: ignore[union-attr]
    house.hub.deliver(room, [make_entry(1)])
    await turn()
    assert [[type(frame) for frame in write] for write in peer.turns] == [[ev.AccountEvent, ev.EntryEvent]]


@pytest.mark.parametrize("is_large", [True, False])
async def test_in_a_large_group_who_gets_an_answer_is_written_to_before_those_who_only_listen(
    house: House, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    order: list[Line] = []
    write = Line.write
    monkeypatch.setattr(Line, "write", lambda line, data: (order.append(line), write(line, data)))
    monkeypatch.setattr(hub_module, "LARGE", 4 if is_large else 5)
    room, quiet = house.room(), house.room(make_group(code="591827364505"))
    mia, max_, ada = [house.peer(MSGPACK, user, room) for user in ("mia", "max", "ada")]
    both = house.peer(MSGPACK, "olga", room, quiet)
    for peer in (both, max_):
        peer.session.send(ev.TypingEvent(group=CODE, user="mia"))
    house.hub.deliver(room, [make_entry(1)])
    await turn()
    # Who is in several groups may hear of the others of them in this turn, too: one write, after all groups.
    first = [max_, mia, ada, both] if is_large else [mia, ada, both, max_]
    assert order == [peer.line for peer in first]
    assert [[type(frame) for frame in write] for write in max_.turns] == [[ev.TypingEvent, ev.EntryEvent]]


@pytest.mark.parametrize("lagged", [False, True])
async def test_the_slow_are_not_written_to(house: House, lagged: bool) -> None:
    room = house.room()
    peer, other = house.peer(MSGPACK, "mia", room), house.peer(MSGPACK, "max", room)
    if lagged:
        peer.session.lagged[CODE] = (7, 8)
        peer.session.look_again()
    else:
        peer.stick(10**6)
    house.hub.deliver(room, [make_entry(9), make_entry(10)])
    await turn()
    assert (peer.frames, heard(other)) == ([], [9, 10])
    assert peer.session.lagged == {CODE: (7 if lagged else 9, 10)}


async def test_slow_mode_counts_what_comes_from_anywhere(house: House) -> None:
    slow = house.room(make_group(e.SlowModeSet(at=NOW, by="olga", slow_ms=9000)))
    kinds = (EntryKind.TEXT, EntryKind.ACTION, EntryKind.EDIT, EntryKind.NOTICE)
    entries = [make_entry(seq, str(kind), kind=kind) for seq, kind in enumerate(kinds, 1)]
    house.hub.deliver(slow, [*entries, make_entry(9, "text", target=1), make_entry(8, "text", ts=0)])
    assert slow.last_posts == {"text": NOW, "action": NOW}
    quick = house.room()
    house.hub.deliver(quick, entries)
    assert quick.last_posts == {}


async def test_who_comes_or_goes_within_a_turn_hears_exactly_what_is_theirs(house: House) -> None:
    room = house.room()
    leaving = house.peer(MSGPACK, "mia", room)
    house.hub.deliver(room, [make_entry(1)])
    coming = house.peer(MSGPACK, "max", room)
    house.hub.unsubscribe(room, leaving.session, LeftReason.KICKED)
    house.hub.deliver(room, [make_entry(2)])
    await turn()
    assert (heard(leaving), heard(coming)) == ([1], [2])
    assert leaving.frames[-1] == ev.LeftEvent(group=CODE, reason=LeftReason.KICKED)
    assert (leaving.session.rooms, coming.session.rooms) == (set(), {room})


async def test_a_new_member_hears_from_the_picture_on_that_it_is_shown(house: House) -> None:
    room = house.room(last_seq=4)
    devices = [house.peer(MSGPACK, "max"), house.peer(JSON, "max")]
    house.hub.admit(room, "max")
    house.hub.admit(room, "who is not here")
    house.hub.deliver(room, [make_entry(5)])
    await turn()
    for peer in devices:
        picture, entry = peer.frames
        assert isinstance(picture, ev.GroupEvent) and isinstance(entry, ev.EntryEvent)
        assert (picture.group.last_seq, picture.group.role, entry.entry.seq) == (4, "member", 5)


GONE = {
    e.MemberLeft: LeftReason.LEFT,
    e.MemberDeparted: LeftReason.LEFT,
    e.MemberKicked: LeftReason.KICKED,
    e.MemberBanned: LeftReason.BANNED,
}


@pytest.mark.parametrize("kind", GONE, ids=lambda kind: kind.__name__)
async def test_who_is_gone_is_told_why_and_hears_no_more(house: House, kind: type[e.MemberEvent]) -> None:
    room = house.room()
    peer = house.peer(MSGPACK, "mia", room)
    more = {"until_ms": SOON} if kind is e.MemberBanned else {}
    event = kind(at=NOW, by="olga", user="mia", **more)
    house.hub.tell_members(room, event)
    await turn()
    assert peer.frames == [], "what came later holds: she is a member"
    apply(room.state, event)
    house.hub.tell_members(room, event)
    house.hub.deliver(room, [make_entry(1)])
    await turn()
    assert peer.frames == [ev.LeftEvent(group=CODE, reason=GONE[kind])]


async def test_who_came_is_let_in_if_it_is_still_a_member(house: House) -> None:
    room = house.room()
    mia, gus, olga = [house.peer(MSGPACK, user) for user in ("mia", "gus", "olga")]
    for user in ("mia", "gus"):
        house.hub.tell_members(room, e.MemberJoined(at=NOW, by=user, user=user, via="open"))
    house.hub.tell_members(room, e.TopicSet(at=NOW, by="mia", topic="x"))
    founding = e.GroupCreated(
        at=NOW, by="olga", code=CODE, name="M", category="g", topic="", join_mode=JoinMode.OPEN, member_limit=9
    )
    house.hub.tell_members(room, founding)
    await turn()
    assert [peer.kinds() for peer in (mia, gus, olga)] == [["GroupEvent"], [], ["GroupEvent"]]


BY = {"at": NOW, "by": "olga"}
TELLS_ALL: list[e.Event] = [
    e.GroupLocked(**BY, until_ms=SOON),
    e.GroupUnlocked(**BY),
    e.SlowModeSet(**BY, slow_ms=1),
    e.LinksSet(**BY, links=LinkRule.OFF),
    e.CommentsSet(**BY, comments=CommentPolicy.CLOSED, was_comments=CommentPolicy.OPEN),
    e.EntryPinned(**BY, user="mia", seq=1),
    e.EntryUnpinned(**BY, seq=1),
    e.GroupRenamed(**BY, name="New"),
    e.TopicSet(**BY, topic="New"),
    e.AnnouncementSet(**BY, announcement="New"),
    e.AnnouncementCleared(**BY),
    e.CategorySet(**BY, category="music"),
    e.JoinModeSet(**BY, join_mode=JoinMode.CLOSED),
    e.MemberLimitSet(**BY, limit=9),
    e.GroupSuspended(**BY, until_ms=SOON, reason=""),
    e.GroupRestored(**BY, reason=""),
    e.LockEnded(**BY),
    e.SuspensionEnded(**BY),
    e.GroupWarned(**BY, until_ms=SOON, reason=""),
    e.RectificationAccepted(**BY, number=1, reason=""),
    e.LimitGranted(**BY, limit=9, reason=""),
    e.GroupGraded(**BY, grade="large", previous="", entries_per_day=1),
]


@pytest.mark.parametrize("event", TELLS_ALL, ids=lambda event: type(event).__name__)
async def test_all_who_listen_are_shown_a_group_that_has_changed(house: House, event: e.Event) -> None:
    room = house.room()
    peers = [house.peer(codec, user, room) for codec, user in ((MSGPACK, "mia"), (JSON, "max"))]
    outside = house.peer(MSGPACK, "adam")
    house.hub.tell_change(room, event)
    await turn()
    for peer in peers:
        (frame,) = peer.frames
        assert isinstance(frame, ev.GroupEvent)
        assert (frame.group.id, frame.group.role, frame.group.pins) == (CODE, None, ())
    assert outside.frames == []


async def test_what_has_changed_is_shown_after_the_entry_that_tells_of_it(house: House) -> None:
    room = house.room()
    peer = house.peer(MSGPACK, "mia", room)
    house.hub.deliver(room, [make_entry(1)])
    house.hub.tell_change(room, e.MemberMuted(**BY, user="mia", until_ms=SOON))
    house.hub.deliver(room, [make_entry(2)])
    house.hub.tell_change(room, e.TopicSet(**BY, topic="New"))
    await turn()
    assert peer.kinds() == ["EntryEvent", "GroupEvent", "EntryEvent", "GroupEvent"]


TELLS_ONE: list[e.MemberEvent] = [
    e.MemberPromoted(**BY, user="mia", permissions=()),
    e.MemberDemoted(**BY, user="mia"),
    e.MemberMuted(**BY, user="mia", until_ms=SOON),
    e.MuteLifted(**BY, user="mia"),
]


@pytest.mark.parametrize("event", TELLS_ONE, ids=lambda event: type(event).__name__)
async def test_a_member_alone_is_shown_what_is_its_own(house: House, event: e.MemberEvent) -> None:
    room = house.room()
    mia, other = house.peer(MSGPACK, "mia", room), house.peer(MSGPACK, "max", room)
    house.hub.tell_change(room, event)
    await turn()
    (frame,) = mia.frames
    assert isinstance(frame, ev.GroupEvent)
    assert (frame.group.role, other.frames) == ("member", [])


async def test_of_a_new_owner_all_hear_and_both_see_their_own_fields(house: House) -> None:
    room = house.room()
    peers = [house.peer(MSGPACK, user, room) for user in ("olga", "mia", "max")]
    house.hub.tell_change(room, e.OwnershipTransferred(at=NOW, by="mia", user="mia", previous="olga"))
    await turn()
    assert [peer.kinds() for peer in peers] == [["GroupEvent"] * 2, ["GroupEvent"] * 2, ["GroupEvent"]]


async def test_a_measure_that_is_void_is_told_to_all_and_to_whom_it_had_hit(house: House) -> None:
    room = house.room()
    mia, other = house.peer(MSGPACK, "mia", room), house.peer(MSGPACK, "max", room)
    house.hub.tell_change(room, e.MeasureOverturned(at=NOW, by="", user="mia", measure="x", number=1, kind="muted"))
    await turn()
    assert (mia.kinds(), other.kinds()) == (["GroupEvent"] * 2, ["GroupEvent"])


async def test_who_is_in_a_group_that_is_open_again_hears_it(house: House) -> None:
    room = house.room()
    mia, gus = house.peer(MSGPACK, "mia"), house.peer(MSGPACK, "gus")
    opened = e.MeasureOverturned(
        at=NOW, by="", user="olga", measure="x", number=1, kind="closed", reopens=True, effect="reopened"
    )
    house.hub.tell_members(room, opened)
    house.hub.deliver(room, [make_entry(1)])
    await turn()
    assert (mia.kinds(), gus.kinds()) == (["GroupEvent", "EntryEvent"], [])


async def test_an_appellant_is_told_what_undoing_did_and_nothing_that_is_unknown(house: House) -> None:
    account = house.account("mia")
    peer = house.peer(MSGPACK, "mia")
    for kind, effect in (("muted", "lifted"), ("muted", "void"), ("of a later version", "of a later version")):
        data = {"measure": kind, "effect": effect}
        house.hub.tell_notice(account, PersonalNotice("mia", NOW, "overturned", "a-1", data=data))
    house.hub.tell_notice(account, PersonalNotice("mia", NOW, "of a later version", "a-1"))
    await turn()
    begin = "Your appeal a-1 succeeded: the measure is"
    texts = [frame.text for frame in peer.frames if isinstance(frame, ev.CaseEvent)]
    assert texts == [
        f"{begin} lifted",
        f"{begin} void; it was no longer in force",
        f"{begin} void",
        "This concerns you: a-1",
    ]


async def test_the_end_of_mutes_is_told_to_each(house: House) -> None:
    room = house.room()
    peers = [house.peer(MSGPACK, user, room) for user in ("mia", "max", "adam")]
    house.hub.tell_change(room, e.MutesEnded(at=NOW, by="", users=("mia", "max")))
    await turn()
    assert [peer.kinds() for peer in peers] == [["GroupEvent"], ["GroupEvent"], []]


@pytest.mark.parametrize("event", [e.GroupDissolved(**BY), e.GroupClosed(**BY, reason="")])
async def test_of_a_group_that_is_closed_nobody_hears_more(house: House, event: e.Event) -> None:
    room = house.room()
    peers = [house.peer(MSGPACK, user, room) for user in ("mia", "max")]
    house.hub.tell_change(room, event)
    house.hub.deliver(room, [make_entry(1)])
    await turn()
    for peer in peers:
        assert peer.frames == [ev.LeftEvent(group=CODE, reason=LeftReason.CLOSED)]
    assert (room.listening, house.audience.rooms.get(room)) == (0, None)


COMING = [
    e.MemberJoined(at=NOW, by="gus", user="gus", via="open"),
    *(kind(at=NOW, by="olga", user="gus") for kind in (e.MemberLeft, e.MemberDeparted, e.MemberKicked)),
    e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=SOON),
]


@pytest.mark.parametrize("event", COMING, ids=lambda event: type(event).__name__)
async def test_how_many_there_are_is_told_once_for_many_who_come_and_go(
    house: House, event: e.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "COUNT_S", 0.01)
    rooms = [house.room(), house.room(make_group(code="591827364505"))]
    peer = house.peer(MSGPACK, "mia", *rooms)
    for _ in range(2):
        for room in (rooms[0], rooms[0], rooms[1]):
            house.hub.tell_change(room, event)
        await turn()
        assert peer.frames == []
        await peer.until(lambda: peer.line.writes)
        assert sorted(frame.group.id for frame in peer.frames if isinstance(frame, ev.GroupEvent)) == [
            CODE,
            "591827364505",
        ]
        peer.line.writes.clear()


async def test_what_changes_nobodys_picture_is_told_to_nobody(house: House) -> None:
    room = house.room()
    peer = house.peer(MSGPACK, "mia", room)
    house.hub.tell_change(room, e.MemberWarned(at=NOW, by="olga", user="mia", until_ms=SOON, count=1))
    await turn()
    assert peer.frames == []


async def test_one_is_told_on_all_connections_that_listen_but_the_one_that_knows(house: House) -> None:
    room = house.room()
    listening, knowing, starting = [house.peer(MSGPACK, "mia", *rooms) for rooms in ((room,), (room,), ())]
    house.hub.tell_one(room, "mia", but=knowing.session)
    house.hub.tell_one(room, "nobody here")
    await turn()
    assert [peer.kinds() for peer in (listening, knowing, starting)] == [["GroupEvent"], [], []]


async def test_an_account_hears_of_itself(house: House) -> None:
    peer, other = house.peer(MSGPACK, "mia"), house.peer(MSGPACK, "max")
    account = house.accounts.get("mia")
    assert account is not None
    house.hub.tell_account(account)
    await turn()
    (frame,) = peer.frames
    assert isinstance(frame, ev.AccountEvent)
    assert (frame.account.user, frame.account.credit is not None) == ("mia", True)
    assert (peer.closed, other.frames, peer.session.account) == ([], [], account)


async def test_a_suspended_account_is_told_so_and_cut_off(house: House) -> None:
    house.account("mia", a.AccountSuspended(at=NOW, by="sue", until_ms=SOON, reason=""))
    peer = house.peer(MSGPACK, "mia")
    house.hub.tell_account(house.accounts.get("mia"))  # type: ignore[arg-type]
    assert (peer.kinds(), peer.closed) == (["AccountEvent"], [(CloseCode.FORBIDDEN, "")])


async def test_a_closed_account_is_left_at_once_and_cut_off_after_its_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "FAREWELL_S", 0.01)
    room = house.room()
    account = house.account("mia", a.AccountClosed(at=NOW, by="mia", author_tag="~1"))
    peer = house.peer(MSGPACK, "mia", room)
    house.hub.tell_account(account)
    assert (peer.closed, peer.session.account, peer.session.rooms) == ([], None, set())
    assert house.audience.sessions_of(account) == ()
    await peer.until(lambda: peer.closed)
    assert (peer.kinds(), peer.closed) == (["AccountEvent"], [(CloseCode.FORBIDDEN, "")])


async def test_an_account_is_told_what_became_of_what_it_asked_for(house: House) -> None:
    peer = house.peer(MSGPACK, "mia")
    account = house.accounts.get("mia")
    assert account is not None
    fields = dict.fromkeys(
        (
            "count",
            "limit",
            "seq",
            "points",
            "score",
            "identity",
            "role",
            "step",
            "contact",
            "group",
            "text",
            "course",
            "left",
            "cases",
            "credential",
            "grade",
            "followers",
            "by",
            "post",
        ),
        7,
    ) | {"rule": ""}
    for kind in SENTENCES:
        data = {"name": "Moot", "until_ms": NOW, **fields, "reason": "" if kind == "denied" else "because"}
        at = 0 if kind in PASSING else NOW
        house.hub.tell_notice(account, PersonalNotice("mia", at, kind, "r-7", data=data))
    await turn()
    told = {frame.state: frame for frame in peer.frames if isinstance(frame, ev.CaseEvent)}
    assert told.keys() == set(SENTENCES)
    assert {kind for kind, frame in told.items() if frame.notice is None} == set(PASSING), "what is not kept"
    assert (told["denied"].case, told["denied"].text) == ("r-7", "Your request to join Moot was declined")
    assert told["upheld"].text == "Your report r-7 was upheld: because"


async def test_a_token_that_is_revoked_ends_the_connections_it_opened(house: House) -> None:
    first, second = house.peer(MSGPACK, "mia"), house.peer(MSGPACK, "mia")
    first.session.token_hash, second.session.token_hash = "one", "two"
    house.hub.close_token(house.accounts.get("mia"), "one")  # type: ignore[arg-type]
    assert (first.closed, second.closed) == ([(CloseCode.FORBIDDEN, "")], [])


async def test_the_others_see_that_somebody_is_typing(house: House) -> None:
    room = house.room()
    house.hub.tell_typing(room, "mia")
    peers = [house.peer(codec, user, room) for codec, user in ((MSGPACK, "mia"), (JSON, "max"), (MSGPACK, "adam"))]
    peers[2].stick()
    house.hub.tell_typing(room, "mia")
    await turn()
    assert [peer.frames for peer in peers] == [[], [ev.TypingEvent(group=CODE, user="mia")], []]


async def test_a_connection_that_has_ended_is_forgotten(house: House) -> None:
    room, other = house.room(), house.room(make_group(code="591827364505"))
    peer, device = house.peer(MSGPACK, "mia", room, other), house.peer(MSGPACK, "mia", room)
    account = house.accounts.get("mia")
    assert account is not None
    peer.stick(10**6)
    house.hub.deliver(room, [make_entry(1)])
    await turn()
    house.hub.detach(peer.session)
    assert (peer.session.rooms, room.listening, other.listening, account.connections) == (set(), 1, 0, 1)
    assert house.audience.sessions_of(account) == (device.session,)
    assert (house.audience.listening_to(room), house.audience.listening_to(other)) == ([device.session], [])
    peer.take_all()
    device.stick(10**6)
    device.session.lagged.clear()
    house.hub.deliver(room, [make_entry(2)])
    await turn()
    device.take_all()
    await device.until(lambda: "LagEvent" in [type(frame).__name__ for frame in device.frames])
    assert peer.frames == [], "nobody looks after it any more"


async def test_a_write_that_fails_does_not_stop_the_next_turn(house: House) -> None:
    room = house.room()
    peer = house.peer(MSGPACK, "mia", room)
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))

    def fail(_: bytes) -> None:
        raise OSError("gone")

    peer.session.write = fail
    house.hub.deliver(room, [make_entry(1)])
    await turn()
    assert len(failures) == 1
    peer.session.look_again()
    house.hub.deliver(room, [make_entry(2)])
    async with asyncio.timeout(PATIENCE_S):
        await peer.until(lambda: 2 in heard(peer))
