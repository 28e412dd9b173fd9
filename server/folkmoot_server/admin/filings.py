"""Administration of reports to the authority (G11, P11)."""

from msgspec.structs import replace

from folkmoot_governance import Refusal
from folkmoot_governance.filing import (
    ACT,
    ApproveFiling,
    ExportFiling,
    Filing,
    FilingCommand,
    FilingState,
    NoteReceipt,
    check_approved,
)
from folkmoot_protocol.admin import filings as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..actions.cases.filings import as_csv
from ..common.i18n import N_
from .call import Call, Outcome, carries_out
from .common import who_may

NO_SUCH_FILING = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no report of such a measure."), {"help": "filing list"})
NO_ADDRESS = Refusal(
    ErrorCode.CONFLICT,
    N_("There is no webhook to send to: set operator.authority_url, or take the report out with --as json."),
    {"rule": "operator.authority_url", "help": "filing send --as json"},
)


def filing_item(filing: Filing) -> dict[str, object]:
    """Return a filing as a line of the list."""
    return {
        "case": filing.case,
        "measure": filing.measure,
        "corrects": filing.corrects,
        "state": filing.state.value,
        "user": filing.user,
        "group": filing.code,
        "at_ts": filing.ts,
        "approved_ts": filing.approved_ts,
        "sent_ts": filing.sent_ts,
        "receipt": filing.receipt,
        "receipt_ts": filing.receipt_ts,
        "tries": filing.tries,
        "problem": filing.problem,
    }


async def find_filing(call: Call) -> Filing | Refusal:
    """Return the filing that a call is about."""
    return await call.app.store.ledger.filing(call.target.lower()) or NO_SUCH_FILING


async def decide(call: Call, command: FilingCommand) -> Filing | Refusal:
    """Carry out a command on it."""
    filing = await find_filing(call)
    if isinstance(filing, Refusal):
        return filing
    if isinstance(command, ApproveFiling) and command.identity:
        asked_by = await who_may(call, [filing.asked_by] if filing.asked_by else [], ACT)
        filing = replace(filing, asked_by="".join(asked_by))
    return await call.app.cases.filings.decide(filing, command, call.account, dry_run=call.dry_run)


def told(filing: Filing | Refusal, **more: object) -> Outcome:
    """Return the answer that shows it."""
    return filing if isinstance(filing, Refusal) else AdminResult(items=(filing_item(filing) | more,), changed=1)


@carries_out(rows.LIST_FILINGS)
async def list_filings(call: Call, options: rows.WhichFilings) -> Outcome:
    """List filings of a state, or all, the oldest first."""
    ts, _, case = (call.cursor or "0:").partition(":")
    after = int(ts) if ts.isascii() and ts.isdigit() and len(ts) <= 15 else 0
    state = None if options.state == "all" else FilingState(options.state)
    found = await call.app.store.ledger.list_filings(state, (after, case), call.limit + 1)
    page = found[: call.limit]
    cursor = f"{page[-1].ts}:{page[-1].case}" if len(found) > call.limit else None
    return AdminResult(items=tuple(map(filing_item, page)), cursor=cursor)


@carries_out(rows.SHOW_FILING)
async def show_filing(call: Call, options: NoOptions) -> Outcome:
    filing = await find_filing(call)
    if isinstance(filing, Refusal):
        return filing
    more = {"identity": filing.identity, "asked_by": filing.asked_by, "approved_by": filing.approved_by}
    return AdminResult(items=(filing_item(filing) | more | {"statement": filing.statement},))


@carries_out(rows.APPROVE_FILING)
async def approve_filing(call: Call, options: rows.Approval) -> Outcome:
    return told(await decide(call, ApproveFiling(options.identity)))


@carries_out(rows.SEND_FILING)
async def send_filing(call: Call, options: rows.Way) -> Outcome:
    """Send it to the webhook now, or return the document with its signature."""
    filings = call.app.cases.filings
    if options.form == "webhook":
        filing = await find_filing(call)
        if isinstance(filing, Refusal):
            return filing
        if not filings.has_address:
            return NO_ADDRESS
        refusal = check_approved(filing)
        return refusal or told(filing if call.dry_run else await filings.send(filing))
    filing = await decide(call, ExportFiling())
    if isinstance(filing, Refusal):
        return filing
    document = await filings.document(filing)
    text = document.decode() if options.form == "json" else as_csv([document])
    return told(filing, document=text, signature=filings.sign(text.encode(), filing.sent_ts))


@carries_out(rows.NOTE_RECEIPT)
async def note_receipt(call: Call, options: rows.Receipt) -> Outcome:
    return told(await decide(call, NoteReceipt(options.number.strip())))
