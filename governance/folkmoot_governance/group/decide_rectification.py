"""Warnings of the platform to a group, with a time within which something is to be mended (G11.1)."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus

from ..actor import Actor
from ..case.rules import check_rule
from ..dates import (
    DUTY,
    DateKind,
    Stage,
    date_of_group,
    entitled,
    few_of,
    first_to,
    officers_of,
    stage_due,
    step_for_group,
)
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from . import events as e
from .checks import refuse
from .state import GroupState, case_number

Decision = Sequence[e.Event] | Refusal

NO_WARNING = refuse(
    ErrorCode.CONFLICT, N_("No warning of the platform is open for this group."), help="/log group_warned"
)


def warn_group(state: GroupState, command: c.WarnGroup, actor: Actor, now: int, policy: Policy) -> Decision:
    """Warn the group; one warning at a time, so that it is clear what is to be mended."""
    if state.rectify_case:
        text = N_("Warning {case} is open already: close it first.")
        return refuse(ErrorCode.CONFLICT, text, case=case_number(state.code, state.rectify_case))
    until = end_of(now, command.duration_ms)
    warned = e.GroupWarned(at=now, by=actor.user, until_ms=until, reason=command.reason, **command.basis.fields())
    return check_rule(command.basis.grounds.rule, policy.cases) or [warned]


def rectify(state: GroupState, command: c.Rectify, actor: Actor, now: int, policy: Policy) -> Decision:
    """Say that it is mended, in time or late: staff sees which."""
    if not state.rectify_case or command.number != state.rectify_case:
        return NO_WARNING
    if state.rectified_ms:
        text = N_("The platform knows already, and has yet to look at it.")
        return refuse(ErrorCode.CONFLICT, text, case=case_number(state.code, state.rectify_case), help="/duty")
    until = end_of(now, policy.inspect_ms)
    number, text = command.number, command.text
    return [e.RectificationTold(at=now, by=actor.user, number=number, text=text, inspect_until_ms=until)]


def accept(state: GroupState, command: c.AcceptRectification, actor: Actor, now: int, policy: Policy) -> Decision:
    if not state.rectify_case:
        return NO_WARNING
    return [e.RectificationAccepted(at=now, by=actor.user, number=state.rectify_case, reason=command.reason)]


def reject(state: GroupState, command: c.RejectRectification, actor: Actor, now: int, policy: Policy) -> Decision:
    """Keep the warning open; it ends when it ended before, unless there is a new time."""
    if not state.rectify_case:
        return NO_WARNING
    until = state.rectify_until_ms if command.duration_ms is None else end_of(now, command.duration_ms)
    number, reason = state.rectify_case, command.reason
    return [e.RectificationRejected(at=now, by=actor.user, number=number, until_ms=until, reason=reason)]


def tell_dates(state: GroupState, command: c.TellDates, actor: Actor, now: int, policy: Policy) -> Decision:
    """Tell of the date that is near or over, once each; the next step is taken where the operator has said so."""
    date = date_of_group(state)
    stage = stage_due(date, now) if date else None
    if date is None or stage is None:
        return []
    number, until, officers = state.rectify_case, date.due_ms, officers_of(command.staff, command.on_duty)
    step = step_for_group(state, date.kind, now)
    staff = few_of(first_to(entitled(command.staff, DUTY[date.kind]), command.on_duty), f"{state.code} {number}")
    match stage, date.kind:
        case Stage.NEAR, DateKind.INSPECTION:
            return [e.InspectionDueSoon(at=now, by="", number=number, until_ms=until, users=staff)]
        case Stage.NEAR, _:
            return [e.MendingDueSoon(at=now, by="", number=number, until_ms=until)]
        case _, DateKind.INSPECTION:
            overdue = e.InspectionOverdue(
                at=now, by="", number=number, until_ms=until, users=staff, officers=officers, step=step
            )
            return [overdue]
    missed = e.MendingOverdue(at=now, by="", number=number, until_ms=until, officers=officers, step=step)
    if not policy.overdue_suspend_ms or state.standing(now) is GroupStatus.SUSPENDED:
        return [missed]
    end = end_of(now, policy.overdue_suspend_ms)
    return [missed, e.GroupSuspended(at=now, by="", until_ms=end, reason=state.rectify_reason)]


RECTIFICATION: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.WarnGroup: warn_group,
    c.Rectify: rectify,
    c.AcceptRectification: accept,
    c.RejectRectification: reject,
    c.TellDates: tell_dates,
}
