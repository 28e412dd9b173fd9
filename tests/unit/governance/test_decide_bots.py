"""Bots in groups: who gives them, who answers for them, and what they never are."""

import pytest

from folkmoot_governance import Actor, Policy
from folkmoot_governance.account import decide_account
from folkmoot_governance.account_commands import GiveResetCode, GrantRole, RegisterAccount
from folkmoot_governance.actor import PlatformRole
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.decide_succession import in_line
from folkmoot_governance.group.post import check_post
from folkmoot_governance.group.state import GroupState
from folkmoot_governance.refusal import Refusal
from folkmoot_governance.roles import Permission
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity, Role
from tests.builders.rules import NOW, POLICY, ask, code_of, do, make_account, make_group

ADDED = e.MemberJoined(at=NOW - 5_000, by="adam", user="robo", via="bot", giver="adam")


def speaks(state: GroupState, user: str = "robo") -> ErrorCode | None:
    return code_of(check_post(state, user, Identity.NONE, NOW, 0, POLICY))


def test_a_bot_is_a_member_that_all_can_tell() -> None:
    state = make_group()
    assert do(state, c.AddBot("robo"), "adam") == [
        e.MemberJoined(at=NOW, by="adam", user="robo", via="bot", giver="adam")
    ]
    assert (state.role_of("robo"), state.tags_of("robo"), state.tags_of("mia")) == (Role.MEMBER, ["bot"], [])
    assert speaks(state) is None


def test_who_has_the_right_gives_bots_and_nobody_else() -> None:
    assert code_of(ask(make_group(), c.AddBot("robo"), "mia")) == ErrorCode.FORBIDDEN
    others = tuple(set(Permission) - {Permission.BOTS})
    assert code_of(ask(make_group(permissions=others), c.AddBot("robo"), "adam")) == ErrorCode.FORBIDDEN
    assert code_of(ask(make_group(permissions=others), c.AddBot("robo"), "olga")) is None


def test_a_group_has_so_many_bots_and_none_where_the_operator_wants_none() -> None:
    one, none = Policy(bots_per_group=1), Policy(bots_per_group=0)
    assert code_of(ask(make_group(), c.AddBot("robo"), "olga", policy=one)) is None
    assert code_of(ask(make_group(ADDED), c.AddBot("other"), "olga", policy=one)) == ErrorCode.CONFLICT
    assert code_of(ask(make_group(), c.AddBot("robo"), "olga", policy=none)) == ErrorCode.FORBIDDEN


def test_a_bot_is_added_once_and_not_while_it_is_banned() -> None:
    assert code_of(ask(make_group(ADDED), c.AddBot("robo"), "olga")) == ErrorCode.ALREADY_MEMBER
    state = make_group(ADDED)
    do(state, c.BanMember("robo", 60_000, "noise"), "olga")
    assert code_of(ask(state, c.AddBot("robo"), "olga")) == ErrorCode.BANNED


@pytest.mark.parametrize("leaving", [c.LeaveGroup(), c.Kick("adam"), c.BanMember("adam", 60_000)])
def test_a_bot_is_silent_without_its_giver_until_it_is_taken_over(leaving: c.Command) -> None:
    state = make_group(ADDED)
    do(state, leaving, "adam" if isinstance(leaving, c.LeaveGroup) else "olga")
    assert speaks(state) == ErrorCode.FORBIDDEN
    assert do(state, c.TakeBot("robo"), "olga") == [e.BotTaken(at=NOW, by="olga", user="robo", was_giver="adam")]
    assert (speaks(state), state.members["robo"].giver) == (None, "olga")


def test_an_admin_bot_acts_for_nobody_once_its_giver_is_gone() -> None:
    promoted = e.MemberPromoted(at=NOW, by="olga", user="robo", permissions=(Permission.MUTE,))
    state = make_group(ADDED, promoted)
    assert code_of(ask(state, c.MuteMember("mia", 60_000), "robo", home=state.code)) is None
    do(state, c.LeaveGroup(), "adam")
    assert code_of(ask(state, c.MuteMember("mia", 60_000), "robo", home=state.code)) == ErrorCode.FORBIDDEN


def test_removed_by_hand_or_kicked_it_may_be_added_again_at_once() -> None:
    for act in (c.RemoveBot("robo"), c.Kick("robo")):
        state = make_group(ADDED)
        (event,) = do(state, act, "olga")
        assert isinstance(event, e.MemberKicked)
        assert code_of(ask(state, c.AddBot("robo"), "olga")) is None
    assert code_of(ask(make_group(), c.RemoveBot("mia"), "olga")) == ErrorCode.NO_SUCH_USER
    assert code_of(ask(make_group(), c.TakeBot("mia"), "olga")) == ErrorCode.NO_SUCH_USER


def test_an_admin_does_not_get_hold_of_a_bot_that_is_one() -> None:
    promoted = e.MemberPromoted(at=NOW, by="olga", user="robo", permissions=(Permission.MUTE,))
    for command in (c.TakeBot("robo"), c.RemoveBot("robo")):
        assert code_of(ask(make_group(ADDED, promoted), command, "adam")) == ErrorCode.OUTRANKED
        assert code_of(ask(make_group(ADDED, promoted), command, "olga")) is None


@pytest.mark.parametrize("command", [c.JoinGroup(), c.AddBot("more"), c.Invite("gus"), c.MakeInviteCode("id")])
def test_a_bot_brings_nobody_along(command: c.Command) -> None:
    promoted = e.MemberPromoted(at=NOW, by="olga", user="robo", permissions=tuple(Permission))
    state = make_group(ADDED, promoted)
    assert code_of(ask(state, command, "robo", home=state.code)) == ErrorCode.FORBIDDEN


def test_a_bot_founds_no_group_and_never_owns_one() -> None:
    founding = c.CreateGroup("482190673352", "Robots")
    assert code_of(_found(founding)) == ErrorCode.FORBIDDEN
    promoted = e.MemberPromoted(at=NOW, by="olga", user="robo", permissions=tuple(Permission))
    state = make_group(ADDED, promoted)
    assert code_of(ask(state, c.OfferTransfer("robo"), "olga")) == ErrorCode.FORBIDDEN
    assert code_of(ask(state, c.NameHeir("robo"), "olga")) == ErrorCode.FORBIDDEN
    assert in_line(state, {}) == ["adam"], "whoever has served longest"


def _found(command: c.CreateGroup) -> object:
    from folkmoot_governance import decide

    return decide(None, command, Actor("robo", home="482190673352"), NOW, POLICY)


@pytest.mark.parametrize("tag", ["bot", "BOT", "b0t", "机器人"])
def test_no_person_is_tagged_as_a_bot(tag: str) -> None:
    assert code_of(ask(make_group(), c.SetTag("mia", tag), "olga")) == ErrorCode.BAD_NAME


@pytest.mark.parametrize("command", [GrantRole(PlatformRole.VIEWER, "duty"), GiveResetCode("lost")])
def test_a_bot_holds_no_office_and_has_no_password(command: GrantRole | GiveResetCode) -> None:
    root = Actor("sue", platform=PlatformRole.SUPERADMIN)
    robo = make_account(user="robo", home="482190673352")
    decision = decide_account(robo, command, root, NOW, POLICY)
    assert isinstance(decision, Refusal) and decision.detail["rule"] == "bots"


def test_who_makes_a_bot_stands_in_the_record() -> None:
    (made,) = _registered("adam")
    assert (made.by, made.user, made.home) == ("adam", "robo", "482190673352")  # type: ignore[attr-defined]  # it is a registration


def _registered(by: str) -> list[object]:
    decision = decide_account(None, RegisterAccount("robo", POLICY.agreement, "482190673352"), Actor(by), NOW, POLICY)
    assert not isinstance(decision, Refusal)
    return list(decision)
