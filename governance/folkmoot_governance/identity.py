"""Numbers that prove who somebody is: are they well formed, and does a text spill one? (G6)

A check says that a number can be one, never whose it is: that is for the review. Nothing here keeps a number.
"""

import re
from datetime import date, timedelta
from enum import StrEnum

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.line import SLASHES
from folkmoot_protocol.types import Identity

from .refusal import Refusal
from .text import N_

KINDS = (Identity.MOBILE, Identity.PERSON, Identity.ORGANISATION)

_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})", re.ASCII)
_ABROAD = re.compile(r"\+(?!86)[1-9][0-9]{6,14}", re.ASCII)
_PERSON = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_ORGANISATION = re.compile(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}", re.ASCII)
_BETWEEN = re.compile(r"[\s\-‐–()（）]")

# By region of the country, the first digit; 81 to 83 are on residence permits.
_PROVINCES = frozenset(
    f"{region}{one}" for region, last in enumerate((5, 3, 7, 6, 4, 5, 1), 1) for one in range(1, last + 1)
) | {"50", "81", "82", "83"}
_PERSON_CHECKS = "10X98765432"
_ORGANISATION_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"

# What stands before a command typed in a hurry; then the command, then a number.
_SPILLED = re.compile(
    rf"[\s{SLASHES}]*(?:verify|实名)\s.*[0-9０-９][\s\-]*(?:[0-9０-９][\s\-]*){{7}}", re.IGNORECASE | re.DOTALL
)
_FIRST = frozenset(f"{SLASHES}vV实")


ADULT = 18


class Soundness(StrEnum):
    """What a check says: `doubtful` is well formed, but its check character does not fit.

    Some codes that were given out before GB 32100 had settled are such, so a person has to look.
    """

    SOUND = "sound"
    DOUBTFUL = "doubtful"
    MALFORMED = "malformed"


def normalise(kind: Identity, number: str) -> str:
    """Return a number in the one form that it is kept and compared in."""
    number = _BETWEEN.sub("", number).upper()
    if kind is Identity.MOBILE and (mobile := _MOBILE.fullmatch(number)):
        return f"+86{mobile[1]}"
    return number


def check_number(kind: Identity, number: str, today: date) -> Soundness:
    """Judge a number that `normalise` has made; `today` bounds dates of birth."""
    if kind is Identity.MOBILE:
        sound = _MOBILE.fullmatch(number) or _ABROAD.fullmatch(number)
        return Soundness.SOUND if sound else Soundness.MALFORMED
    return _check_person(number, today) if kind is Identity.PERSON else _check_organisation(number)


def _check_person(number: str, today: date) -> Soundness:
    """Check a resident identity number (GB 11643-1999): province, date of birth, check by ISO 7064 MOD 11-2."""
    if not _PERSON.fullmatch(number) or number[:2] not in _PROVINCES:
        return Soundness.MALFORMED
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return Soundness.MALFORMED
    # A day's grace: the date line runs through the world.
    if born > today + timedelta(days=1):
        return Soundness.MALFORMED
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return Soundness.SOUND if number[17] == _PERSON_CHECKS[total % 11] else Soundness.MALFORMED


def _check_organisation(number: str) -> Soundness:
    """Check a unified social credit code (GB 32100-2015): its characters, its check by ISO 7064 MOD 31-3."""
    if not _ORGANISATION.fullmatch(number):
        return Soundness.MALFORMED
    values = [_ORGANISATION_DIGITS.index(char) for char in number]
    total = sum(value * pow(3, place, 31) for place, value in enumerate(values[:17]))
    return Soundness.SOUND if values[17] == -total % 31 else Soundness.DOUBTFUL


def age_of(number: str, today: date) -> int:
    """Return the age of the bearer of a sound resident identity number."""
    year, month, day = int(number[6:10]), int(number[10:12]), int(number[12:14])
    return today.year - year - ((today.month, today.day) < (month, day))


def check_age(kind: Identity, number: str, today: date, least: int) -> Refusal | None:
    """Refuse who is younger than the operator asks for, as far as a number tells: a resident one does."""
    if kind is not Identity.PERSON or not least or age_of(number, today) >= least:
        return None
    text = N_("The operator admits nobody younger than {least}, and according to this number you are.")
    return Refusal(ErrorCode.FORBIDDEN, text, {"least": least, "rule": "identity.minimum_age", "help": "/rules"})


def is_minor(kind: Identity, number: str, today: date) -> bool | None:
    """Say whether a sound number is that of somebody under age, None where it does not tell."""
    return age_of(number, today) < ADULT if kind is Identity.PERSON else None


def masked(number: str) -> str:
    """Return a number with its middle hidden, for who is to recognise it and not to learn it."""
    return f"{number[:3]}{'*' * (len(number) - 6)}{number[-3:]}" if len(number) > 8 else "*" * len(number)


def contains_id_number(body: str) -> bool:
    """Say whether a text to be posted is a `/verify` with a number that has gone astray. Asked of every post."""
    first = body[:1]
    return (first in _FIRST or first.isspace()) and _SPILLED.match(body) is not None
