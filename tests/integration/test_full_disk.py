"""Disks that are full, and what else keeps posts from being stored: said at once, and over as soon as it is."""

import asyncio
import os
import subprocess
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from folkmoot_client.sdk import Client, RequestRefused
from folkmoot_client.sdk.media import send
from folkmoot_protocol import Upload, UploadResult
from tests.builders.pictures import planted_picture
from tests.cluster.polling import until
from tests.integration.server import Launch, Server
from tests.integration.wire import PATIENCE_S, Refused, refused

SIZE = "8m"


def readyz(server: Server) -> tuple[int, str]:
    """Return status and text."""
    try:
        with urlopen(f"{server.urls['http']}/readyz", timeout=PATIENCE_S) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


async def until_ready(server: Server, status: int) -> str:
    """Wait until /readyz answers with a status; return what it says then."""

    async def is_so() -> bool:
        return (await asyncio.to_thread(readyz, server))[0] == status

    await until(is_so, PATIENCE_S)
    return (await asyncio.to_thread(readyz, server))[1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def server(tmp_path: Path, small_disk: Path) -> Iterator[Server]:
    """A server whose data are there, with a group of two; not started."""
    server = Server(tmp_path, {"limits__posts_per_second": 0})
    server.data = small_disk / "data"
    server.seed(1, 2)
    try:
        yield server
    finally:
        if server.process is not None:
            assert server.terminate() == 0, server.stderr()
        assert "Traceback" not in server.stderr(), server.stderr()


def fill(disk: Path) -> Path:
    """Fill a disk to its last byte; return the file that does."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"\x00" * 4096):
                pass
        except OSError:
            pass
    return filler


async def post_until_refused(server: Server) -> None:
    ann = server.seats[0][0]
    async with await server.connect(ann) as wire:
        try:
            for number in range(1000):
                await wire.post(ann.code, f"{number} " + "x" * 1000)
        except Refused as no:
            assert no.code == "unavailable"
            return
    raise AssertionError("there is always room")


async def test_while_posts_cannot_be_stored_the_server_is_not_ready(server: Server, small_disk: Path) -> None:
    server.start()
    assert await asyncio.to_thread(readyz, server) == (200, "ready\n")
    filler = fill(small_disk)
    await post_until_refused(server)
    assert "not ready, nothing can be posted" in await until_ready(server, 503)
    filler.unlink()
    # Nobody posts meanwhile: it finds out by itself.
    assert await until_ready(server, 200) == "ready\n"
    ann = server.seats[0][0]
    async with await server.connect(ann) as wire:
        await wire.post(ann.code, "there is room again")


@pytest.mark.parametrize("command", [("serve", "--profile", "open"), ("db", "verify"), ("db", "migrate")])
def test_a_start_on_a_full_disk_says_what_it_needs(server: Server, small_disk: Path, command: tuple[str, ...]) -> None:
    filler = fill(small_disk)
    ended = server.run(*command)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended
    assert "is on a full disk: 1024 KiB must be free, 0 are" in ended.stderr
    filler.unlink()
    assert server.run("db", "verify").returncode == 0
    server.start()


@pytest.mark.parametrize("command", [("serve", "--profile", "open"), ("db", "verify"), ("db", "migrate")])
def test_a_start_on_a_disk_that_is_read_only_says_what_it_needs(
    server: Server, small_disk: Path, command: tuple[str, ...]
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    ended = server.run(*command)
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False), ended
    assert f"may not use {server.data}: give it to that user, or mount it so that it can be written to" in ended.stderr
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert server.run("db", "verify").returncode == 0
    server.start()


async def test_files_that_were_removed_make_it_not_ready_for_good(launch: Launch) -> None:
    server = launch(groups=1)
    ann = server.seats[0][0]
    async with await server.connect(ann) as wire:
        await wire.post(ann.code, "all is well")
        (month,) = (server.data / "journal").glob("*.sqlite3")
        month.unlink()
        await refused(wire.post(ann.code, "where does this go?"), "unavailable")
        said = await until_ready(server, 503)
        assert f"{month} was removed or replaced under the running server" in said
        await refused(wire.post(ann.code, "and this?"), "unavailable")
    server.kill()
    (server.place / "stderr").write_text("")


async def test_uploads_wait_until_there_is_room(server: Server, small_disk: Path) -> None:
    server.settings = {**server.settings, "media__reserve_bytes": 0}
    server.start()
    ann, file = server.seats[0][0], planted_picture(size=(300, 300))
    async with Client(server.url, token=ann.token) as client:
        waiting = await client.ask(Upload, UploadResult, size=len(file))
        filler = fill(small_disk)
        with pytest.raises(RequestRefused, match="no room for uploads just now: try again in"):
            await client.upload(file)
        with pytest.raises(RequestRefused, match="no room for uploads just now: try again in"):
            await asyncio.to_thread(send, client.url, waiting.path, file, None)
        assert not (server.data / "media").exists()
        assert list(server.data.glob("incoming/*")) == []
        filler.unlink()
        assert await until_ready(server, 200) == "ready\n"
        media = await asyncio.to_thread(send, client.url, waiting.path, file, None)
        await client.post(ann.code, "there is room again", media=[media["id"]])
