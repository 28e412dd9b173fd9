"""Administration of the months that messages and the access log are kept in (G13)."""

from folkmoot_governance.store_acts import MonthSealed
from folkmoot_protocol.admin import segments as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult

from ..storage.api import Segment
from ..storage.sql.months import goes_at
from .call import Call, Outcome, carries_out


@carries_out(rows.LIST_SEGMENTS)
async def list_segments(call: Call, options: NoOptions) -> Outcome:
    """List all months, the oldest first."""
    store, kept = call.app.store, call.app.config.retention
    seals = await call.app.store_acts.seals()
    items = [segment_item("journal", one, kept.months, seals.get(one.month)) for one in await store.journal.segments()]
    items += [segment_item("access", one, kept.access_log_months) for one in await store.access.segments()]
    return AdminResult(items=tuple(items))


def segment_item(kind: str, one: Segment, months: int, seal: MonthSealed | None = None) -> dict[str, object]:
    """Return a month as a row: `goes_ts` is when it may be removed at the earliest, where it is not the newest then."""
    item: dict[str, object] = {
        "month": one.month,
        "kind": kind,
        "size": one.size,
        "goes_ts": goes_at(one.month, months),
    }
    if seal is not None:
        item |= {"entries": seal.entries, "sealed_ts": seal.at, "sha256": seal.sha256, "root": seal.root}
    return item
