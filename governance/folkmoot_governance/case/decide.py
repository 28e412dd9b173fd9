"""What a command does to a case: a list of events, or a refusal.

Reports are decided by the operator's staff, appeals by somebody else than who took the measure: for what was done
inside a group by another of its owner and admins, and where there is none, or none has answered in time, by staff.
Nobody decides on what they wrote or did themselves.
"""

from collections.abc import Callable
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from ..actor import Actor
from ..measure_checks import check_power
from ..measures import row_for
from ..permissions import may_on_platform
from ..policy import Policy
from ..refusal import Refusal
from ..restrictions import Power
from ..text import N_
from . import commands as c
from .application import APPLICATION
from .checks import (
    OPEN,
    CaseDecision,
    check_claim,
    check_kind,
    check_open,
    check_own_appeal,
    check_scope,
    check_service,
    check_staff,
    duty_of,
)
from .decide_dates import claim, give, release, tell_dates
from .decide_report import (
    close_report,
    join_report,
    notice_counter,
    open_report,
    overturn_bad_faith,
    reopen_report,
)
from .export import EXPORT
from .mediation import MEDIATION
from .state import (
    AppealOpened,
    CaseClosed,
    CaseKind,
    CaseNoted,
    CaseRead,
    CaseSettled,
    CaseState,
    MeasureProposed,
    Outcome,
)

OPENING = (c.OpenReport, c.OpenAppeal, c.OpenMediation, c.ProposeMeasure, c.OpenApplication)


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
        assert isinstance(command, OPENING), "only a case that is there takes commands"
        return _DECIDERS[type(command)](state, command, actor, now, policy)
    return _DECIDERS[type(command)](state, command, actor, now, policy)


def _open_appeal(
    state: CaseState | None, command: c.OpenAppeal, actor: Actor, now: int, policy: Policy
) -> CaseDecision:
    measure, rules = command.measure, policy.cases
    if measure.user not in (actor.user, *command.bots):
        return Refusal(
            ErrorCode.FORBIDDEN, N_("Only those affected by a measure can appeal against it."), {"case": measure.case}
        )
    if state is not None:
        text = N_("There is an appeal against this already: {case}.")
        return Refusal(ErrorCode.CONFLICT, text, {"case": state.number, "help": "/cases"})
    window = rules.appeal_ms if measure.code else rules.platform_appeal_ms
    if now > measure.at + window:
        text = N_("An appeal can be made within {window} of a measure.")
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
            user="" if measure.user == actor.user else measure.user,
        )
    ]


def _read(state: CaseState, command: c.ReadCase, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    if state.kind is CaseKind.MEDIATION:
        # Whoever is inside reads it otherwise, and nobody else does.
        return Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such case."), {"help": "/mediate"})
    refusal = check_staff(actor, OPEN) or check_scope(actor, state.number)
    return refusal or [CaseRead(at=now, by=actor.user)]


def _note(state: CaseState, command: c.NoteCase, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    return check_staff(actor, duty_of(state)) or [CaseNoted(at=now, by=actor.user)]


def reviewers(state: CaseState, leaders: frozenset[str], now: int) -> frozenset[str]:
    """Return who of the group's owner and admins may decide on an appeal, before staff may; empty: staff may."""
    return leaders - {state.decider, state.proposer, state.by} if state.code and now < state.due_ms else frozenset()


def _decide_appeal(state: CaseState, command: c.DecideAppeal, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    refusal = check_kind(state, CaseKind.APPEAL, command.outcome) or check_reviewer(state, command.leaders, actor, now)
    refusal = refusal or check_open(state) or check_claim(state, actor, now)
    return refusal or [CaseClosed(at=now, by=actor.user, outcome=command.outcome, reason=command.reason)]


def check_reviewer(state: CaseState, leaders: frozenset[str], actor: Actor, now: int) -> Refusal | None:
    """Refuse who may not decide on an appeal (P15)."""
    refusal = check_own_appeal(state, actor)
    if refusal:
        return refusal
    first = reviewers(state, leaders, now)
    if actor.user in first:
        return check_power(actor.restrictions, Power.MANAGE, now)
    if first and may_on_platform(actor.platform, "review_appeal"):
        text = N_("The group's own owner and admins decide on this appeal, {until}; after that, the platform may.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number, "until_ms": state.due_ms})
    return check_staff(actor, "review_appeal")


def _propose_measure(state: None, command: c.ProposeMeasure, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Propose a measure; that it could be taken but for the second pair of eyes is for the shell to have asked."""
    terms = command.terms
    row = row_for(terms.subject, terms.measure)
    assert row is not None, "only a measure that there is can be proposed"
    due = now + policy.proposal_ms
    return check_staff(actor, row.act) or [
        MeasureProposed(at=now, by=actor.user, number=command.number, terms=terms, due_ms=due)
    ]


def _close_measure(state: CaseState, command: c.CloseMeasure, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Close a proposal: who took the measure, or turned it down; the service when its time is over."""
    refusal = check_kind(state, CaseKind.MEASURE, command.outcome) or check_open(state)
    row = row_for(state.terms.subject, state.terms.measure) if state.terms else None
    assert refusal or row is not None, "a proposal is of a measure that there is"
    if refusal is None and command.outcome is Outcome.LAPSED:
        if actor.user:
            refusal = Refusal(ErrorCode.FORBIDDEN, N_("Only the service itself can do this."))
        elif now < state.due_ms:
            return []
    elif refusal is None and row is not None:
        refusal = check_staff(actor, row.act)
    return refusal or [CaseClosed(at=now, by=actor.user, outcome=command.outcome, reason=command.reason)]


def check_confirmer(state: CaseState, actor: Actor, now: int) -> Refusal | None:
    """Refuse to confirm what is no open proposal of somebody else, in time."""
    refusal = check_kind(state, CaseKind.MEASURE, Outcome.TAKEN) or check_open(state)
    if refusal is None and actor.user == state.by:
        text = N_("A measure is confirmed by somebody other than the one who proposed it.")
        detail: dict[str, object] = {"case": state.number, "help": "sanction status"}
        refusal = Refusal(ErrorCode.FORBIDDEN, text, {**detail, "rule": "policy.sanctions.four_eyes"})
    if refusal is None and now >= state.due_ms:
        text = N_("The time to confirm {case} is over, {until}: propose it again.")
        detail = {"case": state.number, "until_ms": state.due_ms, "help": "sanction create"}
        refusal = Refusal(ErrorCode.CONFLICT, text, detail)
    return refusal


def _settle(state: CaseState, command: c.SettleCase, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    if state.is_open or state.is_settled:
        return check_service(actor) or []
    return check_service(actor) or [CaseSettled(at=now, by=actor.user, effect=command.effect)]


_DECIDERS: dict[type[c.CaseCommand], Callable[[Any, Any, Actor, int, Policy], CaseDecision]] = {
    c.OpenReport: open_report,
    c.JoinReport: join_report,
    c.OpenAppeal: _open_appeal,
    c.ReadCase: _read,
    c.NoteCase: _note,
    c.NoticeCounter: notice_counter,
    c.ClaimCase: claim,
    c.GiveCase: give,
    c.ReleaseCase: release,
    c.TellDates: tell_dates,
    c.CloseReport: close_report,
    c.ReopenReport: reopen_report,
    c.OverturnBadFaith: overturn_bad_faith,
    c.DecideAppeal: _decide_appeal,
    c.ProposeMeasure: _propose_measure,
    c.CloseMeasure: _close_measure,
    c.SettleCase: _settle,
    **EXPORT,
    **MEDIATION,
    **APPLICATION,
}
