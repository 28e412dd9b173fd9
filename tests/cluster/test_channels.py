"""Channels on three nodes: the star is on A, her fan on B, the fan's second device on C."""

import asyncio
import contextlib

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from tests.cluster.conftest import StartCluster
from tests.cluster.polling import until
from tests.integration.wire import Refused, Wire

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")

STAR = "@star"


async def texts(wire: Wire, **fields: object) -> list[str]:
    page: rs.HomeResult = await wire.ask(rq.GetHome, **fields)
    return [post.entry.body for post in page.posts]


def heard(wire: Wire, body: str) -> bool:
    return any(isinstance(one, ev.PostEvent) and one.entry.body == body for one in wire.log)


async def test_home_is_the_same_on_all_nodes_and_live_on_each(start_cluster: StartCluster) -> None:
    """One cluster for all: starting one takes longest."""
    cluster = await start_cluster(3)
    a, b, c = cluster.nodes
    async with contextlib.AsyncExitStack() as stack:
        star = await stack.enter_async_context(await Wire.open(a.ws))
        fan = await stack.enter_async_context(await Wire.open(b.ws))
        await star.register("star")
        await fan.register("fan")
        device = await stack.enter_async_context(await Wire.open(c.ws, fan.token))
        elsewhere = await stack.enter_async_context(await Wire.open(c.ws, star.token))

        await check_one_channel(star, elsewhere)

        await device.ask(rq.Follow, group=STAR)
        assert sorted(await texts(fan, live=True)) == sorted(map(str, range(6)))
        await star.post(STAR, "to all")
        await fan.until(lambda: heard(fan, "to all"))
        assert (await texts(fan))[0] == (await texts(device))[0] == "to all"

        # What is taken back on one node is nowhere after the answer, however new another node thinks it is.
        seq = await elsewhere.post(STAR, "a mistake")
        channel = (await fan.ask(rq.GetChannel, group=STAR)).channel
        await star.run(f"/delete {seq}", channel.id)
        assert "a mistake" not in [*await texts(fan), *await texts(device)]

        # A device that follows somebody lets the other one hear of new posts, on its own node.
        await device.ask(rq.Unfollow, group=STAR)
        assert await texts(fan) == []
        await fan.ask(rq.Follow, group=STAR)
        await elsewhere.post(STAR, "again")
        await fan.until(lambda: heard(fan, "again"))

        # News that never come.
        b.nats.set("cut")
        seq = await star.post(STAR, "unheard of")
        comment = await star.post(STAR, "what is said of it", thread=seq)
        await fan.post(STAR, "read on another device", thread=seq, reply_to=comment)
        async with await Wire.open(b.ws, star.token) as third:
            await third.ask(rq.Edit, group=channel.id, seq=comment, body="what is said of it, and more")

        async def is_there() -> bool:
            return await texts(fan, limit=1) == ["unheard of"]

        await until(is_there)
        b.nats.set("open")


async def check_one_channel(star: Wire, elsewhere: Wire) -> None:
    """The first posts of an account, on two nodes at once, open one channel."""
    wires = [star, elsewhere] * 3
    futures = [await wire.send(rq.Post, group=STAR, body=str(number)) for number, wire in enumerate(wires)]
    for number, future in enumerate(futures):
        try:
            await asyncio.wait_for(future, 60)
        except Refused as refusal:
            # The other node was first at this very moment: said, and right the next time.
            assert refusal.code == "conflict"
            await wires[number].post(STAR, str(number))
    channels = {(await wire.ask(rq.GetChannel, group=STAR)).channel.id for wire in wires}
    assert len(channels) == 1
