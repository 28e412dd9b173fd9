"""A thread that the event loop hands work to."""

import asyncio
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")

MOST_TOGETHER = 64

Outcome = tuple[asyncio.Future[Any], Any, BaseException | None]


class Worker:
    """Runs functions in a thread of its own, one after the other.

    What is there at the same time comes back to the loop together: one hop for many, where an executor makes one each.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[tuple[asyncio.Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=f"folkmoot-{name}", daemon=True)
        self._thread.start()

    def run(self, function: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Return what a call will give. It is carried out even if nobody waits for it any more."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((future, lambda: function(*args)))
        return future

    def shut_down(self) -> None:
        """Wait for what was handed over, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        going = True
        while going:
            task = self._queue.get()
            done: list[Outcome] = []
            while going:
                if task is None:
                    going = False
                    break
                done.append(_carry_out(*task))
                if len(done) >= MOST_TOGETHER:
                    break
                try:
                    task = self._queue.get_nowait()
                except Empty:
                    break
            if done:
                self._loop.call_soon_threadsafe(_settle, done)


def _carry_out(future: asyncio.Future[Any], call: Callable[[], Any]) -> Outcome:
    try:
        return future, call(), None
    except BaseException as error:
        return future, None, error


def _settle(done: list[Outcome]) -> None:
    for future, result, error in done:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
