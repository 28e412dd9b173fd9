"""`folkmoot db backup` beside a busy server, and a restore drill: the copy is of one instant and lacks nothing."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from folkmoot_client.sdk import Client
from folkmoot_protocol import requests as rq
from tests.builders.pictures import planted_picture
from tests.integration.players import Owner, Play, Poster, Wanderer
from tests.integration.server import Launch, Server

COPIES = 4


def entries_in(copy: Path) -> dict[tuple[str, int], str]:
    """Return the texts of a copy by group and seq."""
    found = {}
    for path in sorted((copy / "journal").glob("*.sqlite3")):
        with closing(sqlite3.connect(path)) as raw:
            found.update({(str(grp), seq): body for grp, seq, body in raw.execute("SELECT grp, seq, body FROM entry")})
    return found


async def back_up(play: Play, place: Path) -> list[Path]:
    """Take copies while people post and govern; each verifies, and has all that was acknowledged before."""
    copies = []
    for number in range(COPIES):
        await play.until_answers(100)
        told = {(code, seq): body for code, posts in play.posts.items() for seq, body in posts.items()}
        copies.append(place / f"copy{number}")
        done = await asyncio.to_thread(play.server.run, "db", "backup", str(copies[-1]))
        assert done.returncode == 0, done.stderr
        found = entries_in(copies[-1])
        for (code, seq), body in told.items():
            assert (code, seq) in found
            assert found[code, seq] == body or seq in play.erasing[code]
    play.over = True
    return copies


@pytest.mark.timeout(300)
async def test_copies_of_a_busy_store_are_whole_and_bring_it_back(launch: Launch, tmp_path: Path) -> None:
    server = launch(groups=2, members=5, limits__posts_per_second=0, limits__requests_per_second=0)
    play = Play(server, Random(20))
    play.up.set()
    players = []
    for (owner, *posters, wanderer), (other, *_) in zip(server.seats, server.seats[::-1], strict=True):
        players += [Owner(play, owner, posters[0]), Wanderer(play, wanderer, other.code)]
        players += [Poster(play, seat) for seat in posters]
    async with asyncio.TaskGroup() as group:
        group.create_task(play.until_over(*players))
        copying = group.create_task(back_up(play, tmp_path))
    copy = copying.result()[-1]
    assert not (copy / "keys").exists(), "keys are kept apart"
    assert not any(path.stat().st_mode & 0o077 for path in copy.rglob("*"))

    # The drill: the machine is gone, copy and keys are there.
    drill = Server(tmp_path / "drill", server.settings)
    drill.place.mkdir()
    done = drill.run("db", "restore", str(copy), "--keys", str(server.data / "keys"))
    assert done.returncode == 0, done.stderr
    drill.start()
    try:
        seat = server.seats[0][2]
        async with await drill.connect(seat) as wire:
            page = await wire.ask(rq.GetHistory, group=seat.code, limit=100)
            found = entries_in(copy)
            assert page.entries
            for entry in page.entries:
                assert entry.body in ("", found[seat.code, entry.seq])
            assert (await wire.ask(rq.Post, group=seat.code, body="we are back")).seq > page.entries[-1].seq
    finally:
        assert drill.terminate() == 0
    assert drill.run("db", "verify").returncode == 0


async def test_pictures_are_in_the_copy_and_come_back(launch: Launch, tmp_path: Path) -> None:
    server, copy = launch(groups=1, members=2), tmp_path / "copy"
    ann, ben = server.seats[0]
    async with Client(server.url, token=ann.token) as client:
        id = str((await client.upload(planted_picture(size=(40, 30))))["id"])
        await client.post(ann.code, "look", media=[id])
        sent = await client.fetch_media(id)
    (server.data / "media" / "partial" / "half").write_bytes(b"x")
    assert server.run("db", "backup", str(copy)).returncode == 0
    kept = [path for path in (copy / "media").rglob("*") if path.is_file()]
    assert {path.name for path in kept} == {id, f"{id}.small"}
    assert not any(path.stat().st_mode & 0o077 for path in (copy / "media").rglob("*"))
    drill = Server(tmp_path / "drill", {})
    drill.place.mkdir()
    (drill.data / "media" / "2026-01").mkdir(parents=True)
    done = drill.run("db", "restore", str(copy), "--keys", str(server.data / "keys"))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in drill.data.glob("*.replaced/*")] == ["media"]
    drill.start()
    try:
        async with Client(drill.url, token=ben.token) as client:
            assert await client.fetch_media(id) == sent
    finally:
        assert drill.terminate() == 0


@pytest.fixture
def store(tmp_path: Path) -> Server:
    """A store that no server runs on."""
    server = Server(tmp_path, {})
    server.seed(1, 2)
    return server


def test_what_a_copy_lacks_is_found(store: Server, tmp_path: Path) -> None:
    copy, keys = tmp_path / "copy", str(store.data / "keys")
    assert store.run("db", "backup", str(copy)).returncode == 0
    lone = Server(tmp_path / "lone", {})
    lone.data = copy
    assert lone.run("db", "verify", "--keys", keys).returncode == 0
    done = lone.run("db", "verify")
    assert done.returncode == 1
    assert "journal.key" in done.stderr
    assert not (copy / "keys").exists(), "no key is made up"
    for path in (copy / "journal").glob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)")
    assert lone.run("db", "verify", "--keys", keys).returncode == 7


def test_nothing_is_written_over(store: Server, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "something").write_text("of value")
    done = store.run("db", "backup", str(copy))
    assert done.returncode == 1
    assert str(copy) in done.stderr
    assert [path.name for path in copy.iterdir()] == ["something"]
    other = tmp_path / "other"
    assert store.run("db", "backup", str(other), "--no-verify").returncode == 0
    before = (store.data / "folkmoot.sqlite3").read_bytes()
    assert store.run("db", "restore", str(other)).returncode == 0
    aside = [path for path in store.data.iterdir() if path.name.endswith(".replaced")]
    assert [(path / "folkmoot.sqlite3").read_bytes() for path in aside] == [before]


def test_a_restore_needs_the_keys_and_a_store_of_its_own(store: Server, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert store.run("db", "backup", str(copy), "--no-verify").returncode == 0
    bare = Server(tmp_path / "bare", {})
    bare.place.mkdir()
    done = bare.run("db", "restore", str(copy))
    assert done.returncode == 1
    assert "--keys" in done.stderr
    assert not (bare.data / "folkmoot.sqlite3").exists()
    shutil.copytree(store.data / "keys", bare.data / "keys", dirs_exist_ok=True)
    (bare.data / "keys" / "journal.key").write_bytes(b"another key that is 32 bytes lon")
    assert bare.run("db", "restore", str(copy), "--keys", str(store.data / "keys")).returncode == 1
    assert not (bare.data / "folkmoot.sqlite3").exists()


async def test_a_backup_that_is_older_than_a_checkpoint_is_not_restored_unasked(launch: Launch, tmp_path: Path) -> None:
    server, copy = launch(groups=1, members=2, retention__checkpoint_dir=str(tmp_path / "kept")), tmp_path / "copy"
    assert server.run("db", "backup", str(copy)).returncode == 0
    owner, member = server.seats[0]
    async with await server.connect(owner) as wire:
        case = (await wire.ask(rq.RunCommand, group=owner.code, line=f"/mute @{member.user} 1h loud")).data["case"]
    async with await server.connect(member) as wire:
        await wire.ask(rq.RunCommand, line=f"/proof {case}")
    assert server.terminate() == 0
    (kept,) = (tmp_path / "kept").glob("*.checkpoints")
    before = (server.data / "folkmoot.sqlite3").read_bytes()
    with_directory = server.run("db", "restore", str(copy))
    elsewhere = Server(tmp_path / "elsewhere", {})
    elsewhere.place.mkdir()
    keys = ("--keys", str(server.data / "keys"))
    for done in (with_directory, elsewhere.run("db", "restore", str(copy), *keys, "--checkpoints", str(kept))):
        assert done.returncode == 7
        assert "log: somebody has a checkpoint over" in done.stderr
        assert "--anyway" in done.stderr
    assert (server.data / "folkmoot.sqlite3").read_bytes() == before
    assert not (elsewhere.data / "folkmoot.sqlite3").exists()
    done = server.run("db", "restore", str(copy), "--anyway")
    assert done.returncode == 0, done.stderr
    assert "log: somebody has a checkpoint over" in done.stderr
    server.start()
    async with await server.connect(member) as wire:
        await wire.post(member.code, "the mute is lost as well")


def test_a_running_server_is_not_restored_over(launch: Launch, tmp_path: Path) -> None:
    server, copy = launch(groups=1, members=2), tmp_path / "copy"
    assert server.run("db", "backup", str(copy)).returncode == 0
    done = server.run("db", "restore", str(copy))
    assert done.returncode == 1
    assert "another server uses" in done.stderr


def test_a_torn_commit_is_not_copied(store: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from folkmoot_server.storage.change_set import StorageError
    from folkmoot_server.storage.check import backup

    monkeypatch.setattr(backup, "PATIENCE_S", 0.0)
    for path in (store.data / "journal").glob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("UPDATE segment SET batch = 0")
    with pytest.raises(StorageError, match="not complete"):
        backup.backup(store.data, tmp_path / "copy")
    assert not any(path.name.startswith("copy") for path in tmp_path.iterdir())
