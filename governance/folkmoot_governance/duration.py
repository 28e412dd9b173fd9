"""Durations as people type them (`30s 10m 2h 7d 2w 6mo 1y perm`, `2 weeks`, `三天`) and instants that never come."""

import re
from datetime import UTC, datetime

from msgspec import Struct

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

# 月 alone is not here: 三月 is as well March.
SPELLINGS = {
    "s": "s sec secs second seconds 秒 秒钟",
    "m": "m min mins minute minutes 分 分钟",
    "h": "h hr hrs hour hours 时 小时 个小时 钟头 个钟头",
    "d": "d day days 天 日",
    "w": "w wk wks week weeks 周 星期 个星期 礼拜 个礼拜",
    "mo": "mo mos month months 个月",
    "y": "y yr yrs year years 年",
}

FOREVER_MS = 253_402_300_799_000
"""9999-12-31T23:59:59Z: the end of what is permanent, so that an end is always a plain number."""

LONGEST_MS = 100 * UNITS_MS["y"]

_SPELT_MS = {spelling: UNITS_MS[unit] for unit, spellings in SPELLINGS.items() for spelling in spellings.split()}
_DIGITS = {char: value for value, chars in enumerate(("零〇", "一", "二两", "三", *"四五六七八九")) for char in chars}
_TENS = {"十": 10, "百": 100, "千": 1000}

# One character for one, so that what is found in the folded text is at the same place in the text.
_FOLDED = {0xFF01 + at: 0x21 + at for at in range(94)} | {0x3000: " "} | dict.fromkeys(map(ord, "“”‘’「」"), '"')

_LONGEST_FIRST = sorted(_SPELT_MS, key=len, reverse=True)
_LATIN = "|".join(one for one in _LONGEST_FIRST if one.isascii())
_CHINESE = "|".join(one for one in _LONGEST_FIRST if not one.isascii())
_NUMBER = rf"[0-9]{{1,10}}|[{''.join(_DIGITS)}{''.join(_TENS)}]{{1,7}}|半个?"
_PART = rf"(?:{_NUMBER})[ ]*(?:(?:{_LATIN})(?![a-z])|{_CHINESE})"
_FOREVER = r"perm|permanent|permanently|forever|for[ ]ever|永久|永远|无限期"
_UNTIL = r"until[ ]+[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9:.]{5,15}z"
_SPAN = rf"{_FOREVER}|{_PART}(?:[ ]*{_PART})*"

_EACH = re.compile(rf"({_NUMBER})[ ]*({_LATIN}|{_CHINESE})")
_WHOLE = re.compile(_SPAN)
# What is set off from what follows; `2 weeks of spam` is not told to be for two weeks.
_LEADING = re.compile(
    rf"""(?:(?:for|为期)[ ]+)?"?(?P<span>{_UNTIL}|{_SPAN})"?
    (?:[ ]*[,.;:!?，。、]*(?:[ \n]|$)(?![ ]*(?:of|ago|old)\b))""",
    re.VERBOSE,
)
# What goes on with a length behind one that could be read by itself: `1 hour and 30 minutes` is not an hour.
_GOES_ON = re.compile(
    rf"""(?:until|till)\b|(?:and|or|to|plus|minus|[-–~+&])[ ]*(?:an?[ ]+)?
    (?:[0-9]+(?:[ ]*(?:{_LATIN})(?![a-z]))?|(?:one|two|three|four|five|six|seven|eight|nine|ten|half|quarter)\b
    |(?:second|minute|hour|day|week|month|year)s?\b)
    |(?:{_SPAN})"?[ ]*[,.;:!?，。、]*(?:[ \n]|$)(?![ ]*(?:of|ago|old)\b)""",
    re.VERBOSE,
)
_DOUBTFUL = re.compile(
    rf"""(?:for[ ]+)?["+-]?(?:[0-9]|until\b|(?:{_NUMBER})(?:[ ]*(?:{_CHINESE})|月)|
    (?:an?|one|two|three|four|five|six|seven|eight|nine|ten|half|several|some|a\ few)[ ]+(?:an?[ ]+)?
    (?:second|minute|hour|day|week|month|year)s?\b)""",
    re.VERBOSE,
)
_ANYWHERE = re.compile(
    rf"""(?<![a-z0-9/.,:#@-])(?:[0-9]{{1,10}}(?:{_LATIN})(?![a-z0-9])|(?:[0-9]{{1,4}}|two|a|an)[ ]+
    (?:second|minute|hour|day|week|month|year)s?\b)
    |(?:{_NUMBER})[ ]*(?:秒钟|分钟|小时|个小时|天|周|个?星期|个?礼拜|个月)""",
    re.VERBOSE,
)


class Until(Struct, frozen=True):
    """An end that is an instant (Unix ms), not a length: `until 2026-12-01T10:00:00.000Z`."""

    end_ms: int


Span = int | Until
"""How long a measure lasts: a length in ms, or until when."""


class Reading(Struct, frozen=True):
    """What a text begins with: `words` that say a `span`, and the `rest` of it.

    Without a span, `words` are those that look like one, and cannot be told to be.
    """

    span: Span | None
    words: str
    rest: str


def read_duration(text: str) -> Reading:
    """Read the duration that `text` begins with, however people write it: `for 7d spam`, `"7d"`, `三天 刷屏`."""
    folded = fold(text)
    found = _LEADING.match(folded)
    if found:
        span = _span_of(found["span"])
        more = _GOES_ON.match(folded, _skip_spaces(folded, found.end()))
        # An instant is written by a program, and the end of time goes on as in "for ever and a day".
        if more and isinstance(span, int) and (span < FOREVER_MS or _WHOLE.match(more[0])):
            return Reading(None, text[: more.end()].strip(), text)
        if span is not None:
            return Reading(span, text[: found.end()].strip(), text[found.end() :].lstrip())
    return Reading(None, text[: _end_of_words(folded)] if _DOUBTFUL.match(folded) else "", text)


def _skip_spaces(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip())


def find_duration(text: str) -> str:
    """Return what in a text, anywhere, looks like a duration; empty where nothing does."""
    found = _ANYWHERE.search(fold(text))
    return text[found.start() : found.end()] if found else ""


def parse_duration(text: str) -> int | None:
    """Return the milliseconds that `text` names, `FOREVER_MS` for `perm`, None where it is not a duration.

    A bare number is none: it means seconds in one program and minutes in the next.
    """
    folded = fold(text)
    return _length_of(folded) if _WHOLE.fullmatch(folded) else None


def fold(text: str) -> str:
    """Return a text in small letters of plain width, with plain quotes; each character at the place it had."""
    plain = text.translate(_FOLDED)
    folded = plain.lower()
    # There is a letter whose small one is two characters.
    if len(folded) == len(plain):
        return folded
    return "".join(low if len(low := char.lower()) == 1 else char for char in plain)


def _span_of(words: str) -> Span | None:
    if not words.startswith("until"):
        return _length_of(words)
    try:
        instant = datetime.fromisoformat(words.removeprefix("until").strip().upper())
    except ValueError:
        return None
    # In whole milliseconds: a float has not enough digits for them.
    return Until(
        min(int(instant.replace(tzinfo=UTC).timestamp()) * SECOND_MS + instant.microsecond // 1000, FOREVER_MS)
    )


def _length_of(words: str) -> int | None:
    """Return how long the parts are together, from the longest unit to the shortest, each at most once."""
    if re.fullmatch(_FOREVER, words):
        return FOREVER_MS
    units = [_SPELT_MS[unit] for _, unit in _EACH.findall(words)]
    numbers = [_number_of(number) for number, _ in _EACH.findall(words)]
    if units != sorted(set(units), reverse=True) or None in numbers:
        return None
    length = round(sum((number or 0) * unit for number, unit in zip(numbers, units, strict=True)))
    return length if 0 < length <= LONGEST_MS else None


def _number_of(text: str) -> float | None:
    """Return a number in digits or in Chinese: 十五, 一百二十, 半."""
    if text.isdecimal():
        return int(text)
    if text.startswith("半"):
        return 0.5
    total, digit, last = 0, None, 10_000
    for char in text:
        if char in _TENS:
            if _TENS[char] >= last:
                return None
            last = _TENS[char]
            total, digit = total + (1 if digit is None else digit) * last, None
        elif digit in (None, 0):
            digit = _DIGITS[char]
        else:
            return None
    return total + (digit or 0)


def _end_of_words(folded: str) -> int:
    """Return where the word, or the few words, end that look like a duration."""
    found = re.match(r"(?:for )?\S+(?: (?:an? )?(?:second|minute|hour|day|week|month|year)s?\b)?", folded)
    return found.end() if found else 0


def end_of(now: int, span: Span) -> int:
    """Return when a measure ends that starts `now` (Unix ms), at most `FOREVER_MS`."""
    return span.end_ms if isinstance(span, Until) else min(now + span, FOREVER_MS)


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


def show_span(span: Span | None) -> str:
    """Return how to write a length or an end; nothing for what is usual (None)."""
    if span is None:
        return ""
    return show_until(span.end_ms) if isinstance(span, Until) else show_duration(span)


def show_until(end_ms: int) -> str:
    """Return how to write an end exactly: `until 2026-12-01T10:00:00.000Z`, or `perm`."""
    if end_ms >= FOREVER_MS:
        return "perm"
    instant = datetime.fromtimestamp(end_ms // SECOND_MS, UTC)
    return f"until {instant:%Y-%m-%dT%H:%M:%S}.{end_ms % SECOND_MS:03d}Z"
