"""A node that nobody uses leaves its storage alone: jobs look when there is something to look for."""

import heapq
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from folkmoot_server.common.background import Loop
from folkmoot_server.common.clock import Clock
from folkmoot_server.storage.sqlite.worker import Worker
from tests.unit.server.stores import Stage, staged

ENDLESS = ("commit_queue", "storing", "loop_lag")
"""Loops that wait for something, or for a time of their own."""


BEGUN_S = 320
"""So long after a start the last job has seen what it stored. After ten minutes others begin to look, once a day."""
SETTLED_S = 190
"""As much for what is stored later: it goes into the log a minute later, and what that stores is looked at as well."""


class Day:
    """Time that passes as fast as the loops of a node are done with it, and what they ask storage for meanwhile."""

    def __init__(self) -> None:
        self.now_s = time.time()
        self.calls: Counter[str] = Counter()
        self._asking = ""
        self._due: list[tuple[float, int, Loop]] = []

    def count(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Return a way to hand work to storage's threads that counts for whom it is."""

        def counted(*arguments: Any, **more: Any) -> Any:
            self.calls[self._asking] += 1
            return run(*arguments, **more)

        return counted

    def begin(self, loops: list[Loop]) -> None:
        """Have loops done instead of by the node itself."""
        mine = [loop for loop in loops if loop.name not in ENDLESS]
        self._due = [(self.now_s + loop.first_rest_s, number, loop) for number, loop in enumerate(mine)]
        heapq.heapify(self._due)

    async def pass_by(self, seconds: float) -> Counter[str]:
        """Do what is due within so many seconds; return how often storage was asked, by the loop that did."""
        self.calls.clear()
        until = self.now_s + seconds
        while self._due[0][0] <= until:
            due, number, loop = heapq.heappop(self._due)
            self.now_s = max(self.now_s, due)
            self._asking = loop.name
            rest_s = await loop.do_round()
            heapq.heappush(self._due, (due + max(0.01, loop.rest_s if rest_s is None else rest_s), number, loop))
        self.now_s, self._asking = until, ""
        return self.calls.copy()


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Day:
    day = Day()
    for threads, hand_over in ((Worker, "run"), (aiosqlite.Connection, "_execute")):
        counted = day.count(getattr(threads, hand_over))
        monkeypatch.setattr(threads, hand_over, lambda *call, counted=counted, **more: counted(*call, **more))
    return day


@pytest.fixture
async def stage(tmp_path: Path, day: Day) -> AsyncIterator[Stage]:
    """A node whose loops are done by the `day`, but for its commit queue."""
    async with staged(tmp_path, clock=Clock(lambda: day.now_s)) as stage:
        await stage.rest()
        day.begin(stage.node.loops())
        await day.pass_by(BEGUN_S)
        yield stage


async def test_nothing_is_asked_of_storage_while_nothing_is_stored(stage: Stage, day: Day) -> None:
    assert await day.pass_by(260) == {}


async def test_what_is_stored_is_looked_at_and_then_no_more(stage: Stage, day: Day) -> None:
    seat = stage.seats[0][0]
    wire = await stage.connect(seat)
    await wire.post(seat.code, "hello")
    asked = await day.pass_by(20)
    assert set(asked) >= {"ends", "succession", "lost_flags", "settling", "search_index", "platform_words"}
    # What was stored may be a flag or a case that is only missed some seconds later.
    assert asked["lost_flags"] > asked["platform_words"]
    await day.pass_by(SETTLED_S - 20)
    assert await day.pass_by(60) == {}


async def test_an_end_is_told_at_its_time_without_a_look_before(stage: Stage, day: Day) -> None:
    owner, member, _ = stage.seats[0]
    wire = await stage.connect(owner)
    await wire.run(f"/mute @{member.user} 4m", owner.code)
    muted_ms = int(day.now_s * 1000)
    await day.pass_by(SETTLED_S)
    assert await day.pass_by(40) == {}
    entries = await wire.history(owner.code)
    assert (entries[-1].data or {})["event"] == "muted"
    await day.pass_by(21)
    told = (await wire.history(owner.code))[-1]
    assert (told.data or {})["event"] == "mutes_ended"
    assert 0 <= told.ts - (muted_ms + 240_000) < 100


async def test_a_look_that_failed_is_done_again(stage: Stage, day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, member, _ = stage.seats[0]
    wire = await stage.connect(owner)
    await wire.run(f"/mute @{member.user} 5s", owner.code)
    day.now_s += 6
    stage.store.failures = 1
    await day.pass_by(1)
    await day.pass_by(3)
    told = (await wire.history(owner.code))[-1]
    assert (told.data or {})["event"] == "mutes_ended"
