"""Size and grade: the member limit, its review by the platform, grading, the info page, the group's rules (G7, G8)."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus

from ..actor import Actor
from ..case.rules import check_rule
from ..classification import classify, followers_tier, grade_for_size, grade_in_force, place_of
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .checks import check_founder, refuse
from .events import (
    CategorySet,
    Event,
    GroupGraded,
    InfoPageSet,
    LimitAsked,
    LimitDenied,
    LimitGranted,
    MemberJoined,
    MemberLimitSet,
    RulesSet,
)
from .state import GroupState

Decision = Sequence[Event] | Refusal

NOBODY = ""
"""Whose act a grading is."""


def with_grade(state: GroupState, events: Sequence[Event], now: int, policy: Policy) -> Sequence[Event]:
    """Return `events`, and the grading that follows where they lead the group up across a border."""
    joined = sum(isinstance(event, MemberJoined) for event in events)
    category = next((event.category for event in events if isinstance(event, CategorySet)), state.category)
    if not joined and category == state.category:
        return events
    grade = classify(policy.grades, category, len(state.members) + joined, state.entries_per_day)
    if place_of(policy.grades, grade.name) <= place_of(policy.grades, state.grade):
        return events
    return [*events, _graded(state, grade.name, state.entries_per_day, now)]


def regrade(state: GroupState, command: c.Regrade, actor: Actor, now: int, policy: Policy) -> Decision:
    """Class the group as it is today, up or down; nothing changes where the grade is the same."""
    if state.status is GroupStatus.CLOSED:
        return []
    grades, followers = policy.grades, command.followers
    grade = classify(grades, state.category, len(state.members), command.entries_per_day, followers)
    if grade.name == state.grade:
        return []
    tier, before = followers_tier(grades, followers), followers_tier(grades, state.most_followers)
    first = tier > before and grades[tier].name == grade.name
    return [_graded(state, grade.name, command.entries_per_day, now, followers, first=first)]


def _graded(
    state: GroupState, grade: str, entries_per_day: int, now: int, followers: int = 0, *, first: bool = False
) -> GroupGraded:
    told: dict[str, Any] = {"entries_per_day": entries_per_day, "followers": followers, "first": first}
    return GroupGraded(at=now, by=NOBODY, grade=grade, previous=state.grade, **told)


def set_member_limit(state: GroupState, command: c.SetMemberLimit, actor: Actor, now: int, policy: Policy) -> Decision:
    """Set the group's cap: not above the largest grade, not below who is already in (G8.1).

    A larger size may ask for more of its owner, or for the platform's review first (G8.3).
    """
    most, current = policy.members_per_group, len(state.members)
    if not current <= command.limit <= most:
        text = N_("The limit must be from {current} (the members of today) to {most} (what the largest grade allows).")
        return refuse(ErrorCode.BAD_REQUEST, text, current=current, most=most, rule="policy.grades.up_to_members")
    if command.limit == state.member_limit and not state.asked_limit:
        return []
    was, asked = state.member_limit, state.asked_limit
    before = grade_for_size(policy.grades, state, was)
    is_free = was <= command.limit or (not before.review and check_founder(actor, before, now, policy) is None)
    changed = MemberLimitSet(at=now, by=actor.user, limit=command.limit, was=was, was_asked=asked, was_free=is_free)
    if command.limit <= state.member_limit:
        return [changed]
    grade = grade_for_size(policy.grades, state, command.limit)
    refusal = check_founder(actor, grade, now, policy)
    if refusal:
        return refusal
    reviewed = grade_for_size(policy.grades, state, state.member_limit) == grade and state.member_limit > 1
    if grade.review and not reviewed:
        if command.limit == state.asked_limit:
            return []
        return [LimitAsked(at=now, by=actor.user, limit=command.limit, grade=grade.name)]
    return [changed]


def check_asked(state: GroupState) -> Refusal | None:
    """Refuse an answer to what nobody has asked."""
    return None if state.asked_limit else refuse(ErrorCode.CONFLICT, N_("This group has not asked for another size."))


def grant_limit(state: GroupState, command: c.GrantLimit, actor: Actor, now: int, policy: Policy) -> Decision:
    return check_asked(state) or [LimitGranted(at=now, by=actor.user, limit=state.asked_limit, reason=command.reason)]


def deny_limit(state: GroupState, command: c.DenyLimit, actor: Actor, now: int, policy: Policy) -> Decision:
    basis, why, limit = command.basis, command.reason, state.asked_limit
    denied = LimitDenied(at=now, by=actor.user, limit=limit, reason=why, **basis.fields())
    return check_asked(state) or check_rule(basis.grounds.rule, policy.cases) or [denied]


def set_info_page(state: GroupState, command: c.SetInfoPage, actor: Actor, now: int, policy: Policy) -> Decision:
    """Show or hide the info page; to hide it is not for groups of a grade that must show it (G8.2)."""
    if command.shown is not bool(state.info_hidden_ms):
        return []
    grade = grade_in_force(policy.grades, state)
    if not command.shown and grade.info_page:
        text = N_("Groups of grade {grade} have a public info page.")
        rule = f"policy.grades.{grade.name}.info_page"
        return refuse(ErrorCode.FORBIDDEN, text, grade=grade.name, rule=rule, help="/duty")
    return [InfoPageSet(at=now, by=actor.user, shown="on" if command.shown else "off")]


def set_rules(state: GroupState, command: c.SetRules, actor: Actor, now: int, policy: Policy) -> Decision:
    """Set the group's own rules; the same ones again change nothing."""
    if command.rules == state.rules:
        return []
    return [RulesSet(at=now, by=actor.user, rules=command.rules, was_rules=state.rules)]


GRADING: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.SetMemberLimit: set_member_limit,
    c.GrantLimit: grant_limit,
    c.DenyLimit: deny_limit,
    c.Regrade: regrade,
    c.SetInfoPage: set_info_page,
    c.SetRules: set_rules,
}
