"""Checkpoints of the ledger's log: by which key they are, and which is the newest."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from folkmoot_governance.actor import SERVICE
from folkmoot_governance.store_acts import ChangeLogKey, LogKeyChanged, NoteFilings, StoreCommand, decide_on_store
from folkmoot_server.actions.event_log import EventLog, signer_of
from folkmoot_server.actions.store_acts import StoreActs
from folkmoot_server.common.clock import Clock
from folkmoot_server.crypto.log_tree import LogKeys
from folkmoot_server.crypto.notes import sign
from folkmoot_server.storage.change_set import STORE_STREAM, ChangeSet, RowChange, StorageError
from folkmoot_server.storage.check.verify import verify
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.integration.storage.kit import filled, opened


class Keys:
    """A store, and the log as a node makes it that is set to a number."""

    def __init__(self, store: SqliteStore, place: Path) -> None:
        self.store = store
        self.place = place
        self.key = (place / "keys" / "journal.key").read_bytes()
        self.publics = LogKeys.publics(self.key, 3)
        self.acts = StoreActs(store.ledger, Clock(), cast(Any, None), cast(Any, None))
        self.overtaken_by: list[StoreCommand] = []
        self.failures = 0

    def log(self, number: int, directory: Path | None = None) -> EventLog:
        return EventLog(self.store.ledger, Clock(), self._store_rows, self.place, "folkmoot", directory, number)

    async def _store_rows(self, rows: Sequence[RowChange]) -> None:
        await self.store.commit([ChangeSet(rows=rows)])

    async def note(self, number: int) -> None:
        await self.acts.note_log_key(cast(Any, self), number, f"key {number}")

    async def commit(self, batch: Sequence[ChangeSet]) -> frozenset[str]:
        if self.failures:
            self.failures -= 1
            raise StorageError("the disk is full")
        while self.overtaken_by:
            await self.act(self.overtaken_by.pop())
        return await self.store.commit(batch)

    async def act(self, command: StoreCommand) -> None:
        events = decide_on_store(command, SERVICE, Clock().now_ms())
        assert isinstance(events, Sequence)
        version = len(await self.acts.events())
        assert not await self.store.commit([ChangeSet(STORE_STREAM, version, events)])

    async def changes(self) -> list[int]:
        return [one.number for one in await self.acts.events() if isinstance(one, LogKeyChanged)]

    async def signer(self) -> int:
        newest = await self.store.ledger.checkpoint()
        assert newest
        return signer_of(newest.note, self.publics)


async def test_the_change_of_the_key_is_on_record_or_the_node_does_not_start(tmp_path: Path) -> None:
    await filled(tmp_path)
    async with opened(tmp_path) as store:
        keys = Keys(store, tmp_path)
        keys.failures = 1
        with pytest.raises(StorageError, match="disk is full"):
            await keys.note(2)
        assert await keys.changes() == []
        keys.overtaken_by = [NoteFilings(0)]
        await keys.note(2)
        assert await keys.changes() == [2]
        keys.overtaken_by = [ChangeLogKey(3, "key 3")]
        await keys.note(3)
        assert await keys.changes() == [2, 3], "another node said the same"
        with pytest.raises(StorageError, match="signed by its key number 3"):
            await keys.note(2)


async def test_what_is_on_record_says_which_key_signs(tmp_path: Path) -> None:
    await filled(tmp_path)
    async with opened(tmp_path) as store:
        keys = Keys(store, tmp_path)
        assert await keys.log(2).take_in()
        assert await keys.signer() == 1, "the change is not on record"
        await keys.note(2)
        with pytest.raises(StorageError, match=r"retention\.log_key is 1"):
            await keys.log(1).take_in()
        assert await keys.log(2).take_in()
        assert await keys.signer() == 2, "the first checkpoint that is over the change is by the new key"
        await keys.act(NoteFilings(0))
        with pytest.raises(StorageError, match=r"retention\.log_key is 1"):
            await keys.log(1).take_in()
        assert await keys.log(2).take_in()
    assert verify(tmp_path) == []


async def test_a_checkpoint_by_the_old_key_over_its_change_is_found(tmp_path: Path) -> None:
    """Of any later size, too: who got hold of the old key can sign nothing by it."""
    await filled(tmp_path)
    async with opened(tmp_path) as store:
        keys = Keys(store, tmp_path)
        assert await keys.log(2).take_in()
        before = await store.ledger.checkpoint()
        await keys.note(2)
        assert await keys.log(2).take_in()
        await keys.act(NoteFilings(0))
        assert await keys.log(2).take_in()
        newest = await store.ledger.checkpoint()
    assert before
    assert newest
    text = newest.note.partition("\n\n")[0] + "\n"
    forged = sign(text, "folkmoot", LogKeys.derive(keys.key, 1).signing)
    early = sign(before.note.partition("\n\n")[0] + "\n", "folkmoot", LogKeys.derive(keys.key, 2).signing)
    assert verify(tmp_path, copies=[before.note, newest.note]) == []
    for note, size in ((forged, newest.size), (early, before.size)):
        (finding,) = verify(tmp_path, copies=[note])
        assert finding.startswith(f"checkpoint {size}: "), finding


async def test_what_a_slow_witness_signed_does_not_stand_as_the_newest(tmp_path: Path) -> None:
    """*The checkpoint that it was shown was written over one that had come since.*"""
    await filled(tmp_path)
    async with opened(tmp_path) as store:
        keys, directory = Keys(store, tmp_path), tmp_path / "kept"
        log = keys.log(1, directory)
        assert await log.take_in()
        old = await log.newest()
        await keys.act(NoteFilings(0))
        assert await log.take_in()
        newest = await log.newest()
        assert old
        assert newest
        await log.add_signatures(old, ["- witness one"])
        assert (directory / "checkpoint").read_text() == newest.note
        (month,) = directory.glob("*.checkpoints")
        assert "witness one" in month.read_text(), "it is there for whoever keeps all of them"
        await asyncio.gather(log.add_signatures(newest, ["- witness two"]), log.add_signatures(old, ["- three"]))
        assert (directory / "checkpoint").read_text() == newest.note + "- witness two\n"
