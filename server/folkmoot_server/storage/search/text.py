"""What search finds in a text: folding, tokens, and whether an entry's body matches a query. Pure functions.

A query is words, parted by spaces; a body matches when it has them all. Scripts that put spaces between words are
found by whole words; in the others (Chinese, Japanese, Korean, Thai, …) any run of characters is found. Case, width and
other compatibility forms make no difference (Unicode NFKC, casefold).

The index knows texts by tokens only: words, and of the scripts without spaces single characters and pairs. Every token
of a query is one of each body that matches it, so the index may offer too much, never too little.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from zlib import crc32

from msgspec import Struct

MAX_TOKENS = 8
"""Tokens of a query that the index is asked for; they narrow it down far enough."""

TOGETHER = 16
"""Bodies that are looked at together, because most of many lack a word of the query."""

# Scripts without spaces between words, those whose letters take marks that `\w` leaves out, and pictures.
_DENSE = (
    "\u0900-\u109f\u1780-\u17ff\u1100-\u11ff\u2600-\u27bf\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U000323af"
)
_RUNS = re.compile(f"[{_DENSE}]+")
_WORDS = re.compile(rf"[^\W{_DENSE}]+")
_ASCII_WORDS = re.compile(r"\w+", re.ASCII)


class Query(Struct, frozen=True):
    """What is searched for: numbers of tokens that a body must have, and its words."""

    tokens: tuple[int, ...]
    terms: tuple[str, ...]

    def matches(self, body: str) -> bool:
        """Say whether a body has all words of the query."""
        folded = fold(body)
        # Most bodies lack a word altogether, which is found out much sooner.
        return self._are_in(folded) and all(_stands_in(term, folded) for term in self.terms)

    def matching(self, bodies: Sequence[str]) -> Iterator[int]:
        """Yield the places in `bodies` of those that match, in order."""
        for start in range(0, len(bodies), TOGETHER):
            some = bodies[start : start + TOGETHER]
            # What all of them lack is found out at once.
            if self._are_in(fold("\0".join(some))):
                yield from (start + place for place, body in enumerate(some) if self.matches(body))

    def _are_in(self, folded: str) -> bool:
        return all(term in folded for term in self.terms)


def parse_query(text: str) -> Query | None:
    """Return a query; None if there is nothing in it that can be searched for."""
    terms = dict.fromkeys(fold(text).split())
    tokens = dict.fromkeys(chain.from_iterable(map(_needed, terms)))
    if not tokens:
        return None
    numbers = islice(dict.fromkeys(map(token_number, tokens)), MAX_TOKENS)
    return Query(tuple(numbers), tuple(terms))


def fold(text: str) -> str:
    """Return a text without what makes no difference."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def tokens_of(folded: str) -> set[str]:
    """Return the tokens of a folded text."""
    if folded.isascii():
        return set(_ASCII_WORDS.findall(folded))
    found = set(_WORDS.findall(folded))
    for run in _RUNS.findall(folded):
        found.update(run)
        found.update(_pairs(run))
    return found


def token_number(token: str) -> int:
    """Return the 32 bits that stand for a token: two tokens may share them, the same everywhere and always."""
    return crc32(token.encode("utf-8", "surrogatepass"))


def _needed(term: str) -> Iterator[str]:
    """Yield the tokens that narrow a term down: a single character only where there is no pair."""
    yield from _WORDS.findall(term)
    for run in _RUNS.findall(term):
        yield from _pairs(run) if len(run) > 1 else run


def _pairs(run: str) -> Iterator[str]:
    return map(str.__add__, run, run[1:])


def _stands_in(term: str, folded: str) -> bool:
    """Say whether a term is in a text, and where it begins or ends in a word, the word begins or ends there."""
    before, after = _WORDS.match(term[0]), _WORDS.match(term[-1])
    at = folded.find(term)
    while at >= 0:
        end = at + len(term)
        goes_on = (before and at and _WORDS.match(folded, at - 1, at)) or (after and _WORDS.match(folded, end, end + 1))
        if not goes_on:
            return True
        at = folded.find(term, at + 1)
    return False
