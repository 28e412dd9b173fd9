"""A turnstile: when thousands come at once, a few pass in each turn of the event loop, so that others have theirs."""

import asyncio
from collections import deque
from collections.abc import Callable

MOST = 8
"""Handshakes in a turn: some 2 ms, after which posts go on."""


class AcceptThrottle:
    """Makes at most `most` calls in one turn of the loop. Those beyond wait for the next turns, in their order."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._passed = 0
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
            asyncio.get_running_loop().call_soon(self._turn)
        self._passed += 1
        call()

    def _turn(self) -> None:
        self._passed = 0
        for _ in range(min(self._most, len(self._waiting))):
            self._pass(self._waiting.popleft())
