"""The daily look at groups: on a real store, with a day that passes at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_server.jobs.grading import Grading
from tests.unit.server.stores import Stage, staged

GRADES = {
    "policy__grades__calm__up_to_members": 500,
    "policy__grades__calm__up_to_entries_per_day": 1,
    "policy__grades__calm__up_to_followers": 1,
    "policy__grades__busy__up_to_members": 500,
    "policy__grades__busy__info_page": True,
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, **GRADES) as stage:
        yield stage


async def test_activity_is_counted_from_heads_and_moves_the_grade(stage: Stage) -> None:
    node, grading = stage.node, stage.job(Grading)
    now = node.clock.now_ms()
    owner = await stage.connect(stage.seats[0][0])
    busy, calm = stage.seats[0][0].code, stage.seats[1][0].code
    for number in range(60):
        await owner.post(busy, f"post {number}")
    assert await grading.sweep(now + DAY_MS // 2) == 0, "nobody's day is over"
    since = len(owner.log)
    assert await grading.sweep(now + DAY_MS + HOUR_MS) == 3
    assert await grading.sweep(now + DAY_MS + 2 * HOUR_MS) == 0, "they were looked at an hour ago"
    states = {code: await node.store.ledger.load_group(code) for code in (busy, calm)}
    assert {code: state.grade for code, state in states.items() if state} == {busy: "busy", calm: "calm"}
    await owner.until(lambda: any(isinstance(frame, ev.GroupEvent) for frame in owner.log[since:]))
    (notice,) = [frame.entry for frame in owner.log[since:] if isinstance(frame, ev.EntryEvent)]
    assert notice.data is not None
    assert (notice.from_.user, notice.data["event"], notice.data["grade"]) == ("platform", "graded", "busy")
    assert "by" not in notice.data
    for day in range(2, 30):
        await grading.sweep(now + day * (DAY_MS + HOUR_MS))
    state = await node.store.ledger.load_group(busy)
    assert state is not None
    assert (state.grade, state.entries_per_day) == ("calm", 1), "it went back when it crossed the border"


async def test_a_channel_goes_up_with_its_follower_and_down_with_the_look(stage: Stage) -> None:
    star, *fans = [await stage.connect(seat) for seat in stage.seats[0]]
    await star.post(f"@{star.user}", "hello")
    for fan in fans:
        code = (await fan.ask(rq.Follow, group=f"@{star.user}")).channel.id
    state = await stage.node.store.ledger.load_group(code)
    assert state is not None
    assert (state.grade, state.most_followers) == ("busy", 2)
    await fans[0].ask(rq.Unfollow, group=code)
    now = stage.node.clock.now_ms()
    await stage.job(Grading).sweep(now + DAY_MS + HOUR_MS)
    state = await stage.node.store.ledger.load_group(code)
    assert state is not None
    assert (state.grade, state.most_followers) == ("calm", 2)


async def test_a_store_that_fails_puts_the_look_off(stage: Stage) -> None:
    node = stage.node
    now = node.clock.now_ms() + 2 * DAY_MS
    stage.store.failures = 100
    assert await stage.job(Grading).sweep(now) == 3
    stage.store.failures = 0
    assert await stage.job(Grading).sweep(now) == 3
    assert await stage.job(Grading).sweep(now) == 0
