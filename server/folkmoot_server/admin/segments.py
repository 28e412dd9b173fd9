"""Administration of the months that messages and the access log are kept in (G13)."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from folkmoot_governance import Refusal
from folkmoot_governance.holds import Hold, in_force
from folkmoot_governance.store_acts import EntriesHeld, MonthRemoved, MonthSealed, Part, StoreEvent
from folkmoot_protocol.admin import segments as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult

from ..storage.api import Segment
from ..storage.sql.months import Stage, begin_of, end_of, goes_at, stage_of
from .call import Call, Outcome, carries_out

Seals = Mapping[tuple[Part, str], MonthSealed]


@carries_out(rows.LIST_SEGMENTS)
async def list_segments(call: Call, options: NoOptions) -> Outcome:
    """List all months, the oldest first."""
    store, kept = call.app.store, call.app.config.retention
    seals = await call.app.store_acts.seals()
    items = [segment_item("journal", one, kept.months, seals) for one in await store.journal.segments()]
    items += [segment_item("access", one, kept.access_log_months, seals) for one in await store.access.segments()]
    return AdminResult(items=tuple(items))


@carries_out(rows.PLAN_SEGMENTS)
async def plan_segments(call: Call, options: NoOptions) -> Outcome:
    """List months that were removed, and what is planned with the others, the oldest first."""
    store, kept, now = call.app.store, call.app.config.retention, call.app.clock.now_ms()
    events = await call.app.store_acts.events()
    holds = in_force((await call.app.holds.by_staff()).values(), now)
    holds += [hold async for hold in call.app.holds.by_cases()]
    items = removed_items(events)
    seals = await call.app.store_acts.seals()
    items += plan_items("journal", await store.journal.segments(), now, kept.months, seals, holds)
    named = [hold for hold in holds if hold.users]
    items += plan_items("access", await store.access.segments(), now, kept.access_log_months, seals, named)
    return AdminResult(items=tuple(sorted(items, key=lambda item: (str(item["month"]), item["kind"] == "access"))))


def removed_items(events: Sequence[StoreEvent]) -> list[dict[str, object]]:
    """Return the months that were removed as rows, with what they had and what is kept of them."""
    held: Counter[tuple[str, str]] = Counter()
    for one in events:
        if isinstance(one, EntriesHeld):
            held[one.part, one.month] += one.entries
    return [
        {"month": one.month, "kind": one.part, "stage": Stage.REMOVED.value, "removed_ts": one.at}
        | {"entries": max(one.entries, 0), "held": held[one.part, one.month]}
        for one in events
        if isinstance(one, MonthRemoved)
    ]


def plan_items(
    kind: Part,
    segments: Sequence[Segment],
    now: int,
    months: int,
    seals: Collection[tuple[Part, str]],
    holds: Sequence[Hold],
) -> list[dict[str, object]]:
    """Return months that are there as rows."""
    items: list[dict[str, object]] = []
    for one in segments:
        is_newest = one is segments[-1]
        stage, at = stage_of(one.month, now, months, is_newest=is_newest, is_sealed=(kind, one.month) in seals)
        count = sum(hold.overlaps(begin_of(one.month), end_of(one.month)) for hold in holds)
        items.append({"month": one.month, "kind": kind, "stage": stage.value, "next_ts": at, "holds": count})
    return items


@carries_out(rows.CONFIRM_SEGMENTS)
async def confirm_segments(call: Call, options: NoOptions) -> Outcome:
    changed = await call.app.store_acts.confirm_removal(call.account.actor(), call.reason, dry_run=call.dry_run)
    return changed if isinstance(changed, Refusal) else AdminResult(items=(), changed=changed)


def segment_item(kind: Part, one: Segment, months: int, seals: Seals) -> dict[str, object]:
    """Return a month as a row: `goes_ts` is when it may be removed at the earliest, where it is not the newest then."""
    item: dict[str, object] = {
        "month": one.month,
        "kind": kind,
        "size": one.size,
        "goes_ts": goes_at(one.month, months),
    }
    seal = seals.get((kind, one.month))
    if seal is not None:
        item |= {"entries": seal.entries, "sealed_ts": seal.at, "sha256": seal.sha256, "root": seal.root}
    return item
