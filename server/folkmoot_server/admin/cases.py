"""Administration of credit (G7.2) and of reports (G12), appeals (P15) and warnings to groups (G11.1)."""

from folkmoot_governance import Refusal
from folkmoot_governance.account import CreditChanged
from folkmoot_governance.account_commands import SetCredit, SuspendAccount
from folkmoot_governance.case.commands import CloseReport, DecideAppeal, ReadCase
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.case.state import Outcome as CaseOutcome
from folkmoot_governance.duration import parse_duration
from folkmoot_governance.group.commands import AcceptRectification, RejectRectification, SuspendGroup, WarnGroup
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..actions.accounts.credit import MAX_CHANGES, change_item
from ..actions.app import App
from ..common.i18n import N_
from ..delivery.session import Session
from ..live.accounts import Account
from ..storage.api import ActFilter, CaseFilter
from ..storage.change_set import account_stream
from .common import (
    NEEDS_DURATION,
    NEEDS_REASON,
    PAGE,
    Outcome,
    act_on_group,
    act_on_user,
    duration_of,
    find_account,
    list_rows,
)


def credit_item(account: Account) -> dict[str, object]:
    """Return an account's credit as administrators see it."""
    return {"user": account.user, "score": account.state.credit, "level": account.level.name}


async def show_credit(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Show an account's score and how it came about."""
    account = await find_account(app, request)
    if isinstance(account, Refusal):
        return account
    wanted = ActFilter(kinds=(CreditChanged.__struct_config__.tag,))  # type: ignore[arg-type]  # a str
    found = await app.store.ledger.acts(account_stream(account.user), wanted, MAX_CHANGES)
    changes = [change_item(account.user, one) | {"by": one.event.by} for one in found]
    return AdminResult(items=(credit_item(account) | {"changes": changes},))


async def set_credit(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Set an account's score."""
    score = (request.options or {}).get("score")
    if not isinstance(score, int) or isinstance(score, bool):
        return Refusal(ErrorCode.BAD_REQUEST, N_("Give the score."), {"field": "score"})
    return await act_on_user(app, session, request, SetCredit(score, request.reason or ""), credit_item)


NO_SUCH_CASE = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such case."), {"help": "/cases"})
STATES = {"open": True, "closed": False, "all": None}


def case_item(case: CaseState) -> dict[str, object]:
    """Return a case as administrators see it."""
    return {
        "case": case.number,
        "kind": case.kind.value,
        "state": case.outcome.value if case.outcome else "open",
        "severity": case.severity.value,
        "reason": case.reason,
        "by": case.by,
        "group": case.code,
        "seq": case.seq,
        "user": case.user,
        "measure": case.measure,
        "decider": case.decider,
        "opened_ts": case.opened_ts,
        "due_ts": case.due_ms,
        "closed_ts": case.closed_ts,
        "closed_by": case.closed_by,
        "answer": case.answer,
    }


async def list_reports(app: App, session: Session, request: rq.Admin) -> Outcome:
    """List reports, what is due first before the others."""
    return await list_cases(app, request, CaseKind.REPORT)


async def list_cases(app: App, request: rq.Admin, kind: CaseKind) -> Outcome:
    """List cases of a kind that are open (`state` open), decided (closed) or all."""
    state, limit = str((request.options or {}).get("state", "open")), request.limit or PAGE
    if state not in STATES:
        text = N_("{word} is not one of: {choices}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"word": state, "choices": " ".join(STATES), "field": "state"})
    due, _, number = (request.cursor or "0:").partition(":")
    after = int(due) if due.isascii() and due.isdigit() and len(due) <= 15 else 0
    found = await app.store.ledger.list_cases(CaseFilter(kind, STATES[state]), (after, number), limit + 1)
    page = found[:limit]
    cursor = f"{page[-1].due_ms}:{page[-1].number}" if len(found) > limit else None
    return AdminResult(items=tuple(case_item(one) for one in page), cursor=cursor)


async def find_case(app: App, request: rq.Admin, kind: CaseKind) -> CaseState | Refusal:
    """Return the case that a request names."""
    case = await app.store.ledger.load_case((request.target or "").lower())
    return case if case is not None and case.kind is kind else NO_SUCH_CASE


async def show_report(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Show a report with its evidence."""
    return await show_case(app, session, request, CaseKind.REPORT)


async def show_case(app: App, session: Session, request: rq.Admin, kind: CaseKind) -> Outcome:
    """Show a case; what people wrote and the evidence to those alone who may decide, which the ledger then has."""
    case = await find_case(app, request, kind)
    if isinstance(case, Refusal):
        return case
    assert session.account is not None
    act = app.cases.service.act(case, ReadCase(), session.account.actor())
    if isinstance(act, Refusal) and act.code is ErrorCode.FORBIDDEN:
        return AdminResult(items=(case_item(case),))
    refusal = act if isinstance(act, Refusal) else await app.cases.service.wait_stored(act)
    if refusal:
        return refusal
    found = app.cases.texts.unseal(case.number, await app.store.ledger.case_text(case.number))
    record = await app.store.ledger.reporter_record(case.by, app.clock.now_ms())
    more: dict[str, object] = {"text": found.text if found else None, "subject": found.subject if found else None}
    if case.kind is CaseKind.REPORT:
        more |= {"reliability": record.reliability, "reporter_upheld": record.upheld}
        more |= {"reporter_dismissed": record.dismissed, "reporter_bad_faith": record.bad_faith}
    return AdminResult(items=(case_item(case) | more,))


async def close_report(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Decide on a report; where it is upheld, `suspend` also suspends the account, or the group, that was reported."""
    if not request.reason:
        return NEEDS_REASON
    case, options = await find_case(app, request, CaseKind.REPORT), request.options or {}
    if isinstance(case, Refusal):
        return case
    word = str(options.get("outcome", ""))
    if word not in set(CaseOutcome):
        text = N_("{word} is not one of: {choices}.")
        choices = "upheld dismissed bad_faith"
        return Refusal(ErrorCode.BAD_REQUEST, text, {"word": word, "choices": choices, "field": "outcome"})
    assert session.account is not None
    command = CloseReport(CaseOutcome(word), request.reason)
    act = app.cases.service.act(case, command, session.account.actor())
    if isinstance(act, Refusal):
        return act
    if request.dry_run:
        return AdminResult(items=(case_item(act.state),), changed=1)
    if "suspend" in options:
        refusal = await suspend(app, session, case, command, str(options["suspend"]))
        if refusal:
            return refusal
        act = app.cases.service.act(case, command, session.account.actor())
    refusal = act if isinstance(act, Refusal) else await app.cases.service.wait_stored(act)
    if refusal:
        return refusal
    await app.cases.settler.settle(case.number)
    assert not isinstance(act, Refusal)
    return AdminResult(items=(case_item(act.state),), changed=1)


async def suspend(app: App, session: Session, case: CaseState, command: CloseReport, length: str) -> Refusal | None:
    """Suspend what was reported: the group, where the report is about one, else the account."""
    duration = parse_duration(length)
    if duration is None:
        return NEEDS_DURATION
    if command.outcome is not CaseOutcome.UPHELD:
        return Refusal(
            ErrorCode.BAD_REQUEST, N_("Only a report that is upheld brings a measure."), {"field": "suspend"}
        )
    assert session.account is not None
    actor = session.account.actor()
    room = await app.rooms.load(case.code) if case.code and not case.seq else None
    if room is not None and room.state.owner == case.user:
        act = app.group_service.act(room, SuspendGroup(duration, command.reason), session.account)
        return act if isinstance(act, Refusal) else await app.group_service.wait_stored(act)
    account = await app.accounts.load(case.user)
    if account is None:
        return Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": case.user})
    return await app.account_service.carry_out(account.state, SuspendAccount(duration, command.reason), actor)


async def list_appeals(app: App, session: Session, request: rq.Admin) -> Outcome:
    """List appeals, what is due first before the others."""
    return await list_cases(app, request, CaseKind.APPEAL)


async def show_appeal(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Show an appeal with what the appellant wrote, and the measure."""
    return await show_case(app, session, request, CaseKind.APPEAL)


async def approve_appeal(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Overturn the measure."""
    return await answer_appeal(app, session, request, CaseOutcome.OVERTURNED)


async def reject_appeal(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Let the measure stand."""
    return await answer_appeal(app, session, request, CaseOutcome.CONFIRMED)


async def answer_appeal(app: App, session: Session, request: rq.Admin, outcome: CaseOutcome) -> Outcome:
    """Decide on an appeal; the appellant is told the reason."""
    if not request.reason:
        return NEEDS_REASON
    case = await find_case(app, request, CaseKind.APPEAL)
    if isinstance(case, Refusal):
        return case
    assert session.account is not None
    command = DecideAppeal(outcome, request.reason)
    decided = await app.cases.appeals.decide(case, command, session.account.actor(), dry_run=request.dry_run)
    return decided if isinstance(decided, Refusal) else AdminResult(items=(case_item(decided),), changed=1)


async def list_warnings(app: App, session: Session, request: rq.Admin) -> Outcome:
    """List the open warnings to groups."""
    return await list_rows(request, app.store.ledger.list_warnings, "code")


async def warn_group(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Warn a group: what the reason names is to be mended within a time (G11.1)."""
    duration = duration_of(request)
    if isinstance(duration, Refusal):
        return duration
    return await act_on_group(app, session, request, WarnGroup(duration, request.reason or ""))


async def accept_rectification(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Close a group's warning: it is mended."""
    return await act_on_group(app, session, request, AcceptRectification(request.reason or ""))


async def reject_rectification(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Keep a group's warning open, with a new time if one is given."""
    duration = duration_of(request) if (request.options or {}).get("duration", "") != "" else None
    if isinstance(duration, Refusal):
        return duration
    return await act_on_group(app, session, request, RejectRectification(request.reason or "", duration))


CASE_ACTS = {
    ("credit", "show"): show_credit,
    ("credit", "set"): set_credit,
    ("case", "list"): list_reports,
    ("case", "show"): show_report,
    ("case", "close"): close_report,
    ("sanction", "list"): list_warnings,
    ("sanction", "create"): warn_group,
    ("sanction", "close"): accept_rectification,
    ("sanction", "reject"): reject_rectification,
    ("appeal", "list"): list_appeals,
    ("appeal", "show"): show_appeal,
    ("appeal", "approve"): approve_appeal,
    ("appeal", "reject"): reject_appeal,
}
