"""Shares of each turn of the event loop for what connections send, so that no turn is long, however many send."""

import asyncio
from collections import deque
from time import monotonic
from typing import Protocol

FIRST_S = 0.001
"""How long, in one turn of the loop, frames that are no posts are taken as they come, of all connections together."""
CALM_S = 0.002
"""How long, in one turn of the loop, frames are taken that came too late for an earlier one."""
BUSY_S = 0.0005
"""How long, in one turn of the loop, frames are taken of connections that sent too many, all of them together."""


class Deferred(Protocol):
    """What has to wait for its turn."""

    def go_on(self) -> None:
        """Do some more, and no more than some. It must not raise."""
        ...


class Turns:
    """Adds up what frames cost in a turn of the loop, and lets connections that were put off go on, one after the
    other, as far as the time of a turn goes. Those that sent too many do not stand in the way of those that did not.

    `is_over`: what comes in this turn is put off.
    """

    def __init__(self) -> None:
        self.is_over = False
        self._spent_s = 0.0
        self._calm: deque[Deferred] = deque()
        self._busy: deque[Deferred] = deque()
        self._is_scheduled = False

    def spend(self, seconds: float) -> None:
        """Count what a frame has cost."""
        if not self._spent_s:
            asyncio.get_running_loop().call_soon(self._begin)
        self._spent_s += seconds
        self.is_over = self._spent_s > FIRST_S

    def put_off(self, one: Deferred, *, is_busy: bool) -> None:
        """Let it go on in one of the next turns of the loop; `is_busy`: it sends too many."""
        (self._busy if is_busy else self._calm).append(one)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._go_on)

    def _begin(self) -> None:
        self._spent_s, self.is_over = 0.0, False

    def _go_on(self) -> None:
        serve(self._calm, CALM_S)
        serve(self._busy, BUSY_S)
        self._is_scheduled = bool(self._calm or self._busy)
        if self._is_scheduled:
            asyncio.get_running_loop().call_soon(self._go_on)


def serve(waiting: deque[Deferred], seconds: float) -> None:
    """Let those that wait go on, the first of them in any case. Who is put off again stands behind the others."""
    until = monotonic() + seconds
    for _ in range(len(waiting)):
        waiting.popleft().go_on()
        if monotonic() > until:
            return
