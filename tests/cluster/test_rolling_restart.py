"""Nodes that are stopped one after the other, whatever is away meanwhile, end with exit code 0, and lose nothing."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import pytest

from folkmoot_protocol import requests as rq
from tests.cluster.conftest import StartCluster
from tests.cluster.nemesis import start_again
from tests.cluster.nodes import Cluster
from tests.integration.wire import Closed, Refused, Wire, bodies

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")
pytestmark = pytest.mark.faults

AWAY = ("nothing", "nats", "postgres", "cut", "hole")


@contextlib.asynccontextmanager
async def away(what: str, cluster: Cluster, number: int) -> AsyncIterator[None]:
    """Have something fail for a node while the block runs."""
    node = cluster.nodes[number]
    services = {"nats": cluster.nats, "postgres": cluster.postgres}
    if what in services:
        await asyncio.to_thread(services[what].stop, signal.SIGKILL)
    elif what in ("cut", "hole"):
        for proxy in (node.nats, node.postgres):
            proxy.set(what)  # type: ignore[arg-type]
    try:
        yield
    finally:
        if what in services:
            await asyncio.to_thread(start_again, services[what])
        for proxy in (node.nats, node.postgres):
            proxy.set("open")


async def talk(cluster: Cluster, number: int, token: str, code: str, said: list[str], pause_s: float = 0) -> None:
    """Post on one node after the other, for ever; note what was acknowledged."""
    count = 0
    while True:
        url = cluster.nodes[number % len(cluster.nodes)].ws
        number += 1
        with contextlib.suppress(OSError, Closed, Refused):
            async with await Wire.open(url, token) as wire:
                while True:
                    body = f"{wire.user} {(count := count + 1)}"
                    futures = [await wire.send(rq.Post, group=code, body=body, nonce=body) for _ in range(2)]
                    await asyncio.gather(*futures)
                    said.append(body)
                    await asyncio.sleep(pause_s)
        await asyncio.sleep(0.05)


@pytest.mark.timeout(600)
async def test_whatever_is_away_a_node_that_is_stopped_ends_well(start_cluster: StartCluster) -> None:
    cluster = await start_cluster(2, limits__posts_per_second=0)
    said: list[str] = []
    async with await Wire.open(cluster.nodes[0].ws) as ann, await Wire.open(cluster.nodes[1].ws) as bob:
        await ann.register("ann")
        await bob.register("bob")
        code = await ann.create()
        await bob.ask(rq.JoinGroup, group=code)
        tokens = [ann.token, bob.token]
    talking = [asyncio.create_task(talk(cluster, at, token, code, said)) for at, token in enumerate(tokens)]
    codes = {}
    try:
        for number, what in enumerate(AWAY):
            enough = len(said) + 20
            while len(said) < enough:  # noqa: ASYNC110  # whoever talks tells nobody
                await asyncio.sleep(0.02)
            node = cluster.nodes[number % 2]
            async with away(what, cluster, number % 2):
                codes[what] = await node.stop()
            await node.come_back()
    finally:
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
    assert codes == dict.fromkeys(AWAY, 0)
    async with await Wire.open(cluster.nodes[0].ws, tokens[0]) as ann:
        log = bodies(await ann.history(code))
    assert [body for body in said if log.count(body) != 1] == []
    for node in cluster.nodes:
        assert "Traceback" not in node.log.read_text()
