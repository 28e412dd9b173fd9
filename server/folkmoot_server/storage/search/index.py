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
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain

from msgspec import Struct

from folkmoot_protocol.types import SAID, EntryKind

from .text import fold, token_number, tokens_of

ENTRIES = 2048
"""Entries in a chunk; fewer than that are looked through one by one until there are enough."""

CHARACTERS = 512 * 1024
"""Characters after which a chunk ends all the same."""

KINDS = SAID | {EntryKind.ANNOUNCEMENT, EntryKind.EDIT}
"""What is searched: what people said. Notices have `/log`."""

PIECES = 4
"""Chunks that one call of `index` writes at most."""

PATIENCE_S = 0.2
"""How long one search may take; it is then answered with what was found, and where to go on."""

MARKS = 2_147_483_647
"""How many marks there are of which entries a chunk is made without."""

BREATH = 16
"""Entries between two moments at which whoever waits for the interpreter is let in."""

BREATH_S = 0.0001


class Spread(Struct, frozen=True):
    """Over how many buckets a chunk's tokens are spread: so many to each of them, in at most `most`, a power of two.

    Small buckets are read faster, and take more room.
    """

    tokens: int
    most: int


class Chunk:
    """A chunk to be written: seqs `first` to `last`, and its buckets in order.

    `gone` marks which entries were redacted between `low` and `last`; when others are, the chunk is stale. `low` is the
    first seq that its texts depend on: an edit goes with what it edits.
    """

    __slots__ = ("buckets", "first", "gone", "last", "low")

    def __init__(self, draft: "Draft", gone: int, buckets: Sequence[bytes]) -> None:
        self.first = draft.first
        self.last = draft.last
        self.low = draft.low
        self.gone = gone
        self.buckets = buckets


class Draft:
    """The texts of a chunk, put together entry by entry from seq `first` on."""

    __slots__ = ("_characters", "_edits", "bodies", "first", "last", "low")

    def __init__(self, first: int, last: int) -> None:
        self.first = self.low = first
        self.last = last
        self.bodies: dict[int, str] = {}
        self._edits: dict[int, int] = {}
        self._characters = 0

    def add(self, seq: int, kind: str, target: int | None, body: str) -> bool:
        """Add the next entry; False when the chunk is full and ends with it."""
        if kind in KINDS:
            self.bodies[seq] = body
            self._characters += len(body)
        if kind == EntryKind.EDIT and target is not None:
            self._edits[seq] = target
            self.low = min(self.low, target)
        if self._characters > CHARACTERS:
            self.last = seq
        return seq < self.last

    def drop(self, gone: Collection[int]) -> None:
        """Leave out the texts of redacted entries and of edits of such."""
        hidden = set(gone)
        for seq in [seq for seq in self.bodies if seq in hidden or self._edits.get(seq) in hidden]:
            del self.bodies[seq]


def build(draft: Draft, gone: Collection[int], spread: Spread, breathe: Callable[[], None]) -> Chunk:
    """Return the chunk of a draft, without what goes with the redacted entries `gone`.

    `breathe` is called every now and then: it is work of milliseconds, and threads share an interpreter.
    """
    draft.drop(gone)
    places: defaultdict[str, list[int]] = defaultdict(list)
    for count, (seq, body) in enumerate(draft.bodies.items()):
        for token in tokens_of(fold(body)):
            places[token].append(seq - draft.first)
        if count % BREATH == 0:
            breathe()
    count = min(spread.most, 1 << (len(places) // spread.tokens).bit_length())
    buckets: list[dict[int, list[int]]] = [{} for _ in range(count)]
    for done, (token, offsets) in enumerate(places.items()):
        number = token_number(token)
        bucket = buckets[bucket_of(number, count)]
        key = number & 0xFFFF
        bucket[key] = sorted({*bucket[key], *offsets}) if key in bucket else offsets
        if done % (BREATH * BREATH) == 0:
            breathe()
    return Chunk(draft, mark_of(gone), [_pack(bucket) for bucket in buckets])


def mark_of(gone: Iterable[int]) -> int:
    """Return what a chunk notes of the redacted entries that it is made without, 0 for none; backends do this in SQL.

    Their number would not do: one may be restored while another is removed.
    """
    return sum(gone) % MARKS


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
    having = []
    for token, bucket in zip(tokens, buckets, strict=True):
        offsets = _offsets(bucket, token) if bucket else ()
        if not offsets:
            return []
        having.append(offsets)
    rarest, *others = sorted(having, key=len)
    found = set(rarest).intersection(*others)
    return sorted((first + offset for offset in found if first + offset < before), reverse=True)
