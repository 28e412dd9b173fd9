"""Durations as people type them (`30s 10m 2h 7d 2w 6mo 1y perm`) and instants that never come."""

import re

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

# Months and years are 30 and 365 days: a measure's length must not depend on the day it was taken.
UNITS_MS = {
    "s": SECOND_MS,
    "m": MINUTE_MS,
    "h": HOUR_MS,
    "d": DAY_MS,
    "w": 7 * DAY_MS,
    "mo": 30 * DAY_MS,
    "y": 365 * DAY_MS,
}

FOREVER_MS = 253_402_300_799_000
"""9999-12-31T23:59:59Z: the end of what is permanent, so that an end is always a plain number."""

LONGEST_MS = 100 * UNITS_MS["y"]

_DURATION = re.compile(r"([0-9]{1,10})(mo|[smhdwy])", re.ASCII | re.IGNORECASE)
_PERMANENT = frozenset({"perm", "permanent", "forever", "永久"})


def parse_duration(text: str) -> int | None:
    """Return the milliseconds that `text` names, `FOREVER_MS` for `perm`, None where it is not a duration.

    A bare number is none: it means seconds in one program and minutes in the next.
    """
    if text.lower() in _PERMANENT:
        return FOREVER_MS
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    length = int(match[1]) * UNITS_MS[match[2].lower()]
    return length if 0 < length <= LONGEST_MS else None


def end_of(now: int, duration_ms: int) -> int:
    """Return when a measure of `duration_ms` that starts `now` (Unix ms) ends, at most `FOREVER_MS`."""
    return min(now + duration_ms, FOREVER_MS)


def show_duration(duration_ms: int) -> str:
    """Return the shortest exact spelling that `parse_duration` reads back: `90m`, `2h`, `perm`."""
    if duration_ms >= FOREVER_MS:
        return "perm"
    seconds = max(1, -(-duration_ms // SECOND_MS))
    for unit in ("w", "d", "h", "m"):
        size = UNITS_MS[unit] // SECOND_MS
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
