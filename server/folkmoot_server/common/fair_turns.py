"""Few at a time, and each in turn: whoever asks for much waits for its own."""

import asyncio
from collections import deque


class FairTurns:
    """Lets at most `most` in at a time, of one (`whose`) one. Those who wait are let in by turns, whose they are.

    Whoever was let in has to `leave`.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: set[str] = set()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def enter(self, whose: str) -> None:
        """Wait for a place; do not wait at all where there is one."""
        if whose not in self._inside and len(self._inside) < self._most:
            self._inside.add(whose)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(whose, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(whose)
            raise

    def leave(self, whose: str) -> None:
        """Give the place back; it is somebody else's at once."""
        self._inside.discard(whose)
        while len(self._inside) < self._most:
            # There are few inside, so few are looked at.
            following = next((one for one in self._waiting if one not in self._inside), None)
            if following is None:
                return
            turns = self._waiting.pop(following)
            turn = turns.popleft()
            if turns:
                # Behind the others.
                self._waiting[following] = turns
            if not turn.cancelled():
                self._inside.add(following)
                turn.set_result(None)
