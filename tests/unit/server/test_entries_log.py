"""What comes is taken into the log piece by piece, however much it is."""

from pathlib import Path

import pytest

from folkmoot_server.actions import entries_log
from folkmoot_server.sealed.access_records import AccessKind, AccessRecord, AccessRecords
from folkmoot_server.storage.check.verify import verify
from folkmoot_server.storage.sql.ranges import ranges_of
from tests.integration.storage.kit import opened
from tests.integration.storage.operator import FEBRUARY, LATER, Keeper

BLOCKS, PIECE, AT_ONCE = 11, 2, 4


async def test_blocks_are_taken_in_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """*All that were new were read at once.*"""
    monkeypatch.setattr(entries_log, "PIECE", PIECE)
    monkeypatch.setattr(entries_log, "AT_ONCE", AT_ONCE)
    async with opened(tmp_path) as store:
        keeper, records = Keeper(store, tmp_path), AccessRecords(tmp_path)
        for number in range(BLOCKS):
            one = AccessRecord(LATER + number, AccessKind.SIGNED_IN, "alice", number, "192.0.2.1", 5000, "phone")
            await store.access.append(FEBRUARY, records.seal("node", [one]))
        rests = list[float]()

        def rest(took_s: float) -> float:
            rests.append(took_s)
            return 0

        more = [await keeper.entries_log.take_in(rest) for _ in range(4)]
        assert more == [True, True, True, False]
        assert len(rests) == -(-BLOCKS // PIECE)
        texts = await store.ledger.logged_ranges("access", FEBRUARY)
        assert [(one.first, one.last) for text in texts for one in ranges_of(text)] == [(1, 4), (5, 8), (9, 11)]
    assert verify(tmp_path) == []
