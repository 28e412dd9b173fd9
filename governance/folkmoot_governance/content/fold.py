"""Folding: what a post says once every disguise is off. Rules are folded alike, so the two can be compared.

A text is folded in two steps, each one table of characters applied by `str.translate`:

- **plain**: compatibility forms resolved as NFKC does (full width, mathematical, circled letters), lower case,
  Traditional to Simplified, invisible characters and fillers gone. Patterns and links are looked for in it.
- **skeleton**: besides, accents gone, look-alike letters and digits put for letters (`v1аgrа`) resolved, `l` and `i`
  made one, punctuation and symbols told apart from spaces.

From the skeleton come the words, once with punctuation as a border and once without it (`fr.ee`), and `squeezed`, which
has no borders at all: letters apart, or `f-r-e-e`, read the same there. What is found in it may be an accident of the
letters of other words; `spelling` tells.

Where every character of a text stands on `PAGE`, one of 256, folding takes a shorter way to the same result: bytes for
characters, and tables of 256 bytes.
"""

import re
import unicodedata
from codecs import charmap_build, charmap_decode, charmap_encode
from collections.abc import Callable

from msgspec import Struct

from folkmoot_protocol.normal import make_compatible

from .characters import CAPITALS, LOOK_ALIKES, SIMPLIFIED, TRADITIONAL

MAX_KEPT = 50_000
"""Characters whose folding is kept once found; Unicode has a million, and strangers choose which to send."""

BORDER = "\x1f"
"""Stands for punctuation and symbols in the skeleton."""

DIGITS = dict(zip("0134578", "oieastb", strict=True))
_SIGNS = {"@": "a", "$": "s"}
# Some look like a letter as capitals alone; a plain text has them small.
_LETTERS = {look.casefold(): letter for letter, looks in LOOK_ALIKES.items() for look in looks} | DIGITS | _SIGNS
_SIMPLER = dict(zip(TRADITIONAL, SIMPLIFIED, strict=True))
_INVISIBLE = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc")
"""Fillers that Unicode counts as letters or symbols, though nothing is to be seen."""

_UNSEEN, _SPACES = ("Cf", "Cc", "Cs", "Co"), ("Zs", "Zl", "Zp")

_BOXED = (0x1F150, 0x1F170, 0x1F1E6)
"""Where alphabets of circled, squared and flag letters begin that NFKC leaves alone."""

_OVERLAYS = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F))
"""Marks that lie over any letter, and selectors of its shape."""

SPACELESS = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x2E80, 0xA4CF),
    (0xF900, 0xFAFF),
    (0x1F000, 0x3FFFF),
)


def _is_overlay(character: str) -> bool:
    return any(low <= ord(character) <= high for low, high in _OVERLAYS)


def plain_character(character: str) -> str:
    """Return a character as it stands in a plain text; empty where it is not to be seen."""
    if character in "\t\n\r":
        return " "
    category = unicodedata.category(character)
    if character in _INVISIBLE or category in _UNSEEN or _is_overlay(character):
        return ""
    if category in _SPACES:
        return " "
    for start in _BOXED:
        if start <= ord(character) < start + 26:
            return chr(ord("a") + ord(character) - start)
    whole = CAPITALS.get(character) or unicodedata.normalize("NFKC", character).casefold()
    return "".join(_SIMPLER.get(one, one) for one in whole)


def skeleton_character(character: str) -> str:
    """Return a character of a plain text as its skeleton has it: a letter, a space, `BORDER` or nothing."""
    if character == " ":
        return " "
    found = _LETTERS.get(character)
    if found is None:
        apart = unicodedata.normalize("NFKD", character)
        letters = "".join(one for one in apart if not unicodedata.category(one).startswith("M"))
        if apart != character:
            return letters.translate(SKELETON)
        found = letters if letters.isalnum() or not letters else BORDER
    return "i" if found == "l" else found


def squeezed_character(character: str) -> str:
    """Return a character of a plain text as its squeezed form has it: a letter or nothing."""
    return skeleton_character(character).replace(BORDER, "").replace(" ", "")


class Table(dict[int, str]):
    """A table for `str.translate` that is filled as characters come up: `find` says what one becomes."""

    def __init__(self, find: Callable[[str], str]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, code: int) -> str:
        found = self._find(chr(code))
        if len(self) < MAX_KEPT:
            self[code] = found
        return found


PLAIN, SKELETON, SQUEEZED = Table(plain_character), Table(skeleton_character), Table(squeezed_character)


def _disguises() -> str:
    """Return the characters that NFKC and lower case alone do not make plain, as a class of a pattern."""
    unseen = (chr(code) for code in range(0x10000) if unicodedata.category(chr(code)) in (*_UNSEEN, "Zl", "Zp"))
    ranges = [(start, start + 25) for start in _BOXED] + [*_OVERLAYS, (0x10000, 0x1D0FF), (0xE0000, 0x10FFFF)]
    listed = "".join(unseen) + TRADITIONAL + "".join(CAPITALS) + "".join(_INVISIBLE)
    return re.escape(listed) + "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)


_DISGUISED = re.compile(f"[{_disguises()}]")

_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґў"
_LATIN = "äöüéèêëàâçîïôûñáíóúåãõ"
_SIGNS_KEPT = "«»–—“”„‘’•€£₽¿¡°§"
PAGE = ("".join(map(chr, range(128))) + _CYRILLIC + _CYRILLIC.upper() + _LATIN + _SIGNS_KEPT).ljust(256, "\ufffe")
"""The characters of most posts outside of the Far East: each folds to one on the page, or to none. U+FFFE fills up."""

_CODES = charmap_build(PAGE)


def _page_table(table: Table) -> tuple[bytes, bytes]:
    """Return what `bytes.translate` takes: the byte that each becomes, and those that go."""
    found = [one.translate(table) for one in PAGE]
    gone = bytes(code for code, one in enumerate(found) if not one)
    return bytes(PAGE.index(one) if one else 0 for one in found), gone


_PAGE_PLAIN, _PAGE_UNSEEN = _page_table(PLAIN)
_PAGE_SQUEEZED, _PAGE_BORDERS = _page_table(SQUEEZED)


class Reading(Struct, frozen=True, gc=False):
    """A text without its disguises: see the head of this module. `text` is what it was read from."""

    plain: str
    squeezed: str
    text: str

    def skeleton(self) -> str:
        """Return the skeleton. Few texts need it, so it is not kept."""
        return self.plain.translate(SKELETON)

    def lines(self) -> str:
        """Return the plain text with its line ends, which are spaces in `plain`; as seldom needed."""
        return "\n".join(read(line).plain for line in self.text.splitlines())


def read(text: str) -> Reading:
    """Fold a text."""
    if text.isascii():
        raw = text.encode().translate(_PAGE_PLAIN, _PAGE_UNSEEN)
        return Reading(raw.decode(), raw.translate(_PAGE_SQUEEZED, _PAGE_BORDERS).decode(), text)
    raw, length = charmap_encode(text, "ignore", _CODES)
    if len(raw) == length:
        raw = raw.translate(_PAGE_PLAIN, _PAGE_UNSEEN)
        squeezed = raw.translate(_PAGE_SQUEEZED, _PAGE_BORDERS)
        return Reading(charmap_decode(raw, "strict", PAGE)[0], charmap_decode(squeezed, "strict", PAGE)[0], text)
    whole = make_compatible(text)
    plain = whole.translate(PLAIN) if _DISGUISED.search(whole) else whole.casefold()
    return Reading(plain, plain.translate(SQUEEZED), text)


def squeeze(text: str) -> str:
    """Return a text folded, without any border."""
    return read(text).squeezed


def is_number(word: str) -> bool:
    """Say whether a word of a plain text has digits and no letters: it is then no word in disguise (`455`, `7-1-7`)."""
    return any(map(str.isdigit, word)) and not any(map(str.isalpha, word))


def is_spaceless(text: str) -> bool:
    """Say whether a text has characters of a script that sets no spaces between words."""
    return any(low <= ord(one) <= high for one in text for low, high in SPACELESS)
