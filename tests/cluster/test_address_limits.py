"""Limits by address hold over the nodes of a cluster together."""

import contextlib
from functools import partial
from http import HTTPStatus

import pytest
from websockets.exceptions import InvalidStatus

from folkmoot_protocol import requests as rq
from tests.cluster.conftest import StartCluster
from tests.cluster.nodes import Node
from tests.cluster.polling import until
from tests.integration.wire import Wire, refused

pytestmark = pytest.mark.faults

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")

# Nobody signs in here, and nobody is to be thrown out for it.
LIMITS = {
    "limits__connections_per_address": 6,
    "limits__sign_ins_per_minute": 1,
    "limits__auth_seconds": 600,
}


async def lets_in(node: Node) -> bool:
    """Say whether a node takes one more connection from here; it is gone afterwards."""
    try:
        await (await Wire.open(node.ws)).close()
    except InvalidStatus as error:
        assert error.response.status_code == HTTPStatus.TOO_MANY_REQUESTS
        return False
    return True


async def keeps_out(node: Node) -> bool:
    return not await lets_in(node)


async def test_three_nodes_count_an_address_together(start_cluster: StartCluster) -> None:
    nodes = (await start_cluster(3, **LIMITS)).nodes
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(await Wire.open(nodes[0].ws))
        await refused(first.ask(rq.Login, user="nobody.here", password="a bad one"), "auth_failed")
        # Who has heard of the connections below, the first node's included, has heard of this sign-in.
        places = [nodes[0], nodes[1], nodes[1], nodes[2], nodes[2]]
        wires = [await stack.enter_async_context(await Wire.open(node.ws)) for node in places]
        for node in nodes:
            await until(partial(keeps_out, node))
        await refused(wires[-1].ask(rq.Login, user="nobody.here", password="a bad one"), "rate_limited")

        await first.close()
        for node in nodes:
            await until(partial(lets_in, node))
