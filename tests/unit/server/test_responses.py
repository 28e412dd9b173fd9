"""The bounds of what people are told of others: on a real store, without waiting."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from folkmoot_governance.group.mentions import find_called
from folkmoot_governance.group.responses import QUIET_MS
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import Notice
from folkmoot_server.actions.channels import responses as module
from folkmoot_server.actions.channels.responses import DAY_S, MOST_TRIES, Responses
from folkmoot_server.common.clock import Clock
from folkmoot_server.common.rate_limit import Buckets
from folkmoot_server.storage.change_set import StorageError
from tests.integration.wire import Wire
from tests.unit.server.stores import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        await stage.rest()
        yield stage


async def told(wire: Wire) -> list[Notice]:
    found: rs.NoticesResult = await wire.ask(rq.GetNotices)
    return list(found.notices)


def responses(stage: Stage) -> Responses:
    return stage.node.app.channels.responses


async def test_one_who_writes_much_brings_about_so_many_notices_and_no_more(stage: Stage) -> None:
    star, loud, other = [await stage.connect(seat) for seat in stage.seats[0]]
    responses(stage)._by_writer = Buckets(3 / DAY_S, 3)
    posts = [await star.post(f"@{star.user}", str(number)) for number in range(5)]
    for seq in posts:
        await loud.post(f"@{star.user}", "!", thread=seq)
    await other.post(f"@{star.user}", "Well", thread=posts[0])
    await responses(stage).tell()
    assert sorted((one.data["by"], one.data["seq"]) for one in await told(star)) == sorted(
        [*((loud.user, seq) for seq in posts[1:3]), (other.user, posts[0])]
    )


async def test_so_many_wait_for_one_account_and_no_more(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNREAD", 2)
    star, fan, _other = [await stage.connect(seat) for seat in stage.seats[0]]
    posts = [await star.post(f"@{star.user}", str(number)) for number in range(4)]
    for seq in posts:
        await fan.post(f"@{star.user}", "!", thread=seq)
    await responses(stage).tell()
    assert {one.data["seq"] for one in await told(star)} == set(posts[:2])
    # What is added to one that waits is no further one.
    await fan.post(f"@{star.user}", "!", thread=posts[0])
    await responses(stage).tell()
    assert {(one.data["seq"], one.data["count"]) for one in await told(star)} == {(posts[0], 2), (posts[1], 1)}
    await star.ask(rq.ReadNotices, up_to=(await told(star))[0].id)
    await fan.post(f"@{star.user}", "!", thread=posts[3])
    await responses(stage).tell()
    assert len(await told(star)) == 3


async def test_after_a_while_what_was_read_is_told_of_again(tmp_path: Path) -> None:
    now = [time.time()]
    async with staged(tmp_path, clock=Clock(lambda: now[0])) as stage:
        await stage.rest()
        star, fan, _other = [await stage.connect(seat) for seat in stage.seats[0]]
        seq = await star.post(f"@{star.user}", "hello")
        for wait_ms, counts in ((0, [1]), (QUIET_MS - 1, [2]), (2, [1, 2]), (QUIET_MS + 1, [1, 1, 2])):
            now[0] += wait_ms / 1000
            await fan.post(f"@{star.user}", "!", thread=seq)
            await responses(stage).tell()
            notices = await told(star)
            assert [one.data["count"] for one in notices] == counts
            await star.ask(rq.ReadNotices, up_to=notices[0].id)


async def test_what_could_not_be_stored_is_told_later(stage: Stage) -> None:
    star, fan, _other = [await stage.connect(seat) for seat in stage.seats[0]]
    seq = await star.post(f"@{star.user}", "hello")
    await fan.post(f"@{star.user}", "!", thread=seq)
    stage.store.failures = 100
    await responses(stage).tell()
    stage.store.failures = 0
    assert await told(star) == []
    await responses(stage).tell()
    assert [one.kind for one in await told(star)] == ["commented"]


@pytest.mark.parametrize("error", [ValueError, StorageError])
async def test_an_entry_that_always_fails_keeps_no_other_back_and_is_given_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    tried = []

    def find(body: str) -> list[list[str]]:
        tried.append(body)
        if body == "odd":
            raise error
        return find_called(body)

    monkeypatch.setattr(module, "find_called", find)
    star, fan, _other = [await stage.connect(seat) for seat in stage.seats[0]]
    seq = await star.post(f"@{star.user}", "hello")
    with capture_logs() as lines:
        await fan.post(f"@{star.user}", "odd", thread=seq)
        await fan.post(f"@{star.user}", "even", thread=seq)
        for number in range(3 * MOST_TRIES):
            # Where the store fails, the entry counts as failing only after others that do not.
            await fan.post(f"@{star.user}", str(number), thread=seq)
            await responses(stage).tell()
    (notice,) = await told(star)
    assert (notice.data["count"], tried.count("even")) == (1 + 3 * MOST_TRIES, 1)
    assert MOST_TRIES <= tried.count("odd") <= MOST_TRIES + 1
    assert [one["tries"] for one in lines if one["event"] == "nobody is told of an entry"] == [MOST_TRIES]


async def test_a_flood_of_entries_is_not_kept_in_memory(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    star, fan, _other = [await stage.connect(seat) for seat in stage.seats[0]]
    seq = await star.post(f"@{star.user}", "hello")
    for _ in range(5):
        await fan.post(f"@{star.user}", "!", thread=seq)
    await responses(stage).tell()
    assert [one.data["count"] for one in await told(star)] == [2]
