"""Administration of reports (G12) and appeals (P15)."""

from collections.abc import Callable
from dataclasses import replace

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.case.commands import CloseReport, DecideAppeal, ReadCase
from folkmoot_governance.case.state import CaseKind, CaseState, Terms
from folkmoot_governance.case.state import Outcome as CaseOutcome
from folkmoot_governance.restrictions import Grounds, Measure, Subject
from folkmoot_protocol.admin import cases as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..common.i18n import N_
from ..storage.api import CaseFilter
from .call import Call, Outcome, carries_out
from .entries import entries_at, remove

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


@carries_out(rows.LIST_REPORTS)
async def list_reports(call: Call, options: rows.Which) -> Outcome:
    return await list_cases(call, options, CaseKind.REPORT)


@carries_out(rows.LIST_APPEALS)
async def list_appeals(call: Call, options: rows.Which) -> Outcome:
    return await list_cases(call, options, CaseKind.APPEAL)


async def list_cases(
    call: Call, options: rows.Which, kind: CaseKind, show: Callable[[CaseState], dict[str, object]] = case_item
) -> Outcome:
    """List cases of a kind that are open, decided (closed) or all, what is due first before the others."""
    due, _, number = (call.cursor or "0:").partition(":")
    after = int(due) if due.isascii() and due.isdigit() and len(due) <= 15 else 0
    wanted = CaseFilter(kind, STATES[options.state])
    found = await call.app.store.ledger.list_cases(wanted, (after, number), call.limit + 1)
    page = found[: call.limit]
    cursor = f"{page[-1].due_ms}:{page[-1].number}" if len(found) > call.limit else None
    return AdminResult(items=tuple(show(one) for one in page), cursor=cursor)


async def find_case(call: Call, kind: CaseKind) -> CaseState | Refusal:
    """Return the case that a call is about."""
    case = await call.app.store.ledger.load_case(call.target.lower())
    return case if case is not None and case.kind is kind else NO_SUCH_CASE


@carries_out(rows.SHOW_REPORT)
async def show_report(call: Call, options: NoOptions) -> Outcome:
    return await show_case(call, CaseKind.REPORT)


@carries_out(rows.SHOW_APPEAL)
async def show_appeal(call: Call, options: NoOptions) -> Outcome:
    return await show_case(call, CaseKind.APPEAL)


async def show_case(call: Call, kind: CaseKind) -> Outcome:
    """Show a case; what people wrote and the evidence to those alone who may decide, which the ledger then has."""
    case = await find_case(call, kind)
    if isinstance(case, Refusal):
        return case
    app = call.app
    act = app.cases.service.act(case, ReadCase(), call.account.actor())
    if isinstance(act, Refusal) and act.code is ErrorCode.FORBIDDEN:
        return AdminResult(items=(case_item(case),))
    refusal = await app.cases.service.wait_stored(act)
    if refusal:
        return refusal
    found = app.cases.texts.unseal(case.number, await app.store.ledger.case_text(case.number))
    record = await app.store.ledger.reporter_record(case.by, app.clock.now_ms())
    more: dict[str, object] = {"text": found.text if found else None, "subject": found.subject if found else None}
    if case.kind is CaseKind.REPORT:
        more |= {"reliability": record.reliability, "reporter_upheld": record.upheld}
        more |= {"reporter_dismissed": record.dismissed, "reporter_bad_faith": record.bad_faith}
    return AdminResult(items=(case_item(case) | more,))


@carries_out(rows.CLOSE_REPORT)
async def close_report(call: Call, options: rows.Decision) -> Outcome:
    """Decide on a report; where it is upheld, `suspend` also suspends the account, or the group, that was reported,
    and `remove` removes the entry."""
    case = await find_case(call, CaseKind.REPORT)
    if isinstance(case, Refusal):
        return case
    service, actor = call.app.cases.service, call.account.actor()
    command = CloseReport(CaseOutcome(options.outcome), call.reason)
    act = service.act(case, command, actor)
    if (options.remove or options.suspend is not None) and not isinstance(act, Refusal):
        refusal = await take_measures(call, case, command, options)
        act = refusal or service.act(case, command, actor)
    if isinstance(act, Refusal):
        return act
    if not call.dry_run:
        refusal = await service.wait_stored(act)
        if refusal:
            return refusal
        await call.app.cases.settler.settle(case.number)
    return AdminResult(items=(case_item(act.state),), changed=len(act.events))


async def take_measures(call: Call, case: CaseState, command: CloseReport, options: rows.Decision) -> Refusal | None:
    """Take the measures that a report is closed with; return why not."""
    if command.outcome is not CaseOutcome.UPHELD:
        text = N_("Only a report that is upheld brings a measure.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "remove" if options.remove else "suspend"})
    # All of it is asked about first: what is refused should not be half done.
    for one in (replace(call, dry_run=True), call):
        refusal = await remove_reported(one, case) if options.remove else None
        if refusal is None and options.suspend is not None:
            refusal = await suspend(one, case, command, options.suspend)
        if refusal is not None:
            return refusal
    return None


async def remove_reported(call: Call, case: CaseState) -> Refusal | None:
    """Remove the entry that was reported, under the reason that it was reported for. Return why not."""
    room = await call.app.rooms.load(case.code) if case.seq else None
    if room is None:
        text = N_("This report is not about an entry: there is none to remove.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "remove"})
    entries = await entries_at(call, room, [case.seq])
    rule = case.reason if case.reason in call.app.policy.cases.reasons else ""
    done = entries if isinstance(entries, Refusal) else await remove(call, room, entries, rule, case.number)
    return done if isinstance(done, Refusal) else None


async def suspend(call: Call, case: CaseState, command: CloseReport, duration_ms: int) -> Refusal | None:
    """Suspend what was reported: the group, where the report is about one, else the account. Return why not."""
    app = call.app
    room = await app.rooms.load(case.code) if case.code and not case.seq else None
    if room is not None and room.state.owner == case.user:
        terms = Terms(Subject.GROUP, Measure.SUSPEND, command.reason, code=case.code)
    else:
        terms = Terms(Subject.ACCOUNT, Measure.SUSPEND, command.reason, user=case.user)
    grounds = await grounds_in(call, case)
    terms = msgspec.structs.replace(terms, duration_ms=duration_ms, grounds=grounds)
    taken = await app.cases.sanctions.take(terms, call.account, report=case.number, dry_run=call.dry_run)
    return taken if isinstance(taken, Refusal) else None


async def grounds_in(call: Call, case: CaseState) -> Grounds:
    """Return what a measure rests on that a report brings: its reason, and the entry."""
    rule = case.reason if case.reason in call.app.policy.cases.reasons else ""
    entry = await call.app.store.journal.entry(case.code, case.seq) if case.seq else None
    return Grounds(rule, "", case.code, entry.seq, entry.ts) if entry else Grounds(rule)


@carries_out(rows.APPROVE_APPEAL)
async def approve_appeal(call: Call, options: NoOptions) -> Outcome:
    return await answer_appeal(call, CaseOutcome.OVERTURNED)


@carries_out(rows.REJECT_APPEAL)
async def reject_appeal(call: Call, options: NoOptions) -> Outcome:
    return await answer_appeal(call, CaseOutcome.CONFIRMED)


async def answer_appeal(call: Call, outcome: CaseOutcome) -> Outcome:
    """Decide on an appeal; the appellant is told the reason."""
    case = await find_case(call, CaseKind.APPEAL)
    if isinstance(case, Refusal):
        return case
    command, actor = DecideAppeal(outcome, call.reason), call.account.actor()
    decided = await call.app.cases.appeals.decide(case, command, actor, dry_run=call.dry_run)
    return decided if isinstance(decided, Refusal) else AdminResult(items=(case_item(decided),), changed=1)
