"""What a command does to a case: a list of events, or a refusal.

Reports are decided by the operator's staff, appeals by somebody else than who took the measure: for what was done
inside a group by another of its owner and admins, and where there is none, or none has answered in time, by staff.
Nobody decides on what they wrote or did themselves.
"""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from ..actor import Actor
from ..credit import level_of
from ..duration import DAY_MS
from ..measure_checks import check_power
from ..measures import row_for
from ..permissions import may_on_platform
from ..policy import Policy
from ..refusal import Refusal
from ..restrictions import Power
from ..text import N_
from . import commands as c
from .mediation import MEDIATION
from .rules import reports_per_day
from .state import (
    AppealOpened,
    CaseClosed,
    CaseEvent,
    CaseKind,
    CaseRead,
    CaseSettled,
    CaseState,
    MeasureProposed,
    Outcome,
    ReportOpened,
)

CaseDecision = Sequence[CaseEvent] | Refusal

OUTCOMES = {
    CaseKind.REPORT: frozenset({Outcome.UPHELD, Outcome.DISMISSED, Outcome.BAD_FAITH}),
    CaseKind.APPEAL: frozenset({Outcome.OVERTURNED, Outcome.CONFIRMED}),
    CaseKind.MEDIATION: frozenset({Outcome.AGREED, Outcome.ENDED}),
    CaseKind.MEASURE: frozenset({Outcome.TAKEN, Outcome.REFUSED, Outcome.LAPSED}),
}


def appeal_number(measure: c.Measured) -> str:
    """Return the number of the appeal against a measure: there can be one by each whom it hit."""
    number = appeal_against(measure.case)
    return f"{number}@{measure.user}" if measure.one_of_many else number


def appeal_against(case: str) -> str:
    """Return the number of the appeal against the measure `case`, which hit one."""
    return f"a-{case}"


def decide_case(
    state: CaseState | None, command: c.CaseCommand, actor: Actor, now: int, policy: Policy
) -> CaseDecision:
    """Return the events that `command` by `actor` causes at `now` (Unix ms), or why it is refused.

    `state` is None for what opens a case, but for `OpenAppeal` where there is an appeal against that measure already.
    """
    if state is None:
        assert isinstance(command, (c.OpenReport, c.OpenAppeal, c.OpenMediation, c.ProposeMeasure)), (
            "only a case that is there takes commands"
        )
        return _DECIDERS[type(command)](state, command, actor, now, policy)
    return _DECIDERS[type(command)](state, command, actor, now, policy)


def _open_report(state: None, command: c.OpenReport, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    rules = policy.cases
    severity = rules.reasons.get(command.reason)
    if severity is None:
        text = N_("Give one of these reasons: {known}.")
        known = " ".join(rules.reasons)
        detail: dict[str, object] = {"known": known, "field": "reason", "rule": "policy.reports.reasons"}
        return Refusal(ErrorCode.BAD_REQUEST, text, detail)
    if command.user == actor.user:
        return Refusal(ErrorCode.FORBIDDEN, N_("You cannot do this to yourself."))
    refusal = _check_report_quota(command, actor, now, policy)
    return refusal or [
        ReportOpened(
            at=now,
            by=actor.user,
            number=command.number,
            reason=command.reason,
            severity=severity,
            due_ms=now + rules.due_in(severity),
            code=command.code,
            seq=command.seq,
            user=command.user,
        )
    ]


def _check_report_quota(command: c.OpenReport, actor: Actor, now: int, policy: Policy) -> Refusal | None:
    """Refuse who has reported as much today as credit and record allow; the first of a day never (G12)."""
    level, record = level_of(policy.credit, actor.credit), command.record
    limit = reports_per_day(record, level.quota.reports_per_day)
    if not limit or record.today < limit:
        return None
    detail: dict[str, object] = {
        "current": record.today,
        "limit": limit,
        "retry_after_ms": max(1, record.oldest_ts + DAY_MS - now),
        "rule": f"policy.quota.{level.name}.reports_per_day",
        "help": "/cases",
    }
    text = N_("You have made {current} reports today; {limit} are allowed. Wait {wait}.")
    return Refusal(ErrorCode.RATE_LIMITED, text, detail)


def _open_appeal(
    state: CaseState | None, command: c.OpenAppeal, actor: Actor, now: int, policy: Policy
) -> CaseDecision:
    measure, rules = command.measure, policy.cases
    if measure.user != actor.user:
        return Refusal(
            ErrorCode.FORBIDDEN, N_("Only whom a measure hit can appeal against it."), {"case": measure.case}
        )
    if state is not None:
        text = N_("There is an appeal against this already: {case}.")
        return Refusal(ErrorCode.CONFLICT, text, {"case": state.number, "help": "/cases"})
    window = rules.appeal_ms if measure.code else rules.platform_appeal_ms
    if now > measure.at + window:
        text = N_("One can appeal for {window} after a measure.")
        rule = "policy.reports.appeal_days" if measure.code else "policy.sanctions.appeal_days"
        detail = {"case": measure.case, "window_ms": window, "rule": rule}
        return Refusal(ErrorCode.FORBIDDEN, text, {**detail, "until_ms": measure.at + window})
    return [
        AppealOpened(
            at=now,
            by=actor.user,
            number=appeal_number(measure),
            measure=measure.case,
            reason=measure.kind,
            decider=measure.decider,
            proposer=measure.proposer,
            due_ms=now + rules.appeal_answer_ms,
            code=measure.code,
        )
    ]


def _read(state: CaseState, command: c.ReadCase, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    if state.kind is CaseKind.MEDIATION:
        # Whoever is inside reads it otherwise, and nobody else does.
        return Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such case."), {"help": "/mediate"})
    return _check_staff(actor, _duty(state)) or [CaseRead(at=now, by=actor.user)]


def _close_report(state: CaseState, command: c.CloseReport, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    refusal = (
        _check_staff(actor, "review_case") or _check_kind(state, CaseKind.REPORT, command.outcome) or _check_open(state)
    )
    if refusal is None and actor.user in (state.by, state.user):
        text = N_("Nobody decides on a report of their own, or about themselves.")
        refusal = Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number})
    return refusal or [CaseClosed(at=now, by=actor.user, outcome=command.outcome, reason=command.reason)]


def reviewers(state: CaseState, leaders: frozenset[str], now: int) -> frozenset[str]:
    """Return who of the group's owner and admins may decide on an appeal, before staff may; empty: staff may."""
    return leaders - {state.decider, state.proposer, state.by} if state.code and now < state.due_ms else frozenset()


def _decide_appeal(state: CaseState, command: c.DecideAppeal, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    refusal = _check_kind(state, CaseKind.APPEAL, command.outcome) or check_reviewer(state, command.leaders, actor, now)
    refusal = refusal or _check_open(state)
    return refusal or [CaseClosed(at=now, by=actor.user, outcome=command.outcome, reason=command.reason)]


def check_reviewer(state: CaseState, leaders: frozenset[str], actor: Actor, now: int) -> Refusal | None:
    """Refuse who may not decide on an appeal (P15)."""
    if actor.user == state.by:
        return Refusal(ErrorCode.FORBIDDEN, N_("Nobody decides on an appeal of their own."), {"case": state.number})
    if actor.user in (state.decider, state.proposer):
        text = N_("Somebody else than who took the measure decides on the appeal.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number})
    first = reviewers(state, leaders, now)
    if actor.user in first:
        return check_power(actor.restrictions, Power.MANAGE, now)
    if first and may_on_platform(actor.platform, "review_appeal"):
        text = N_("The group's own owner and admins decide on this appeal, {until}; then the platform may.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number, "until_ms": state.due_ms})
    return _check_staff(actor, "review_appeal")


def _propose_measure(state: None, command: c.ProposeMeasure, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Propose a measure; that it could be taken but for the second pair of eyes is for the shell to have asked."""
    terms = command.terms
    row = row_for(terms.subject, terms.measure)
    assert row is not None, "only a measure that there is can be proposed"
    due = now + policy.proposal_ms
    return _check_staff(actor, row.act) or [
        MeasureProposed(at=now, by=actor.user, number=command.number, terms=terms, due_ms=due)
    ]


def _close_measure(state: CaseState, command: c.CloseMeasure, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Close a proposal: who took the measure, or turned it down; the service when its time is over."""
    refusal = _check_kind(state, CaseKind.MEASURE, command.outcome) or _check_open(state)
    row = row_for(state.terms.subject, state.terms.measure) if state.terms else None
    assert refusal or row is not None, "a proposal is of a measure that there is"
    if refusal is None and command.outcome is Outcome.LAPSED:
        if actor.user:
            refusal = Refusal(ErrorCode.FORBIDDEN, N_("Only the service itself does this."))
        elif now < state.due_ms:
            return []
    elif refusal is None and row is not None:
        refusal = _check_staff(actor, row.act)
    return refusal or [CaseClosed(at=now, by=actor.user, outcome=command.outcome, reason=command.reason)]


def check_confirmer(state: CaseState, actor: Actor, now: int) -> Refusal | None:
    """Refuse to confirm what is no open proposal of somebody else, in time."""
    refusal = _check_kind(state, CaseKind.MEASURE, Outcome.TAKEN) or _check_open(state)
    if refusal is None and actor.user == state.by:
        text = N_("Somebody else than who proposed a measure confirms it.")
        detail: dict[str, object] = {"case": state.number, "help": "sanction status"}
        refusal = Refusal(ErrorCode.FORBIDDEN, text, {**detail, "rule": "policy.sanctions.four_eyes"})
    if refusal is None and now >= state.due_ms:
        text = N_("The time to confirm {case} is over, {until}: propose it anew.")
        detail = {"case": state.number, "until_ms": state.due_ms, "help": "sanction create"}
        refusal = Refusal(ErrorCode.CONFLICT, text, detail)
    return refusal


def _settle(state: CaseState, command: c.SettleCase, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    if actor.user:
        return Refusal(ErrorCode.FORBIDDEN, N_("Only the service itself does this."))
    return [] if state.is_open or state.is_settled else [CaseSettled(at=now, by=actor.user, effect=command.effect)]


def _duty(state: CaseState) -> str:
    return "review_case" if state.kind is CaseKind.REPORT else "review_appeal"


def _check_staff(actor: Actor, act: str) -> Refusal | None:
    if may_on_platform(actor.platform, act):
        return None
    return Refusal(ErrorCode.FORBIDDEN, N_("Your platform role does not cover this."), {"act": act})


def _check_kind(state: CaseState, kind: CaseKind, outcome: Outcome) -> Refusal | None:
    if state.kind is kind and outcome in OUTCOMES[kind]:
        return None
    known = " ".join(sorted(OUTCOMES[state.kind]))
    text = N_("Case {case} is a {kind}; it can be: {known}.")
    detail: dict[str, object] = {"case": state.number, "kind": state.kind.value, "known": known, "field": "outcome"}
    return Refusal(ErrorCode.BAD_REQUEST, text, detail)


def _check_open(state: CaseState) -> Refusal | None:
    if state.is_open:
        return None
    text = N_("Case {case} is decided already: {outcome}.")
    assert state.outcome is not None
    return Refusal(ErrorCode.CONFLICT, text, {"case": state.number, "outcome": state.outcome.value})


_DECIDERS: dict[type[c.CaseCommand], Callable[[Any, Any, Actor, int, Policy], CaseDecision]] = {
    c.OpenReport: _open_report,
    c.OpenAppeal: _open_appeal,
    c.ReadCase: _read,
    c.CloseReport: _close_report,
    c.DecideAppeal: _decide_appeal,
    c.ProposeMeasure: _propose_measure,
    c.CloseMeasure: _close_measure,
    c.SettleCase: _settle,
    **MEDIATION,
}
