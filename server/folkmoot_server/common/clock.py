"""The clock that the shell hands to the rules."""

import time
from collections.abc import Callable


class Clock:
    """Unix milliseconds that never step back while the process lives, so that entries keep their order in time too.

    `source` gives seconds since the epoch; tests pass their own.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._latest = 0

    def now_ms(self) -> int:
        """Return the time in Unix milliseconds, at least that of the call before."""
        now = int(self._source() * 1000)
        if now > self._latest:
            self._latest = now
        return self._latest
