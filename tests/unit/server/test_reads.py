"""Counting who reads channels: on a real store, with a day that passes at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol import requests as rq
from folkmoot_server.actions.channels import reads as module
from folkmoot_server.actions.channels.reads import Reads
from folkmoot_server.jobs.forgetting import Forgetting
from folkmoot_server.live.accounts import Account
from tests.integration.wire import Wire
from tests.unit.server.stores import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


async def opened(stage: Stage, star: Wire) -> str:
    await star.post(f"@{star.user}", "hello")
    code: str = (await star.ask(rq.GetChannel, group=f"@{star.user}")).channel.id
    return code


async def account(stage: Stage, wire: Wire) -> Account:
    found = await stage.node.accounts.load(wire.user)
    assert found is not None
    return found


async def test_a_reader_on_two_nodes_counts_once_and_is_forgotten_with_the_day(stage: Stage) -> None:
    star, *fans = [await stage.connect(seat) for seat in stage.seats[0]]
    code, node = await opened(stage, star), stage.node
    here = node.app.channels.reads
    there = Reads(node.store.channels, node.app.account_service, node.clock, node.app.config.server.data_dir)
    for one in (here, there):
        for wire in (star, *fans):
            one.note(await account(stage, wire), code)
        await one.store()
    assert await here.count(code) == 2
    today = node.clock.now_ms() // DAY_MS
    assert await node.store.channels.oldest_reads(today + 1) is not None
    await stage.job(Forgetting).do_round()
    assert await node.store.channels.oldest_reads(today + 1) is not None
    await here.forget(node.clock.now_ms() + DAY_MS)
    assert await node.store.channels.oldest_reads(today + 1) is None
    assert await here.count(code) == 2


async def test_what_could_not_be_stored_is_stored_later(stage: Stage) -> None:
    star, fan, _other = [await stage.connect(seat) for seat in stage.seats[0]]
    code, reads = await opened(stage, star), stage.node.app.channels.reads
    reads.note(await account(stage, fan), code)
    stage.store.failures = 100
    await reads.store()
    stage.store.failures = 0
    assert await reads.count(code) == 0
    await reads.store()
    assert await reads.count(code) == 1


async def test_what_a_node_remembers_is_bounded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EACH", 3)
    monkeypatch.setattr(module, "MOST_WAITING", 5)
    star, fan, other = [await stage.connect(seat) for seat in stage.seats[0]]
    code, reads = await opened(stage, star), stage.node.app.channels.reads
    codes = [str(number) for number in range(100)]
    for wire in (fan, other):
        for one in (code, *codes):
            reads.note(await account(stage, wire), one)
    assert len(reads._waiting) == 5
