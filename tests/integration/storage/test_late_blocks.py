"""A month of the access log has no seal: what is added to it when it is long over is found all the same."""

from pathlib import Path

from folkmoot_server.sealed.access_records import AccessKind, AccessRecord, AccessRecords
from folkmoot_server.storage.check.verify import verify
from folkmoot_server.storage.sql.months import SEAL_GRACE_MS, end_of
from tests.integration.storage.kit import opened
from tests.integration.storage.operator import FEBRUARY, Keeper, tell

MARCH, APRIL = "2026-03", "2026-04"


async def connect(place: Path, *connections: tuple[str, int], now: int = 0) -> list[str]:
    """Store blocks about alice in months, as who has the keys can; have them taken in at a time, or not; verify."""
    async with opened(place) as store:
        for month, ts in connections:
            record = AccessRecord(ts, AccessKind.SIGNED_IN, "alice", 9, "192.0.2.1", 5009, "phone")
            await store.access.append(month, AccessRecords(place).seal("node", [record]))
        if now:
            keeper = Keeper(store, place)
            keeper.now = now
            await keeper.keep()
    return verify(place)


async def test_blocks_of_a_month_that_is_long_over_are_found(tmp_path: Path) -> None:
    """*They stood behind the last range of the month; the server would have put them on record itself.*"""
    async with opened(tmp_path) as store:
        await tell(store, tmp_path)
    over = end_of(FEBRUARY)
    # What comes right after the end of a month is of that month, and so is what was left when the service stopped.
    assert await connect(tmp_path, (MARCH, over), now=over) == []
    assert await connect(tmp_path, (FEBRUARY, over - 1), now=over + 1000) == []
    late = end_of(MARCH) + 9 * SEAL_GRACE_MS
    assert await connect(tmp_path, (FEBRUARY, over - 1), (MARCH, over), (APRIL, late), now=late) == []
    findings = [f"access {month}: 1 blocks came long after it was over" for month in (FEBRUARY, MARCH)]
    assert await connect(tmp_path, (FEBRUARY, over - 1), (MARCH, end_of(MARCH) - 1)) == findings
    # April is not over: what comes is to be taken in.
    assert await connect(tmp_path, (APRIL, late), now=late + 1) == findings, "on record, but late"
