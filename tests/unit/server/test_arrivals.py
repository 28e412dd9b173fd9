"""Many who sign in at once: a few at a time, none of them given up for waiting, and posts in between."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import CloseCode
from folkmoot_server.node import ARRIVALS_AT_ONCE
from tests.integration.wire import Wire
from tests.unit.server.stores import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, limits__auth_seconds=1) as stage:
        yield stage


async def test_who_waits_for_a_turn_is_not_given_up_and_members_go_on_meanwhile(stage: Stage) -> None:
    member, late = stage.seats[0][:2]
    ann = await stage.connect(member)
    for _ in range(ARRIVALS_AT_ONCE):
        await stage.node.arrivals.acquire()
    async with await Wire.open(stage.url) as waiting, await Wire.open(stage.url) as silent:
        resumed = await waiting.send(rq.Resume, token=late.token)
        # The time to sign in ends first for the one, then for the other.
        assert await silent.closed() == CloseCode.NOT_AUTHENTICATED
        await ann.post(member.code, "hello")
        assert not resumed.done()
        for _ in range(ARRIVALS_AT_ONCE):
            stage.node.arrivals.release()
        assert (await resumed).account.user == late.user
        assert waiting.close_code is None
