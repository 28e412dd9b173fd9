"""Reports (G12): opening and joining one, counter-notices, deciding, and doing that anew where it was contested."""

from typing import Any

from folkmoot_protocol.errors import ErrorCode

from ..actor import Actor
from ..content.kinds import Severity
from ..credit import level_of
from ..duration import DAY_MS
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .checks import CaseDecision, check_claim, check_kind, check_open, check_own_report, check_service, check_staff
from .rules import COPYRIGHT, ReporterRecord, reports_per_day
from .state import (
    PUBLIC,
    BadFaithOverturned,
    CaseClosed,
    CaseKind,
    CaseState,
    CounterNoticed,
    Outcome,
    ReportJoined,
    ReportOpened,
    ReportReopened,
)


def open_report(state: None, command: c.OpenReport, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    severity = severity_of(command.reason, policy)
    if isinstance(severity, Refusal):
        return severity
    refusal = _check_reporter(command.user, command.record, actor, now, policy)
    return refusal or [
        ReportOpened(
            at=now,
            by=actor.user,
            number=command.number,
            reason=command.reason,
            severity=severity,
            due_ms=now + policy.cases.due_in(severity),
            code=command.code,
            seq=command.seq,
            user=command.user,
            of_account=command.of_account,
        )
    ]


def join_report(state: CaseState, command: c.JoinReport, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Report what is reported already: nothing happens where it is one's own report."""
    severity = severity_of(command.reason, policy)
    if isinstance(severity, Refusal):
        return severity
    if actor.user in state.reporters:
        return []
    refusal = check_open(state) or _check_reporter(state.user, command.record, actor, now, policy)
    due = now + policy.cases.due_in(severity)
    return refusal or [ReportJoined(at=now, by=actor.user, reason=command.reason, severity=severity, due_ms=due)]


def severity_of(reason: str, policy: Policy) -> Severity | Refusal:
    """Return how severe a reason is; refuse one that the operator has not set."""
    rules = policy.cases
    severity = rules.reasons.get(reason)
    if severity is not None:
        return severity
    text = N_("Give one of these reasons: {known}.")
    detail: dict[str, object] = {"known": " ".join(rules.reasons), "field": "reason", "rule": "policy.reports.reasons"}
    return Refusal(ErrorCode.BAD_REQUEST, text, detail)


def _check_reporter(reported: str, record: ReporterRecord, actor: Actor, now: int, policy: Policy) -> Refusal | None:
    """Refuse who reports themselves, or too much. Those without an account are counted by their address elsewhere."""
    if reported == actor.user:
        return Refusal(ErrorCode.FORBIDDEN, N_("You cannot do this to yourself."))
    return None if actor.user.startswith(PUBLIC) else _check_quota(record, actor, now, policy)


def _check_quota(record: ReporterRecord, actor: Actor, now: int, policy: Policy) -> Refusal | None:
    """Refuse who has reported as much today as credit and record allow; the first of a day never (G12)."""
    level = level_of(policy.credit, actor.credit)
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
    text = N_("You have made as many reports today as you may: {current} of {limit}. Wait {wait}.")
    return Refusal(ErrorCode.RATE_LIMITED, text, detail)


def notice_counter(state: CaseState, command: c.NoticeCounter, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    """Answer a report of copyright, once, as the one reported: reporters are told."""
    if actor.user != state.user or state.kind is not CaseKind.REPORT:
        return Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such case."), {"help": "/cases"})
    if COPYRIGHT not in state.reasons:
        text = N_("Only reports of copyright are answered by a counter-notice.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"case": state.number})
    if state.counter_ts:
        text = N_("You have answered this report already.")
        return Refusal(ErrorCode.CONFLICT, text, {"case": state.number, "help": "/appeal"})
    return check_open(state) or [CounterNoticed(at=now, by=actor.user)]


def close_report(state: CaseState, command: c.CloseReport, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    refusal = (
        check_staff(actor, "review_case")
        or check_kind(state, CaseKind.REPORT, command.outcome)
        or check_open(state)
        or check_own_report(state, actor)
        or check_claim(state, actor, now)
        or _check_bad_faith(state, command)
    )
    named = command.bad_faith
    if command.outcome is Outcome.BAD_FAITH and not named:
        named = tuple(state.reporters)
    fields: dict[str, Any] = {"outcome": command.outcome, "reason": command.reason}
    return refusal or [CaseClosed(at=now, by=actor.user, bad_faith=named, is_filed=bool(named), **fields)]


def _check_bad_faith(state: CaseState, command: c.CloseReport) -> Refusal | None:
    """Refuse a finding of bad faith that does not say of whom, where there is more than one reporter, or of nobody."""
    detail: dict[str, object] = {"case": state.number, "field": "of"}
    if command.outcome is not Outcome.BAD_FAITH:
        text = N_("Name people only with the outcome of bad faith.")
        return Refusal(ErrorCode.BAD_REQUEST, text, detail) if command.bad_faith else None
    strange = sorted(set(command.bad_faith) - state.reporters.keys())
    if strange:
        text = N_("@{user} did not make report {case}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {**detail, "user": strange[0]})
    if not command.bad_faith and len(state.reporters) > 1:
        text = N_("Report {case} was made by {count} people: say who of them did so in bad faith.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {**detail, "count": len(state.reporters)})
    return None


def reopen_report(state: CaseState, command: c.ReopenReport, actor: Actor, now: int, policy: Policy) -> CaseDecision:
    if state.outcome not in (Outcome.DISMISSED, Outcome.BAD_FAITH) or state.decider:
        return check_service(actor) or []
    due = now + policy.cases.due_in(state.severity)
    return check_service(actor) or [ReportReopened(at=now, by="", due_ms=due, reason=command.reason)]


def overturn_bad_faith(
    state: CaseState, command: c.OverturnBadFaith, actor: Actor, now: int, policy: Policy
) -> CaseDecision:
    reporter = state.reporters.get(command.user)
    if reporter is None or not reporter.bad_faith:
        return check_service(actor) or []
    return check_service(actor) or [BadFaithOverturned(at=now, by="", user=command.user, reason=command.reason)]
