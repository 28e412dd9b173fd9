"""What is being taken out of the service: made a step a request, and kept in memory until whoever asked has fetched it.

Nothing of it is on disk, and nothing is done while nobody asks for the next step; what is not asked for any more is
forgotten. It belongs to the node that began it.
"""

import secrets
from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode

from ..common.clock import Clock
from ..common.i18n import N_

PIECE_BYTES = 192 * 1024
"""So much is given at a time; base64 makes a third more of it."""
AT_ONCE = 4
IDLE_MS = 300_000

BUSY = Refusal(
    ErrorCode.UNAVAILABLE, N_("Others are being made just now; try again in a minute."), {"retry_after_ms": 60_000}
)
GONE = Refusal(
    ErrorCode.NO_SUCH_ENTRY, N_("This export is no longer known here: start again."), {"help": "export case"}
)


class Progress(NamedTuple):
    """How far it is made."""

    done: int
    total: int


class Piece(NamedTuple):
    """A part of what was made, and where the next one begins, 0 where it is the last one."""

    data: bytes
    following: int
    size: int


Steps = AsyncGenerator[Progress | bytes, None]
"""How something is made: progress, and at the end what it is."""


class Export:
    """One of them. `made` is what came of it, empty until then."""

    __slots__ = ("asked_ms", "is_busy", "made", "steps", "user")

    def __init__(self, user: str, steps: Steps, asked_ms: int) -> None:
        self.user = user
        self.steps = steps
        self.asked_ms = asked_ms
        self.is_busy = False
        self.made = b""


class Exports:
    """Those of a node, by what they are called, which nobody can guess."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: dict[str, Export] = {}

    async def begin(self, user: str, steps: Steps) -> str | Refusal:
        """Begin one, in place of an earlier one of the same account; return what it is called."""
        await self._end(lambda one: one.user == user)
        await self.forget_idle()
        if len(self._all) >= AT_ONCE:
            await steps.aclose()
            return BUSY
        name = secrets.token_hex(8)
        self._all[name] = Export(user, steps, self._clock.now_ms())
        return name

    async def forget_idle(self) -> None:
        """Forget those that nobody has asked for any more: they may have identity numbers."""
        now = self._clock.now_ms()
        await self._end(lambda one: now > one.asked_ms + IDLE_MS)

    async def _end(self, is_meant: Callable[[Export], bool]) -> None:
        for name in [name for name, one in self._all.items() if is_meant(one)]:
            one = self._all.get(name)
            if one is not None and not one.is_busy:
                await self.end(name)

    async def step(self, name: str, user: str) -> Progress | Refusal:
        """Do the next step, unless all are done; return how far it is. Whatever a step raises ends it."""
        one = self._all.get(name)
        if one is None or one.user != user or one.is_busy:
            return GONE
        one.asked_ms, one.is_busy = self._clock.now_ms(), True
        try:
            found = await anext(one.steps)
        except BaseException:
            self._all.pop(name, None)
            raise
        finally:
            one.is_busy = False
        if isinstance(found, bytes):
            one.made = found
            await one.steps.aclose()
            return Progress(1, 1)
        return found

    def piece(self, name: str, user: str, start: int) -> Piece | None:
        """Return a part of what was made, None where it is not made yet, or not there."""
        one = self._all.get(name)
        if one is None or one.user != user or not one.made:
            return None
        one.asked_ms = self._clock.now_ms()
        end = start + PIECE_BYTES
        return Piece(one.made[start:end], end if end < len(one.made) else 0, len(one.made))

    async def end(self, name: str) -> None:
        """Forget one."""
        one = self._all.pop(name, None)
        if one is not None:
            await one.steps.aclose()
