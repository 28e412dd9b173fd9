"""How long to wait before the next attempt to connect."""

from random import SystemRandom
from typing import Protocol


class Uniform(Protocol):
    """Draws a number from a range; `random.Random` is one."""

    def uniform(self, a: float, b: float, /) -> float:
        """Return a number from `a` to `b`."""
        ...


class Backoff:
    """Exponential backoff with full jitter: each delay is drawn from 0 to a ceiling that doubles up to
    `most_s`.

    Full jitter spreads the clients of a server that restarts over the whole interval (M. Brooker,
    "Exponential Backoff and Jitter", 2015).
    """

    def __init__(self, first_s: float = 0.5, most_s: float = 15.0, draw: Uniform | None = None) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._draw = draw or SystemRandom()
        self._failures = 0

    def next_s(self) -> float:
        """Return the seconds to wait now, and raise the ceiling for the next time."""
        ceiling = min(self._most_s, self._first_s * 2 ** min(self._failures, 32))
        self._failures += 1
        return self._draw.uniform(0.0, ceiling)

    def reset(self) -> None:
        """Begin again from the first ceiling: the connection has held."""
        self._failures = 0
