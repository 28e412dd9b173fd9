"""The record: whom an act concerns, and what can still be undone."""

import pytest

from folkmoot_governance import GroupState, case_number
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.notices import TELLINGS, undo_of
from folkmoot_governance.record import IN_FORCE, can_be_undone, concerns
from folkmoot_protocol.types import JoinMode, LinkRule
from tests.builders.rules import NOW, SOON, do, make_group


def test_whom_an_act_concerns() -> None:
    ban = e.MemberBanned(at=NOW, by="olga", user="max", until_ms=SOON)
    assert [user for user in ("olga", "adam", "mia", "max") if concerns(ban, user)] == ["olga", "max"]
    ended = e.MutesEnded(at=NOW, by="", users=("mia", "max"))
    assert [user for user in ("olga", "adam", "mia", "max") if concerns(ended, user)] == ["mia", "max"]
    transferred = e.OwnershipTransferred(at=NOW, by="adam", user="adam", previous="olga")
    assert concerns(transferred, "olga")
    renamed = e.GroupRenamed(at=NOW, by="olga", name="max")
    assert not concerns(renamed, "max"), "a name is not a person"
    note = e.NoteWritten(at=NOW, by="olga", user="max")
    assert [user for user in ("olga", "max") if concerns(note, user)] == ["olga"], "notes are among admins"


UNDONE: list[tuple[c.Command, str, c.Command, str]] = [
    (c.BanMember("max", duration_ms=SOON), "olga", c.Unban("max"), "olga"),
    (c.MuteMember("max", duration_ms=SOON), "olga", c.Unmute("max"), "olga"),
    (c.Warn("max"), "olga", c.Unwarn("max"), "olga"),
    (c.SetLadder("2 mute 1h"), "olga", c.SetLadder(""), "olga"),
    (c.SetLinks(LinkRule.OFF), "olga", c.SetLinks(LinkRule.ON), "olga"),
    (c.Pin(1, "max"), "olga", c.Unpin(1), "olga"),
    (c.NameHeir("adam"), "olga", c.DropHeir(), "olga"),
    (c.Kick("max"), "olga", c.Invite("max"), "olga"),
    (c.Invite("ben"), "olga", c.RevokeInvitation("ben"), "olga"),
    (c.RevokeInvitation("gus"), "olga", c.Invite("gus"), "olga"),
    (c.Lock(SOON), "olga", c.Unlock(), "olga"),
    (c.SetSlow(1000), "olga", c.SetSlow(0), "olga"),
    (c.Promote("max", frozenset()), "olga", c.Demote("max"), "olga"),
    (c.Demote("adam"), "olga", c.Promote("adam", frozenset()), "olga"),
    (c.SetTag("max", "helper"), "olga", c.SetTag("max", ""), "olga"),
    (c.OfferTransfer("max"), "olga", c.WithdrawTransfer(), "olga"),
    (c.SetRules("Be kind."), "olga", c.SetRules(""), "olga"),
    (c.Rename("Tea"), "olga", c.Rename("Moot"), "olga"),
    (c.SetTopic("Tea"), "olga", c.SetTopic(""), "olga"),
    (c.SetCategory("music"), "olga", c.SetCategory("general"), "olga"),
    (c.SetJoinMode(JoinMode.CLOSED), "olga", c.SetJoinMode(JoinMode.OPEN), "olga"),
    (c.SetMemberLimit(9), "olga", c.SetMemberLimit(500), "olga"),
    (c.SetQuestion("2+2?", ("4",)), "olga", c.SetQuestion("", ()), "olga"),
    (c.Announce("Tea at five."), "olga", c.Announce(""), "olga"),
    (c.JoinGroup(), "ben", c.Kick("ben"), "olga"),
]


@pytest.mark.parametrize(("command", "by", "undo", "undoer"), UNDONE, ids=lambda one: type(one).__name__)
def test_what_is_undone_cannot_be_undone_again(command: c.Command, by: str, undo: c.Command, undoer: str) -> None:
    state = make_group(e.Invited(at=NOW, by="olga", user="gus", until_ms=SOON))
    event, *more = do(state, command, by)
    case = case_number(state.code, state.version - len(more))
    assert TELLINGS[type(event)].undo
    assert type(event) in IN_FORCE
    assert can_be_undone(state, event, case)
    do(state, undo, undoer)
    assert not can_be_undone(state, event, case)


def test_a_second_mute_takes_the_place_of_the_first() -> None:
    state = make_group()
    (first,) = do(state, c.MuteMember("max", duration_ms=1000), "olga")
    case = case_number(state.code, state.version)
    do(state, c.MuteMember("max", duration_ms=5000), "olga")
    assert not can_be_undone(state, first, case)


def test_an_unlocked_group_can_be_locked_and_a_request_withdrawn() -> None:
    state: GroupState = make_group(join_mode=JoinMode.APPROVAL)
    do(state, c.Lock(SOON), "olga")
    (unlocked,) = do(state, c.Unlock(), "olga")
    assert can_be_undone(state, unlocked, case_number(state.code, state.version))
    (asked,) = do(state, c.JoinGroup(), "ben")
    case = case_number(state.code, state.version)
    assert can_be_undone(state, asked, case)
    do(state, c.LeaveGroup(), "ben")
    assert not can_be_undone(state, asked, case)


def test_the_table_names_only_what_has_a_command_that_undoes_it() -> None:
    assert all(TELLINGS[kind].undo for kind in IN_FORCE)


def test_what_was_recorded_without_what_was_before_is_not_offered_to_be_undone() -> None:
    state = make_group()
    do(state, c.SetTopic("x"), "olga")
    assert not can_be_undone(state, e.TopicSet(at=NOW, by="olga", topic="x"), "1")


def test_each_of_several_warnings_is_undone_by_its_own_number() -> None:
    state = make_group()
    (first,) = do(state, c.Warn("max"), "olga")
    case = case_number(state.code, state.version)
    do(state, c.Warn("max"), "olga")
    assert undo_of(first, case) == f"/unwarn @max {state.version - 1}"
    do(state, c.Unwarn("max", state.version), "olga")
    assert can_be_undone(state, first, case)
    do(state, c.Unwarn("max", state.version - 2), "olga")
    assert not can_be_undone(state, first, case)
