"""Administration of reports (G12) and appeals (P15)."""

from collections.abc import Callable

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.case.brigade import find_brigade
from folkmoot_governance.case.checks import NO_SUCH_CASE, OPEN, check_scope
from folkmoot_governance.case.commands import (
    CaseCommand,
    ClaimCase,
    CloseReport,
    DecideAppeal,
    NoteCase,
    ReadCase,
    ReleaseCase,
)
from folkmoot_governance.case.offence import gravest_reason
from folkmoot_governance.case.state import PUBLIC, CaseKind, CaseState, Terms
from folkmoot_governance.case.state import Outcome as CaseOutcome
from folkmoot_governance.dates import is_overdue
from folkmoot_governance.duration import HOUR_MS
from folkmoot_governance.group.commands import RemoveEntries
from folkmoot_governance.permissions import may_on_platform
from folkmoot_governance.restrictions import Grounds, Measure, Subject
from folkmoot_protocol.admin import cases as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.results import AdminResult

from ..actions.accounts.govern import AccountAct
from ..actions.acting import join
from ..actions.cases.govern import CaseAct
from ..actions.groups.govern import Act
from ..common.i18n import N_
from ..live.rooms import Room
from ..sealed.case_texts import NOTE, CaseText
from ..storage.api import ActFilter, CaseFilter
from ..storage.change_set import Recorded, case_stream
from .call import Call, Outcome, carries_out
from .common import LONGEST, check_asker, page_of
from .entries import entries_at, removal

Show = Callable[[CaseState, int], dict[str, object]]
"""Returns a case as it is listed, at a time (Unix ms)."""

MOST_COMPARED = 200
"""So many reporters are looked at for whether they know each other."""
STATES = {"open": True, "overdue": True, "closed": False, "all": None}


def case_item(case: CaseState, now: int) -> dict[str, object]:
    """Return a case as administrators see it at `now` (Unix ms)."""
    open_state = "overdue" if is_overdue(case, now) else "open"
    return {
        "case": case.number,
        "kind": case.kind.value,
        "state": case.outcome.value if case.outcome else open_state,
        "severity": case.severity.value,
        "reason": case.reason,
        "by": "" if case.by.startswith(PUBLIC) else case.by,
        "reporters": len(case.reporters),
        "group": case.code,
        "seq": case.seq,
        "user": case.user,
        "measure": case.measure,
        "decider": case.decider,
        "claimed_by": case.claimed_by if case.claim_until_ms > now else "",
        "claim_until_ms": case.claim_until_ms,
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


async def list_cases(call: Call, options: rows.Which, kind: CaseKind, show: Show = case_item) -> Outcome:
    """List cases of a kind that are open, overdue, decided (closed) or all, what is due first before the others."""
    due, _, number = (call.cursor or "0:").partition(":")
    after = int(due) if due.isascii() and due.isdigit() and len(due) <= 15 else 0
    now = call.app.clock.now_ms()
    wanted = CaseFilter(kind, STATES[options.state], due_by=now if options.state == "overdue" else None)
    found = await call.app.store.ledger.list_cases(wanted, (after, number), call.limit + 1)
    page = found[: call.limit]
    cursor = f"{page[-1].due_ms}:{page[-1].number}" if len(found) > call.limit else None
    return AdminResult(items=tuple(show(one, now) for one in page), cursor=cursor)


async def find_case(call: Call, kind: CaseKind) -> CaseState | Refusal:
    """Return the case that a call is about, if the asker's role is about it."""
    number = call.target.lower()
    case = await call.app.store.ledger.load_case(number)
    outside = check_scope(call.account.actor(), number)
    return case if case is not None and case.kind is kind and outside is None else NO_SUCH_CASE


@carries_out(rows.SHOW_REPORT)
async def show_report(call: Call, options: NoOptions) -> Outcome:
    return await show_case(call, CaseKind.REPORT)


@carries_out(rows.SHOW_APPEAL)
async def show_appeal(call: Call, options: NoOptions) -> Outcome:
    return await show_case(call, CaseKind.APPEAL)


async def show_case(call: Call, kind: CaseKind) -> Outcome:
    """Show a case; what people wrote and the evidence to those alone who may open it, which the ledger then has."""
    case = await find_case(call, kind)
    if isinstance(case, Refusal):
        return case
    app, item = call.app, case_item(case, call.app.clock.now_ms())
    if not may_on_platform(call.account.role, OPEN):
        return AdminResult(items=(item,))
    refusal = await record_opening(call, case)
    if refusal:
        return refusal
    found = app.cases.texts.unseal(case.number, await app.store.ledger.case_text(case.number))
    more: dict[str, object] = {"text": found.text if found else None, "subject": found.subject if found else None}
    more["notes"] = await notes_of(call, case)
    if case.kind is CaseKind.REPORT:
        record = await app.store.ledger.reporter_record(case.by, app.clock.now_ms())
        more |= {"reliability": record.reliability, "reporter_upheld": record.upheld}
        more |= {"reporter_dismissed": record.dismissed, "reporter_bad_faith": record.bad_faith}
        more |= {"reported_by": reported_by(case), "brigade": await brigade_of(call, case)}
        more["around"] = await around(call, case, found)
        if found:
            # With what came later, it is in `around`.
            more["subject"] = {name: value for name, value in found.subject.items() if name != "around"}
    return AdminResult(items=(item | more,))


async def record_opening(call: Call, case: CaseState) -> Refusal | None:
    """Put on record, before anything is shown, that a case is opened; return why it is not."""
    service = call.app.cases.service
    return check_asker(call, OPEN) or await service.wait_stored(service.act(case, ReadCase(), call.account.actor()))


@carries_out(rows.LOG_REPORT)
async def log_report(call: Call, options: NoOptions) -> Outcome:
    return await log_case(call, CaseKind.REPORT)


@carries_out(rows.LOG_APPEAL)
async def log_appeal(call: Call, options: NoOptions) -> Outcome:
    return await log_case(call, CaseKind.APPEAL)


async def log_case(call: Call, kind: CaseKind) -> Outcome:
    """Show what happened to a case, the latest first: this reading of it is the first line."""
    case = await find_case(call, kind)
    if isinstance(case, Refusal):
        return case
    refusal = await record_opening(call, case)
    if refusal:
        return refusal
    wanted = ActFilter(before=before_of(call))
    found = await call.app.store.ledger.acts(case_stream(case.number), wanted, call.limit + 1)
    return page_of([act_item(one) for one in found], call.limit, "version")


def before_of(call: Call) -> int | None:
    """Return before which version an earlier page has ended, None for no earlier one."""
    cursor = call.cursor
    return int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) <= LONGEST else None


def act_item(one: Recorded) -> dict[str, object]:
    """Return an act on a case as a row; what it says besides is `detail`."""
    event = msgspec.to_builtins(one.event)
    detail = {name: value for name, value in event.items() if name not in ("event", "at", "by") and value}
    by = "" if one.event.by.startswith(PUBLIC) else one.event.by
    return {"version": one.version, "at_ts": one.event.at, "what": event["event"], "by": by, "detail": detail}


def reported_by(case: CaseState) -> list[dict[str, object]]:
    """Return who has reported, in order; those without an account have no name."""
    return [
        {"by": "" if user.startswith(PUBLIC) else user, "ts": one.ts, "reason": one.reason, "bad_faith": one.bad_faith}
        for user, one in case.reporters.items()
    ]


async def brigade_of(call: Call, case: CaseState) -> dict[str, object] | None:
    """Return the reporters who know each other and were quick, where they are many: shown, and nothing else."""
    reported = {user: one.ts for user, one in case.reporters.items() if not user.startswith(PUBLIC)}
    groups = {}
    for user in list(reported)[:MOST_COMPARED]:
        stored = await call.app.store.ledger.load_account(user)
        groups[user] = stored.groups if stored else ()
    found = find_brigade({user: reported[user] for user in groups}, groups, case.code)
    shown: dict[str, object] | None = msgspec.to_builtins(found)
    return shown


async def notes_of(call: Call, case: CaseState) -> list[dict[str, object]]:
    """Return what was written to a case after it was opened: by who joined a report, by staff, by the one reported."""
    notes = []
    for one in await call.app.store.ledger.case_notes(case.number):
        text = call.app.cases.texts.open_note(case.number, one)
        by = "" if one.by.startswith(PUBLIC) else one.by
        notes.append({"kind": one.kind, "by": by, "ts": one.ts, "text": text.text if text else None})
    return notes


async def around(call: Call, case: CaseState, found: CaseText | None) -> list[dict[str, object]]:
    """Return the entries before and after the one reported: as they were then, those that came later as they are."""
    room = await call.app.rooms.load(case.code) if case.seq else None
    now = await call.app.cases.reports.around(room, case.seq) if room is not None else []
    kept = found.subject.get("around", []) if found else []
    entries = {one["seq"]: one for one in [*msgspec.to_builtins(now), *kept]}
    return [entries[seq] for seq in sorted(entries)]


@carries_out(rows.NOTE_REPORT)
async def note_report(call: Call, options: rows.Note) -> Outcome:
    """Write a note, which is kept sealed beside the ledger."""
    case = await find_case(call, CaseKind.REPORT)
    if isinstance(case, Refusal):
        return case
    service, texts = call.app.cases.service, call.app.cases.texts
    row = texts.note_row(case.number, case.version + 1, call.account.user, NOTE, CaseText(options.text), call.app.clock)
    act = service.act(case, NoteCase(), call.account.actor(), [row])
    refusal = await service.wait_stored(act)
    return refusal or AdminResult(items=(case_item(case, service.now()),), changed=1)


@carries_out(rows.LIST_TEMPLATES)
async def list_templates(call: Call, options: NoOptions) -> Outcome:
    templates = call.app.config.policy.reports.templates
    return AdminResult(items=tuple({"name": f"@{name}", "text": call.say(text)} for name, text in templates.items()))


@carries_out(rows.CLAIM_REPORT)
async def claim_report(call: Call, options: rows.Claim) -> Outcome:
    return await act_on_case(call, CaseKind.REPORT, claim_for(call, options))


@carries_out(rows.CLAIM_APPEAL)
async def claim_appeal(call: Call, options: rows.Claim) -> Outcome:
    return await act_on_case(call, CaseKind.APPEAL, claim_for(call, options))


@carries_out(rows.RELEASE_REPORT)
async def release_report(call: Call, options: NoOptions) -> Outcome:
    return await act_on_case(call, CaseKind.REPORT, ReleaseCase())


@carries_out(rows.RELEASE_APPEAL)
async def release_appeal(call: Call, options: NoOptions) -> Outcome:
    return await act_on_case(call, CaseKind.APPEAL, ReleaseCase())


def claim_for(call: Call, options: rows.Claim) -> ClaimCase:
    """Return the claim that is asked for."""
    usual = call.app.config.policy.reports.claim_hours * HOUR_MS
    return ClaimCase(usual if options.duration is None else options.duration)


async def act_on_case(call: Call, kind: CaseKind, command: CaseCommand) -> Outcome:
    """Carry out a command on the case that a call is about, unless it is a dry run."""
    case = await find_case(call, kind)
    if isinstance(case, Refusal):
        return case
    service = call.app.cases.service
    act = service.act(case, command, call.account.actor())
    if isinstance(act, Refusal):
        return act
    refusal = None if call.dry_run else await service.wait_stored(act)
    return refusal or AdminResult(items=(case_item(act.state, service.now()),), changed=len(act.events))


@carries_out(rows.CLOSE_REPORT)
async def close_report(call: Call, options: rows.Decision) -> Outcome:
    """Decide on a report; where it is upheld, `suspend` also suspends the account, or the group, that was reported,
    and `remove` removes the entry."""
    case = await find_case(call, CaseKind.REPORT)
    if isinstance(case, Refusal):
        return case
    service = call.app.cases.service
    named = tuple(fold_user_name(word.removeprefix("@")) for word in options.of.split())
    command = CloseReport(CaseOutcome(options.outcome), call.reason, named)
    closing = service.act(case, command, call.account.actor())
    if isinstance(closing, Refusal):
        return closing
    if (options.remove or options.suspend is not None) and command.outcome is not CaseOutcome.UPHELD:
        text = N_("Only a report that is upheld can lead to a measure.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "remove" if options.remove else "suspend"})
    # All of it is asked about first: what is refused leaves nothing in memory that is not stored.
    refusal = await would_take(call, case, options)
    if refusal is None and not call.dry_run:
        refusal = await take_with(call, case, options, closing)
    return refusal or AdminResult(items=(case_item(closing.state, service.now()),), changed=len(closing.events))


async def would_take(call: Call, case: CaseState, options: rows.Decision) -> Refusal | None:
    """Return why the measures that a report is to be closed with cannot be taken."""
    removing = await find_reported(call, case) if options.remove else None
    if isinstance(removing, Refusal):
        return removing
    if removing is not None:
        events = call.app.group_service.would(*removing, call.account)
        if isinstance(events, Refusal):
            return events
    if options.suspend is None:
        return None
    terms, sanctions = await suspension(call, case, options.suspend), call.app.cases.sanctions
    taken = await sanctions.take(terms, call.account, report=case.number, dry_run=True)
    return taken if isinstance(taken, Refusal) else None


async def take_with(call: Call, case: CaseState, options: rows.Decision, closing: CaseAct) -> Refusal | None:
    """Take the measures and close the report, in one transaction; return why not."""
    removing = await find_reported(call, case) if options.remove else None
    terms = await suspension(call, case, options.suspend) if options.suspend is not None else None
    if isinstance(removing, Refusal):
        return removing
    # From the first decision to the queue there is no wait.
    acts: list[Act | AccountAct | CaseAct] = [closing]
    if terms is not None:
        suspending = await call.app.cases.sanctions.decide(terms, call.account, case.number)
        if isinstance(suspending, Refusal):
            return suspending
        acts.insert(0, suspending)
    if removing is not None:
        act = call.app.group_service.act(*removing, call.account)
        if isinstance(act, Refusal):
            return act
        acts.insert(0, act)
    join(acts[0], acts[1:])
    refusal = await call.app.cases.service.wait_stored(acts[0])
    if refusal is None:
        await call.app.cases.settler.settle(case.number)
    return refusal


async def find_reported(call: Call, case: CaseState) -> tuple[Room, RemoveEntries] | Refusal:
    """Return what removes the entry that was reported, under the gravest reason that it was reported for."""
    room = await call.app.rooms.load(case.code) if case.seq else None
    if room is None:
        text = N_("This report is not about an entry: there is none to remove.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "remove"})
    entries = await entries_at(call, room, [case.seq])
    rule = gravest_reason(case, call.app.policy.cases)
    return entries if isinstance(entries, Refusal) else (room, removal(call, entries, rule, case.number))


async def suspension(call: Call, case: CaseState, duration_ms: int) -> Terms:
    """Return the suspension of what was reported: the group, where the report is about one, else the account."""
    room = await call.app.rooms.load(case.code) if case.code and not case.seq else None
    grounds = await grounds_in(call, case)
    if room is not None and room.state.owner == case.user:
        return Terms(
            Subject.GROUP, Measure.SUSPEND, call.reason, code=case.code, duration_ms=duration_ms, grounds=grounds
        )
    return Terms(
        Subject.ACCOUNT, Measure.SUSPEND, call.reason, user=case.user, duration_ms=duration_ms, grounds=grounds
    )


async def grounds_in(call: Call, case: CaseState) -> Grounds:
    """Return what a measure rests on that a report brings: its gravest reason, and the entry."""
    rule = gravest_reason(case, call.app.policy.cases)
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
    if isinstance(decided, Refusal):
        return decided
    return AdminResult(items=(case_item(decided, call.app.clock.now_ms()),), changed=1)
