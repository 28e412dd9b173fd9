"""`folkmoot demo` as a newcomer meets it: start it, sign in with an account that it prints, look around, stop it."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from folkmoot_client.sdk import Client, RequestRefused
from folkmoot_protocol import Entry, EntryKind, ErrorCode, Group, JoinMode
from folkmoot_protocol.types import Role
from folkmoot_server.demo.script import PEOPLE, SCENES

START_SECONDS = 100


class Demo:
    """A running demo: its address, and what it printed."""

    def __init__(self, folder: Path, language: str) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.log, ready = folder / "log", folder / "ready.json"
        environment = {**os.environ, "TMPDIR": str(self.temporary), "LANGUAGE": language}
        command = ["-m", "folkmoot_server.cli", "demo", "--listen", "127.0.0.1:0", "--ready-file", str(ready)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, *command], env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.02)
        self.url: str = json.loads(ready.read_text())["ws"]

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return self.log.read_text()

    def stop(self) -> int:
        """Ask it to end; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(START_SECONDS)


@pytest.fixture(scope="module", params=["en", "zh_CN"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo for all tests of a language; it must end well and leave nothing behind."""
    running = Demo(tmp_path_factory.mktemp("demo"), request.param)
    try:
        yield running
        assert running.stop() == 0, running.text
        assert list(running.temporary.iterdir()) == []
        assert "Traceback" not in running.text
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


def printed_accounts(text: str) -> tuple[list[str], str]:
    """Return the users and the password that the demo prints, in English or Chinese."""
    found = re.search(r"^(?:Accounts: |账号：)(.+?)(?:\. |。).*?[:：] ?(\S+)$", text, re.MULTILINE)
    assert found, text
    return found[1].split(", "), found[2]


def group_named(client: Client, name: str) -> Group:
    return next(group for group in client.groups.values() if group.name == name)


async def read(client: Client, group: Group) -> list[Entry]:
    return [entry async for entry in client.read_history(group.id)]


async def test_printed_accounts_find_groups_with_a_history(demo: Demo) -> None:
    users, password = printed_accounts(demo.text)
    assert users == [*(person.user for person in PEOPLE), "admin"]
    assert demo.url in demo.text

    async with Client(demo.url) as client:
        await client.login("ben", password)
        garden = group_named(client, SCENES[0].name)
        assert garden.role is Role.ADMIN
        entries = await read(client, garden)
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert all(before.ts <= after.ts for before, after in itertools.pairwise(entries))
        told = {entry.data["event"] for entry in entries if entry.data}
        assert {"created", "joined", "promoted", "muted", "deleted"} <= told
        erased = next(entry for entry in entries if entry.redacted)
        assert erased.body == ""
        assert (await client.post(garden.id, "Hello from the demo")).seq == len(entries) + 1


async def test_people_of_the_demo_can_do_what_it_suggests(demo: Demo) -> None:
    _, password = printed_accounts(demo.text)
    async with Client(demo.url) as mei, Client(demo.url) as admin:
        await mei.login("mei", password)
        news = group_named(mei, SCENES[2].name)
        assert news.join_mode is JoinMode.APPROVAL
        assert "max" in (await mei.run_command("/requests", news.id)).text
        await mei.run_command("/approve @max", news.id)
        assert "max" in [member.user for member in (await mei.list_members(news.id)).members]
        chinese = [entry for entry in await read(mei, group_named(mei, SCENES[1].name)) if entry.kind is EntryKind.TEXT]
        assert chinese[0].body == SCENES[1].lines[0].text

        await admin.login("admin", password)
        listed = await admin.admin("user", "list")
        assert {row["user"] for row in listed.items} >= {person.user for person in PEOPLE}


async def test_the_muted_one_is_muted(demo: Demo) -> None:
    _, password = printed_accounts(demo.text)
    async with Client(demo.url) as client:
        await client.login("max", password)
        garden = group_named(client, SCENES[0].name)
        with pytest.raises(RequestRefused) as refused:
            await client.post(garden.id, "watches?")
        assert refused.value.code == ErrorCode.MUTED
