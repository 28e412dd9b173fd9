"""Spelling: whether what is found in a squeezed text is a word of it, or an accident of the letters of others.

In a squeezed text `the rapist` reads as `therapist`, `glass holes` has another word in it, and 今日，你 has 日你. So
where the automaton has found a term, this looks at how its letters stand in the text: what is between them, and what is
around them. A disguise cuts a term oftener than chance does, or with a sign, or keeps to the borders of words.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from .fold import BORDER, SKELETON, SQUEEZED, Reading, is_number, is_spaceless, read

LINE_END = "\n"

SENTENCE = re.compile(r"[,。!?;:—\n]|\.\.")
"""What ends a part of a sentence in a script without spaces, full width or not. The point and the comma of lists (、)
are left out: they are put between letters."""

_CODE = re.compile(r"\$[({]|(?=[^\w\s$@]*[()\[\]{}<>])[^\w\s$@]{3,}")
"""Signs as programs have them between words, `S)>(&mut` and `$(cat`; nobody disguises a word with them."""

FEW = 4
"""Letters of a script without spaces from which on a term is hardly met by chance across a space."""


class Term(Struct, frozen=True, gc=False):
    """A term that may be found within other words. `rule`: its number. `letters`: how many it has when squeezed.
    `borders`: those that begin another word of it.

    `of_digits`: it has no letters. `spaceless`: its script sets no spaces between words.
    """

    rule: int
    letters: int
    borders: frozenset[int]
    of_digits: bool
    spaceless: bool


def term_of(rule: int, line: str) -> Term:
    """Return the term that a line of a rule names."""
    spelling = Spelling(read(line))
    borders = frozenset(at for at in range(1, len(spelling.places)) if spelling.gap(at))
    return Term(rule, len(spelling.places), borders, is_number(spelling.plain), is_spaceless(line))


class Spelling:
    """How a text spells its squeezed form: the place in the plain text of each letter."""

    def __init__(self, reading: Reading) -> None:
        self.plain = reading.lines()
        self.places = [place for place, one in enumerate(self.plain) for _ in SQUEEZED[ord(one)]]

    def gap(self, at: int) -> str:
        """Return what stands between a letter and the one before it."""
        return self.plain[self.places[at - 1] + 1 : self.places[at]]

    def has(self, term: Term, last: int) -> bool:
        """Say whether the letters up to `last`, which are those of a term, are meant to be read as it."""
        first = last + 1 - term.letters
        piece = self.plain[self.places[first] : self.places[last] + 1]
        if is_number(piece) != term.of_digits:
            return False
        # Digits are grouped in many ways.
        if term.of_digits:
            return True
        gaps = {at - first: gap for at in range(first + 1, last + 1) if (gap := self.gap(at))}
        if not gaps:
            return True
        if term.spaceless:
            return self._has_spaceless(term, gaps, first, last)
        cuts = gaps.keys() - term.borders
        starts = not self._goes_on(self.places[first] - 1)
        if not any(_is_space(gaps[at]) for at in cuts):
            return starts or len(cuts) > 1
        ends = not self._goes_on(self.places[last] + 1)
        return 2 * len(cuts) > term.letters or (len(cuts) > 1 and starts and ends)

    def _has_spaceless(self, term: Term, gaps: dict[int, str], first: int, last: int) -> bool:
        """As `has`, where words have no borders: across the end of a sentence a term must be spelled out."""
        if term.letters > 2 and len(gaps) == term.letters - 1:
            return True
        if any(SENTENCE.search(gap) for gap in gaps.values()):
            return False
        if term.letters >= FEW or not any(_is_space(gap) for at, gap in gaps.items() if at not in term.borders):
            return True
        before, behind = self._letter(self.places[first] - 1), self._letter(self.places[last] + 1)
        return not before and not behind

    def _goes_on(self, place: int) -> bool:
        """Say whether a letter of the same word stands at a place: scripts without spaces stand beside any other."""
        letter = self._letter(place)
        return bool(letter) and not is_spaceless(letter)

    def _letter(self, place: int) -> str:
        """Return the letter or digit at a place; empty where there is none."""
        found = self.plain[place] if 0 <= place < len(self.plain) else ""
        return found if found.translate(SQUEEZED) else ""


def _is_space(gap: str) -> bool:
    return " " in gap or LINE_END in gap


def words_of(plain: str, *, spelled: bool) -> Iterator[str]:
    """Yield the words of a plain text, whole and without the signs between their letters (`fr.ee`, `fr`, `ee`).

    `spelled`: also those that are spelled out letter by letter.
    """
    apart: list[str] = []
    for word in _CODE.sub(" ", plain).split():
        yield word
        parts = "".join(" " if one.translate(SKELETON) == BORDER else one for one in word).split()
        if parts != [word]:
            yield from parts
        apart += parts
    if spelled:
        yield from spelled_words(apart)


def spelled_words(words: Iterable[str]) -> Iterator[str]:
    """Yield the words that are spelled out letter by letter; one letter again and again (`x x x`) is none."""
    letters: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1:
            letters.append(word)
            continue
        if len(letters) > 2 and len(set(letters)) > 1:
            yield "".join(letters)
        letters.clear()
