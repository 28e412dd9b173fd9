"""Months that are over: sealed once by the job, compared with that by `verify`, and on record when they go."""

from pathlib import Path
from typing import Any, cast

import pytest

from folkmoot_governance import Refusal
from folkmoot_governance.group.events import EntryDeleted
from folkmoot_governance.store_acts import AnyStoreEvent, MonthRemoved, MonthSealed
from folkmoot_server.actions.store_acts import UNSEALED, StoreActs
from folkmoot_server.common.clock import Clock
from folkmoot_server.common.i18n import translator
from folkmoot_server.jobs.sealing import Sealing
from folkmoot_server.sealed.access_records import AccessKind, AccessRecord, AccessRecords
from folkmoot_server.storage.change_set import STORE_STREAM, ChangeSet
from folkmoot_server.storage.check.loss import accept_loss
from folkmoot_server.storage.check.verify import verify
from folkmoot_server.storage.sql.months import SEAL_GRACE_MS, end_of, month_of
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.world import World
from tests.integration.storage.kit import filled, opened, tamper

JANUARY = "2026-01"
OVER = end_of(JANUARY)


class Service:
    """What `StoreActs` asks of the service for accounts: that what was decided is stored."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def store(self, user: str, change_set: ChangeSet) -> Refusal | None:
        assert await self._store.commit([change_set]) == frozenset()
        return None


class Keeper:
    """The job, and the acts on record, at a time that the test sets."""

    def __init__(self, store: SqliteStore) -> None:
        self.now = OVER
        clock = Clock(lambda: self.now / 1000)
        self.store = store
        self.acts = StoreActs(store.ledger, clock, cast(Any, Service(store)), cast(Any, None))
        self.job = Sealing(store, clock, self.acts)

    async def told(self) -> list[AnyStoreEvent]:
        return [cast(AnyStoreEvent, one.event) for one in await self.store.ledger.events(STORE_STREAM, 0, 99)]


async def test_a_month_is_sealed_once_when_it_is_over_and_some_more(tmp_path: Path) -> None:
    await filled(tmp_path)
    async with opened(tmp_path) as store:
        keeper = Keeper(store)
        keeper.now = OVER + SEAL_GRACE_MS - 1
        await keeper.job.do_round()
        assert await keeper.told() == []
        keeper.now += 1
        assert await keeper.job.do_round() == 0, "there may be more"
        assert await keeper.job.do_round() is None
        (event,) = await keeper.told()
        assert isinstance(event, MonthSealed)
        assert (event.month, event.by) == (JANUARY, "")
        assert event.entries > 3
        assert (await keeper.acts.seals())["journal", JANUARY] == event


async def test_that_a_month_goes_is_on_record_once(tmp_path: Path) -> None:
    await filled(tmp_path)
    async with opened(tmp_path) as store:
        keeper = Keeper(store)
        keeper.now = OVER + SEAL_GRACE_MS
        await keeper.job.do_round()
        for _ in range(2):
            assert await keeper.acts.note_removed([JANUARY, "2025-12"]) is None
        sealed, *removed = await keeper.told()
        assert isinstance(sealed, MonthSealed)
        at: dict[str, Any] = {"at": keeper.now, "by": ""}
        assert removed == [
            MonthRemoved(month=JANUARY, entries=sealed.entries, root=sealed.root, **at),
            MonthRemoved(month="2025-12", entries=UNSEALED, root="", **at),
        ]
    assert verify(tmp_path) == []


TAMPERING = {
    "another text": "UPDATE entry SET body = 'other' WHERE seq = 3",
    "another author": "UPDATE entry SET user = 'alice' WHERE seq = 3",
    "another time": "UPDATE entry SET ts = ts + 1 WHERE seq = 4",
    "an entry more": (
        "INSERT INTO entry SELECT grp, 0, ts, kind, user, display_name, role, tags, body, reply_to, target, data, NULL,"
        " NULL FROM entry WHERE seq = 3"
    ),
}


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING.keys())
async def test_what_was_changed_in_a_sealed_month_is_found(tmp_path: Path, statement: str) -> None:
    group = await filled(tmp_path)
    async with opened(tmp_path) as store:
        keeper = Keeper(store)
        keeper.now = OVER + SEAL_GRACE_MS
        await keeper.job.do_round()
        # What is removed by the rules afterwards is no change.
        await store.commit([group.act(EntryDeleted(at=keeper.now, by="alice", user="bob", seq=4))])
    assert verify(tmp_path) == []
    tamper(tmp_path / "journal" / f"{JANUARY}.sqlite3", statement)
    assert any(problem.startswith(f"journal {JANUARY}: ") for problem in verify(tmp_path))


async def test_a_month_of_the_access_log_is_sealed_and_goes_alike(tmp_path: Path) -> None:
    """*It had no seal, and went without a count and a root.*"""
    await filled(tmp_path)
    records = AccessRecords(tmp_path)
    async with opened(tmp_path) as store:
        for ts in (OVER - 2, OVER - 1, OVER):
            who = AccessRecord(ts, AccessKind.SIGNED_IN, "alice", 9, "192.0.2.1", 5009)
            await store.access.append(month_of(ts), records.seal("node", [who]))
        keeper = Keeper(store)
        keeper.now = OVER + SEAL_GRACE_MS
        assert [await keeper.job.do_round() for _ in range(3)] == [0, 0, None]
        sealed = (await keeper.acts.seals())["access", JANUARY]
        assert sealed.entries == 2
        assert await keeper.acts.note_removed([JANUARY], "access") is None
        *_, removed = await keeper.told()
        assert removed == MonthRemoved(month=JANUARY, entries=2, root=sealed.root, part="access", at=keeper.now, by="")


async def test_what_was_changed_in_a_sealed_month_of_the_access_log_is_found(tmp_path: Path) -> None:
    """*Nothing had to be on record of the months that came after.*"""
    await filled(tmp_path)
    records = AccessRecords(tmp_path)
    who = AccessRecord(OVER - 1, AccessKind.SIGNED_IN, "alice", 9, "192.0.2.1", 5009)
    async with opened(tmp_path) as store:
        for month in (JANUARY, JANUARY, "2026-02"):
            await store.access.append(month, records.seal("node", [who]))
        keeper = Keeper(store)
        keeper.now = OVER + SEAL_GRACE_MS
        while await keeper.job.do_round() == 0:
            pass
    assert verify(tmp_path) == []
    async with opened(tmp_path) as store:
        await store.access.append(JANUARY, records.seal("node", [who]))
    assert verify(tmp_path) == [f"access {JANUARY}: 3 blocks, 2 were sealed"]
    file = tmp_path / "access" / f"{JANUARY}.sqlite3"
    for table in ("block", "who"):
        tamper(file, f"DELETE FROM {table} WHERE number = 1")
    assert verify(tmp_path) == [f"access {JANUARY}: it is not as it was sealed"]
    file.unlink()
    assert verify(tmp_path) == [f"access {JANUARY}: it is missing, and nothing on record has removed it"]


async def test_a_month_whose_loss_was_accepted_is_compared_with_no_seal_of_before(tmp_path: Path) -> None:
    """*Its notices are made again from the ledger, and were fewer than had been sealed.*"""
    world = World()
    group = world.group()
    async with opened(tmp_path) as store:
        await store.commit([world.register("alice"), group.found(), group.post()])
        await store.commit([group.post(ts=OVER)])
        keeper = Keeper(store)
        keeper.now = OVER + SEAL_GRACE_MS
        await keeper.job.do_round()
        assert ("journal", JANUARY) in await keeper.acts.seals()
    for file in (tmp_path / "journal").iterdir():
        file.unlink()
    assert accept_loss(tmp_path, "the disk is gone", translator("en"))
    assert verify(tmp_path) == []
    async with opened(tmp_path) as store:
        assert [one.month for one in await store.journal.segments()] == [JANUARY]
        await store.commit([group.post(ts=OVER)])
        keeper = Keeper(store)
        keeper.now = OVER + SEAL_GRACE_MS
        assert await keeper.acts.seals() == {}
        await keeper.job.do_round()
        # What is left is sealed as any other month, and is to stay as it is.
        assert (await keeper.acts.seals())["journal", JANUARY].entries == 1
    # The loss was accepted today, by the machine's own clock, and the month sealed by the test's.
    assert [problem for problem in verify(tmp_path) if "is dated" not in problem] == []
    tamper(tmp_path / "journal" / f"{JANUARY}.sqlite3", "UPDATE entry SET ts = ts + 1")
    assert any(problem.startswith(f"journal {JANUARY}: ") for problem in verify(tmp_path))
