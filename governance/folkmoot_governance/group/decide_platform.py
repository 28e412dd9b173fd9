"""Measures of the platform against a group: taking joining away, suspending it, closing it (G11.1).

What each is, who may and how long: `measures`. Warnings: `decide_rectification`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus

from ..actor import Actor
from ..case.rules import check_rule
from ..duration import MINUTE_MS, end_of
from ..measure_checks import check_in_force, check_length
from ..measures import row_for
from ..policy import Policy
from ..refusal import Refusal
from ..restrictions import Subject, in_force
from ..text import N_
from . import commands as c
from .checks import refuse
from .events import Event, GroupClosed, GroupRestored, GroupRestricted, GroupRestrictionEnded, GroupSuspended
from .state import GroupState

Decision = Sequence[Event] | Refusal


def restrict_group(state: GroupState, command: c.RestrictGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Take something from a group for a time."""
    row = row_for(Subject.GROUP, command.measure)
    if row is None or row.event is not GroupRestricted:
        return refuse(ErrorCode.BAD_REQUEST, N_("This cannot be taken from a group."), field="measure")
    if row.of_channels and state.form is None:
        text = N_("This can be taken only from channels.")
        return refuse(ErrorCode.BAD_REQUEST, text, field="measure", help="sanction create --help")
    refusal = (
        check_length(row, command.duration_ms)
        or check_in_force(state.restrictions, row, now, replaces=command.replaces)
        or check_rule(command.basis.grounds.rule, policy.cases)
    )
    until = end_of(now, command.duration_ms)
    restricted = GroupRestricted(
        at=now,
        by=actor.user,
        measure=command.measure,
        until_ms=until,
        reason=command.reason,
        scopes=command.scopes,
        **command.basis.fields(),
    )
    return refusal or [restricted]


def free_group(state: GroupState, command: c.FreeGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    if in_force(state.restrictions, command.measure, now) is None:
        return refuse(ErrorCode.CONFLICT, N_("Nothing of this kind is in force against the group."))
    return [GroupRestrictionEnded(at=now, by=actor.user, measure=command.measure, reason=command.reason)]


def suspend_group(state: GroupState, command: c.SuspendGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    until = end_of(now, command.duration_ms)
    if state.standing(now) is GroupStatus.SUSPENDED and not command.replaces:
        text = N_("The group is suspended already, {until}. To replace that suspension, add --replace.")
        in_force = state.status_until_ms
        return refuse(ErrorCode.CONFLICT, text, until_ms=in_force, rule="in_force", help="--replace")
    was = state.status_until_ms if state.standing(now) is GroupStatus.SUSPENDED else 0
    suspended = GroupSuspended(
        at=now,
        by=actor.user,
        until_ms=until,
        reason=command.reason,
        was_until_ms=was,
        **command.basis.fields(),
    )
    return check_rule(command.basis.grounds.rule, policy.cases) or [suspended]


def restore_group(state: GroupState, command: c.RestoreGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    if state.standing(now) is not GroupStatus.SUSPENDED:
        return refuse(ErrorCode.CONFLICT, N_("The group is not suspended."))
    return [GroupRestored(at=now, by=actor.user, reason=command.reason)]


def close_group(state: GroupState, command: c.CloseGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Close the group; what it had is kept a little longer than one may appeal: an appeal of the last moment counts."""
    until = end_of(now, policy.cases.platform_appeal_ms + MINUTE_MS)
    closed = GroupClosed(at=now, by=actor.user, reason=command.reason, kept_until_ms=until, **command.basis.fields())
    return check_rule(command.basis.grounds.rule, policy.cases) or [closed]


PLATFORM: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.RestrictGroup: restrict_group,
    c.FreeGroup: free_group,
    c.SuspendGroup: suspend_group,
    c.RestoreGroup: restore_group,
    c.CloseGroup: close_group,
}
