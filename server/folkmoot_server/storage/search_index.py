"""The search index: how a chunk of a group's entries is written, and read again. The same for every backend.

A chunk is up to `ENTRIES` consecutive entries of one group and month. For each token it knows which entries have it.
Tokens are spread over buckets by their upper bits, so that a query reads one small bucket of each chunk; within a
bucket the lower 16 bits tell them apart. That is not certain, nor need it be: what is found is compared with the text.

A bucket is numbers of 16 bits, little-endian: how many tokens, the tokens in order, how many entries each has, and
those entries as offsets from the chunk's first seq, token after token.
"""

import sys
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from folkmoot_protocol.types import EntryKind

from ..search_text import fold, token_number, tokens_of

ENTRIES = 1024
"""Entries in a chunk; fewer than that are looked through one by one until there are enough."""

CHARACTERS = 256 * 1024
"""Characters after which a chunk ends all the same."""

KINDS = frozenset({EntryKind.TEXT, EntryKind.ACTION, EntryKind.ANNOUNCEMENT, EntryKind.EDIT})
"""What is searched: what people said. Notices have `/log`."""

PIECES = 16
"""Chunks that one call of `index` writes at most."""

PATIENCE_S = 0.2
"""How long one search may take; it is then answered with what was found, and where to go on."""

TOKENS_PER_BUCKET = 96
MOST_BUCKETS = 256
BREATH = 16
"""Entries between two moments at which whoever waits for the interpreter is let in."""

BREATH_S = 0.0001


class Chunk:
    """A chunk to be written: seqs `first` to `last`, and its buckets in order; `gone` of its entries are redacted."""

    __slots__ = ("buckets", "first", "gone", "last")

    def __init__(self, first: int, last: int, gone: int, buckets: Sequence[bytes]) -> None:
        self.first = first
        self.last = last
        self.gone = gone
        self.buckets = buckets


def build(bodies: Mapping[int, str], first: int, last: int, gone: int, breathe: Callable[[], None]) -> Chunk:
    """Return the chunk of the entries `first` to `last`, whose bodies are given by seq where there are any to find.

    `breathe` is called every now and then: it is work of milliseconds, and threads share an interpreter.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for count, (seq, body) in enumerate(bodies.items()):
        for token in tokens_of(fold(body)):
            places[token].append(seq - first)
        if count % BREATH == 0:
            breathe()
    count = min(MOST_BUCKETS, 1 << (len(places) // TOKENS_PER_BUCKET).bit_length())
    spread: list[dict[int, list[int]]] = [{} for _ in range(count)]
    for done, (token, offsets) in enumerate(places.items()):
        number = token_number(token)
        bucket = spread[bucket_of(number, count)]
        key = number & 0xFFFF
        bucket[key] = sorted({*bucket[key], *offsets}) if key in bucket else offsets
        if done % (BREATH * BREATH) == 0:
            breathe()
    return Chunk(first, last, gone, [_pack(bucket) for bucket in spread])


def bucket_of(token: int, buckets: int) -> int:
    """Return which of a chunk's buckets has a token; `buckets` is a power of two. Backends do this in SQL."""
    return token >> 16 & buckets - 1


def _pack(bucket: Mapping[int, list[int]]) -> bytes:
    keys = sorted(bucket)
    offsets = [bucket[key] for key in keys]
    numbers = array("H", [len(keys), *keys, *map(len, offsets), *chain.from_iterable(offsets)])
    return _little(numbers).tobytes()


def _little(numbers: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _offsets(bucket: bytes, token: int) -> Sequence[int]:
    """Return the offsets of the entries that have a token."""
    numbers = array("H")
    numbers.frombytes(bucket)
    _little(numbers)
    count, key = numbers[0], token & 0xFFFF
    at = bisect_left(numbers, key, 1, count + 1)
    if at > count or numbers[at] != key:
        return ()
    start = 2 * count + 1 + sum(numbers[count + 1 : count + at])
    return numbers[start : start + numbers[count + at]]


def candidates(tokens: Iterable[int], buckets: Iterable[bytes | None], first: int, before: int) -> list[int]:
    """Return the seqs below `before` of a chunk's entries that seem to have all tokens, newest first.

    `buckets` has the bucket of each token, in their order.
    """
    found: set[int] | None = None
    for token, bucket in zip(tokens, buckets, strict=True):
        offsets = _offsets(bucket, token) if bucket else ()
        found = set(offsets) if found is None else found.intersection(offsets)
        if not found:
            return []
    return sorted((first + offset for offset in found or () if first + offset < before), reverse=True)
