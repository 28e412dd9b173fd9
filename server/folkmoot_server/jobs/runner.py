"""What is done in rounds, by one node at a time, without anybody asking for it.

A job goes by what is stored, not by what it remembers: so it does not matter which node does it, nor how long none did.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from ..common.background import Loop, Round
from ..common.clock import Clock
from ..storage.api import JobLock


class Job(ABC):
    """A job; `name` stands in the log, in figures and in administration."""

    name: ClassVar[str]
    rest_s: ClassVar[float]
    """Between two rounds, and between two looks at whether the jobs are this node's."""

    goes_by_time: ClassVar[bool] = False
    """Whether it ends, gives or removes something because so much time is over: then it waits while a clock is in
    doubt."""

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


def loops_of(jobs: Iterable[Job], turn: JobTurn, clock: Clock) -> list[Loop]:
    """Return jobs as background loops whose rounds are done while it is this node's turn, and the time is right."""
    return [Loop(job.name, in_turn(job, turn, clock), job.rest_s) for job in jobs]


def in_turn(job: Job, turn: JobTurn, clock: Clock) -> Round:
    """Return a job's round, which does nothing while it is another node's turn, or the time that it goes by in
    doubt."""

    async def do_round() -> float | None:
        if job.goes_by_time and not clock.is_certain():
            return None
        return await job.do_round() if await turn.is_mine() else None

    return do_round
