"""A turnstile: when thousands come at once, a few pass in each turn of the event loop, so that others have theirs."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic

MOST = 8
"""Handshakes in a turn: some 2 ms, after which posts go on."""


LONGEST_REST_S = 0.1
MEMORY = 0.9
"""Of how slow turns were, what is left at the next one: what passes costs its time in later turns."""


class AcceptThrottle:
    """Makes at most `most` calls in one turn of the loop. Those beyond wait for the next turns, in their order.

    `rest`: for so many times as long as a turn takes nobody passes after it: the slower the loop, the fewer.
    """

    def __init__(self, most: int = MOST, rest: float = 0) -> None:
        self._most = most
        self._rest = rest
        self._passed = 0
        self._began = self._took = 0.0
        self._waiting: deque[Callable[[], None]] = deque()

    def enter(self, call: Callable[[], None]) -> bool:
        """Make a call, which must not raise; return False if that has to wait."""
        if self._passed == self._most:
            self._waiting.append(call)
            return False
        self._pass(call)
        return True

    async def wait(self) -> None:
        """Pass; wait until that is possible."""
        passed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Who is given up while it waits has no use for its turn.
        if not self.enter(lambda: None if passed.done() else passed.set_result(None)):
            await passed

    def _pass(self, call: Callable[[], None]) -> None:
        if not self._passed:
            self._began = monotonic()
            asyncio.get_running_loop().call_soon(self._rest_or_go_on if self._rest else self._go_on)
        self._passed += 1
        call()

    def _rest_or_go_on(self) -> None:
        self._took = max(monotonic() - self._began, MEMORY * self._took)
        asyncio.get_running_loop().call_later(min(self._rest * self._took, LONGEST_REST_S), self._go_on)

    def _go_on(self) -> None:
        self._passed = 0
        for _ in range(min(self._most, len(self._waiting))):
            self._pass(self._waiting.popleft())
