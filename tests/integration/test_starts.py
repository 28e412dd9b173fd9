"""A start on what cannot be served ends with a sentence that names what is wrong and what to do."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from folkmoot_protocol import requests as rq
from tests.integration.server import PASSWORD, Launch, Server
from tests.integration.wire import Wire

SERVE = ("serve", "--profile", "open", "--listen", "127.0.0.1:0")


def refused_start(server: Server) -> str:
    """Return what a start says that is refused."""
    ended = server.run(*SERVE)
    assert ended.returncode == 1, ended
    assert "Traceback" not in ended.stderr
    return ended.stderr.splitlines()[-1]


@pytest.fixture
def stopped(tmp_path: Path) -> Server:
    """A server with a group, not started."""
    server = Server(tmp_path, {})
    server.seed(1, 2)
    return server


def test_a_key_that_is_missing_is_named_and_none_is_made_up(stopped: Server) -> None:
    """*A start made another key, and what the old one had sealed was gone without a word.*"""
    key = stopped.data / "keys" / "journal.key"
    aside = key.rename(stopped.place / "aside")
    for command in (SERVE, ("db", "accept-loss", "--reason", "try"), ("init", "--user", "root")):
        ended = stopped.run(*command, input=f"{PASSWORD}\n")
        assert ended.returncode == 1
        assert f"{key} is missing, and with it all that is sealed" in ended.stderr
        assert not key.exists()
    aside.rename(key)
    stopped.start()
    assert stopped.terminate() == 0


async def test_the_key_of_another_store_is_not_used(launch: Launch, tmp_path: Path) -> None:
    server = launch(groups=1, members=2)
    owner, member = server.seats[0]
    async with await server.connect(owner) as wire:
        case = (await wire.ask(rq.RunCommand, group=owner.code, line=f"/mute @{member.user} 1h loud")).data["case"]
    async with await server.connect(member) as wire:
        await wire.ask(rq.RunCommand, line=f"/proof {case}")
    assert server.terminate() == 0
    key = server.data / "keys" / "journal.key"
    own = key.read_bytes()
    key.write_bytes(bytes(32))
    assert f"{key} is not the key of this store" in refused_start(server)
    key.write_bytes(own)
    server.start()


async def test_the_key_of_identities_is_missed_where_there_are_some(launch: Launch) -> None:
    server = launch()
    async with await Wire.open(server.url) as wire:
        await wire.register("ann", PASSWORD)
        await wire.run("/verify mobile 13800138000")
    assert server.terminate() == 0
    key = server.data / "keys" / "identity.key"
    own = key.read_bytes()
    key.unlink()
    assert f"{key} is missing" in refused_start(server)
    assert not key.exists()
    key.write_bytes(own)
    server.start()


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Server]:
    """A server whose data are on a file system that nobody may write to."""
    place, server = tmp_path / "disk", Server(tmp_path, {})
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    try:
        server.data = place / "data"
        server.seed(1, 2)
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        yield server
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_file_system_that_is_read_only_is_named(read_only: Server) -> None:
    said = refused_start(read_only)
    assert f"may not use {read_only.data}" in said
    assert "can be written to" in said
    subprocess.run(["mount", "-o", "remount,rw", str(read_only.data.parent)], check=True)
    read_only.start()
    assert read_only.terminate() == 0


@pytest.mark.parametrize("name", ["folkmoot.sqlite3", "keys/journal.key", "journal"])
def test_a_file_that_the_server_may_not_use_is_named(stopped: Server, name: str) -> None:
    path = stopped.data / name
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        if os.access(path, os.R_OK):
            pytest.skip("who tests may use any file")
        assert "may not use " in refused_start(stopped)
    finally:
        path.chmod(mode)
    stopped.start()
    assert stopped.terminate() == 0
