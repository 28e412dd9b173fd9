"""Nodes are replaced one by one by those of the next version while people talk: what operations.md promises of it.

The next version is a stand-in, `next_version.py`: this version is the older one here, which has to serve beside it.
"""

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_server.storage.sql.tables import SCHEMA
from tests.cluster.conftest import StartCluster
from tests.cluster.nodes import Cluster, Node
from tests.cluster.polling import until
from tests.cluster.test_rolling_restart import talk
from tests.integration.wire import Wire, bodies

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")
pytestmark = pytest.mark.faults

NEXT = [sys.executable, "-P", str(Path(__file__).with_name("next_version.py"))]


class Program:
    """A node that is no fork of the zygote, with what `tests.commands.Command` has."""

    def __init__(self, node: Node, *command: str) -> None:
        with node.log.open("ab") as log:
            self._process = subprocess.Popen([*NEXT, *command], env=node.environment, stdout=log, stderr=log)
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.poll()

    def send_signal(self, which: signal.Signals) -> None:
        self._process.send_signal(which)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout_s: float | None = None) -> int:
        return self._process.wait(timeout_s)


def upgrade(node: Node, *, breaks: bool = False) -> None:
    """Have a node start as the next version from now on."""
    node._spawn = partial(Program, node)  # type: ignore[assignment,method-assign]
    if breaks:
        node.environment["FOLKMOOT_NEXT_BREAKS"] = "1"


async def refused_news(node: Node) -> dict[str, float]:
    """Return how many news a node has refused, by the reason."""
    _, page = await node.get("/metrics")
    found = re.findall(r'^folkmoot_bus_refused_total\{reason="(\w+)"\} (\S+)$', page, re.MULTILINE)
    return {reason: float(count) for reason, count in found}


@contextlib.asynccontextmanager
async def talking(cluster: Cluster, tokens: list[str], code: str, said: list[str]) -> AsyncIterator[None]:
    """Have people talk, now on this node, now on that."""
    # Some tens of posts a second: nodes that start meanwhile need the machine, too.
    tasks = [asyncio.create_task(talk(cluster, at, token, code, said, 0.03)) for at, token in enumerate(tokens)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def listen(cluster: Cluster, token: str, code: str, said: list[str], topic: str) -> None:
    """Listen on every node for a while: each hears all that is said, once and in order, and what is changed."""
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(await Wire.open(node.ws, token)) for node in cluster.nodes]
        enough = len(said) + 20

        async def is_enough() -> bool:
            return len(said) >= enough

        await until(is_enough)
        for wire in wires:
            await wire.run(f"/topic {topic} {wires.index(wire)}", code)
        last = await wires[0].post(code, f"over: {topic}")
        for wire in wires:
            seqs = [entry.seq for entry in await wire.seen(code, last)]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))

            async def is_told(wire: Wire = wire) -> bool:
                return (await wire.group(code)).topic == f"{topic} {len(wires) - 1}"

            await until(is_told)


@pytest.mark.timeout(600)
async def test_nodes_are_replaced_one_by_one_while_people_talk(start_cluster: StartCluster, database: str) -> None:
    cluster = await start_cluster(3, limits__posts_per_second=0, limits__acts_per_minute=0)
    said: list[str] = []
    codes, before_the_end = [], {}
    async with AsyncExitStack() as stack:
        people = [await stack.enter_async_context(await Wire.open(node.ws)) for node in cluster.nodes]
        for name, wire in zip(("ann", "bob", "carol"), people, strict=True):
            await wire.register(name)
        code = await people[0].create()
        for wire in people[1:]:
            await wire.ask(rq.JoinGroup, group=code)
        tokens = [wire.token for wire in people]
    async with talking(cluster, tokens[1:], code, said):
        for number, node in enumerate(cluster.nodes):
            await listen(cluster, tokens[0], code, said, f"{number} new")
            before_the_end[number] = await refused_news(node)
            codes.append(await node.stop())
            upgrade(node)
            await node.come_back()
        await listen(cluster, tokens[0], code, said, "all new")

    assert codes == [0, 0, 0]
    logs = []
    for node in cluster.nodes:
        async with await Wire.open(node.ws, tokens[0]) as wire:
            logs.append(await wire.history(code))
    assert [entry.seq for entry in logs[0]] == list(range(1, len(logs[0]) + 1))
    assert logs[0] == logs[1] == logs[2]
    posted = bodies(logs[0])
    assert [body for body in said if posted.count(body) != 1] == []
    # Nodes of two versions heard each other all the time, but for what the older one does not know.
    assert before_the_end[0] == {}
    assert [set(before_the_end[number]) for number in (1, 2)] == [{"unknown"}, {"unknown"}]

    node = cluster.nodes[0]
    checked = await asyncio.to_thread(
        subprocess.run, [*NEXT, "db", "verify", "--data", str(node.data)], env=node.environment, capture_output=True
    )
    assert checked.returncode == 0, checked.stderr
    assert await node.stop() == 0
    del node._spawn
    with pytest.raises(AssertionError, match=f"this version knows up to {SCHEMA}: start the version"):
        await node.start()


async def test_a_version_beside_which_older_nodes_cannot_serve_waits_until_they_are_stopped(
    start_cluster: StartCluster,
) -> None:
    cluster = await start_cluster(2)
    older, newer = cluster.nodes
    async with await Wire.open(older.ws) as ann:
        await ann.register("ann")
        code = await ann.create()
        assert await newer.stop() == 0
        upgrade(newer, breaks=True)
        with pytest.raises(AssertionError, match=f"nodes that know schema {SCHEMA} are connected.*stop all nodes"):
            await newer.start()
        # Whoever serves goes on as if nothing had been.
        said = await ann.post(code, "still here")
        token = ann.token
    assert await older.stop() == 0
    await newer.come_back()
    async with await Wire.open(newer.ws, token) as ann:
        assert await ann.post(code, "here again") == said + 1
