"""What a command does to a group: a list of events, or a refusal.

`decide` first runs the checks of the permission table and those of the table of texts, then the decider of the command,
found in `DECIDERS`. A decider may assume that the actor is allowed to ask; it checks only what is special to its
command. Nothing here changes state.
"""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import JoinMode

from ..actor import Actor
from ..classification import classify, grade_in_force
from ..emergency import check_emergency
from ..measure_checks import check_four_eyes, check_power
from ..policy import Policy
from ..published import check_texts
from ..refusal import Refusal
from ..restrictions import Power
from ..text import N_
from . import commands as c
from .checks import check_bot, check_category, check_founder, check_permission, quota_rule, refuse
from .commands_base import MeasureCommand
from .decide_antiraid import ANTIRAID
from .decide_appeal import APPEALS
from .decide_bots import BOTS
from .decide_channel import CHANNEL, open_channel
from .decide_content import CONTENT
from .decide_ending import ENDING
from .decide_entries import ENTRIES
from .decide_grading import GRADING, with_grade
from .decide_invites import INVITES
from .decide_joining import JOINING
from .decide_lapsing import LAPSING, with_lapses
from .decide_moderation import MODERATION
from .decide_ownership import OWNERSHIP
from .decide_platform import PLATFORM
from .decide_rectification import RECTIFICATION
from .decide_succession import SUCCESSION
from .decide_warnings import WARNINGS
from .events import (
    CategorySet,
    Event,
    GroupCreated,
    GroupRenamed,
    JoinModeSet,
    LimitAsked,
    TopicSet,
)
from .state import GroupState

Decision = Sequence[Event] | Refusal
Decider = Callable[[GroupState, Any, Actor, int, Policy], Decision]


def decide(state: GroupState | None, command: c.Command, actor: Actor, now: int, policy: Policy) -> Decision:
    """Return the events that `command` by `actor` causes at `now` (Unix ms), or why it is refused.

    `state` is None only for `CreateGroup`. The caller applies the events with `apply`, in order, and stores
    them.
    """
    refusal = check_bot(command) if actor.home else None
    if refusal:
        return refusal
    if state is None:
        assert isinstance(command, c.CreateGroup), "only a group that exists takes commands"
        if isinstance(command, c.OpenChannel):
            return open_channel(command, actor, now, policy)
        return create_group(command, actor, now, policy)
    refusal = check_permission(state, command, actor, now) or check_texts(command, state, actor, now, policy)
    decision = refusal or DECIDERS[type(command)](state, command, actor, now, policy)
    if isinstance(decision, Refusal):
        return decision
    if isinstance(command, MeasureCommand):
        refusal = check_four_eyes(decision, command.basis.proposed_by, actor.user, policy.four_eyes)
        if refusal:
            return refusal
    return with_lapses(state, with_grade(state, decision, now, policy), actor, now)


def create_group(command: c.CreateGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Found a group: known category, identity, caps per person (G7, G8.1, G8.3).

    Where its grade asks for a review, its founder is alone in it until the platform has looked at it.
    """
    grade = classify(policy.grades, command.category, members=1, entries_per_day=0)
    refusal = (
        check_power(actor.restrictions, Power.CREATE, now)
        or check_emergency(actor.emergencies, Power.CREATE, now, category=command.category)
        or check_emergency(actor.emergencies, Power.POST, now, category=command.category)
        or check_category(command.category, policy)
        or check_founder(actor, grade, now, policy)
        or check_counts(actor, policy)
        or check_texts(command, None, actor, now, policy)
    )
    if refusal:
        return refusal
    if command.join_mode is JoinMode.QUESTION:
        text = N_("Create the group with another join mode, then set its question: /question <question> = <answer>")
        return refuse(ErrorCode.BAD_REQUEST, text, help="/question")
    created = GroupCreated(
        at=now,
        by=actor.user,
        code=command.code,
        name=command.name,
        category=command.category,
        topic=command.topic,
        join_mode=command.join_mode,
        member_limit=1 if grade.review else grade.up_to_members,
        grade=grade.name,
    )
    if not grade.review:
        return [created]
    return [created, LimitAsked(at=now, by=actor.user, limit=grade.up_to_members, grade=grade.name)]


def check_counts(actor: Actor, policy: Policy) -> Refusal | None:
    """Refuse a founder who has reached a cap on groups created or joined (G8.1)."""
    quota = policy.quota_of(actor.credit)
    if actor.groups_created >= quota.groups_created:
        text = N_("You have created as many groups as you may: {current} of {limit}.")
        rule = quota_rule(actor, policy, "groups_created")
        detail: dict[str, object] = {"current": actor.groups_created, "limit": quota.groups_created, "rule": rule}
        return refuse(ErrorCode.GROUP_QUOTA, text, **detail, help="/credit")
    if actor.groups_joined >= quota.groups_joined:
        text = N_("You are in as many groups as you may be: {current} of {limit}.")
        rule = quota_rule(actor, policy, "groups_joined")
        detail = {"current": actor.groups_joined, "limit": quota.groups_joined, "rule": rule}
        return refuse(ErrorCode.JOIN_QUOTA, text, **detail, help="/leave")
    return None


def rename(state: GroupState, command: c.Rename, actor: Actor, now: int, policy: Policy) -> Decision:
    return (
        [] if command.name == state.name else [GroupRenamed(at=now, by=actor.user, name=command.name, was=state.name)]
    )


def set_topic(state: GroupState, command: c.SetTopic, actor: Actor, now: int, policy: Policy) -> Decision:
    return (
        [] if command.topic == state.topic else [TopicSet(at=now, by=actor.user, topic=command.topic, was=state.topic)]
    )


def set_category(state: GroupState, command: c.SetCategory, actor: Actor, now: int, policy: Policy) -> Decision:
    """File the group under another category; not under one whose groups the platform looks at before they open."""
    refusal = check_category(command.category, policy)
    if refusal or command.category == state.category:
        return refusal or []
    grade = classify(policy.grades, command.category, len(state.members), state.entries_per_day)
    if grade.review and not grade_in_force(policy.grades, state).review:
        text = N_("Groups in category {category} are reviewed before they open: create a new one there.")
        rule = f"policy.grades.{grade.name}.review_to_create"
        return refuse(ErrorCode.FORBIDDEN, text, category=command.category, rule=rule, help="/create")
    was = classify(policy.grades, state.category, len(state.members), state.entries_per_day)
    category = command.category
    is_free = state.category in policy.categories and (grade.review or not was.review)
    filed = CategorySet(at=now, by=actor.user, category=category, was=state.category, was_free=is_free)
    return check_founder(actor, grade, now, policy) or [filed]


def set_join_mode(state: GroupState, command: c.SetJoinMode, actor: Actor, now: int, policy: Policy) -> Decision:
    if command.join_mode is JoinMode.QUESTION and not state.answers:
        text = N_("Set the question first: /question <question> = <answer>")
        return refuse(ErrorCode.CONFLICT, text, help="/question")
    if command.join_mode is state.join_mode:
        return []
    return [JoinModeSet(at=now, by=actor.user, join_mode=command.join_mode, was=state.join_mode)]


DECIDERS: dict[type[c.Command], Decider] = {
    **ENDING,
    **ENTRIES,
    **WARNINGS,
    **JOINING,
    **INVITES,
    **ANTIRAID,
    **BOTS,
    **CONTENT,
    **MODERATION,
    **OWNERSHIP,
    **SUCCESSION,
    **GRADING,
    **APPEALS,
    **RECTIFICATION,
    **LAPSING,
    **PLATFORM,
    **CHANNEL,
    c.Rename: rename,
    c.SetTopic: set_topic,
    c.SetCategory: set_category,
    c.SetJoinMode: set_join_mode,
}
