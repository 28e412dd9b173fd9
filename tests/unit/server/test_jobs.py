"""Background loops and jobs: whatever one raises, the next round comes; a node whose turn it is not does nothing."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from folkmoot_server.actions.event_log import AT_ONCE, EventLog
from folkmoot_server.bus.api import LocalBus
from folkmoot_server.common import background
from folkmoot_server.common.background import Background, Loop
from folkmoot_server.common.clock import Clock
from folkmoot_server.common.i18n import translator
from folkmoot_server.config.settings import load_config
from folkmoot_server.jobs import checkpoints
from folkmoot_server.jobs.checkpoints import Checkpoints
from folkmoot_server.jobs.runner import Job, JobTurn, loops_of
from folkmoot_server.node import Node
from folkmoot_server.storage.change_set import StorageError
from folkmoot_server.storage.sqlite.store import SqliteStore

NOW_S = 1_700_000_000.0


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "LEAST_REST_S", 0)


class Fragile(Job):
    """Ends its rounds as told: an exception is raised, None is a good end. `done` is set when all are told."""

    name = "fragile"
    rest_s = 0.0

    def __init__(self, outcomes: Iterable[Exception | None]) -> None:
        self.outcomes = list(outcomes)
        self.done = asyncio.Event()

    async def do_round(self) -> None:
        if not self.outcomes:
            self.done.set()
            await asyncio.Event().wait()
        outcome = self.outcomes.pop(0)
        if outcome is not None:
            raise outcome


class Backlog(EventLog):
    """A log with so many events to take in."""

    def __init__(self, events: int) -> None:
        self.events = events

    async def take_in(self) -> int:
        taken = min(self.events, AT_ONCE)
        self.events -= taken
        return taken


async def test_a_log_that_is_far_behind_catches_up_without_taking_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def two_seconds_later() -> float:
        nonlocal now
        now += 2
        return now

    monkeypatch.setattr(checkpoints, "monotonic", two_seconds_later)
    job = Checkpoints(Backlog(2 * AT_ONCE + 1))
    assert [await job.do_round() for _ in range(4)] == [18, 18, None, None]


class Turns:
    """A lock that answers as told, and from then on that the turn is this node's."""

    def __init__(self, answers: Iterable[bool | Exception]) -> None:
        self.answers = list(answers)
        self.is_closed = False

    async def is_mine(self) -> bool:
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.is_closed = True


def failures(name: str) -> float:
    return REGISTRY.get_sample_value("folkmoot_job_failures_total", {"job": name}) or 0.0


async def run(job: Fragile, turns: Turns) -> Background:
    """Run a job until all is told, and stop it."""
    running = Background(Clock(lambda: NOW_S), expected=StorageError)
    running.start(loops_of([job], JobTurn(turns), Clock(lambda: NOW_S), None))
    await asyncio.wait_for(job.done.wait(), 10)
    await running.stop()
    return running


@pytest.mark.parametrize("error", [StorageError("gone"), ValueError("ours"), KeyError("row"), AssertionError()])
async def test_whatever_a_job_raises_is_counted_and_the_next_round_comes(error: Exception) -> None:
    before = failures("fragile")
    job = Fragile([None, error, error])
    (status,) = (await run(job, Turns([]))).status()
    assert failures("fragile") == before + 2
    assert (status.name, status.failures, status.is_failing) == ("fragile", 2, True)
    assert status.last_success_ts == NOW_S * 1000
    gauge = REGISTRY.get_sample_value("folkmoot_job_last_success_timestamp_seconds", {"job": "fragile"})
    assert gauge == NOW_S


async def test_a_good_round_ends_the_alarm() -> None:
    running = await run(Fragile([ValueError(), None]), Turns([]))
    assert running.failing() == []
    assert [one.failures for one in running.status()] == [1]


async def test_a_failed_round_is_logged_with_the_name_of_its_job(capsys: pytest.CaptureFixture[str]) -> None:
    await run(Fragile([ValueError("our mistake"), StorageError("disk")]), Turns([]))
    logged = capsys.readouterr()
    text = logged.out + logged.err
    assert text.count("fragile") >= 2
    assert "our mistake" in text
    assert text.count("Traceback") == 1, "what storage fails now and then needs none"


async def test_a_job_waits_for_its_turn_and_outlives_a_lock_that_fails() -> None:
    job = Fragile([None])
    turns = Turns([False, StorageError("no connection"), False, True])
    await run(job, turns)
    assert not turns.answers
    assert not job.outcomes


async def test_a_loop_that_fails_for_ever_does_not_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    rests: list[float] = []

    async def note(rest_s: float) -> None:
        rests.append(rest_s)
        if len(rests) == 3:
            raise asyncio.CancelledError

    async def fail() -> None:
        raise ValueError

    monkeypatch.setattr(background.asyncio, "sleep", note)
    running = Background(Clock(), expected=StorageError)
    running.start([Loop("endless", fail, 0)])
    await asyncio.gather(*running._tasks, return_exceptions=True)
    assert len(set(rests)) == 3, "loops that began together do not stay together"
    assert all(background.LEAST_REST_S <= one <= background.LEAST_REST_S * 1.1 for one in rests)


class BrokenBus(LocalBus):
    async def close(self) -> None:
        raise OSError("the bus is gone")


async def test_a_node_stops_whole_whatever_fails(tmp_path: Path) -> None:
    config = load_config(None, {}, {"profile": "open", "server.data_dir": str(tmp_path)})
    lock = Turns([])
    node = Node(config, await SqliteStore.open(tmp_path, say=translator("en")), BrokenBus(), Clock(), lock)
    node.start()
    await node.stop()
    assert lock.is_closed
    # A store that was left open would keep the directory to itself.
    await (await SqliteStore.open(tmp_path, say=translator("en"))).close()
