"""What was removed is in no file any more, of whatever month, but sealed; and what was done to a file behind the rules
is told from a removal."""

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from folkmoot_governance.group.events import EntriesPurged, EntryDeleted, MeasureOverturned
from folkmoot_protocol.types import EntryKind
from folkmoot_server.crypto.sealing import load_key
from folkmoot_server.storage.api import Left, Store
from folkmoot_server.storage.check.verify import verify
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sql.removed_texts import RemovedTexts
from folkmoot_server.storage.sqlite import database, erasing, writer
from tests.builders.world import Group, World
from tests.integration.storage.kit import FEBRUARY, opened, tamper

MARCH = end_of("2026-02")
TEXT = "dass mich nur keiner liest"
AT: dict[str, Any] = {"at": MARCH, "by": "alice"}


def files_with(data_dir: Path, text: str) -> list[str]:
    """Return the files below a directory that have a text."""
    found = (path for path in data_dir.rglob("*") if path.is_file())
    return sorted(path.name for path in found if text.encode() in path.read_bytes())


async def erase(store: Store) -> None:
    """Do what the job does, to the end."""
    while await store.journal.erase():
        pass


async def told(store: Store) -> tuple[Group, int]:
    """Store a text in January, an edit of it in February and another one in March, and some noise; return the group
    and its seq."""
    world = World()
    group = world.group()
    await store.commit([world.register("alice"), world.register("bob"), group.found()])
    await store.commit([group.post("alice", body="noise"), group.post("bob", body=TEXT, nonce="n")])
    seq = group.seq
    for ts in (FEBRUARY, MARCH):
        edit = group.post("bob", ts=ts, body=f"{TEXT}, bitte", kind=EntryKind.EDIT, target=seq)
        await store.commit([group.post("alice", ts=ts, body="more noise"), edit])
    return group, seq


REMOVALS: dict[str, Callable[[int], Any]] = {
    "by whom it is": lambda seq: EntryDeleted(at=MARCH, by="bob", user="bob", seq=seq),
    "by an admin": lambda seq: EntryDeleted(user="bob", seq=seq, **AT),
    "with others": lambda seq: EntriesPurged(seqs=(seq, seq + 1), count=2, **AT),
}


@pytest.mark.parametrize("removal", REMOVALS)
async def test_a_text_of_a_month_that_is_over_is_in_no_file_once_it_is_removed(tmp_path: Path, removal: str) -> None:
    async with opened(tmp_path) as store:
        group, seq = await told(store)
        assert files_with(tmp_path, TEXT)[:2] == ["2026-01.sqlite3", "2026-02.sqlite3"]
        await store.commit([group.act(REMOVALS[removal](seq))])
        await erase(store)
        assert files_with(tmp_path, TEXT) == []
        # Who looks whether that was right reads it.
        kept = (await store.journal.versions(group.code, [seq], preserved=True))[seq]
        assert [one["body"] for one in kept.texts()] == [TEXT, f"{TEXT}, bitte", f"{TEXT}, bitte"]
    assert verify(tmp_path) == []


async def test_what_is_restored_is_read_in_a_month_that_is_over(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        group, seq = await told(store)
        await store.commit([group.act(EntryDeleted(user="bob", seq=seq, **AT))])
        number = group.state.version
        await erase(store)
        fields: dict[str, Any] = {
            "user": "bob",
            "number": number,
            "kind": "deleted",
            "measure": "m",
            "restored": (seq,),
        }
        await store.commit([group.act(MeasureOverturned(**AT, **fields))])
        entry = await store.journal.entry(group.code, seq)
        assert entry is not None
        assert (entry.body, entry.redacted) == (TEXT, False)
    assert verify(tmp_path) == []


async def test_who_reads_a_month_meanwhile_delays_it_and_nothing_else(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        group, seq = await told(store)
        reader = sqlite3.connect(tmp_path / "journal" / "2026-01.sqlite3", isolation_level=None)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM entry").fetchone() > (2,)
        await store.commit([group.act(EntryDeleted(user="bob", seq=seq, **AT))])
        assert await store.journal.erase() is Left.WAITING, "the job rests, which it does not where there is more"
        assert "2026-01.sqlite3" in files_with(tmp_path, TEXT)
        reader.close()
        await erase(store)
        assert files_with(tmp_path, TEXT) == []


async def test_no_post_waits_for_who_reads_the_newest_month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """*Posts waited a tenth of a second each second, as long as a backup read.*"""
    waits: list[int] = []

    def empty_log(file: sqlite3.Connection, *more: Any) -> bool:
        file.set_trace_callback(lambda said: waits.append(int(said.rsplit(" ")[-1])) if "busy_timeout =" in said else 0)
        try:
            return erasing.empty_log(file, *more)
        finally:
            file.set_trace_callback(None)

    monkeypatch.setattr(writer, "empty_log", empty_log)
    async with opened(tmp_path) as store:
        group, seq = await told(store)
        await store.commit([group.act(EntryDeleted(user="bob", seq=seq, **AT))])
        reader = sqlite3.connect(tmp_path / "journal" / "2026-03.sqlite3", isolation_level=None)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM entry").fetchone() > (1,)
        await store.commit([group.post()])
        assert await store.journal.erase() is Left.WAITING
        reader.close()
        assert waits[0] == 0
        await erase(store)


async def test_an_old_copy_of_a_month_that_was_put_back_is_mended_at_the_next_start(tmp_path: Path) -> None:
    january, copy = tmp_path / "journal" / "2026-01.sqlite3", tmp_path.parent / "copy"
    async with opened(tmp_path) as store:
        group, seq = await told(store)
    shutil.copyfile(january, copy)
    async with opened(tmp_path) as store:
        await store.commit([group.act(EntryDeleted(user="bob", seq=seq, **AT))])
        await erase(store)
    shutil.copyfile(copy, january)
    assert any(f"#{seq} was removed, but its text is still there" in problem for problem in verify(tmp_path))
    async with opened(tmp_path) as store:
        await erase(store)
    assert files_with(tmp_path, TEXT) == []
    assert verify(tmp_path) == []


async def test_nothing_is_left_in_what_pages_do_not_use(tmp_path: Path) -> None:
    """SQLite moves rows between pages and leaves copies where nothing stands."""
    random = Random(7)
    async with opened(tmp_path) as store:
        world = World()
        groups = [world.group() for _ in range(9)]
        await store.commit([world.register("alice"), *(group.found() for group in groups)])
        for number in range(90):
            said = [random.choice(groups) for _ in range(random.randint(1, 60))]
            bodies = [f"mark {number} {place} " + "x" * int(random.expovariate(1 / 90)) for place in range(len(said))]
            await store.commit([group.post(body=body) for group, body in zip(said, bodies, strict=True)])
        await store.commit([groups[0].post(ts=FEBRUARY)])
        gone = [(group, one) for group in groups for one in group.entries if one.body.startswith("mark")]
        gone = random.sample(gone, len(gone) // 3)
        await store.commit([group.act(EntryDeleted(user="alice", seq=one.seq, **AT)) for group, one in gone])
        await erase(store)
    marks = {" ".join(one.body.split(" ")[:3]).encode() + b" " for _group, one in gone}
    assert len(marks) > 500
    found = {one for path in tmp_path.rglob("*.sqlite3*") for one in re.findall(rb"mark \d+ \d+ ", path.read_bytes())}
    assert found & marks == set()


async def sealed_behind_the_rules(data_dir: Path, group: Group, seq: int) -> None:
    """Blank an entry of January as a removal does, without one."""
    january = data_dir / "journal" / "2026-01.sqlite3"
    removed = RemovedTexts(load_key(data_dir / "keys" / "journal.key"))
    sealed = removed.seal("2026-01", int(group.code), seq, (TEXT, None)).hex()
    tamper(january, f"INSERT INTO restricted VALUES ({int(group.code)}, {seq}, x'{sealed}')")
    tamper(january, f"UPDATE entry SET body = '' WHERE seq = {seq}")


@pytest.mark.parametrize("whole", [True, False])
async def test_what_is_sealed_without_a_removal_is_found(tmp_path: Path, whole: bool) -> None:
    async with opened(tmp_path) as store:
        group, seq = await told(store)
        if whole:
            await store.commit([group.act(EntryDeleted(user="bob", seq=seq, **AT))])
            await erase(store)
    assert verify(tmp_path) == []
    if whole:
        # The evidence of what was removed.
        tamper(tmp_path / "journal" / "2026-01.sqlite3", f"DELETE FROM restricted WHERE seq = {seq}")
        assert any(f"#{seq} was removed, and its sealed text is gone" in problem for problem in verify(tmp_path))
    else:
        await sealed_behind_the_rules(tmp_path, group, seq)
        assert any(f"#{seq} is blank, and the ledger has no removal" in problem for problem in verify(tmp_path))


async def test_what_a_file_is_rewritten_from_is_in_the_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """*It was in the system's directory for temporary files, where there may be no room, and others may read.*"""
    seen: set[str] = set()

    def connect_raw(path: Path, *, read_only: bool) -> sqlite3.Connection:
        raw = database.connect_raw(path, read_only=read_only)
        raw.execute("PRAGMA cache_size = 10")

        def look() -> int:
            for number in os.listdir("/proc/self/fd"):
                with suppress(OSError):
                    seen.add(os.readlink(f"/proc/self/fd/{number}"))
            return 0

        raw.set_progress_handler(look, 500)
        return raw

    (tmp_path / "etilqs_left").write_text("of a crash")
    async with opened(tmp_path) as store:
        group, seq = await told(store)
        january = tmp_path / "journal" / "2026-01.sqlite3"
        assert not (tmp_path / "etilqs_left").exists()
        await store.commit([group.act(EntryDeleted(user="bob", seq=seq, **AT))])
        file = sqlite3.connect(january)
        file.execute(
            "CREATE TABLE much AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < 3000) SELECT hex(randomblob(200)) FROM n",
        )
        file.close()
        monkeypatch.setattr(erasing, "connect_raw", connect_raw)
        await erase(store)
    temporary = [one for one in seen if "etilqs_" in one]
    assert temporary
    assert all(one.startswith(f"{tmp_path}/") for one in temporary)


async def test_a_file_is_rewritten_where_there_is_room_and_time_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    january = tmp_path / "journal" / "2026-01.sqlite3"
    async with opened(tmp_path) as store:
        group, seq = await told(store)
        await store.commit([group.act(EntryDeleted(user="bob", seq=seq, **AT))])
        monkeypatch.setattr(erasing, "ROOM", 1 << 60)
        await erase(store)
        assert files_with(tmp_path, TEXT) == [], "taken out it is, but nothing was rewritten"
        changed = january.stat().st_mtime_ns
        await erase(store)
        assert january.stat().st_mtime_ns == changed
        monkeypatch.undo()
        store.journal.stop()
        await erase(store)
        assert january.stat().st_mtime_ns == changed
    async with opened(tmp_path) as store:
        await erase(store)
    assert january.stat().st_mtime_ns > changed
