"""Background loops, supervised: whatever one raises is logged and counted, and its next round comes.

A loop is a function that does one round. What it returns is how long to rest, in seconds; None: as long as usual.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import structlog
from msgspec import Struct

from .clock import Clock
from .metrics import JOB_FAILURES, JOB_LAST_SUCCESS

log = structlog.get_logger()

JITTER = 0.1
"""What is added to a rest, as a part of it at most: loops that began together do not stay together."""
LEAST_REST_S = 0.5
"""After a round that failed: a loop that rests shorter than this otherwise must not spin."""

Remarks = dict[str, str]
"""What an operator should see on `/readyz` and in `folkmoot admin node show`: a sentence for each matter."""

Rest = Callable[[float], float]
"""How long to rest after a piece of work that took so long, in seconds."""

Round = Callable[[], Awaitable[float | None]]


class Loop:
    """One background loop: its name, its rounds, and how they went. `last_success_ts` is 0 before the first good one.

    `first_rest_s`: how long to rest before the first round.
    """

    def __init__(self, name: str, do_round: Round, rest_s: float, *, first_rest_s: float = 0) -> None:
        self.name = name
        self.do_round = do_round
        self.rest_s = rest_s
        self.first_rest_s = first_rest_s
        self.failures = 0
        self.last_success_ts = 0
        self.is_failing = False


class LoopStatus(Struct, frozen=True):
    """How a loop is, as administration shows it. Times are Unix ms, 0 for never."""

    name: str
    last_success_ts: int
    failures: int
    is_failing: bool


def calling(call: Callable[[], None]) -> Round:
    """Return a round that makes a call."""

    async def do_round() -> None:
        call()

    return do_round


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended, whatever becomes of them."""
    ending = tuple(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


class Background:
    """Runs loops until it is stopped. What is `expected` to fail now and then is logged without a traceback."""

    def __init__(self, clock: Clock, expected: type[Exception]) -> None:
        self._clock = clock
        self._expected = expected
        self._loops: list[Loop] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, loops: Sequence[Loop]) -> None:
        """Start loops."""
        for loop in loops:
            JOB_FAILURES.labels(loop.name)
            self._loops.append(loop)
            self._tasks.append(asyncio.create_task(self._run(loop), name=loop.name))

    async def stop(self) -> None:
        """Stop all loops, wherever they are."""
        tasks, self._tasks = self._tasks, []
        await end(tasks)

    def status(self) -> list[LoopStatus]:
        """Return how each loop is."""
        return [LoopStatus(one.name, one.last_success_ts, one.failures, one.is_failing) for one in self._loops]

    def failing(self) -> list[str]:
        """Return the names of the loops whose latest round failed."""
        return [one.name for one in self._loops if one.is_failing]

    async def _run(self, loop: Loop) -> None:
        if loop.first_rest_s:
            await asyncio.sleep(loop.first_rest_s)
        while True:
            try:
                rest_s = await loop.do_round()
            except Exception as error:
                self._note_failure(loop, error)
                rest_s = max(LEAST_REST_S, loop.rest_s)
            else:
                loop.is_failing = False
                loop.last_success_ts = self._clock.now_ms()
                JOB_LAST_SUCCESS.labels(loop.name).set(loop.last_success_ts / 1000)
                rest_s = loop.rest_s if rest_s is None else rest_s
            await asyncio.sleep(rest_s * (1 + random.uniform(0, JITTER)))  # noqa: S311  # no secret

    def _note_failure(self, loop: Loop, error: Exception) -> None:
        loop.failures += 1
        loop.is_failing = True
        JOB_FAILURES.labels(loop.name).inc()
        cause = repr(error.__cause__ or error)
        traceback = None if isinstance(error, self._expected) else error
        log.error("a background round failed", job=loop.name, cause=cause, exc_info=traceback)
