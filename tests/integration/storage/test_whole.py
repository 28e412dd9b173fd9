"""Stores of which something is lost: the next start says so, and nobody goes on before it is restored or accepted."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from folkmoot_governance.group.events import TopicSet
from folkmoot_governance.store_acts import LossAccepted
from folkmoot_server.common.i18n import translator
from folkmoot_server.storage.change_set import STORE_STREAM, ChangeSet, StorageError
from folkmoot_server.storage.changes import read_mark_row
from folkmoot_server.storage.check.loss import accept_loss
from folkmoot_server.storage.check.verify import verify
from tests.integration.server import Launch, Server
from tests.integration.storage.kit import FEBRUARY, filled, opened

SAY = translator("en")


def newest(place: Path) -> Path:
    return sorted((place / "journal").glob("*.sqlite3"))[-1]


def overwrite(path: Path, at: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\x00" * length)


def delete(place: Path) -> None:
    newest(place).unlink()


def empty(place: Path) -> None:
    newest(place).write_bytes(b"")


def replace_by_another_database(place: Path) -> None:
    path = newest(place)
    path.unlink()
    made = sqlite3.connect(path)
    made.execute("CREATE TABLE cats (name)")
    made.close()


def break_header(place: Path) -> None:
    overwrite(newest(place), 0, 100)


def break_pages(place: Path) -> None:
    overwrite(newest(place), 4096, newest(place).stat().st_size - 4096)


def delete_an_older_one(place: Path) -> None:
    sorted((place / "journal").glob("*.sqlite3"))[0].unlink()


LOSSES: dict[str, Callable[[Path], None]] = {
    "is missing": delete,
    "is empty": empty,
    "is damaged": break_header,
    "is damaged (": break_pages,
    "is empty: restore": replace_by_another_database,
    "2026-01.sqlite3 is missing": delete_an_older_one,
}


@pytest.mark.parametrize("said", LOSSES)
async def test_a_loss_is_said_accepted_and_on_record(tmp_path: Path, said: str) -> None:
    group = await filled(tmp_path)
    async with opened(tmp_path) as store:
        await store.commit([ChangeSet(rows=[read_mark_row(group.code, "alice", group.seq)])])
    LOSSES[said](tmp_path)
    for _ in range(2):
        with pytest.raises(StorageError) as refused:
            async with opened(tmp_path):
                pass
        assert said in str(refused.value)
        assert "accept-loss" in str(refused.value)
    assert any(said.split(":")[0] in problem for problem in verify(tmp_path))

    lost = accept_loss(tmp_path, "the disk is gone", SAY)
    assert len(lost) == 1
    assert accept_loss(tmp_path, "again", SAY) == []
    assert verify(tmp_path) == []
    async with opened(tmp_path) as store:
        (recorded,) = await store.ledger.events(STORE_STREAM)
        assert isinstance(recorded.event, LossAccepted)
        assert (recorded.event.findings, recorded.event.reason) == (tuple(lost), "the disk is gone")
        post = group.post("bob", ts=FEBRUARY)
        assert await store.commit([post]) == frozenset()
        # No number is given twice that somebody is known to have read.
        assert post.entries[0].entry.seq > group.seq - 1
        assert (await store.journal.page(group.code, limit=1)).entries[0].seq == post.entries[0].entry.seq
    assert verify(tmp_path) == []


async def test_an_old_copy_of_a_month_is_noticed(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    copy = tmp_path / "copy"
    shutil.copyfile(newest(tmp_path), copy)
    async with opened(tmp_path) as store:
        for topic in ("Tea", "Coffee"):
            await store.commit([group.act(TopicSet(at=FEBRUARY, by="alice", topic=topic))])
    shutil.copyfile(copy, newest(tmp_path))
    with pytest.raises(StorageError, match="is older than"):
        async with opened(tmp_path):
            pass
    assert len(accept_loss(tmp_path, "an old copy", SAY)) == 1
    async with opened(tmp_path) as store:
        bodies = [
            one.data["topic"]
            for one in (await store.journal.page(group.code)).entries
            if one.data and "topic" in one.data
        ]
        assert bodies[-2:] == ["Tea", "Coffee"]
    assert verify(tmp_path) == []


async def test_without_the_main_file_no_other_is_begun(tmp_path: Path) -> None:
    await filled(tmp_path)
    (tmp_path / "folkmoot.sqlite3").unlink()
    with pytest.raises(StorageError, match=r"folkmoot\.sqlite3 is missing"):
        async with opened(tmp_path):
            pass
    (tmp_path / "folkmoot.sqlite3").write_bytes(b"no database at all" * 500)
    with pytest.raises(StorageError, match=r"folkmoot\.sqlite3 is damaged"):
        async with opened(tmp_path):
            pass


async def test_a_month_that_nobody_made_takes_no_posts(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    months = len(list((tmp_path / "journal").glob("*.sqlite3")))
    for name, content in (("2031-01", b""), ("2031-02", newest(tmp_path).read_bytes()[:0])):
        (tmp_path / "journal" / f"{name}.sqlite3").write_bytes(content)
    async with opened(tmp_path) as store:
        assert await store.commit([group.post("bob", ts=FEBRUARY)]) == frozenset()
        assert len(await store.journal.segments()) == months
    stranger = tmp_path / "journal" / "2031-03.sqlite3"
    shutil.copyfile(tmp_path / "journal" / "2026-01.sqlite3", stranger)
    with pytest.raises(StorageError, match=r"2031-03\.sqlite3 does not belong to this store: move it away"):
        async with opened(tmp_path):
            pass
    stranger.unlink()
    assert verify(tmp_path) == []


@pytest.mark.parametrize("name", ["folkmoot.sqlite3", "folkmoot.sqlite3-wal", "journal", "month", "month-wal"])
async def test_what_went_into_a_file_that_is_gone_is_not_acknowledged(tmp_path: Path, name: str) -> None:
    group = await filled(tmp_path)
    async with opened(tmp_path) as store:
        await store.commit([group.post("bob", ts=FEBRUARY), group.act(TopicSet(at=FEBRUARY, by="alice", topic="Tea"))])
        path = tmp_path / name
        if name.startswith("month"):
            path = newest(tmp_path).with_name(newest(tmp_path).name + name.removeprefix("month"))
        path.rename(path.with_name(f"{path.name}.gone"))
        for _ in range(2):
            with pytest.raises(StorageError, match="removed or replaced under the running server"):
                await store.commit([group.post("bob", ts=FEBRUARY)])
        path.with_name(f"{path.name}.gone").rename(path)
        with pytest.raises(StorageError, match="stop it"):
            await store.commit([group.post("bob", ts=FEBRUARY)])


@pytest.mark.parametrize("which", [0, -1])
async def test_damage_met_while_running_fences_that_month(tmp_path: Path, which: int) -> None:
    group = await filled(tmp_path)
    async with opened(tmp_path) as store:
        path = sorted((tmp_path / "journal").glob("*.sqlite3"))[which]
        overwrite(path, 4096, path.stat().st_size - 4096)
        for _ in range(2):
            with pytest.raises(StorageError):
                await store.journal.page(group.code, before=20, limit=100)
        post = store.commit([group.post("bob", ts=FEBRUARY)])
        if which == -1:
            with pytest.raises(StorageError, match="is damaged"):
                await post
        else:
            assert await post == frozenset()


async def test_a_second_server_does_not_start_whatever_is_deleted(launch: Launch) -> None:
    server = launch(groups=1)
    (server.data / "lock").unlink(missing_ok=True)
    for command in (["serve", "--profile", "open", "--listen", "127.0.0.1:0"], ["db", "verify"], ["db", "migrate"]):
        second = server.run(*command)
        assert second.returncode == 1
        assert "another server uses" in second.stderr


async def test_a_start_ends_with_a_sentence_and_the_command_in_it_helps(launch: Launch) -> None:
    server = launch(groups=1, members=2)
    assert server.terminate() == 0
    break_header(server.data)
    refused = server.run("serve", "--profile", "open", "--listen", "127.0.0.1:0")
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "is damaged: restore it from a backup, or go on without it: folkmoot db accept-loss --data" in line
    accepted = server.run("db", "accept-loss", "--reason", "no backup")
    assert accepted.returncode == 0, accepted.stderr
    assert "is damaged" in accepted.stderr
    server.start()
    ann = server.seats[0][0]
    async with await server.connect(ann) as wire:
        await wire.post(ann.code, "we are back")
    assert server.terminate() == 0
    assert server.run("db", "accept-loss", "--reason", "again").stderr == "Nothing is lost.\n"
    checked = server.run("db", "verify")
    assert checked.returncode == 0, checked.stderr


FRAME, HEADER = 24 + 4096, 32


def damage_log(path: Path, place: float) -> None:
    """Change a byte of a frame's page, so far into the log that a crash has left of a file."""
    log = path.with_name(f"{path.name}-wal")
    frames = (log.stat().st_size - HEADER) // FRAME
    with log.open("r+b") as file:
        file.seek(HEADER + int(frames * place) * FRAME + 2000)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))


async def killed_after_posts(server: Server) -> None:
    """Post, and act, and end the server as a crash does."""
    ann = server.seats[0][0]
    async with await server.connect(ann) as wire:
        for number in range(8):
            await wire.post(ann.code, f"post {number}")
            await wire.run(f"/topic topic {number}", ann.code)
    server.kill()


async def test_a_log_that_is_damaged_before_its_end_is_named_and_its_loss_accepted(launch: Launch) -> None:
    """*SQLite leaves out all behind such a place, and the server started as if nothing had been acknowledged.*"""
    server = launch(groups=1, members=2)
    await killed_after_posts(server)
    path = newest(server.data)
    damage_log(path, 0.4)
    refused = server.run("serve", "--profile", "open", "--listen", "127.0.0.1:0")
    assert refused.returncode == 1
    assert f"{path}-wal is damaged" in refused.stderr
    assert "accept-loss" in refused.stderr
    assert server.run("db", "verify").returncode == 7
    accepted = server.run("db", "accept-loss", "--reason", "no backup")
    assert f"{path}-wal is damaged" in accepted.stderr
    server.start()
    ann = server.seats[0][0]
    async with await server.connect(ann) as wire:
        texts = [entry.body for entry in await wire.history(ann.code)]
        assert "post 0" in texts
        assert "post 7" not in texts
        await wire.post(ann.code, "we are back")
    assert server.terminate() == 0
    checked = server.run("db", "verify")
    assert checked.returncode == 0, checked.stderr


async def test_a_main_log_that_is_damaged_needs_a_backup(launch: Launch) -> None:
    server = launch(groups=1, members=2)
    await killed_after_posts(server)
    path, log = server.data / "folkmoot.sqlite3", server.data / "folkmoot.sqlite3-wal"
    sound = log.read_bytes()
    damage_log(path, 0.4)
    for command in (("serve", "--profile", "open", "--listen", "127.0.0.1:0"), ("db", "accept-loss", "--reason", "r")):
        refused = server.run(*command)
        assert refused.returncode == 1
        assert f"{path}-wal is damaged" in refused.stderr
        assert "restore the store from a backup" in refused.stderr
    # What a crash leaves by half at the very end is no damage.
    log.write_bytes(sound[:-100])
    server.start()
