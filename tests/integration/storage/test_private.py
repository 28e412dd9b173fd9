"""That nobody but its owner reads what a server writes, whatever the umask was and whatever was there before."""

import asyncio
import os
import stat
from pathlib import Path

from tests import commands
from tests.integration.server import PASSWORD, Launch, Server
from tests.integration.wire import Wire

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("FOLKMOOT_")}


def open_to_others(place: Path) -> list[str]:
    """Return what others may do anything with, in a directory."""
    return [path.name for path in (place, *place.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]


async def use(server: Server) -> None:
    """Have the server write of all that it writes."""
    async with await Wire.open(server.url) as ann:
        await ann.register("ann")
        code = await ann.create()
        seq = await ann.post(code, "good morning")
        await ann.run(f"/delete {seq}", code)


async def test_what_the_server_makes_is_its_owners_alone(launch: Launch) -> None:
    """The tests' own umask lets others read, and commands inherit it."""
    before = os.umask(0o022)
    os.umask(before)
    assert before & 0o044 == 0, "this umask would hide what the test is about"
    server = launch(admin="root")
    await use(server)
    assert open_to_others(server.data) == []
    assert {"folkmoot.sqlite3", "folkmoot.sqlite3-wal", "journal.key"} <= {path.name for path in server.data.rglob("*")}
    assert stat.S_IMODE(server.ready.stat().st_mode) == 0o600


async def test_what_others_could_read_they_cannot_after_a_start(launch: Launch) -> None:
    server = launch()
    await use(server)
    assert await asyncio.to_thread(server.terminate) == 0
    for path in (server.data, *server.data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    await asyncio.to_thread(server.start)
    await use_again(server)
    assert open_to_others(server.data) == []


async def use_again(server: Server) -> None:
    async with await Wire.open(server.url) as bob:
        await bob.register("bob")


def test_the_other_commands_write_for_their_owner_alone(tmp_path: Path) -> None:
    data, tokens = tmp_path / "data", tmp_path / "tokens"
    where = ["--data", str(data)]
    for command in (["db", "migrate"], ["db", "seed", "--groups", "1", "--members", "2", "--tokens", str(tokens)]):
        done = commands.run([*command, *where], ENVIRONMENT)
        assert done.returncode == 0, done.stderr
    done = commands.run(["init", "--user", "root", *where], ENVIRONMENT, f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr
    assert open_to_others(data) == []
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o600


def test_secrets_that_others_may_read_are_told_of_at_the_start(launch: Launch, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("")
    secret.chmod(0o644)
    server = launch(cluster__nats_url_file=str(secret))
    assert server.stderr().count("others may read a secret") == 1
    assert str(secret) in server.stderr()
