"""Administration of the ledger: looking at what was done is an act of staff, for a case (G6.2, G13)."""

from folkmoot_governance.reading import READ_ACCESS, ReadTexts
from folkmoot_protocol.admin import audit as rows
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.results import AdminResult

from ..storage.api import Ledger
from ..storage.rows import LedgerRow
from .call import Call, Outcome, carries_out
from .common import record_reading

AT_ONCE, LOOKED_AT = 500, 10_000
"""Events that are read at once, and for one page; a page of somebody who did little ends before it is full."""


def audit_item(row: LedgerRow) -> dict[str, object]:
    """Return an event as staff sees it: of what was said in it, nothing."""
    stream, _, subject = row.stream.partition(":")
    about = f"@{subject}" if stream == "account" else subject or stream
    return {"position": row.position, "at_ts": row.ts, "what": row.type, "by": row.actor, "about": about}


async def behind(ledger: Ledger, size: int) -> int:
    """Return the position behind the last event, of which so many are in the log. Raises StorageError."""
    while found := await ledger.ledger_rows(size, AT_ONCE):
        size = found[-1].position
    return size + 1


@carries_out(rows.LIST_AUDIT)
async def list_audit(call: Call, options: rows.Whose) -> Outcome:
    ledger, by = call.app.store.ledger, fold_user_name(options.account)
    if call.cursor:
        before = int(call.cursor) if call.cursor.isdecimal() and len(call.cursor) < 19 else 0
    else:
        newest = await call.app.event_log.newest()
        before = await behind(ledger, newest.size if newest else 0)
    found, least = list[LedgerRow](), max(before - LOOKED_AT, 1)
    while before > least and len(found) < call.limit:
        first = max(before - AT_ONCE, least)
        some = [row for row in await ledger.ledger_rows(first - 1, before - first) if row.position < before]
        mine = [row for row in reversed(some) if by in ("", row.actor)][: call.limit - len(found)]
        found += mine
        before = mine[-1].position if len(found) == call.limit else first
    refusal = await record_reading(call, ReadTexts(options.case, "audit", count=len(found), permission=READ_ACCESS))
    return refusal or AdminResult(items=tuple(map(audit_item, found)), cursor=str(before) if before > 1 else None)
