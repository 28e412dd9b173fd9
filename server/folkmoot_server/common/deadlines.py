"""Deadlines of many, by one timer: setting and dropping one costs next to nothing, and nearly all are dropped."""

import asyncio
from collections.abc import Callable, Hashable
from itertools import islice

AT_ONCE = 100
"""Deadlines that pass in one turn of the loop."""


class Deadlines:
    """Calls that are made `seconds` after they were set, unless they are dropped before; one for each key."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        # By when they pass: all have the same time, so the latest set is the last.
        self._calls: dict[Hashable, tuple[float, Callable[[], object]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def set(self, key: Hashable, call: Callable[[], object]) -> None:
        """Make a call when the time has passed, which must not raise; a key that has its time already keeps it."""
        if key in self._calls:
            return
        passes = self._loop.time() + self._seconds
        self._calls[key] = passes, call
        if self._timer is None:
            self._timer = self._loop.call_at(passes, self._pass)

    def drop(self, key: Hashable) -> None:
        """Make no call for the key."""
        self._calls.pop(key, None)

    def _pass(self) -> None:
        self._timer = None
        now = self._loop.time()
        for key, (passes, call) in list(islice(self._calls.items(), AT_ONCE)):
            if passes > now:
                break
            if self._calls.pop(key, None) is not None:
                call()
        if self._calls and self._timer is None:
            passes, _ = next(iter(self._calls.values()))
            self._timer = self._loop.call_at(passes, self._pass)
