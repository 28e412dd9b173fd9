"""What search finds in a text: folding, tokens, and whether an entry's body matches a query. Pure functions.

A query is words, parted by spaces; a body matches when it has them all. Words in quotes are a phrase: they follow each
other, with nothing but spaces and signs between them. Signs at a word's edges make no difference, nor do case, width,
other compatibility forms (Unicode NFKC, casefold) and the kind of apostrophe. Scripts that put spaces between words are
found by whole words; in the others (Chinese, Japanese, Korean, Thai, …) any run of characters is found.

The index knows texts by tokens only: words, and of the scripts without spaces single characters and pairs. Every token
of a query is one of each body that matches it, so the index may offer too much, never too little.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from zlib import crc32

from msgspec import Struct

from folkmoot_protocol.normal import make_compatible

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

# What stands between words, and at the edges of one. C++ and C# are words.
_SIGN = rf"[^\w{_DENSE}]"
_SIGNS = re.compile(f"{_SIGN}*")
_LAST_SIGNS = re.compile(rf"(?:(?![+#]){_SIGN})+$")

_APOSTROPHES = "\u2019\u2018\u201b\u2032\u00b4"
"""What stands for `'`: typographic quotes, the prime, the acute accent by itself."""

_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f\u301d\u301e\u301f"
_QUOTE = str.maketrans(dict.fromkeys(_QUOTES, '"'))
_PHRASE = re.compile('"([^"]*)"')


class Query(Struct, frozen=True):
    """What is searched for: numbers of tokens that a body must have, and phrases of one word or more."""

    tokens: tuple[int, ...]
    phrases: tuple[tuple[str, ...], ...]

    def matches(self, body: str) -> bool:
        """Say whether a body has all phrases of the query."""
        folded = fold(body)
        # Most bodies lack a word altogether, which is found out much sooner.
        return self._are_in(folded) and all(_stands_in(phrase, folded) for phrase in self.phrases)

    def matching(self, bodies: Sequence[str]) -> Iterator[int]:
        """Yield the places in `bodies` of those that match, in order."""
        for start in range(0, len(bodies), TOGETHER):
            some = bodies[start : start + TOGETHER]
            # What all of them lack is found out at once.
            if self._are_in(fold("\0".join(some))):
                yield from (start + place for place, body in enumerate(some) if self.matches(body))

    def _are_in(self, folded: str) -> bool:
        return all(word in folded for phrase in self.phrases for word in phrase)


def parse_query(text: str) -> Query | None:
    """Return a query; None if there is nothing in it that can be searched for."""
    phrases = dict.fromkeys(_phrases(fold(text).translate(_QUOTE)))
    tokens = dict.fromkeys(chain.from_iterable(map(_needed, chain.from_iterable(phrases))))
    if not tokens:
        return None
    numbers = islice(dict.fromkeys(map(token_number, tokens)), MAX_TOKENS)
    return Query(tuple(numbers), tuple(phrases))


def _phrases(text: str) -> Iterator[tuple[str, ...]]:
    """Yield what a query asks for: the words of each pair of quotes together, all others by themselves."""
    # Every other part of the text stood in quotes; a quote that is not closed is a sign like others.
    for number, part in enumerate(_PHRASE.split(text)):
        words = [word for word in map(_strip, part.split()) if word]
        if number % 2 and words:
            yield tuple(words)
        else:
            yield from ((word,) for word in words)


def _strip(word: str) -> str:
    """Return a word of a query without the signs at its edges."""
    match = _SIGNS.match(word)
    return _LAST_SIGNS.sub("", word[match.end() if match else 0 :])


def fold(text: str) -> str:
    """Return a text without what makes no difference."""
    if text.isascii():
        return text.lower()
    for apostrophe in _APOSTROPHES:
        text = text.replace(apostrophe, "'")
    return make_compatible(make_compatible(text).casefold())


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


def _stands_in(phrase: tuple[str, ...], folded: str) -> bool:
    """Say whether the words of a phrase follow each other somewhere in a text."""
    first = phrase[0]
    at = folded.find(first)
    while at >= 0:
        if _follow(phrase, folded, at):
            return True
        at = folded.find(first, at + 1)
    return False


def _follow(phrase: tuple[str, ...], folded: str, at: int) -> bool:
    """Say whether the words of a phrase follow each other from a place on, with signs alone between them."""
    for word in phrase:
        if not folded.startswith(word, at) or not _is_whole(word, folded, at):
            return False
        signs = _SIGNS.match(folded, at + len(word))
        at = signs.end() if signs else at
    return True


def _is_whole(word: str, folded: str, at: int) -> bool:
    """Say whether what begins or ends in letters of a word, the word in the text begins or ends there, too."""
    end = at + len(word)
    before, after = _WORDS.match(word[0]), _WORDS.match(word[-1])
    return not ((before and at and _WORDS.match(folded, at - 1, at)) or (after and _WORDS.match(folded, end, end + 1)))
