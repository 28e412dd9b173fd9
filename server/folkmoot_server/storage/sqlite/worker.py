"""A thread that the event loop hands work to."""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Any, TypeVar

T = TypeVar("T")

TOGETHER_S = 0.005
"""How long a result may wait for those after it, so that they come back together."""

Call = tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...]]
Outcome = tuple[asyncio.Future[Any], Any, BaseException | None]


class Worker:
    """Runs functions in a thread of its own, one after the other.

    What one turn of the loop hands over goes there together, and comes back together: threads that take turns are dear.
    `waiting` counts the calls that have not come back yet.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: list[Call] = []
        self.waiting = 0
        self._queue: SimpleQueue[list[Call] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=f"folkmoot-{name}", daemon=True)
        self._thread.start()

    def run(self, function: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Return what a call will give. It is carried out even if nobody waits for it any more."""
        future: asyncio.Future[T] = self._loop.create_future()
        if not self._calls:
            self._loop.call_soon(self._hand_over)
        self._calls.append((future, function, args))
        self.waiting += 1
        return future

    @property
    def is_collecting(self) -> bool:
        """Whether calls of this turn of the loop have not been handed over yet."""
        return bool(self._calls)

    def shut_down(self) -> None:
        """Wait for what was handed over, and end the thread."""
        self._hand_over()
        self._queue.put(None)
        self._thread.join()

    def _hand_over(self) -> None:
        if self._calls:
            calls, self._calls = self._calls, []
            self._queue.put(calls)

    def _resolve(self, done: list[Outcome]) -> None:
        self.waiting -= len(done)
        for future, result, error in done:
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def _work(self) -> None:
        while (calls := self._queue.get()) is not None:
            done: list[Outcome] = []
            began = perf_counter()
            for call in calls:
                done.append(_carry_out(*call))
                if perf_counter() - began > TOGETHER_S:
                    self._loop.call_soon_threadsafe(self._resolve, done)
                    done, began = [], perf_counter()
            if done:
                self._loop.call_soon_threadsafe(self._resolve, done)


def _carry_out(future: asyncio.Future[Any], function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    try:
        return future, function(*args), None
    except BaseException as error:
        return future, None, error
