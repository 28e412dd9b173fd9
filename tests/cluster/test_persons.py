"""Caps and measures hold for a person, not for an account: twenty accounts with one mobile number, on three nodes."""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Awaitable

import pytest

from folkmoot_protocol import requests as rq
from tests.cluster.conftest import StartCluster
from tests.cluster.nodes import Cluster, Node
from tests.integration.wire import Refused, Wire

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")

ACCOUNTS, CREATED, JOINED = 20, 3, 8
MOBILE = "13912345678"


async def verified(node: Node, user: str, stack: contextlib.AsyncExitStack) -> Wire:
    """Return a connection of a new account that has shown that it has the mobile."""
    wire = await stack.enter_async_context(await Wire.open(node.ws))
    await wire.register(user)
    await wire.run(f"/verify mobile {MOBILE}")
    code = re.findall(r"one_time_code='?(\d{6})", node.log.read_text())[-1]
    assert (await wire.run(f"/verify code {code}")).data["identity"] == "mobile"
    return wire


async def outcomes(asked: list[Awaitable[object]]) -> Counter[str]:
    """Wait for all of them; count how they were answered."""

    async def one(waiting: Awaitable[object]) -> str:
        try:
            await waiting
        except Refused as refusal:
            return str(refusal.code)
        return "done"

    return Counter(await asyncio.gather(*map(one, asked)))


async def test_two_hundred_at_once_come_to_exactly_the_cap(start_cluster: StartCluster) -> None:
    cluster: Cluster = await start_cluster(
        3,
        identity__sender__kind="console",
        identity__sender__codes_per_hour=1000,
        identity__sender__codes_per_address=1000,
        policy__quota__standard__groups_created=CREATED,
        policy__quota__standard__groups_joined=JOINED,
        limits__sign_ins_per_minute=0,
        limits__acts_per_minute=0,
        limits__group_acts_per_minute=0,
    )
    async with contextlib.AsyncExitStack() as stack:
        olga = await stack.enter_async_context(await Wire.open(cluster.nodes[0].ws))
        await olga.register("olga")
        codes = [await olga.create() for _ in range(CREATED)]
        otto = await stack.enter_async_context(await Wire.open(cluster.nodes[1].ws))
        await otto.register("otto")
        codes += [await otto.create() for _ in range(CREATED)]
        people = [await verified(cluster.nodes[number % 3], f"person{number}", stack) for number in range(ACCOUNTS)]

        created = await outcomes([wire.ask(rq.CreateGroup, name="Mine") for wire in people for _ in range(5)])
        assert created == {"done": CREATED, "group_quota": 100 - CREATED}

        joined = await outcomes([wire.ask(rq.JoinGroup, group=code) for wire in people for code in codes[:5]])
        assert joined["done"] == JOINED - CREATED
        assert sum(joined.values()) == 100
        assert set(joined) <= {"done", "join_quota", "already_member"}
        limits = [(await wire.run("/limits")).data for wire in people[:3]]
        assert limits[0]["groups_joined"] == {"current": JOINED, "limit": JOINED}
