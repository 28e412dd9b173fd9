"""The permission table at work, before any decider is asked."""

import msgspec.structs
import pytest

from folkmoot_governance import GroupState, Permission, PlatformRole, Refusal
from folkmoot_governance.actor import Actor
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.group.checks import check_permission, check_role, check_target, rule_for
from folkmoot_governance.permissions import (
    IN_CHANNELS_ALONE,
    IN_GROUPS_ALONE,
    OPEN_INVITE,
    OWN_ENTRY,
    READS,
    RULES,
    Rule,
)
from folkmoot_governance.refusal import explained
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, CommentPolicy, JoinMode, LinkRule, Role
from tests.builders.rules import NOW, SOON, ask, code_of, make_group, tell_refusal

SAMPLES: dict[type[c.Command], c.Command] = {
    c.JoinGroup: c.JoinGroup(),
    c.LeaveGroup: c.LeaveGroup(),
    c.AcceptTransfer: c.AcceptTransfer(),
    c.Invite: c.Invite("gus"),
    c.MakeInviteCode: c.MakeInviteCode("id"),
    c.RevokeInvitation: c.RevokeInvitation("gus"),
    c.RevokeInviteCode: c.RevokeInviteCode("id"),
    c.SetQuestion: c.SetQuestion("", ()),
    c.DenyAllRequests: c.DenyAllRequests(),
    c.ApproveRequests: c.ApproveRequests(()),
    c.DenyRequest: c.DenyRequest("gus"),
    c.Kick: c.Kick("max"),
    c.AddBot: c.AddBot("gus"),
    c.TakeBot: c.TakeBot("max"),
    c.RemoveBot: c.RemoveBot("max"),
    c.BanMember: c.BanMember("max", duration_ms=1),
    c.Unban: c.Unban("gus"),
    c.MuteMember: c.MuteMember("max", duration_ms=1),
    c.Unmute: c.Unmute("max"),
    c.Warn: c.Warn("max"),
    c.Unwarn: c.Unwarn("max"),
    c.WriteNote: c.WriteNote("max", text="x"),
    c.ClearNotes: c.ClearNotes("max"),
    c.SetLadder: c.SetLadder("off"),
    c.Purge: c.Purge(()),
    c.Pin: c.Pin(1, "max"),
    c.Unpin: c.Unpin(1),
    c.SetComments: c.SetComments(CommentPolicy.CLOSED),
    c.SetLinks: c.SetLinks(LinkRule.OFF),
    c.DeleteEntry: c.DeleteEntry("max", seq=1, ts=0),
    c.Lock: c.Lock(1),
    c.Unlock: c.Unlock(),
    c.SetSlow: c.SetSlow(0),
    c.SetAntiraid: c.SetAntiraid(),
    c.ApproveHeld: c.ApproveHeld(1),
    c.DenyHeld: c.DenyHeld(1),
    c.AddWord: c.AddWord("word", Action.REFUSE),
    c.RemoveWord: c.RemoveWord("word"),
    c.EndAntiraid: c.EndAntiraid(),
    c.SetTopic: c.SetTopic(""),
    c.Promote: c.Promote("max", permissions=frozenset()),
    c.SetPermissions: c.SetPermissions("max", permissions=frozenset()),
    c.Demote: c.Demote("max"),
    c.SetTag: c.SetTag("max", tag=""),
    c.OfferTransfer: c.OfferTransfer("max"),
    c.WithdrawTransfer: c.WithdrawTransfer(),
    c.NameHeir: c.NameHeir("max"),
    c.DropHeir: c.DropHeir(),
    c.Rename: c.Rename("x"),
    c.SetCategory: c.SetCategory("general"),
    c.SetJoinMode: c.SetJoinMode(JoinMode.OPEN),
    c.SetMemberLimit: c.SetMemberLimit(5),
    c.SetInfoPage: c.SetInfoPage(True),
    c.SetRules: c.SetRules(""),
    c.Announce: c.Announce(""),
    c.Rectify: c.Rectify(1),
    c.Dissolve: c.Dissolve(),
}
TARGETED = [kind for kind, rule in RULES.items() if rule.outranks]
every_command = pytest.mark.parametrize("kind", RULES, ids=lambda kind: kind.__name__)


def check(state: GroupState, command: c.Command, user: str, now: int = NOW) -> ErrorCode | None:
    refusal = check_permission(state, command, Actor(user), now)
    if refusal:
        tell_refusal(refusal)
    return code_of(refusal)


def closed_door(*later: e.Event, **founding: object) -> GroupState:
    """Return a group whose join mode is not open, so that the row of `Invite` itself counts."""
    return make_group(*later, join_mode=JoinMode.APPROVAL, **founding)


def place_for(kind: type[c.Command], *later: e.Event, **founding: object) -> GroupState:
    """Return where a command makes sense: a group, or a channel."""
    if kind in IN_CHANNELS_ALONE:
        founding = {"permissions": tuple(Permission), **founding}
    state = closed_door(*later, **founding)
    state.form = ChannelForm.PERSONAL if kind in IN_CHANNELS_ALONE else None
    return state


@every_command
def test_the_least_role(kind: type[c.Command]) -> None:
    answers = [check(place_for(kind), SAMPLES[kind], user) for user in ("gus", "mia", "adam", "olga")]
    no, low = ErrorCode.NOT_A_MEMBER, ErrorCode.FORBIDDEN
    expected: dict[Role | None, list[ErrorCode | None]] = {
        None: [None, None, None, None],
        Role.MEMBER: [no, None, None, None],
        Role.ADMIN: [no, low, None, None],
        Role.OWNER: [no, low, low, None],
    }
    assert answers == expected[RULES[kind].least]


@every_command
def test_an_admin_needs_the_permission(kind: type[c.Command]) -> None:
    permission = RULES[kind].permission
    others = tuple(sorted(set(Permission) - {permission}))
    state = place_for(kind, permissions=others)
    without = check(state, SAMPLES[kind], "adam")
    needs_it = permission is not None or RULES[kind].least is Role.OWNER
    assert without == (ErrorCode.FORBIDDEN if needs_it else None)


@every_command
def test_what_works_while_suspended(kind: type[c.Command]) -> None:
    state = place_for(kind, e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason=""))
    expected = None if RULES[kind].while_suspended else ErrorCode.GROUP_SUSPENDED
    assert check(state, SAMPLES[kind], "olga") == expected
    assert check(state, SAMPLES[kind], "olga", SOON) is None


@every_command
def test_nothing_works_in_a_closed_group(kind: type[c.Command]) -> None:
    state = place_for(kind, e.GroupClosed(at=NOW, by="sue", reason=""))
    assert check(state, SAMPLES[kind], "olga") == ErrorCode.GROUP_CLOSED


@pytest.mark.parametrize("kind", sorted(IN_CHANNELS_ALONE | IN_GROUPS_ALONE, key=str), ids=lambda kind: kind.__name__)
def test_what_is_for_channels_is_refused_in_groups_and_the_other_way_round(kind: type[c.Command]) -> None:
    state = place_for(kind)
    assert check(state, SAMPLES[kind], "olga") is None
    state.form = None if state.form else ChannelForm.PERSONAL
    assert check(state, SAMPLES[kind], "olga") == ErrorCode.FORBIDDEN


@pytest.mark.parametrize("kind", TARGETED, ids=lambda kind: kind.__name__)
def test_nobody_acts_on_an_equal_or_a_superior(kind: type[c.TargetedCommand]) -> None:
    state = make_group(e.MemberPromoted(at=NOW, by="olga", user="max", permissions=()))
    command = SAMPLES[kind]
    rule = RULES[kind]
    for target in ("olga", "max"):
        aimed = aim(command, target)
        assert code_of(check_target(state, rule, aimed, Actor("adam"))) == ErrorCode.OUTRANKED
    for target in ("mia", "gus"):
        assert check_target(state, rule, aim(command, target), Actor("adam")) is None
    assert code_of(check_target(state, rule, aim(command, "adam"), Actor("adam"))) == ErrorCode.FORBIDDEN


def aim(command: c.Command, user: str) -> c.TargetedCommand:
    aimed = msgspec.structs.replace(command, user=user)
    assert isinstance(aimed, c.TargetedCommand)
    return aimed


def test_a_row_without_a_target_asks_for_no_rank() -> None:
    assert check_target(make_group(), Rule(Role.MEMBER, outranks=True), c.Lock(1), Actor("mia")) is None


def test_two_rows_stand_in_for_others() -> None:
    opened, by_request = make_group(), closed_door()
    assert rule_for(opened, c.Invite("gus"), Actor("mia"), NOW) is OPEN_INVITE
    assert rule_for(by_request, c.Invite("gus"), Actor("mia"), NOW) is RULES[c.Invite]
    entry = c.DeleteEntry("mia", seq=1, ts=0)
    assert rule_for(opened, entry, Actor("mia"), NOW) is OWN_ENTRY
    assert rule_for(opened, entry, Actor("max"), NOW) is RULES[c.DeleteEntry]


@pytest.mark.parametrize("role", [None, *PlatformRole])
def test_measures_of_the_platform_need_no_membership_but_a_duty(role: PlatformRole | None) -> None:
    staff = {PlatformRole.MODERATOR, PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}
    suspended = ask(make_group(), c.SuspendGroup(FOREVER_MS, "why"), "sue", platform=role)
    assert isinstance(suspended, Refusal) == (role not in staff)
    closed = ask(make_group(), c.CloseGroup("why"), "sue", platform=role)
    assert isinstance(closed, Refusal) == (role not in staff - {PlatformRole.MODERATOR})


def test_an_owner_has_no_duty_on_the_platform() -> None:
    assert code_of(ask(make_group(), c.CloseGroup("why"), "olga")) == ErrorCode.FORBIDDEN


READERS = {
    "log": (("mia", "adam", "olga"), None),
    "duty": (("adam", "olga"), None),
    "export": (("olga",), None),
    "bans": (("adam", "olga"), Permission.BAN),
    "mutes": (("adam", "olga"), Permission.MUTE),
    "requests": (("adam", "olga"), Permission.JOINS),
    "invites": (("adam", "olga"), Permission.INVITE),
    "log_of_all": (("adam", "olga"), None),
    "warns_of_all": (("adam", "olga"), Permission.WARN),
    "held": (("adam", "olga"), Permission.DELETE),
    "appeals": (("adam", "olga"), None),
    "words": (("adam", "olga"), Permission.DELETE),
    "word_trial": (("olga",), None),
    "answers": (("olga",), None),
    "bots": (("adam", "olga"), Permission.BOTS),
}


@pytest.mark.parametrize("what", sorted({*READS, *READERS}))
def test_who_may_read_what(what: str) -> None:
    readers, permission = READERS[what]

    def may(state: GroupState) -> tuple[str, ...]:
        users = ("gus", "mia", "adam", "olga")
        return tuple(user for user in users if check_role(state, READS[what], Actor(user)) is None)

    others = tuple(sorted(set(Permission) - {permission}))
    assert may(make_group()) == readers
    assert may(make_group(permissions=others)) == (("olga",) if permission else readers)


@pytest.mark.parametrize(
    ("command", "actor", "rule"),
    [
        (c.Kick("max"), Actor("mia"), "permissions"),
        (c.Kick("olga"), Actor("adam"), "permissions.outranks"),
        (c.Kick("adam"), Actor("adam"), "permissions.oneself"),
        (c.CloseGroup("why"), Actor("olga"), "platform_roles"),
        (c.EndMeasures(), Actor("sue", platform=PlatformRole.SUPERADMIN), "service"),
    ],
)
def test_who_may_not_is_told_by_which_rule(command: c.Command, actor: Actor, rule: str) -> None:
    refusal = check_permission(make_group(), command, actor, NOW)
    assert refusal is not None
    assert explained(refusal)["rule"] == rule
