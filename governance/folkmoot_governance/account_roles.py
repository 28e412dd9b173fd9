"""Roles of the operator's staff: given and taken, what staff was trained in, and who is on duty (G5, P5, W6)."""

from collections.abc import Callable
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from .account_commands import AccountCommand, BeginDuty, EndDuty, GrantRole, NoteTraining
from .account_events import DutyBegun, DutyEnded, RoleGranted, TrainingNoted
from .account_measures import OF_STAFF, AccountDecision
from .account_state import AccountState
from .actor import Actor
from .duration import DAY_MS, end_of
from .permissions import SCOPED
from .policy import Policy
from .refusal import Refusal
from .text import N_

LONGEST_INSPECTION_MS = 365 * DAY_MS
"""How long an inspector's role lasts at most."""


def _grant(state: AccountState, command: GrantRole, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    """Give or take a role. That nobody does so to themselves keeps one who can: whoever takes the role of another
    has it."""
    if state.user == actor.user:
        return Refusal(
            ErrorCode.FORBIDDEN, N_("Nobody can change their own platform role."), {"user": state.user, **OF_STAFF}
        )
    refusal = _check_scope(command)
    if refusal:
        return refusal
    if state.platform == command.role and command.role not in SCOPED:
        has, has_none = N_("@{user} has the platform role {role} already."), N_("@{user} has no platform role.")
        text = has if command.role else has_none
        return Refusal(ErrorCode.CONFLICT, text, {"user": state.user, "role": command.role or "", **OF_STAFF})
    until = end_of(now, command.duration_ms) if command.duration_ms else 0
    granted = RoleGranted(
        at=now, by=actor.user, role=command.role, reason=command.reason, cases=command.cases, until_ms=until
    )
    return [granted]


def _check_scope(command: GrantRole) -> Refusal | None:
    """Refuse a role without the cases and the end that it needs, or with those that it has not."""
    for field, value in (("case", command.cases), ("duration", command.duration_ms)):
        if bool(value) is not (command.role in SCOPED):
            text = N_(
                "An inspector is appointed for certain cases and for a time, and no other role "
                "is: give both, or neither."
            )
            return Refusal(ErrorCode.BAD_REQUEST, text, {"field": field, **OF_STAFF})
    if command.duration_ms > LONGEST_INSPECTION_MS:
        text = N_("An inspector is appointed for {longest} at most.")
        detail: dict[str, object] = {"longest_ms": LONGEST_INSPECTION_MS, "field": "duration", **OF_STAFF}
        return Refusal(ErrorCode.BAD_REQUEST, text, detail)
    return None


def _note_training(
    state: AccountState, command: NoteTraining, actor: Actor, now: int, policy: Policy
) -> AccountDecision:
    if state.platform is None:
        nobody: dict[str, object] = {"user": state.user, "role": "", **OF_STAFF}
        return Refusal(ErrorCode.CONFLICT, N_("@{user} has no platform role."), nobody)
    return [TrainingNoted(at=now, by=actor.user, course=command.course)]


def _begin_duty(state: AccountState, command: BeginDuty, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    refusal = _check_oneself(state, actor)
    if refusal is None and state.duty_ts:
        refusal = Refusal(ErrorCode.CONFLICT, N_("You are on duty already."), {"help": "duty off"})
    return refusal or [DutyBegun(at=now, by=actor.user)]


def _end_duty(state: AccountState, command: EndDuty, actor: Actor, now: int, policy: Policy) -> AccountDecision:
    refusal = _check_oneself(state, actor)
    if refusal is None and not state.duty_ts:
        refusal = Refusal(ErrorCode.CONFLICT, N_("You are not on duty."), {"help": "duty on"})
    return refusal or [DutyEnded(at=now, by=actor.user)]


def _check_oneself(state: AccountState, actor: Actor) -> Refusal | None:
    """Refuse to say for somebody else whether they are there."""
    if state.user == actor.user:
        return None
    text = N_("People can say only for themselves whether they are on duty.")
    return Refusal(ErrorCode.FORBIDDEN, text, {"user": state.user, **OF_STAFF})


ROLES: dict[type[AccountCommand], Callable[[AccountState, Any, Actor, int, Policy], AccountDecision]] = {
    GrantRole: _grant,
    NoteTraining: _note_training,
    BeginDuty: _begin_duty,
    EndDuty: _end_duty,
}
