"""The ladder of warnings: what follows by itself when a member has so many in force.

A ladder is written `3 mute 1h, 4 mute 1d, 5 ban 7d`: on the third warning in force a mute of an hour, and so on; every
warning past the last step repeats it. `off` is a ladder without steps.
"""

import re
from enum import StrEnum

from msgspec import Struct

from .duration import FOREVER_MS, parse_duration, show_duration

OFF = "off"
DEFAULT_LADDER = "3 mute 1h, 4 mute 1d, 5 ban 7d"
MAX_STEPS = 10
MAX_WARNINGS = 100

_BETWEEN = re.compile(r"[,;，；]")


class Measure(StrEnum):
    """What a step takes."""

    MUTE = "mute"
    KICK = "kick"
    BAN = "ban"


class Step(Struct, frozen=True):
    """At `warnings` in force, `measure` for `duration_ms`; a kick has none."""

    warnings: int
    measure: Measure
    duration_ms: int = 0

    def __str__(self) -> str:
        length = f" {show_duration(self.duration_ms)}" if self.duration_ms else ""
        return f"{self.warnings} {self.measure}{length}"


Ladder = tuple[Step, ...]


def parse_ladder(text: str) -> Ladder | None:
    """Return the steps that `text` spells, fewest warnings first; None where it is no ladder."""
    if text.strip().lower() == OFF:
        return ()
    parts = _BETWEEN.split(text)
    steps = [step for step in map(_parse_step, parts) if step]
    counts = [step.warnings for step in steps]
    if len(steps) != len(parts) or len(steps) > MAX_STEPS or counts != sorted(set(counts)):
        return None
    return tuple(steps)


def _parse_step(text: str) -> Step | None:
    count, measure, length = (*text.split(), "", "", "")[:3]
    if len(text.split()) > 3 or not (count.isascii() and count.isdigit()) or measure not in set(Measure):
        return None
    duration = parse_duration(length) if length else FOREVER_MS if measure == Measure.BAN else None
    if (duration is None) != (measure == Measure.KICK) or not 0 < int(count[:4]) <= MAX_WARNINGS:
        return None
    return Step(int(count), Measure(measure), duration or 0)


def show_ladder(ladder: Ladder) -> str:
    """Return the spelling that `parse_ladder` reads back."""
    return ", ".join(map(str, ladder)) or OFF


def step_at(ladder: Ladder, warnings: int) -> Step | None:
    """Return the step that is taken when somebody has come to so many warnings."""
    if ladder and warnings > ladder[-1].warnings:
        return ladder[-1]
    return next((step for step in ladder if step.warnings == warnings), None)
