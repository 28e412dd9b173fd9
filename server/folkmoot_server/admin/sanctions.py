"""Administration of measures against accounts and groups, and of warnings to groups (G11)."""

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import FreeAccount, RestoreAccount
from folkmoot_governance.case.checks import NO_SUCH_CASE
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.group import commands as c
from folkmoot_governance.measures import row_of
from folkmoot_governance.restrictions import Measure, Subject
from folkmoot_governance.statement import statement_of
from folkmoot_protocol.admin import sanctions as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..actions.cases.measures import place_of
from ..common.i18n import N_
from ..storage.api import CaseFilter, WarningRow
from .accounts import account_item, act_on_user
from .call import Call, Outcome, carries_out
from .cases import find_case
from .common import find_account, page_of
from .groups import act_on_group, group_item
from .taking import NO_SUCH_MEASURE, proposal_item, take, told

PROPOSAL = "p-"


@carries_out(rows.LIST_WARNINGS)
async def list_warnings(call: Call, options: NoOptions) -> Outcome:
    found = await call.app.store.ledger.list_warnings(call.cursor, call.limit + 1)
    now = call.app.clock.now_ms()
    items: list[dict[str, object]] = [msgspec.to_builtins(one) | {"state": warning_state(one, now)} for one in found]
    return page_of(items, call.limit, "code")


def warning_state(warning: WarningRow, now: int) -> str:
    """Return how a warning stands: who owes something, its owner (open) or staff (mended), or whether that is late."""
    due = warning.inspect_until_ms if warning.rectified_ts else warning.mend_until_ms
    if due and due <= now:
        return "overdue"
    return "mended" if warning.rectified_ts else "open"


@carries_out(rows.LIST_PROPOSALS)
async def list_proposals(call: Call, options: NoOptions) -> Outcome:
    """List what waits for a second administrator, what is due first before the others."""
    due, _, number = (call.cursor or "0:").partition(":")
    after = int(due) if due.isascii() and due.isdigit() and len(due) <= 15 else 0
    wanted = CaseFilter(CaseKind.MEASURE, is_open=True)
    found = await call.app.store.ledger.list_cases(wanted, (after, number), call.limit + 1)
    page = found[: call.limit]
    cursor = f"{page[-1].due_ms}:{page[-1].number}" if len(found) > call.limit else None
    return AdminResult(items=tuple(proposal_item(one) for one in page), cursor=cursor)


@carries_out(rows.SHOW_SANCTION)
async def show_sanction(call: Call, options: NoOptions) -> Outcome:
    """Show a measure, or a proposed one, by its case number."""
    if call.target.lower().startswith(PROPOSAL):
        case = await find_case(call, CaseKind.MEASURE)
        return case if isinstance(case, Refusal) else AdminResult(items=(proposal_item(case),))
    place = place_of(call.target.lower())
    event = await call.app.cases.measures.event_at(place) if place else None
    row = row_of(event)
    if place is None or row is None:
        return NO_SUCH_CASE
    number = f"@{place.user}-{place.version}" if place.user else f"{place.code}-{place.version}"
    item: dict[str, object] = {
        "case": number,
        "measure": row.name,
        "user": place.user,
        "group": place.code,
        "at_ts": event.at,  # type: ignore[attr-defined]  # what a row is of is an event
        "by": event.by,  # type: ignore[attr-defined]  # the same
        "proposed_by": event.proposed_by,  # type: ignore[attr-defined]  # the same
        "statement": statement_of(event, number),
    }
    return AdminResult(items=(item,))


@carries_out(rows.TAKE_MEASURE)
async def take_measure(call: Call, options: rows.NewMeasure) -> Outcome:
    measure, score = Measure(options.measure), options.score
    if (measure is Measure.CREDIT) is (score is None):
        text = N_("Only the measure credit has a new score.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "score"})
    more = {"duration_ms": options.duration, "replaces": options.replace, "score": score or 0}
    if call.target.startswith("@"):
        account = await find_account(call)
        if isinstance(account, Refusal):
            return account
        taken = await take(call, Subject.ACCOUNT, account.user, measure, options, **more)  # type: ignore[arg-type]  # mixed
        return told(taken, account_item(call, account))
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    taken = await take(call, Subject.GROUP, room.state.code, measure, options, **more)  # type: ignore[arg-type]  # mixed
    return told(taken, group_item(room, call.app.clock.now_ms()))


@carries_out(rows.END_MEASURE)
async def end_measure(call: Call, options: rows.OldMeasure) -> Outcome:
    """End a measure early; what has no end (closing, credit) ends by an appeal, and a warning when it is mended."""
    measure = Measure(options.measure)
    if measure in (Measure.CLOSE, Measure.CREDIT, Measure.WARN):
        return NO_SUCH_MEASURE
    if call.target.startswith("@"):
        is_suspension = measure is Measure.SUSPEND
        return await act_on_user(
            call, RestoreAccount(call.reason) if is_suspension else FreeAccount(measure, call.reason)
        )
    if measure is Measure.SUSPEND:
        return await act_on_group(call, c.RestoreGroup(call.reason))
    return await act_on_group(call, c.FreeGroup(measure, call.reason))


@carries_out(rows.CONFIRM_MEASURE)
async def confirm_measure(call: Call, options: NoOptions) -> Outcome:
    """Take a measure that somebody else has proposed."""
    case = await find_case(call, CaseKind.MEASURE)
    if isinstance(case, Refusal):
        return case
    taken = await call.app.cases.sanctions.confirm(case, call.account, dry_run=call.dry_run)
    if isinstance(taken, Refusal):
        return taken
    return AdminResult(items=(proposal_item(case) | {"state": "taken", "answer": taken.case},), changed=taken.changed)


@carries_out(rows.ACCEPT_RECTIFICATION)
async def accept_rectification(call: Call, options: NoOptions) -> Outcome:
    return await act_on_group(call, c.AcceptRectification(call.reason))


@carries_out(rows.REJECT_RECTIFICATION)
async def reject_rectification(call: Call, options: rows.NewDeadline) -> Outcome:
    """Keep a warning open, or turn down a proposed measure: `p-…`."""
    if not call.target.lower().startswith(PROPOSAL):
        return await act_on_group(call, c.RejectRectification(call.reason, options.duration))
    case: CaseState | Refusal = await find_case(call, CaseKind.MEASURE)
    if not isinstance(case, Refusal):
        case = await call.app.cases.sanctions.refuse(case, call.reason, call.account, dry_run=call.dry_run)
    return case if isinstance(case, Refusal) else AdminResult(items=(proposal_item(case),), changed=1)
