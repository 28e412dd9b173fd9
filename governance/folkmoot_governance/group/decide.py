"""What a command does to a group: a list of events, or a refusal.

`decide` first runs the checks of the permission table, then the decider of the command, found in
`DECIDERS`. A decider may assume that the actor is allowed to ask; it checks only what is special to its
command. Nothing here changes state.
"""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus

from ..actor import Actor
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .checks import check_founder, check_permission, refuse
from .decide_ending import ENDING
from .decide_joining import JOINING
from .decide_moderation import MODERATION
from .decide_ownership import OWNERSHIP
from .events import (
    CategorySet,
    Event,
    GroupClosed,
    GroupCreated,
    GroupRenamed,
    GroupRestored,
    GroupSuspended,
    JoinModeSet,
    MemberLimitSet,
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
    if state is None:
        assert isinstance(command, c.CreateGroup), "only a group that exists takes commands"
        return create_group(command, actor, now, policy)
    return check_permission(state, command, actor, now) or DECIDERS[type(command)](state, command, actor, now, policy)


def create_group(command: c.CreateGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Found a group: identity, caps per person, known category (G8.1, G8.3)."""
    refusal = check_founder(actor, policy) or check_category(command.category, policy) or check_counts(actor, policy)
    if refusal:
        return refusal
    created = GroupCreated(
        at=now,
        by=actor.user,
        code=command.code,
        name=command.name,
        category=command.category,
        topic=command.topic,
        join_mode=command.join_mode,
        member_limit=policy.members_per_group,
    )
    return [created]


def check_counts(actor: Actor, policy: Policy) -> Refusal | None:
    """Refuse a founder who has reached a cap on groups created or joined (G8.1)."""
    if actor.groups_created >= policy.groups_created:
        text = N_("You have created {current} groups; {limit} are allowed.")
        detail = {
            "current": actor.groups_created,
            "limit": policy.groups_created,
            "rule": "policy.quota.groups_created",
        }
        return refuse(ErrorCode.GROUP_QUOTA, text, **detail)
    if actor.groups_joined >= policy.groups_joined:
        text = N_("You are in {current} groups already; {limit} are allowed.")
        detail = {
            "current": actor.groups_joined,
            "limit": policy.groups_joined,
            "rule": "policy.quota.groups_joined",
        }
        return refuse(ErrorCode.JOIN_QUOTA, text, **detail)
    return None


def check_category(category: str, policy: Policy) -> Refusal | None:
    """Refuse a category that the operator has not set (G7)."""
    if category in policy.categories:
        return None
    known = ", ".join(sorted(policy.categories))
    return refuse(
        ErrorCode.BAD_REQUEST,
        N_("There is no category {category}; there are: {known}."),
        category=category,
        known=known,
    )


def rename(state: GroupState, command: c.Rename, actor: Actor, now: int, policy: Policy) -> Decision:
    return [GroupRenamed(at=now, by=actor.user, name=command.name)]


def set_topic(state: GroupState, command: c.SetTopic, actor: Actor, now: int, policy: Policy) -> Decision:
    return [TopicSet(at=now, by=actor.user, topic=command.topic)]


def set_category(state: GroupState, command: c.SetCategory, actor: Actor, now: int, policy: Policy) -> Decision:
    return check_category(command.category, policy) or [CategorySet(at=now, by=actor.user, category=command.category)]


def set_join_mode(state: GroupState, command: c.SetJoinMode, actor: Actor, now: int, policy: Policy) -> Decision:
    return [JoinModeSet(at=now, by=actor.user, join_mode=command.join_mode)]


def set_member_limit(state: GroupState, command: c.SetMemberLimit, actor: Actor, now: int, policy: Policy) -> Decision:
    """Set the group's cap: not above what its grade allows, not below who is already in (G8.1)."""
    most, current = policy.members_per_group, len(state.members)
    if not current <= command.limit <= most:
        text = N_("The limit must be from {current} (the members of today) to {most} (what the grade allows).")
        return refuse(ErrorCode.BAD_REQUEST, text, current=current, most=most, rule="policy.grades.up_to_members")
    return [MemberLimitSet(at=now, by=actor.user, limit=command.limit)]


def suspend_group(state: GroupState, command: c.SuspendGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    until = end_of(now, command.duration_ms)
    return [GroupSuspended(at=now, by=actor.user, until_ms=until, reason=command.reason)]


def restore_group(state: GroupState, command: c.RestoreGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    if state.standing(now) is not GroupStatus.SUSPENDED:
        return refuse(ErrorCode.CONFLICT, N_("The group is not suspended."))
    return [GroupRestored(at=now, by=actor.user, reason=command.reason)]


def close_group(state: GroupState, command: c.CloseGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    return [GroupClosed(at=now, by=actor.user, reason=command.reason)]


DECIDERS: dict[type[c.Command], Decider] = {
    **ENDING,
    **JOINING,
    **MODERATION,
    **OWNERSHIP,
    c.Rename: rename,
    c.SetTopic: set_topic,
    c.SetCategory: set_category,
    c.SetJoinMode: set_join_mode,
    c.SetMemberLimit: set_member_limit,
    c.SuspendGroup: suspend_group,
    c.RestoreGroup: restore_group,
    c.CloseGroup: close_group,
}
