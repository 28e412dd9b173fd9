"""What undoes an act, for whom, and for how long. That it restores what was: `tests/property/test_undo.py`."""

import msgspec
import pytest

from folkmoot_governance import ALL_PERMISSIONS, GroupState, Permission, case_number
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.duration import show_until
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.undo import HELPS, UNDO, Undo, undo_of
from folkmoot_protocol.types import JoinMode, LinkRule
from tests.builders.rules import NOW, SOON, any_event, do, make_group

UNDONE: list[tuple[c.Command, str, c.Command, str, str]] = [
    (c.BanMember("ben", SOON), "olga", c.Unban("ben"), "olga", "/unban @ben"),
    (c.MuteMember("max", SOON), "olga", c.Unmute("max"), "olga", "/unmute @max"),
    (c.Warn("max"), "olga", c.Unwarn("max"), "olga", "/unwarn @max 6"),
    (c.SetLadder("2 mute 1h"), "olga", c.SetLadder(""), "olga", "/ladder default"),
    (c.SetLinks(LinkRule.OFF), "olga", c.SetLinks(LinkRule.ON), "olga", "/links on"),
    (c.Pin(1, "max"), "olga", c.Unpin(1), "olga", "/unpin 1"),
    (c.NameHeir("adam"), "olga", c.DropHeir(), "olga", "/heir off"),
    (c.Invite("ben"), "olga", c.RevokeInvitation("ben"), "olga", "/uninvite @ben"),
    (c.Lock(SOON), "olga", c.Unlock(), "olga", "/unlock"),
    (c.SetSlow(1000), "olga", c.SetSlow(0), "olga", "/slow off"),
    (c.Promote("max", frozenset()), "olga", c.Demote("max"), "olga", "/demote @max"),
    (c.Demote("adam"), "olga", c.Promote("adam", frozenset()), "olga", "/promote @adam"),
    (
        c.SetPermissions("adam", ALL_PERMISSIONS - {Permission.MUTE}),
        "olga",
        c.SetPermissions("adam", ALL_PERMISSIONS),
        "olga",
        "/rights @adam +mute",
    ),
    (c.SetTag("max", "helper"), "olga", c.SetTag("max", ""), "olga", "/tag @max off"),
    (c.OfferTransfer("max"), "olga", c.WithdrawTransfer(), "olga", "/transfer cancel"),
    (c.SetRules("Be kind."), "olga", c.SetRules(""), "olga", "/setrules off"),
    (c.Rename("Tea"), "olga", c.Rename("Moot"), "olga", "/rename Moot"),
    (c.SetTopic("Tea"), "olga", c.SetTopic(""), "olga", "/topic off"),
    (c.SetCategory("music"), "olga", c.SetCategory("general"), "olga", "/category general"),
    (c.SetJoinMode(JoinMode.CLOSED), "olga", c.SetJoinMode(JoinMode.OPEN), "olga", "/joinmode open"),
    (c.SetMemberLimit(9), "olga", c.SetMemberLimit(500), "olga", "/limit 500"),
    (c.SetInfoPage(shown=False), "olga", c.SetInfoPage(shown=True), "olga", "/infopage on"),
    (c.SetQuestion("2+2?", ("4",)), "olga", c.SetQuestion("", ()), "olga", "/question off"),
    (c.Announce("Tea at five."), "olga", c.Announce(""), "olga", "/announce off"),
    (c.AddWord("tea", Action.HOLD), "olga", c.RemoveWord("tea"), "olga", "/word del tea"),
    (c.JoinGroup(), "ben", c.LeaveGroup(), "ben", "/leave 482190673352"),
]


def offered(state: GroupState, event: e.Event, user: str, now: int = NOW, later: int = 0) -> Undo | None:
    """Return what undoes the act that `later` other events came after."""
    return undo_of(state, event, case_number(state.code, state.version - later), user, now)


@pytest.mark.parametrize(("command", "by", "undo", "undoer", "line"), UNDONE, ids=lambda one: type(one).__name__)
def test_what_is_undone_is_not_offered_to_be_undone_again(
    command: c.Command, by: str, undo: c.Command, undoer: str, line: str
) -> None:
    state = make_group()
    event, *more = do(state, command, by)
    case = case_number(state.code, state.version - len(more))
    assert undo_of(state, event, case, by, NOW) == Undo(line, restores=True)
    do(state, undo, undoer)
    assert undo_of(state, event, case, by, NOW) is None


NEVER_IN_PLACE_OF_ANOTHER = {e.RaidNoticed}


@pytest.mark.parametrize(
    "kind", sorted(UNDO.keys() - NEVER_IN_PLACE_OF_ANOTHER, key=str), ids=lambda kind: kind.__name__
)
def test_what_does_not_know_what_was_before_offers_nothing_that_restores(kind: type[e.Event]) -> None:
    """As older records have it, in a group where nothing has changed since."""
    required = {one.name for one in msgspec.structs.fields(kind) if one.required}
    event = kind(**{name: getattr(any_event(kind), name) for name in required})
    undo = offered(make_group(), event, "olga")
    assert undo is None or not undo.restores or not {one for one in kind.__struct_fields__ if one.startswith("was")}


def test_a_measure_in_place_of_another_gives_that_one_back_as_long_as_it_would_last() -> None:
    state = make_group()
    do(state, c.MuteMember("max", 60_123, reason="spam 7d"), "adam")
    (muted,) = do(state, c.MuteMember("max", 5_000_000, replaces=True), "olga")
    line = f"/mute @max replace {show_until(NOW + 60_123)} spam 7d"
    assert offered(state, muted, "olga") == Undo(line, restores=True)
    assert offered(state, muted, "olga", NOW + 60_123) == Undo("/unmute @max", restores=True)
    do(state, c.Lock(60_000), "olga")
    (locked,) = do(state, c.Lock(90_000, replaces=True), "olga")
    assert offered(state, locked, "olga") == Undo(f"/lock replace {show_until(NOW + 60_000)}", restores=True)
    (unlocked,) = do(state, c.Unlock(), "olga")
    assert offered(state, unlocked, "olga") == Undo(f"/lock {show_until(NOW + 90_000)}", restores=True)
    assert offered(state, unlocked, "olga", NOW + 90_000) is None


Steps = list[tuple[c.Command, str]]
MANY, ALL_BUT_MUTE = frozenset({Permission.PIN, Permission.MUTE}), ALL_PERMISSIONS - {Permission.MUTE}

BACK: list[tuple[str, Steps, tuple[c.Command, str], str, bool, Steps]] = [
    # what, before it, the act, what is offered, whether that restores, and after what it is no more
    (
        "a ban in place of another",
        [(c.BanMember("ben", 2 * SOON, reason="spam 7d"), "olga")],
        (c.BanMember("ben", SOON, replaces=True), "olga"),
        f"/ban @ben replace {show_until(NOW + 2 * SOON)} spam 7d",
        True,
        [(c.BanMember("ben", 3 * SOON, replaces=True), "olga")],
    ),
    (
        "a ban lifted",
        [(c.BanMember("ben", SOON, reason="spam"), "olga")],
        (c.Unban("ben"), "olga"),
        f"/ban @ben {show_until(NOW + SOON)} spam",
        True,
        [(c.JoinGroup(), "ben")],
    ),
    (
        "a ban lifted of who is invited",
        [(c.BanMember("ben", SOON), "olga")],
        (c.Unban("ben"), "olga"),
        f"/ban @ben {show_until(NOW + SOON)} a reason",
        True,
        [(c.Invite("ben"), "olga")],
    ),
    (
        "a mute lifted",
        [(c.MuteMember("max", SOON, reason="noise"), "olga")],
        (c.Unmute("max"), "olga"),
        f"/mute @max {show_until(NOW + SOON)} noise",
        True,
        [(c.MuteMember("max", 3 * SOON), "olga")],
    ),
    (
        "a mute lifted of who has left",
        [(c.MuteMember("max", SOON), "olga")],
        (c.Unmute("max"), "olga"),
        f"/mute @max {show_until(NOW + SOON)} a reason",
        True,
        [(c.LeaveGroup(), "max")],
    ),
    ("a note", [], (c.WriteNote("max", "look again"), "olga"), "/note @max clear 6", True, []),
    ("a ladder", [(c.SetLadder("2 mute 1h"), "olga")], (c.SetLadder(""), "olga"), "/ladder 2 mute 1h", True, []),
    ("slow mode", [(c.SetSlow(5000), "olga")], (c.SetSlow(9000), "olga"), "/slow 5s", True, [(c.SetSlow(0), "olga")]),
    (
        "slow mode for an hour",
        [(c.SetAntiraid(SOON), "olga")],
        (c.SetAntiraid(3 * SOON, replaces=True), "olga"),
        f"/antiraid on replace {show_until(NOW + SOON)}",
        True,
        [(c.EndAntiraid(), "olga")],
    ),
    ("a raid held off", [], (c.SetAntiraid(SOON), "olga"), "/antiraid off", True, [(c.EndAntiraid(), "olga")]),
    (
        "a raid no more held off",
        [(c.SetAntiraid(SOON), "olga")],
        (c.EndAntiraid(), "olga"),
        "/antiraid on",
        False,
        [(c.SetAntiraid(SOON), "olga")],
    ),
    (
        "an invite code",
        [],
        (c.MakeInviteCode("k7", SOON), "olga"),
        "/uninvite k7",
        True,
        [(c.RevokeInviteCode("k7"), "olga")],
    ),
    (
        "an invitation revoked",
        [(c.Invite("ben"), "olga")],
        (c.RevokeInvitation("ben"), "olga"),
        "/invite @ben",
        False,
        [(c.JoinGroup(), "ben")],
    ),
    (
        "an invitation revoked of who is banned then",
        [(c.Invite("ben"), "olga")],
        (c.RevokeInvitation("ben"), "olga"),
        "/invite @ben",
        False,
        [(c.BanMember("ben", SOON), "olga")],
    ),
    (
        "another question",
        [(c.SetQuestion("2+2?", ("4", "four")), "olga")],
        (c.SetQuestion("3+3?", ("6",)), "olga"),
        "/question 2+2? = 4 | four",
        True,
        [(c.SetQuestion("", ()), "olga")],
    ),
    ("the latest pin", [(c.Pin(1, "max"), "olga")], (c.Unpin(1), "olga"), "/pin 1", True, [(c.Pin(1, "max"), "olga")]),
    (
        "an admin's role, with what it had",
        [(c.SetPermissions("adam", MANY), "olga")],
        (c.Demote("adam"), "olga"),
        "/promote @adam mute pin",
        True,
        [(c.Kick("adam"), "olga")],
    ),
    (
        "an admin's role, with nothing",
        [(c.SetPermissions("adam", frozenset()), "olga")],
        (c.Demote("adam"), "olga"),
        "/promote @adam none",
        True,
        [(c.Promote("adam", frozenset()), "olga")],
    ),
    (
        "rights",
        [(c.SetPermissions("adam", MANY), "olga")],
        (c.SetPermissions("adam", frozenset({Permission.PIN, Permission.BAN})), "olga"),
        "/rights @adam -ban +mute",
        True,
        [(c.SetPermissions("adam", ALL_BUT_MUTE), "olga")],
    ),
    (
        "rights of who is no admin then",
        [(c.SetPermissions("adam", MANY), "olga")],
        (c.SetPermissions("adam", frozenset({Permission.PIN})), "olga"),
        "/rights @adam +mute",
        True,
        [(c.Demote("adam"), "olga")],
    ),
    (
        "a tag",
        [(c.SetTag("max", "poet"), "olga")],
        (c.SetTag("max", "helper"), "olga"),
        "/tag @max poet",
        True,
        [(c.LeaveGroup(), "max")],
    ),
    (
        "an heir",
        [(c.NameHeir("max"), "olga")],
        (c.NameHeir("adam"), "olga"),
        "/heir @max",
        True,
        [(c.LeaveGroup(), "max")],
    ),
    (
        "an heir dropped",
        [(c.NameHeir("max"), "olga")],
        (c.DropHeir(), "olga"),
        "/heir @max",
        True,
        [(c.LeaveGroup(), "max")],
    ),
    (
        "an heir dropped for another",
        [(c.NameHeir("max"), "olga")],
        (c.DropHeir(), "olga"),
        "/heir @max",
        True,
        [(c.NameHeir("adam"), "olga")],
    ),
    (
        "an offer withdrawn",
        [(c.OfferTransfer("max"), "olga")],
        (c.WithdrawTransfer(), "olga"),
        "/transfer @max",
        False,
        [(c.OfferTransfer("adam"), "olga")],
    ),
    (
        "an offer withdrawn from who has left",
        [(c.OfferTransfer("max"), "olga")],
        (c.WithdrawTransfer(), "olga"),
        "/transfer @max",
        False,
        [(c.LeaveGroup(), "max")],
    ),
    (
        "rules",
        [(c.SetRules("Be kind."), "olga")],
        (c.SetRules("Be quiet."), "olga"),
        "/setrules Be kind.",
        True,
        [(c.SetRules("Be both."), "olga")],
    ),
    (
        "an announcement",
        [(c.Announce("Tea at five."), "olga")],
        (c.Announce("Tea at six."), "olga"),
        "/announce Tea at five.",
        True,
        [(c.Announce(""), "olga")],
    ),
    (
        "an announcement taken down",
        [(c.Announce("Tea at five."), "olga")],
        (c.Announce(""), "olga"),
        "/announce Tea at five.",
        True,
        [(c.Announce("Tea at six."), "olga")],
    ),
    (
        "a word's verdict",
        [(c.AddWord("tea", Action.HOLD), "olga")],
        (c.AddWord("tea", Action.REFUSE), "olga"),
        "/word add hold tea",
        True,
        [(c.RemoveWord("tea"), "olga")],
    ),
    (
        "a word",
        [(c.AddWord("tea", Action.HOLD), "olga")],
        (c.RemoveWord("tea"), "olga"),
        "/word add hold tea",
        True,
        [(c.AddWord("tea", Action.REFUSE), "olga")],
    ),
    (
        "a join mode with its question",
        [(c.SetQuestion("2+2?", ("4",)), "olga"), (c.SetJoinMode(JoinMode.QUESTION), "olga")],
        (c.SetJoinMode(JoinMode.OPEN), "olga"),
        "/joinmode question",
        True,
        [(c.SetQuestion("", ()), "olga")],
    ),
    ("a limit", [], (c.SetMemberLimit(4), "olga"), "/limit 500", True, [(c.SetMemberLimit(9), "olga")]),
]


@pytest.mark.parametrize(("what", "before", "act", "line", "restores", "after"), BACK, ids=[row[0] for row in BACK])
def test_what_was_before_is_offered_until_something_else_takes_its_place(
    what: str, before: Steps, act: tuple[c.Command, str], line: str, restores: bool, after: Steps
) -> None:
    state = make_group()
    for command, by in before:
        do(state, command, by)
    event, *more = do(state, *act)
    case = case_number(state.code, state.version - len(more))
    assert undo_of(state, event, case, "olga", NOW) == Undo(line, restores)
    for command, by in after:
        do(state, command, by)
    assert not after or undo_of(state, event, case, "olga", NOW) is None


def test_an_end_that_is_reached_in_between_is_not_given_back() -> None:
    state = make_group()
    do(state, c.BanMember("ben", SOON), "olga")
    (lifted,) = do(state, c.Unban("ben"), "olga")
    assert offered(state, lifted, "olga", NOW + SOON - 1) is not None
    assert offered(state, lifted, "olga", NOW + SOON) is None
    do(state, c.MuteMember("max", SOON), "olga")
    (lifted,) = do(state, c.Unmute("max"), "olga")
    assert offered(state, lifted, "olga", NOW + SOON - 1) is not None
    assert offered(state, lifted, "olga", NOW + SOON) is None
    do(state, c.SetAntiraid(SOON), "olga")
    (longer,) = do(state, c.SetAntiraid(3 * SOON, replaces=True), "olga")
    assert offered(state, longer, "olga", NOW + SOON) == Undo("/antiraid off", restores=True)
    do(state, c.Lock(SOON), "olga")
    (longer,) = do(state, c.Lock(3 * SOON, replaces=True), "olga")
    assert offered(state, longer, "olga", NOW + SOON) == Undo("/unlock", restores=True)


def test_what_was_free_or_none_before_is_told_from_what_is_not_known() -> None:
    state = make_group()
    (rules,) = do(state, c.SetRules("Be kind."), "olga")
    assert offered(state, rules, "olga") == Undo("/setrules off", restores=True)
    (put,) = do(state, c.Announce("Tea."), "olga")
    assert offered(state, put, "olga") == Undo("/announce off", restores=True)
    (tag,) = do(state, c.SetTag("max", "poet"), "olga")
    assert offered(state, tag, "olga") == Undo("/tag @max off", restores=True)


def test_a_lock_in_place_since_is_not_locked_again() -> None:
    state = make_group()
    do(state, c.Lock(SOON), "olga")
    (unlocked,) = do(state, c.Unlock(), "olga")
    do(state, c.Lock(60_000), "olga")
    assert offered(state, unlocked, "olga", later=1) is None


def test_nobody_is_removed_by_who_joined_or_who_is_more_than_a_member() -> None:
    state = make_group()
    (joined,) = do(state, c.JoinGroup(), "ben")
    do(state, c.Promote("ben", frozenset()), "olga")
    assert offered(state, joined, "olga", later=1) is None
    assert offered(state, joined, "ben", later=1) is None


def test_a_limit_below_the_members_or_asked_for_is_no_way_back() -> None:
    state = make_group()
    do(state, c.SetMemberLimit(4), "olga")
    (wider,) = do(state, c.SetMemberLimit(9), "olga")
    assert offered(state, wider, "olga") == Undo("/limit 4", restores=True)
    state.asked_limit = 9000
    assert offered(state, wider, "olga") is None
    state.asked_limit = 0
    do(state, c.JoinGroup(), "ben")
    assert offered(state, wider, "olga", later=1) is None


def test_an_ownership_is_handed_back_by_an_offer() -> None:
    state = make_group()
    do(state, c.OfferTransfer("max"), "olga")
    transferred, *more = do(state, c.AcceptTransfer(), "max")
    assert offered(state, transferred, "max", later=len(more)) == Undo("/transfer @olga", restores=False)
    do(state, c.OfferTransfer("olga"), "max")
    assert offered(state, transferred, "max", later=len(more) + 1) is None, "it is offered already"
    do(state, c.WithdrawTransfer(), "max")
    do(state, c.LeaveGroup(), "olga")
    assert offered(state, transferred, "max", later=len(more) + 3) is None, "nobody is there to have it"


def test_a_raid_that_was_noticed_is_ended_as_long_as_it_is_the_one() -> None:
    state = make_group()
    noticed, *more = do(state, c.RaiseAlarm("joins"), "")
    assert offered(state, noticed, "olga", later=len(more)) == Undo("/antiraid off", restores=True)
    do(state, c.SetAntiraid(3 * SOON, replaces=True), "olga")
    assert offered(state, noticed, "olga", later=len(more) + 1) is None


def test_what_took_more_away_than_a_line_gives_back_is_no_undo() -> None:
    state = make_group(e.Invited(at=NOW, by="olga", user="gus", until_ms=SOON))
    (banned,) = do(state, c.BanMember("max", SOON), "olga")
    assert offered(state, banned, "olga") == Undo("/unban @max", restores=False)
    kicked, barred = do(state, c.Kick("mia"), "olga")
    assert offered(state, kicked, "olga", later=1) == Undo("/invite @mia", restores=False)
    assert offered(state, barred, "olga") == Undo("/invite @mia", restores=False)
    (again,) = do(state, c.Invite("gus"), "olga")
    assert offered(state, again, "olga") is None, "it had another end before"


def test_a_join_is_undone_by_who_joined_and_what_helps_others_is_another_thing() -> None:
    state = make_group(join_mode=JoinMode.APPROVAL)
    (asked,) = do(state, c.JoinGroup(), "ben")
    assert offered(state, asked, "ben") == Undo("/leave 482190673352", restores=True)
    assert offered(state, asked, "olga") is None, "an owner would leave the group"
    state = make_group()
    (joined,) = do(state, c.JoinGroup(), "ben")
    assert offered(state, joined, "olga") == Undo("/kick @ben", restores=False)


def test_texts_come_back_as_they_were_typed() -> None:
    state = make_group()
    for text in ('"Tea" at five', "off", '"off"', ""):
        do(state, c.SetTopic("x"), "olga")
        do(state, c.SetTopic(text), "olga")
        (event,) = do(state, c.SetTopic("y"), "olga")
        typed = {"off": '"off"', '"off"': '""off""', "": "off"}.get(text, text)
        assert offered(state, event, "olga") == Undo(f"/topic {typed}", restores=True)


def test_an_entry_that_is_deleted_is_not_offered_to_be_pinned() -> None:
    state = make_group()
    for seq in (1, 2):
        do(state, c.Pin(seq, "max"), "olga")
    (older,) = do(state, c.Unpin(1), "olga")
    assert offered(state, older, "olga") == Undo("/pin 1", restores=False), "it would be the latest pin"
    _, unpinned = do(state, c.DeleteEntry("max", 2, NOW), "olga")
    assert offered(state, unpinned, "olga") is None


def test_the_tables_are_of_events() -> None:
    assert all(issubclass(kind, e.Event) for kind in (*UNDO, *HELPS))
