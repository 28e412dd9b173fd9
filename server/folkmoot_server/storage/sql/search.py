"""Search, as far as it is the same in every database: going through a group's entries, and keeping the index up.

What differs, where entries and chunks are and how they are asked for, is a `Source` to read and an `Index` to write.
Round trips cost more than rows that are not needed, so each asks for more than the one before. What is long work for
the interpreter is done in threads: the event loop goes on.
"""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import islice
from typing import Any, NamedTuple, Protocol

from folkmoot_protocol.types import Entry

from ..api import Found, Versions
from ..search import index as search_index
from ..search.index import BREATH_S, ENTRIES, KINDS, PATIENCE_S, PIECES, Chunk, Draft, Spread, candidates
from ..search.text import Query

GROWTH, MAX_CHUNKS = 8, 512
"""How many times as many chunks a search reads after each time, and how many at most."""

ENTRIES_AT_FIRST = 256
"""Entries that are not indexed that are looked through at first."""

PAGE = 64
"""Entries that an index offers that are compared at a time."""

FEW = 8
"""Entries that are compared with a query on the event loop: some 5 µs each."""

ReadVersions = Callable[[Sequence[int]], Awaitable[Mapping[int, Versions]]]
"""Reads entries of a group with their edits: `api.Journal.versions`."""

Offer = tuple[int, int, Sequence[bytes | None]]
"""A chunk: first and last seq, and the bucket of each of the query's tokens."""

Step = tuple[int, Sequence[Any]]
"""The lowest seq that was looked at, and rows of entries that may match."""


class Source(Protocol):
    """Entries of a group, of which those that are indexed stand in chunks.

    `chunks_at_first` and `max_entries`: how many of either it is best asked for at once.
    """

    chunks_at_first: int
    max_entries: int

    async def chunks(self, below: int, count: int) -> Sequence[Offer]:
        """Return so many chunks that begin below a seq, newest first."""
        ...

    async def plain(self, above: int, below: int, count: int) -> Sequence[tuple[int, str, str | bytes]]:
        """Return seq, kind and body (text, or UTF-8) of so many entries between two seqs, newest first."""
        ...

    async def chosen(self, seqs: Sequence[int]) -> Sequence[Any]:
        """Return the rows of entries, newest first."""
        ...

    def entry(self, row: Any) -> Entry:
        """Return the entry of such a row as it stands now: redacted, without the name of a closed account."""
        ...


async def find(sources: AsyncIterable[Source], query: Query, before: int, limit: int, read: ReadVersions) -> Found:
    """Search the sources, newest first. See `api.Journal.search`."""
    until = time.monotonic() + PATIENCE_S
    found: list[Entry] = []
    place = before
    async for source in sources:
        async for lowest, rows in _steps(source, query, before, limit + 1):
            for at, entry in await _standing(await _matching(source, query, rows), read):
                if len(found) == limit:
                    return Found(found, before=place)
                found.append(entry)
                place = at
            if time.monotonic() > until:
                return Found(found, before=lowest)
    return Found(found)


async def _steps(source: Source, query: Query, before: int, wanted: int) -> AsyncIterator[Step]:
    """Go through entries below `before`, newest first.

    Between the chunks, and after them, stand the entries that are not indexed. `wanted` are enough at a time.
    """
    bound = before
    pending: list[int] = []
    count, more = source.chunks_at_first, True
    while more:
        offers = await source.chunks(bound, count)
        more = len(offers) == count
        chunks = _candidates(query, offers, before)
        are_left = bool(offers)
        while are_left:
            some, are_left = await asyncio.to_thread(_take, chunks, PAGE)
            for first, last, seqs in some:
                if last + 1 < bound or len(pending) >= PAGE:
                    async for step in _chosen(source, pending, wanted):
                        yield step
                    pending = []
                async for step in _plain(source, query, last, bound, wanted):
                    yield step
                pending += seqs
                bound = first
            if not pending:
                yield bound, []
        count = min(count * GROWTH, MAX_CHUNKS)
    async for step in _chosen(source, pending, wanted):
        yield step
    async for step in _plain(source, query, 0, bound, wanted):
        yield step


async def _chosen(source: Source, seqs: Sequence[int], wanted: int) -> AsyncIterator[Step]:
    """Read what an index offers: mostly all of it matches, so that the first `wanted` are enough."""
    start = 0
    while start < len(seqs):
        page = seqs[start : start + (PAGE if start else wanted)]
        start += len(page)
        yield page[-1], await source.chosen(page)


async def _plain(source: Source, query: Query, above: int, below: int, wanted: int) -> AsyncIterator[Step]:
    """Look through entries that are not indexed; whether one is redacted is asked of those alone that match."""
    count = ENTRIES_AT_FIRST
    while above + 1 < below:
        rows = await source.plain(above, below, count)
        count = source.max_entries
        if not rows:
            return
        seqs = await asyncio.to_thread(_matching_seqs, query, rows, wanted)
        below = seqs[-1] if len(seqs) == wanted else rows[-1][0]
        yield below, await source.chosen(seqs) if seqs else []


Offered = tuple[int, int, list[int]]
"""First and last seq of a chunk, and those of its seqs that may match, newest first."""


def _take(chunks: Iterator[Offered], enough: int) -> tuple[list[Offered], bool]:
    """Return the next chunks, until they offer `enough` seqs, and whether there may be more of them."""
    taken: list[Offered] = []
    for chunk in chunks:
        taken.append(chunk)
        enough -= len(chunk[2])
        if enough <= 0:
            return taken, True
    return taken, False


def _candidates(query: Query, offers: Sequence[Offer], before: int) -> Iterator[Offered]:
    """Yield chunks with those of their seqs below `before` that may match."""
    for first, last, buckets in offers:
        yield first, last, candidates(query.tokens, buckets, first, before)


def _matching_seqs(query: Query, rows: Sequence[tuple[int, str, str | bytes]], wanted: int) -> list[int]:
    """Return the seqs of the rows of `Source.plain` that match, the first `wanted` of them."""
    said = [(seq, body) for seq, kind, body in rows if kind in KINDS]
    bodies = [body if isinstance(body, str) else body.decode() for _seq, body in said]
    return [said[place][0] for place in islice(query.matching(bodies), wanted)]


async def _matching(source: Source, query: Query, rows: Sequence[Any]) -> list[Entry]:
    """Return the entries of `rows` that match; a few are looked at sooner than a thread is woken."""

    def look() -> list[Entry]:
        entries = map(source.entry, rows)
        return [entry for entry in entries if entry.kind in KINDS and query.matches(entry.body)]

    return look() if len(rows) <= FEW else await asyncio.to_thread(look)


async def _standing(matching: Sequence[Entry], read: ReadVersions) -> list[tuple[int, Entry]]:
    """Return those of matching texts that stand, each with its seq and as the entry that says it now.

    A text that was edited away is not found; the one that took its place stands where the edit does.
    """
    if not matching:
        return []
    versions = await read([one.seq for one in matching])
    standing = [(one.seq, versions[one.seq]) for one in matching if one.seq in versions]
    return [(seq, one.standing) for seq, one in standing if one.stands_at == seq]


class Place(NamedTuple):
    """Where a chunk is to be: a group's number, and its first and last seq; the last may come out lower."""

    grp: int
    first: int
    last: int


class MonthIndex(Protocol):
    """The index of a month, open to be written to."""

    async def stale(self, limit: int) -> Sequence[tuple[int, int, int]]:
        """Return places of chunks that have seen fewer redactions than there are by now."""
        ...

    async def due(self, size: int, least: int, limit: int) -> Sequence[tuple[int, int, int]]:
        """Return the next place of `size` entries in groups that have `least` without a chunk."""
        ...

    async def texts(self, place: Place) -> Sequence[tuple[int, str, int | None, str]]:
        """Return seq, kind, target and body of the entries of a place, oldest first."""
        ...

    async def gone(self, grp: int, low: int, high: int) -> Sequence[int]:
        """Return the seqs from `low` to `high` that are redacted."""
        ...

    async def write(self, grp: int, chunk: Chunk) -> None:
        """Put a chunk in, in the place of the one that begins where it does, all at once."""
        ...


class Index(Protocol):
    """Where the index is. Months as `2026-11`, oldest first; entries go to the last one."""

    spread: Spread

    async def redactions(self) -> object:
        """Return what is different when something was redacted."""
        ...

    async def months(self) -> Sequence[str]:
        """Return the journal's months; the index of others is gone."""
        ...

    def open(self, month: str) -> AbstractAsyncContextManager[MonthIndex | None]:
        """Open a month to be written to; None if it was rotated away."""
        ...


class Indexer:
    """Brings the index up to the journal, a bounded piece at a time; one caller at a time."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._indexed: dict[str, tuple[object, bool]] = {}

    async def run(self) -> bool:
        """See `api.Journal.index`."""
        redactions = await self._index.redactions()
        months = await self._index.months()
        for month in months:
            is_newest = month == months[-1]
            indexed = self._indexed.get(month)
            if is_newest or indexed != (redactions, is_newest):
                changed = indexed is None or indexed[0] != redactions
                if await self._bring_up(month, ENTRIES if is_newest else 1, stale=changed):
                    return True
                self._indexed[month] = redactions, is_newest
        return False

    async def _bring_up(self, month: str, least: int, *, stale: bool) -> bool:
        """Index a month; groups with fewer than `least` entries to be indexed can wait."""
        async with self._index.open(month) as index:
            if index is None:
                return False
            places = list(await index.stale(PIECES)) if stale else []
            if len(places) < PIECES:
                places += await index.due(ENTRIES, least, PIECES - len(places))
            for place in places:
                await index.write(place[0], await self._chunk(index, Place(*place)))
            return bool(places)

    async def _chunk(self, index: MonthIndex, place: Place) -> Chunk:
        """Return the chunk of a group's entries, from what journal and redactions have now."""
        draft = Draft(place.first, place.last)
        for row in await index.texts(place):
            if not draft.add(*row):
                break
        # After the texts: what is removed in between is left out, what is removed later makes the chunk stale.
        gone = await index.gone(place.grp, draft.low, draft.last)
        return await asyncio.to_thread(
            search_index.build, draft, gone, self._index.spread, lambda: time.sleep(BREATH_S)
        )
