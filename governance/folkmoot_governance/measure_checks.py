"""What the table of measures says to whoever asks: may somebody do that now, may a measure be taken?"""

from collections.abc import Iterable

from folkmoot_protocol.errors import ErrorCode

from .account_events import AccountRestricted
from .group.events_platform import GroupRestricted
from .measures import MEASURES, Row, row_of
from .refusal import Refusal
from .restrictions import Held, Measure, Power, Restriction, in_force
from .text import N_

_STOPPING = {
    power: tuple(row for row in MEASURES if row.event is AccountRestricted and power in row.stops) for power in Power
}
"""Which measures against an account stop a power."""

_STOPPING_GROUPS = {
    power: tuple(row for row in MEASURES if row.event is GroupRestricted and power in row.stops) for power in Power
}
"""Which measures against a group do."""


def check_power(held: Held, power: Power, now: int, user: str = "") -> Refusal | None:
    """Refuse who may not use a power at `now` (Unix ms), for a measure of the platform against the account."""
    for row in _STOPPING[power] if held else ():
        one = _in_force(held, row.measure, power, now)
        if one is not None:
            return _stopped(row, one.case, one.until_ms, one.reason, user)
    return None


def _in_force(held: Held, measure: Measure, power: Power, now: int) -> Restriction | None:
    """Return what holds of a measure and stops a power: of the blacklist any entry, for each bars what it says."""
    if measure is not Measure.BLACKLIST:
        return in_force(held, measure, now)
    some = (one for one in reversed(held) if one.measure is measure and one.until_ms > now)
    return next((one for one in some if one.bars(power)), None)


def check_group(held: Held, power: Power, now: int) -> Refusal | None:
    """Refuse what the platform has taken from a group: letting people in, having posts, being led."""
    for row in _STOPPING_GROUPS[power] if held else ():
        one = in_force(held, row.measure, now)
        if one is not None and one.bars(power):
            return _stopped(row, one.case, one.until_ms, one.reason, "")
    return None


def _stopped(row: Row, case: str, until_ms: int, reason: str, user: str) -> Refusal:
    detail: dict[str, object] = {"until_ms": until_ms, "case": case, "reason": reason, "rule": f"measures.{row.name}"}
    return Refusal(row.code, row.refused, {**detail, "help": "/sanctions", **({"user": user} if user else {})})


def check_in_force(held: Held, row: Row, now: int, *, replaces: bool) -> Refusal | None:
    """Refuse to put a measure in the place of one in force by accident: it would be shortened, or lengthened."""
    one = None if replaces else in_force(held, row.measure, now)
    if one is None:
        return None
    text = N_("This is in force already, {until}, case {case}. To replace it, add --replace.")
    detail = {"until_ms": one.until_ms, "case": one.case, "rule": "in_force", "help": "--replace"}
    return Refusal(ErrorCode.CONFLICT, text, detail)


def check_length(row: Row, duration_ms: int) -> Refusal | None:
    """Refuse a measure that lasts longer than its row allows."""
    if duration_ms <= row.longest_ms:
        return None
    text = N_("This measure lasts {longest} at most.")
    detail = {"longest_ms": row.longest_ms, "field": "duration", "rule": f"measures.{row.name}"}
    return Refusal(ErrorCode.BAD_REQUEST, text, detail)


def check_four_eyes(events: Iterable[object], proposed_by: str, user: str, four_eyes: frozenset[str]) -> Refusal | None:
    """Refuse to take a measure alone where the operator asks for two (`four_eyes`: names of rows)."""
    row = next((row for row in map(row_of, events) if row is not None), None)
    if row is None or not user or row.name not in four_eyes:
        return None
    detail: dict[str, object] = {"measure": row.name, "rule": "policy.sanctions.four_eyes"}
    if not proposed_by:
        text = N_("This measure needs two administrators: propose it, and let another one confirm it.")
        return Refusal(ErrorCode.CONFIRM_REQUIRED, text, {**detail, "help": "sanction create"})
    if proposed_by == user:
        text = N_("A measure is confirmed by somebody other than the one who proposed it.")
        return Refusal(ErrorCode.FORBIDDEN, text, {**detail, "help": "sanction status"})
    return None
