"""Calendar months in UTC, as `2026-11`: what a segment of the journal holds, and when it may go."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

from folkmoot_governance.duration import DAY_MS

SEAL_GRACE_MS = DAY_MS
"""How long after its end a month is sealed: clocks of nodes differ, and what came late is in by then."""

NAME = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


def month_of(ms: int) -> str:
    """Return the month that a Unix time in ms falls into."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m")


def number_of(month: str) -> int:
    """Return a month's place in the count of all months, so that the next month's is one more."""
    year, number = month.split("-")
    return int(year) * 12 + int(number) - 1


def begin_of(month: str) -> int:
    """Return the Unix ms at which a month begins."""
    year, number = divmod(number_of(month), 12)
    return int(datetime(year, number + 1, 1, tzinfo=UTC).timestamp() * 1000)


def end_of(month: str) -> int:
    """Return the Unix ms at which the month is over: the first instant of the next one."""
    year, number = divmod(number_of(month) + 1, 12)
    return int(datetime(year, number + 1, 1, tzinfo=UTC).timestamp() * 1000)


def goes_at(month: str, months: int) -> int:
    """Return the Unix ms from which on `months` full calendar months lie between `month` and now."""
    year, number = divmod(number_of(month) + months, 12)
    return end_of(f"{year:04}-{number + 1:02}")


def goes_unasked(due: Sequence[str], looked: int, now: int) -> bool:
    """Say whether retention may remove the months `due` by itself, in the month `now`, when it looked last in `looked`
    (both counted by `number_of`): one for the month that has passed. More comes of a clock that jumped, or of another
    configuration, and somebody has to say that it is right.
    """
    return not due or (len(due) == 1 and looked <= now <= looked + 1)


def is_due(month: str, now: int, months: int) -> bool:
    """Say whether `months` full calendar months lie between `month` and that of `now` (Unix ms)."""
    return number_of(month) + months < number_of(month_of(now))


class Stage(StrEnum):
    """How far a month is: it is written to, over and to be sealed, kept, due to be removed, removed."""

    OPEN = "open"
    OVER = "over"
    KEPT = "kept"
    DUE = "due"
    REMOVED = "removed"


def seals_at(month: str) -> int:
    """Return the Unix ms from which on a month is sealed."""
    return end_of(month) + SEAL_GRACE_MS


def stage_of(month: str, now: int, months: int, *, is_newest: bool, is_sealed: bool) -> tuple[Stage, int]:
    """Return how far a month that is kept for `months` full ones is at `now`, and from when on (both Unix ms) it is
    further, or for how long it should have been. The newest never goes."""
    if is_newest:
        return Stage.OPEN, end_of(month)
    if is_due(month, now, months):
        return Stage.DUE, goes_at(month, months)
    return (Stage.KEPT, goes_at(month, months)) if is_sealed else (Stage.OVER, seals_at(month))
