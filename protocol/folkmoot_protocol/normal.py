"""Unicode's normal forms of what strangers typed, in time that grows with its length alone.

Two kinds of text make normalising dear. Marks in a row are put in order, which takes the square of how many there are:
no script has more than a few on one letter, and UAX #15 (D4, the stream-safe format) allows 30. And a few characters
are whole words, or a whole sentence: 18 characters for one. So beyond these bounds marks and such characters go.
"""

import re
from unicodedata import combining, normalize

MARKS = 30
"""How many marks may follow each other."""
LONG_SIGNS = 16
"""How many of the characters may be in a text that stand for five others or more."""

_LONG = "\u3307\u3315-\u3317\u3319\u331a\u3320\u332b\u332e\u3332\u3334\u3336\u3347\u334a\u3356\u33ae\u33af\ufdfa\ufdfb"
_IS_LONG = re.compile(f"[{_LONG}]")
# A class that has all marks and few letters; the characters of a long match are looked at one by one.
_MAY_BE_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u2fff\u302a-\u309a\ua66f-\uabed\ufb1e-\ufe2f\uff9e\uff9f\U00010000-\U0001efff]"
    f"{{{MARKS + 1},}}"
)
# Of no combining class themselves, they are made of marks.
_MADE_OF_MARKS = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")


def is_mark(char: str) -> bool:
    """Say whether a character is put in order among those beside it."""
    return bool(combining(char)) or char in _MADE_OF_MARKS


def compose(text: str) -> str:
    """Return a text in NFC."""
    return text if text.isascii() else normalize("NFC", _MAY_BE_MARKS.sub(_shorten, text))


def make_compatible(text: str) -> str:
    """Return a text in NFKC."""
    if text.isascii():
        return text
    if len(_IS_LONG.findall(text)) > LONG_SIGNS:
        text = _IS_LONG.sub(" ", text)
    return normalize("NFKC", _MAY_BE_MARKS.sub(_shorten, text))


def _shorten(found: re.Match[str]) -> str:
    kept, in_a_row = [], 0
    for char in found[0]:
        in_a_row = in_a_row + 1 if is_mark(char) else 0
        if in_a_row <= MARKS:
            kept.append(char)
    return "".join(kept)
