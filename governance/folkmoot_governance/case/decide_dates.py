"""Claims on cases, and the dates of cases: who works on one until when, and what is told of an answer that is due."""

from folkmoot_protocol.errors import ErrorCode

from ..account_measures import OF_STAFF
from ..actor import Actor, PlatformRole
from ..dates import (
    DUTY,
    DateKind,
    Stage,
    dates_of_case,
    entitled,
    few_of,
    first_to,
    officers_of,
    once,
    stage_due,
    step_for_case,
)
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .checks import (
    CaseDecision,
    check_claim,
    check_open,
    check_own,
    check_service,
    check_staff,
    duty_of,
)
from .state import (
    CaseClaimed,
    CaseDueSoon,
    CaseEvent,
    CaseKind,
    CaseOverdue,
    CaseState,
    ClaimEnded,
    ClaimEndsSoon,
    ClaimGiven,
    ClaimReleased,
)


def claim(state: CaseState, command: c.ClaimCase, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Take a case on, or keep it for longer; it must be one that the actor may decide on."""
    refusal = _check_may_decide(state, actor) or check_open(state) or check_claim(state, actor, now)
    return refusal or [CaseClaimed(at=now, by=actor.user, until_ms=end_of(now, command.duration_ms))]


def _check_may_decide(state: CaseState, actor: Actor) -> Refusal | None:
    return check_staff(actor, duty_of(state)) or check_own(state, actor)


def give(state: CaseState, command: c.GiveCase, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Hand a claim over, as who may release it, to somebody who could have claimed the case."""
    refusal = _check_may_release(state, actor, now)
    if refusal is None and state.claimed_by == command.to:
        text = N_("@{user} is working on case {case}, {until}.")
        detail = {"case": state.number, "user": command.to, "until_ms": state.claim_until_ms, "rule": "claim"}
        refusal = Refusal(ErrorCode.CONFLICT, text, {**detail, "help": "case release"})
    if refusal is None and _check_may_decide(state, Actor(command.to, platform=command.role)):
        text = N_("@{user} may not decide on case {case}.")
        refusal = Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number, "user": command.to, **OF_STAFF})
    until = state.claim_until_ms
    return refusal or [ClaimGiven(at=now, by=actor.user, user=state.claimed_by, to=command.to, until_ms=until)]


def release(state: CaseState, command: c.ReleaseCase, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Give a claim up: one's own, or as safety officer or administrator that of somebody who does not come back."""
    refusal = _check_may_release(state, actor, now)
    return refusal or [ClaimReleased(at=now, by=actor.user, user=state.claimed_by)]


def _check_may_release(state: CaseState, actor: Actor, now: int) -> Refusal | None:
    refusal = check_staff(actor, duty_of(state))
    if refusal is None and not state.claimed_by:
        refusal = Refusal(ErrorCode.CONFLICT, N_("Nobody has claimed case {case}."), {"case": state.number})
    if refusal is None and actor.platform not in (PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN):
        refusal = check_claim(state, actor, now)
    return refusal


def tell_dates(state: CaseState, command: c.TellDates, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Tell of the case's dates what is to be told by now; nothing where that was told."""
    refusal = check_service(actor)
    if refusal:
        return refusal
    free = {user: role for user, role in command.staff.items() if user not in _barred(state)}
    officers, events = officers_of(free, command.on_duty), list[CaseEvent]()
    for date in dates_of_case(state):
        match stage_due(date, now), date.kind:
            case Stage.NEAR, DateKind.CLAIM:
                events.append(ClaimEndsSoon(at=now, by="", user=state.claimed_by, until_ms=date.due_ms))
            case Stage.OVER, DateKind.CLAIM:
                end = ClaimEnded(at=now, by="", user=state.claimed_by, until_ms=date.due_ms, officers=officers)
                events.append(end)
            case Stage.NEAR, _:
                events.append(CaseDueSoon(at=now, by="", until_ms=date.due_ms, users=_owing(state, command, now)))
            case Stage.OVER, _:
                overdue = CaseOverdue(
                    at=now,
                    by="",
                    until_ms=date.due_ms,
                    users=_owing(state, command, now),
                    officers=officers,
                    step=step_for_case(state),
                    contact=policy.cases.complaint_centre if state.kind is CaseKind.REPORT else "",
                )
                events.append(overdue)
    return events


def _barred(state: CaseState) -> set[str]:
    """Return who has no say in a case: whom it concerns, and who decided before."""
    return {*state.reporters, state.by, state.user, state.decider}


def _owing(state: CaseState, command: c.TellDates, now: int) -> tuple[str, ...]:
    """Return who owes an answer: who has claimed the case, else a few of those who may decide on it, or could until it
    was due."""
    if state.claimed_by and state.claim_until_ms > now:
        return (state.claimed_by,)
    barred = _barred(state)
    staff = few_of(first_to(entitled(command.staff, DUTY[DateKind(state.kind)], barred), command.on_duty), state.number)
    is_inside = state.code and state.kind is CaseKind.APPEAL
    first = few_of(command.leaders - barred, state.number) if is_inside else ()
    if not first:
        return staff
    return first if now < state.due_ms else once(first, staff)
