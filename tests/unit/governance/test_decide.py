"""Founding, settings, and measures of the platform."""

import pytest

from folkmoot_governance import Actor, Permission, PlatformRole, Policy, Refusal, decide, founded
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus, Identity, JoinMode, Role
from tests.builders.rules import NOW, POLICY, SOON, ask, caps, code_of, do, make_group, roles, tell_refusal

SUE = PlatformRole.SUPERADMIN


def found(actor: Actor, policy: Policy = POLICY, category: str = "general") -> object:
    decision = decide(None, c.CreateGroup("482190673352", "Moot", category), actor, NOW, policy)
    if isinstance(decision, Refusal):
        tell_refusal(decision)
    return decision


def test_the_founder_owns_the_group() -> None:
    command = c.CreateGroup("482190673352", "Moot", "music", "tea", JoinMode.APPROVAL)
    (event,) = decide(None, command, Actor("ana"), NOW, POLICY)
    assert isinstance(event, e.GroupCreated)
    state = founded(event)
    assert roles(state) == {"ana": Role.OWNER}
    assert (state.owner, state.creator, state.created_ts, state.version) == ("ana", "ana", NOW, 1)
    assert (state.name, state.category, state.topic, state.join_mode) == (
        "Moot",
        "music",
        "tea",
        JoinMode.APPROVAL,
    )
    assert state.member_limit == POLICY.members_per_group


def test_caps_on_founding_count_what_there_is_already() -> None:
    policy = Policy(credit=caps(groups_created=2, groups_joined=3))
    assert code_of(found(Actor("ana", 1, 2), policy)) is None
    assert code_of(found(Actor("ana", 2, 2), policy)) == ErrorCode.GROUP_QUOTA
    assert code_of(found(Actor("ana", 1, 3), policy)) == ErrorCode.JOIN_QUOTA


def test_founding_takes_identity_and_a_known_category() -> None:
    policy = Policy(to_create_group=Identity.PERSON)
    assert code_of(found(Actor("ana", identity=Identity.MOBILE), policy)) == ErrorCode.IDENTITY_REQUIRED
    assert code_of(found(Actor("ana", identity=Identity.PERSON), policy)) is None
    refusal = found(Actor("ana"), category="sports")
    assert isinstance(refusal, Refusal)
    assert refusal.code == ErrorCode.BAD_REQUEST
    assert tell_refusal(refusal) == "There is no category sports; there are: general, music."


def test_only_founding_needs_no_group() -> None:
    with pytest.raises(AssertionError, match="exists"):
        decide(None, c.LeaveGroup(), Actor("ana"), NOW, POLICY)


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (c.Rename("New"), e.GroupRenamed(at=NOW, by="olga", name="New", was="Moot")),
        (c.SetTopic("tea"), e.TopicSet(at=NOW, by="olga", topic="tea", was="")),
        (c.SetCategory("music"), e.CategorySet(at=NOW, by="olga", category="music", was="general", was_free=True)),
        (
            c.SetJoinMode(JoinMode.CLOSED),
            e.JoinModeSet(at=NOW, by="olga", join_mode=JoinMode.CLOSED, was=JoinMode.OPEN),
        ),
        (c.SetMemberLimit(9), e.MemberLimitSet(at=NOW, by="olga", limit=9, was=500, was_free=True)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_settings(command: c.Command, event: e.Event) -> None:
    assert do(make_group(), command, "olga") == [event]


@pytest.mark.parametrize(
    "command",
    [
        c.Rename("New"),
        c.SetTopic("tea"),
        c.SetCategory("music"),
        c.SetJoinMode(JoinMode.CLOSED),
        c.SetMemberLimit(9),
        c.SetSlow(1000),
        c.SetTag("max", "helper"),
        c.SetQuestion("2+2?", ("4",)),
        c.SetPermissions("adam", frozenset({Permission.PIN})),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_is_so_already_is_no_act(command: c.Command) -> None:
    state = make_group()
    assert do(state, command, "olga")
    assert do(state, command, "olga") == []


def test_the_limit_of_today_takes_back_what_was_asked_for() -> None:
    state = make_group(e.LimitAsked(at=NOW, by="olga", limit=900, grade="large"))
    assert do(state, c.SetMemberLimit(500), "olga")
    assert not state.asked_limit
    assert do(state, c.SetMemberLimit(500), "olga") == []


def test_an_unknown_category_is_refused() -> None:
    assert code_of(ask(make_group(), c.SetCategory("sports"), "olga")) == ErrorCode.BAD_REQUEST


@pytest.mark.parametrize(("limit", "fits"), [(3, False), (4, True), (500, True), (501, False)])
def test_the_limit_lies_between_who_is_in_and_what_the_grade_allows(limit: int, fits: bool) -> None:
    decision = ask(make_group(), c.SetMemberLimit(limit), "olga")
    assert code_of(decision) == (None if fits else ErrorCode.BAD_REQUEST)


def test_a_suspension_of_a_group_is_replaced_only_where_that_is_said() -> None:
    state = make_group()
    do(state, c.SuspendGroup(FOREVER_MS, "unlawful"), "sue", platform=SUE)
    assert code_of(ask(state, c.SuspendGroup(60_000, "spam"), "sue", platform=SUE)) == ErrorCode.CONFLICT
    do(state, c.SuspendGroup(60_000, "spam", replaces=True), "sue", platform=SUE)
    assert state.status_until_ms == SOON


def test_suspending_and_restoring() -> None:
    state = make_group()
    restore = c.RestoreGroup("mended")
    assert code_of(ask(state, restore, "sue", platform=SUE)) == ErrorCode.CONFLICT
    do(state, c.SuspendGroup(60_000, "spam"), "sue", platform=SUE)
    assert (state.standing(NOW), state.status_until_ms) == (GroupStatus.SUSPENDED, SOON)
    assert code_of(ask(state, restore, "sue", SOON, platform=SUE)) == ErrorCode.CONFLICT
    do(state, restore, "sue", platform=SUE)
    assert state.standing(NOW) is GroupStatus.ACTIVE


def test_a_closed_group_is_beyond_measures() -> None:
    state = make_group()
    do(state, c.CloseGroup("unlawful"), "sue", platform=SUE)
    assert state.members == {}
    assert code_of(ask(state, c.RestoreGroup("oops"), "sue", platform=SUE)) == ErrorCode.GROUP_CLOSED


def test_a_group_with_a_question_is_created_with_another_join_mode_first() -> None:
    command = c.CreateGroup("482190673352", "Moot", "music", "", JoinMode.QUESTION)
    refusal = decide(None, command, Actor("ana"), NOW, POLICY)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, "join mode" in tell_refusal(refusal)) == (ErrorCode.BAD_REQUEST, True)
