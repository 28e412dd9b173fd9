"""What is done in rounds, by one node at a time, without anybody asking for it.

A job goes by what is stored, not by what it remembers: so it does not matter which node does it, nor how long none did.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import ClassVar

from folkmoot_governance.duration import FOREVER_MS, SECOND_MS

from ..common.background import Loop, Round
from ..common.clock import Clock, Ticks
from ..storage.api import JobLock

Stored = Callable[[], int] | None
"""How many commits there were, all of which this node has made; None where others commit as well."""

REST = 9


def rest_of(took_s: float, rest: float = REST) -> float:
    """Return how long a job that has much to do rests after a piece that took so long (both in seconds).

    It takes a tenth of the time at most, or what another `rest` leaves it: posts go first.
    """
    return rest * took_s


class Watch:
    """Whether a look into storage may find anything: not while nothing was stored since the last one.

    `after_ms`: until how long after it was stored something may come to be looked for.
    """

    def __init__(self, stored: Stored, clock: Clock, after_ms: int = 0) -> None:
        self._stored = stored
        self._clock = clock
        self._after_ms = after_ms
        self._seen = -1
        self._until = Ticks(0)
        self._is_over = False

    def is_worth_a_look(self) -> bool:
        """Say so; who is told so looks, or calls `look_again`."""
        if self._stored is None:
            return True
        stored, ticks = self._stored(), self._clock.ticks()
        if stored != self._seen:
            self._seen, self._until, self._is_over = stored, Ticks(ticks + self._after_ms), False
        if self._is_over:
            return False
        self._is_over = ticks >= self._until
        return True

    def look_again(self) -> None:
        """The look has failed: it is still to be done."""
        self._is_over = False

    def over(self, do_round: Round) -> Round:
        """Return a round that is done while it is worth it."""

        async def look() -> float | None:
            if not self.is_worth_a_look():
                return None
            try:
                return await do_round()
            except BaseException:
                self.look_again()
                raise

        return look


class Job(ABC):
    """A job; `name` stands in the log, in figures and in administration."""

    name: ClassVar[str]
    rest_s: ClassVar[float]
    """Between two rounds, and between two looks at whether the jobs are this node's."""

    goes_by_time: ClassVar[bool] = False
    """Whether it ends, gives or removes something because so much time is over: then it waits while a clock is in
    doubt."""

    after_ms: ClassVar[int | None] = None
    """Of a job that finds what was stored, and nothing else: how long after that it does. None: it looks each time."""

    next_ms: int = FOREVER_MS
    """When such a job has something to do again though nothing is stored meanwhile (Unix ms), after each round."""

    @abstractmethod
    async def do_round(self) -> float | None:
        """Do one round; return how long to rest after it (in seconds) if that is not `rest_s`.

        Whatever it raises is logged and counted, and the next round begins anew.
        """


class JobTurn:
    """Whether the jobs that one node at a time does are this node's now; without a lock they always are."""

    def __init__(self, lock: JobLock | None) -> None:
        self._lock = lock

    async def is_mine(self) -> bool:
        """Say so. Raises StorageError."""
        return self._lock is None or await self._lock.is_mine()

    async def close(self) -> None:
        """Let another node have its turn."""
        if self._lock is not None:
            await self._lock.close()


def loops_of(jobs: Iterable[Job], turn: JobTurn, clock: Clock, stored: Stored) -> list[Loop]:
    """Return jobs as background loops whose rounds are done while it is this node's turn, the time is right, and there
    may be something to do."""
    return [Loop(job.name, in_turn(job, turn, clock, stored), job.rest_s) for job in jobs]


def in_turn(job: Job, turn: JobTurn, clock: Clock, stored: Stored) -> Round:
    """Return a job's round, which does nothing while it is another node's turn, the time that it goes by in doubt, or
    nothing new stored."""
    watch = Watch(None if job.after_ms is None else stored, clock, job.after_ms or 0)

    async def do_round() -> float | None:
        if job.goes_by_time and not clock.is_certain():
            return None
        if not await turn.is_mine():
            return None
        wait_ms = job.next_ms - clock.now_ms()
        if not watch.is_worth_a_look() and wait_ms > 0:
            return min(job.rest_s, wait_ms / SECOND_MS)
        try:
            return await job.do_round()
        except BaseException:
            watch.look_again()
            raise

    return do_round
