"""What decisions on cases have in common: who may decide, on what is open, and what is not their own."""

from collections.abc import Sequence

from folkmoot_protocol.errors import ErrorCode

from ..actor import Actor
from ..permissions import is_in_scope, may_on_platform
from ..refusal import Refusal
from ..text import N_
from .state import CaseEvent, CaseKind, CaseState, Outcome

CaseDecision = Sequence[CaseEvent] | Refusal

OPEN = "open_case"
"""The row of `permissions.PLATFORM_RULES` for reading what people wrote in a case, and its evidence."""

NO_SUCH_CASE = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such case."), {"help": "/cases"})

OUTCOMES = {
    CaseKind.REPORT: frozenset({Outcome.UPHELD, Outcome.DISMISSED, Outcome.BAD_FAITH}),
    CaseKind.APPEAL: frozenset({Outcome.OVERTURNED, Outcome.CONFIRMED}),
    CaseKind.MEDIATION: frozenset({Outcome.AGREED, Outcome.ENDED}),
    CaseKind.MEASURE: frozenset({Outcome.TAKEN, Outcome.REFUSED, Outcome.LAPSED}),
    CaseKind.APPLICATION: frozenset({Outcome.APPROVED, Outcome.REJECTED}),
}


def check_own_report(state: CaseState, actor: Actor) -> Refusal | None:
    """Refuse who made a report, whom it is about, and who has dismissed it when that was contested."""
    if actor.user and actor.user == state.decider:
        text = N_("Somebody other than the one who dismissed the report has to decide on it now.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number})
    if actor.user not in (*state.reporters, state.user):
        return None
    text = N_("Nobody can decide on a report of their own, or about themselves.")
    return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number})


def check_own_appeal(state: CaseState, actor: Actor) -> Refusal | None:
    """Refuse who appealed, and who took the measure."""
    if actor.user == state.by:
        return Refusal(ErrorCode.FORBIDDEN, N_("Nobody can decide on an appeal of their own."), {"case": state.number})
    if actor.user in (state.decider, state.proposer):
        text = N_("Somebody other than the one who took the measure has to decide on the appeal.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number})
    return None


def check_claim(state: CaseState, actor: Actor, now: int) -> Refusal | None:
    """Refuse who comes in between while somebody else works on a case."""
    if state.claimed_by in ("", actor.user) or state.claim_until_ms <= now:
        return None
    text = N_("@{user} is working on case {case}, {until}.")
    detail = {"case": state.number, "user": state.claimed_by, "until_ms": state.claim_until_ms, "rule": "claim"}
    return Refusal(ErrorCode.CONFLICT, text, {**detail, "help": "case release"})


DUTIES = {CaseKind.REPORT: "review_case", CaseKind.APPLICATION: "review_application"}


def duty_of(state: CaseState) -> str:
    """Return the act by which staff decides on a case."""
    return DUTIES.get(state.kind, "review_appeal")


def check_own_application(state: CaseState, actor: Actor) -> Refusal | None:
    """Refuse who applied, and who has rejected it when that was contested."""
    if actor.user == state.by:
        return Refusal(ErrorCode.FORBIDDEN, N_("Nobody can decide on their own application."), {"case": state.number})
    if actor.user and actor.user == state.decider:
        text = N_("Somebody other than the one who rejected the application has to decide on it now.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number})
    return None


OWN = {CaseKind.REPORT: check_own_report, CaseKind.APPLICATION: check_own_application}


def check_own(state: CaseState, actor: Actor) -> Refusal | None:
    """Refuse who has a stake in a case, or has decided on it before."""
    return OWN.get(state.kind, check_own_appeal)(state, actor)


def check_staff(actor: Actor, act: str) -> Refusal | None:
    """Refuse whose platform role does not cover an act."""
    if may_on_platform(actor.platform, act):
        return None
    return Refusal(ErrorCode.FORBIDDEN, N_("Your platform role does not cover this."), {"act": act})


def check_scope(actor: Actor, number: str) -> Refusal | None:
    """Refuse a case that an actor's platform role is not about, as if it were not there."""
    return None if is_in_scope(actor, number) else NO_SUCH_CASE


def check_kind(state: CaseState, kind: CaseKind, outcome: Outcome) -> Refusal | None:
    """Refuse an outcome that cases of this kind do not have."""
    if state.kind is kind and outcome in OUTCOMES[kind]:
        return None
    known = " ".join(sorted(OUTCOMES[state.kind]))
    text = N_("Case {case} is a {kind}; it can be: {known}.")
    detail: dict[str, object] = {"case": state.number, "kind": state.kind.value, "known": known, "field": "outcome"}
    return Refusal(ErrorCode.BAD_REQUEST, text, detail)


def check_open(state: CaseState) -> Refusal | None:
    """Refuse what comes after the decision."""
    if state.is_open:
        return None
    text = N_("Case {case} is decided already: {outcome}.")
    assert state.outcome is not None
    return Refusal(ErrorCode.CONFLICT, text, {"case": state.number, "outcome": state.outcome.value})


def check_service(actor: Actor) -> Refusal | None:
    """Refuse everybody but the service."""
    return Refusal(ErrorCode.FORBIDDEN, N_("Only the service itself can do this.")) if actor.user else None
