"""A share of each turn of the event loop for those that send more than they may have carried out at once."""

import asyncio
from collections import deque
from time import monotonic
from typing import Protocol

TURN_S = 0.0005
"""How long, in one turn of the loop, frames are taken of connections that sent too many, all of them together."""


class Deferred(Protocol):
    """What has to wait for its turn."""

    def go_on(self) -> None:
        """Do some more, and no more than some. It must not raise."""
        ...


class Turns:
    """Lets those that were put off go on, one after the other, as far as the time of a turn goes."""

    def __init__(self) -> None:
        self._waiting: deque[Deferred] = deque()
        self._is_scheduled = False

    def put_off(self, one: Deferred) -> None:
        """Let it go on in one of the next turns of the loop."""
        self._waiting.append(one)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        until = monotonic() + TURN_S
        # Whoever is put off again meanwhile stands behind the others; the turn that follows is scheduled below.
        for _ in range(len(self._waiting)):
            self._waiting.popleft().go_on()
            if monotonic() > until:
                break
        self._is_scheduled = bool(self._waiting)
        if self._is_scheduled:
            asyncio.get_running_loop().call_soon(self._go_on)
