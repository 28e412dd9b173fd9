"""A month that is damaged is left out of what is done with months, and that is told; all others go on."""

import sqlite3
from pathlib import Path

import pytest

from folkmoot_governance.group.events import EntryDeleted
from folkmoot_governance.store_acts import MonthRemoved
from folkmoot_server.sealed.access_records import AccessKind, AccessRecord
from folkmoot_server.storage.change_set import StorageError
from folkmoot_server.storage.sql.months import SEAL_GRACE_MS, end_of
from tests.builders.world import START, Group, World
from tests.integration.storage.kit import opened, tamper
from tests.integration.storage.operator import Keeper
from tests.integration.storage.test_holds import Keeper as Remover

MONTHS = ("2026-01", "2026-02", "2026-03")


def damage(path: Path) -> None:
    """Write over the pages of a month's file that have the entries."""
    with sqlite3.connect(path) as file:
        (size,) = file.execute("PRAGMA page_size").fetchone()
        (page,) = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entry'").fetchone()
    with path.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xff" * size)


async def filled(data_dir: Path) -> Group:
    world = World()
    group = world.group()
    async with opened(data_dir) as store:
        await store.commit([world.register("alice"), world.register("bob"), group.found(), group.post("bob")])
        await store.commit([group.act(EntryDeleted(at=START, by="alice", user="bob", seq=group.seq))])
        for month in MONTHS[:-1]:
            await store.commit([group.post(ts=end_of(month))])
    return group


def make_text_unreadable(path: Path) -> None:
    tamper(path, "UPDATE restricted SET sealed = zeroblob(64)")


@pytest.mark.parametrize("harm", [damage, make_text_unreadable])
async def test_newer_months_are_sealed_and_logged(tmp_path: Path, harm: object) -> None:
    """*Nothing was sealed or logged any more, neither of newer months nor of the access log.*"""
    group = await filled(tmp_path)
    assert callable(harm)
    harm(tmp_path / "journal" / "2026-01.sqlite3")
    async with opened(tmp_path) as store:
        await store.commit([group.post(ts=end_of("2026-02") + 1)])
        keeper = Keeper(store, tmp_path)
        keeper.now = end_of("2026-02") + SEAL_GRACE_MS
        assert await keeper.sealing.do_round() == 0
        for call in (keeper.sealing.do_round(), keeper.entries_log.take_in(lambda took_s: 0)):
            with pytest.raises(StorageError, match="2026-01: "):
                await call
        assert list(await keeper.store_acts.seals()) == [("journal", "2026-02")]
        assert {month for _, month in await store.ledger.logged_months()} == {"2026-03"}


async def test_newer_months_and_the_access_log_are_removed(tmp_path: Path) -> None:
    """*No month was removed any more, while it was on record that the damaged one was.*"""
    await filled(tmp_path)
    damage(tmp_path / "journal" / "2026-01.sqlite3")
    async with opened(tmp_path) as store:
        remover = Remover(store, tmp_path)
        for month in MONTHS:
            record = AccessRecord(START, AccessKind.SIGNED_IN, "bob", 1, "192.0.2.1", 7)
            await store.access.append(month, remover.records.seal("n", [record]))
        remover.now = end_of("2026-07") - 1
        await remover.job.do_round()
        for remover.now in (end_of("2026-07"), end_of("2026-08")):
            with pytest.raises(StorageError, match="2026-01: "):
                await remover.job.do_round()
        assert [one.month for one in await store.journal.segments()] == ["2026-01", "2026-03"]
        assert [one.month for one in await store.access.segments()] == ["2026-03"]
        removed = [(one.part, one.month) for one in await remover.acts.events() if isinstance(one, MonthRemoved)]
        assert removed == [("access", "2026-01"), ("journal", "2026-02"), ("access", "2026-02")]
