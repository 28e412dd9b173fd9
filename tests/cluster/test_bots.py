"""Bots on several nodes: whoever ends one ends it everywhere, and who is gone answers for none anywhere."""

import pytest

from tests.cluster.nodes import Cluster
from tests.integration.wire import Wire, refused

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")


async def test_a_bot_ends_on_all_nodes_at_once(cluster: Cluster) -> None:
    here, there = (node.ws for node in cluster.nodes[:2])
    async with await Wire.open(here) as olga, await Wire.open(there) as adam:
        await olga.register("olga")
        await adam.register("adam")
        code = await olga.create()
        await adam.run(f"/join {code}")
        await olga.run("/promote @adam bots", code)
        first = (await olga.run("/bot add walker", code)).data["token"]
        second = (await adam.run("/bot add runner", code)).data["token"]
        walker, runner = await Wire.open(there, first), await Wire.open(here, second)
        await walker.post(code, "on my way")
        await runner.post(code, "here already")
        await olga.run("/bot remove walker", code)
        assert await walker.closed() == 4403
        async with await Wire.open(there) as stranger:
            await refused(stranger.resume(first), "auth_failed")
        await adam.run(f"/leave {code}")
        await refused(runner.post(code, "anybody?"), "forbidden", rule="bots", giver="adam")
        await olga.run("/bot token runner", code)
        assert await runner.closed() == 4403
