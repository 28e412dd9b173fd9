"""The clocks that the shell hands out: the time of day, which rules and people go by, and ticks, which rates count by.

Machines' clocks are set wrong, and right again. A jump of the clock is therefore not believed at once: the time of day
goes on as if nothing had happened until the new time has lasted, or an administrator says that it is right. What ends
or removes something for good waits meanwhile.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, NewType

import structlog

from .metrics import CLOCK_JUMP

log = structlog.get_logger()

if TYPE_CHECKING:
    Ticks = NewType("Ticks", int)
    """Milliseconds by a clock that nobody sets; what they count from means nothing."""
else:
    # Every request asks for the ticks, and a new type is a call in Python.
    Ticks = int

TOLERATED_MS = 2_000
"""A clock that is set by no more than this is followed: time servers do it all the time."""
LASTS_MS: Final = 60 * 60 * 1000
"""How long another time must last until it is believed."""
STARTING_MS: Final = 10 * 60 * 1000
"""The same for the time that a node starts with and nothing confirms."""
LOOK_MS: Final = 100
"""How often the machine's clock is looked at, by ticks: they cost a tenth, and every post asks for the time."""
AWAY_MS: Final = 24 * 60 * 60 * 1000
"""A node that starts so long after the last thing that is stored cannot tell a wrong clock from a long rest."""


class Doubt(NamedTuple):
    """Why the time of day is in doubt: by how much the machine's clock is off what was to be expected (in ms, ahead if
    positive), whether the time expected `is_held`, and since when (ticks)."""

    jump_ms: int
    is_held: bool
    since: Ticks


def ticks_of_machine() -> Ticks:
    """Return milliseconds since the machine started, but those in which it slept."""
    return Ticks(time.monotonic_ns() // 1_000_000)


def slept_of_machine() -> int:
    """Return the milliseconds in which the machine slept since it started, as far as it tells."""
    awake = time.monotonic_ns()
    return (time.clock_gettime_ns(STEADY) - awake) // 1_000_000


STEADY: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """The time of day in Unix milliseconds, held against jumps, and `ticks`.

    `source` gives seconds since the epoch. Tests pass their own, and ticks go along with it unless they pass `steady`
    as well.
    """

    def __init__(self, source: Callable[[], float] = time.time, steady: Callable[[], Ticks] | None = None) -> None:
        self._source = source
        if steady is None:
            steady = ticks_of_machine if source is time.time else lambda: Ticks(int(source() * 1000))
        self.ticks = steady
        is_machine = steady is ticks_of_machine
        self._slept_ms: Callable[[], int] = slept_of_machine if is_machine else lambda: 0
        self._look_ms = LOOK_MS if is_machine else 0
        self.doubt: Doubt | None = None
        self._latest = 0
        self._known_ms = 0
        self._slept = 0
        self._looked = steady()
        self._offset = self._measure(self._looked)

    def now_ms(self) -> int:
        """Return the time in Unix milliseconds; never less than before, but where another time was believed."""
        ticks = self.ticks()
        if ticks - self._looked >= self._look_ms:
            self._look(ticks)
        now = ticks + self._offset + self._slept
        if now <= self._latest:
            return self._latest
        self._latest = now
        return now

    def is_certain(self) -> bool:
        """Look at the machine's clock, and say whether there is no doubt about it."""
        self._look(self.ticks())
        return self.doubt is None

    def certain_ms(self) -> int:
        """Return the time before which all is over for certain, for what is removed for good: now, while the clock is
        not in doubt."""
        return self.now_ms() if self.is_certain() else min(self.now_ms(), self._known_ms)

    @property
    def offset_ms(self) -> int:
        """What the time since the machine started lacks of the time of day: constant until somebody sets its clock."""
        return self._offset

    def begin(self, known_ms: int, offset_ms: int | None) -> None:
        """Compare with what is stored, at the start: the latest time there, 0 for none, and what `offset_ms` was when
        the machine ran a node the last time since it was started, if it did."""
        ticks = self.ticks()
        self._known_ms = known_ms
        if offset_ms is not None:
            self._offset = offset_ms
        elif known_ms and not self._follows(self._offset + self._slept + ticks):
            self._begin_doubt(Doubt(self._offset + self._slept + ticks - known_ms, is_held=False, since=ticks))
        self._latest = 0
        self._look(ticks)

    def confirm(self) -> None:
        """Believe the machine's clock: an administrator has looked at it."""
        if self.doubt is not None:
            self._believe(self._measure(self.ticks()))

    def _measure(self, ticks: Ticks) -> int:
        self._slept = self._slept_ms()
        return int(self._source() * 1000) - self._slept - ticks

    def _follows(self, wall_ms: int) -> bool:
        """Say whether a time may well come after all that is stored."""
        return self._known_ms - TOLERATED_MS <= wall_ms <= self._known_ms + AWAY_MS

    def _look(self, ticks: Ticks) -> None:
        """Look at the machine's clock, and follow it as far as it goes on as it did."""
        self._looked = ticks
        offset = self._measure(ticks)
        if self.doubt is None and -TOLERATED_MS <= offset - self._offset <= TOLERATED_MS:
            self._offset = offset
        else:
            self._judge(offset, ticks)

    def _judge(self, offset: int, ticks: Ticks) -> None:
        """Compare the machine's clock with the time that is held, or with what it showed at the start."""
        doubt, jump = self.doubt, offset - self._offset
        moved = abs(jump) > TOLERATED_MS
        if doubt is None:
            self._begin_doubt(Doubt(jump, is_held=True, since=ticks))
        elif doubt.is_held and not moved:
            self._believe(offset)
        elif doubt.is_held:
            if abs(jump - doubt.jump_ms) > TOLERATED_MS:
                self._begin_doubt(Doubt(jump, is_held=True, since=ticks))
            elif ticks - doubt.since >= LASTS_MS:
                self._believe(offset)
        elif moved:
            # Somebody has set the clock that nothing spoke for.
            if self._follows(offset + self._slept + ticks):
                self._believe(offset)
            else:
                self._take(offset)
                self._begin_doubt(Doubt(offset + self._slept + ticks - self._known_ms, is_held=False, since=ticks))
        elif ticks - doubt.since >= STARTING_MS:
            self._believe(offset)

    def _begin_doubt(self, doubt: Doubt) -> None:
        self.doubt = doubt
        CLOCK_JUMP.set(doubt.jump_ms / 1000)
        log.warning(
            "the machine's clock is in doubt",
            jump_ms=doubt.jump_ms,
            held=doubt.is_held,
            help="folkmoot admin node confirm time, if it is right",
        )

    def _believe(self, offset: int) -> None:
        self.doubt = None
        CLOCK_JUMP.set(0)
        log.warning("the machine's clock is believed", change_ms=offset - self._offset)
        self._take(offset)

    def _take(self, offset: int) -> None:
        if abs(offset - self._offset) > TOLERATED_MS:
            self._latest = 0
        self._offset = offset
