"""Slow work in few threads, for many who ask: whoever asks for much waits for its own."""

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Full(Exception):  # no error of anybody's
    """So much waits already that this does not."""


class Job(NamedTuple):
    """What is to be called, and who waits for the result."""

    work: Callable[[], Any]
    result: "asyncio.Future[Any]"


BEHIND = 10
"""How nice threads are that let the event loop go first."""


def step_back() -> None:
    """Let the event loop go first, where a thread has a priority of its own."""
    if sys.platform == "linux":
        me = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, me, max(BEHIND, os.getpriority(os.PRIO_PROCESS, me)))


class FairThreads:
    """Runs calls in `threads` threads. Those of one (`whose`) wait for each other, and take turns with all others'.

    At most `most` wait, `most_of_one` of one; when there is no room, whoever has most waiting gives way. `behind` is
    for work that does not hold the interpreter: it takes what the event loop leaves of the processors.
    """

    def __init__(self, threads: int, name: str, most: int, most_of_one: int, *, behind: bool = False) -> None:
        begin = step_back if behind else None
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=begin)
        self._free = threads
        self._most = most
        self._most_of_one = most_of_one
        self._count = 0
        self._waiting: dict[str, deque[Job]] = {}

    async def run(self, whose: str, work: Callable[[], T]) -> T:
        """Return what `work` returns; raises Full, and what it raises."""
        jobs = self._waiting.get(whose, deque())
        if len(jobs) >= self._most_of_one or not self._make_room(len(jobs)):
            raise Full
        job = Job(work, asyncio.get_running_loop().create_future())
        jobs.append(job)
        self._waiting[whose] = jobs
        self._count += 1
        self._start()
        result: T = await job.result
        return result

    def close(self) -> None:
        """Let the threads go."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _make_room(self, own: int) -> bool:
        """Say whether there is room for one more of somebody who has `own` waiting; the latest of others' may go."""
        if self._count < self._most:
            return True
        jobs = max(self._waiting.values(), key=len)
        if len(jobs) <= own + 1:
            return False
        given_up = jobs.pop()
        self._count -= 1
        if not given_up.result.done():
            given_up.result.set_exception(Full())
        return True

    def _start(self) -> None:
        while self._free and self._waiting:
            whose = next(iter(self._waiting))
            jobs = self._waiting.pop(whose)
            job = jobs.popleft()
            if jobs:
                # Behind the others.
                self._waiting[whose] = jobs
            self._count -= 1
            if job.result.done():
                continue
            self._free -= 1
            running = asyncio.get_running_loop().run_in_executor(self._executor, job.work)
            running.add_done_callback(partial(self._done, job.result))

    def _done(self, result: "asyncio.Future[Any]", running: "asyncio.Future[Any]") -> None:
        self._free += 1
        if running.cancelled():
            result.cancel()
        elif not result.done():
            if error := running.exception():
                result.set_exception(error)
            else:
                result.set_result(running.result())
        self._start()
