"""Search on PostgreSQL: the index stands in two tables more, with a partition per month. See `sqlite_search`.

`search_chunk` tells which chunks there are, `search_bucket` has what is in them: of each chunk a query reads the
buckets of its tokens alone. Partitions come and go with those of the journal.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice

import asyncpg

from folkmoot_protocol.types import Entry

from ..api import Found
from ..search import index as search_index
from ..search.index import BREATH_S, ENTRIES, KINDS, PATIENCE_S, PIECES, Chunk, Draft, Spread, bucket_of, candidates
from ..search.text import Query
from .database import Reader
from .journal import MONTHS, READ, entry_of_record

CHUNKS, GROWTH, MAX_CHUNKS = 16, 8, 512
"""Chunks that a search reads at first, and after that each time so many times as many: a round trip costs more than
some chunks that are not needed."""

ENTRIES_AT_FIRST, MAX_ENTRIES = 256, 2048
"""Entries that are not indexed, likewise."""

PAGE = 64
"""Entries that an index offers, likewise."""

SPREAD = Spread(tokens=24, most=1024)
"""A third of a bucket's bytes for what lies around them; to send larger ones takes longer than to find them."""

INDEX_LIMIT = "SET LOCAL statement_timeout = '10min'"

_PLAIN = "SELECT seq, kind, body FROM entry WHERE grp = $1 AND seq > $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"
_CHOSEN = f"{READ} AND e.seq = ANY($3::bigint[]) ORDER BY e.seq DESC"
# Chunks with their last seqs and numbers of buckets, then buckets, all of one instant. Where chunks have different
# numbers of buckets, there are some too many. The key has a bucket's number before its chunk: what a token has in many
# chunks lies together.
_LOOKUP = """
    WITH chunks AS MATERIALIZED (
        SELECT month, first, last, buckets FROM search_chunk WHERE grp = $1 AND first < $2
        ORDER BY first DESC LIMIT $3)
    SELECT first, last, buckets AS number, NULL AS data FROM chunks UNION ALL
    SELECT first, 0, number, data FROM search_bucket WHERE grp = $1 AND number = ANY(ARRAY(
        SELECT (token & (buckets - 1))::integer FROM unnest($4::bigint[]) token, (SELECT DISTINCT buckets FROM chunks)))
    AND first >= (SELECT min(first) FROM chunks) AND first < $2 AND month >= (SELECT min(month) FROM chunks)"""

_NEWEST = "SELECT value FROM counters WHERE name = 'month'"
_REDACTIONS = "SELECT count(*), max(ts) FROM redactions"
_STALE = """
    SELECT grp, first, last FROM search_chunk c WHERE month = $1 AND gone <> (
        SELECT count(*) FROM redactions r WHERE r.code = c.grp::text AND r.seq BETWEEN c.low AND c.last) LIMIT $2"""
# Which groups may have enough that is not indexed, by what the sequencer knows; of a month that is over, all of them.
_BUSY = """
    SELECT substr(h.stream, 7)::bigint AS grp FROM heads h LEFT JOIN (
        SELECT 'group:' || grp AS stream, max(last) AS last FROM search_chunk GROUP BY grp) done USING (stream)
    WHERE h.stream LIKE 'group:%' AND h.last_seq - coalesce(done.last, 0) >= {least}"""
_ALL = """
    SELECT grp FROM (WITH RECURSIVE each (grp) AS (
        SELECT min(grp) FROM entry_{month} UNION ALL
        SELECT (SELECT min(grp) FROM entry_{month} WHERE grp > each.grp) FROM each WHERE grp IS NOT NULL)
    SELECT grp FROM each WHERE grp IS NOT NULL) every"""
_DUE = """
    SELECT grp, next, least(newest, next + $1 - 1) AS last FROM ({groups}) g, LATERAL (
        SELECT coalesce(
                (SELECT max(last) + 1 FROM search_chunk c WHERE c.grp = g.grp AND c.month = {month}),
                (SELECT min(seq) FROM entry_{month} e WHERE e.grp = g.grp)) AS next,
            (SELECT max(seq) FROM entry_{month} e WHERE e.grp = g.grp) AS newest) place
    WHERE newest - next + 1 >= $2 LIMIT $3"""
_BODIES = """
    SELECT seq, kind, target, body FROM entry WHERE month = $1 AND grp = $2 AND seq BETWEEN $3 AND $4 ORDER BY seq"""
_GONE = "SELECT seq FROM redactions WHERE code = $1 AND seq BETWEEN $2 AND $3"
_REMOVE = """
    WITH gone AS (DELETE FROM search_chunk WHERE month = $1 AND grp = $2 AND first = $3)
    DELETE FROM search_bucket WHERE month = $1 AND grp = $2 AND first = $3
    AND number = ANY(ARRAY(SELECT generate_series(0, (SELECT max(buckets) - 1 FROM search_chunk
        WHERE month = $1 AND grp = $2 AND first = $3))))"""
_ADD = """
    WITH added AS (INSERT INTO search_chunk VALUES ($1, $2, $3, $4, $5, $6, $8))
    INSERT INTO search_bucket SELECT $1, $2, $3, number - 1, data
    FROM unnest($7::bytea[]) WITH ORDINALITY AS new (data, number)"""


class PostgresSearch:
    """The search side of `api.Journal` on PostgreSQL."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._indexed: dict[int, tuple[tuple[int, int], bool]] = {}

    async def find(self, code: str, query: Query, before: int, limit: int) -> Found:
        """See `api.Journal.search`."""
        until = time.monotonic() + PATIENCE_S
        found: list[Entry] = []
        async for lowest, rows in self._steps(code, query, before, limit + 1):
            for entry in await asyncio.to_thread(_matching, query, rows) if rows else ():
                if len(found) == limit:
                    return Found(found, before=found[-1].seq)
                found.append(entry)
            if time.monotonic() > until:
                return Found(found, before=lowest)
        return Found(found)

    async def _steps(
        self, code: str, query: Query, before: int, wanted: int
    ) -> AsyncIterator[tuple[int, list[asyncpg.Record]]]:
        """Go through a group's entries below `before`, newest first: rows that may match, and the seq that they reach.

        Between the chunks, and after them, stand the entries that are not indexed. `wanted` are enough at a time.
        """
        bound = before
        pending: list[int] = []
        tokens = [token >> 16 for token in query.tokens]
        count, more = CHUNKS, True
        while more:
            rows = await self._reader.rows(_LOOKUP, int(code), bound, count, tokens)
            more = sum(row["data"] is None for row in rows) == count
            chunks = _candidates(query, rows, before)
            while some := await asyncio.to_thread(_take, chunks, PAGE):
                for first, last, seqs in some:
                    if last + 1 < bound or len(pending) >= PAGE:
                        async for step in self._chosen(code, pending):
                            yield step
                        pending = []
                    async for step in self._plain(code, query, last, bound, wanted):
                        yield step
                    pending += seqs
                    bound = first
                if not pending:
                    yield bound, []
            count = min(count * GROWTH, MAX_CHUNKS)
        async for step in self._chosen(code, pending):
            yield step
        async for step in self._plain(code, query, 0, bound, wanted):
            yield step

    async def _chosen(self, code: str, seqs: Sequence[int]) -> AsyncIterator[tuple[int, list[asyncpg.Record]]]:
        for start in range(0, len(seqs), PAGE):
            page = seqs[start : start + PAGE]
            yield page[-1], await self._reader.rows(_CHOSEN, int(code), code, page)

    async def _plain(
        self, code: str, query: Query, above: int, below: int, wanted: int
    ) -> AsyncIterator[tuple[int, list[asyncpg.Record]]]:
        """Look through entries that are not indexed; whether one is redacted is asked of those alone that match."""
        count = ENTRIES_AT_FIRST
        while above + 1 < below:
            rows = await self._reader.rows(_PLAIN, int(code), above, below, count)
            count = MAX_ENTRIES
            if not rows:
                return
            seqs = await asyncio.to_thread(_matching_seqs, query, rows, wanted)
            below = seqs[-1] if len(seqs) == wanted else rows[-1]["seq"]
            yield below, await self._reader.rows(_CHOSEN, int(code), code, seqs) if seqs else []

    async def index(self) -> bool:
        """See `api.Journal.index`."""
        redactions = tuple((await self._reader.rows(_REDACTIONS))[0])
        newest = (await self._reader.rows(_NEWEST))[0]["value"]
        for row in await self._reader.rows(MONTHS):
            month, is_newest = row["month"], row["month"] >= newest
            indexed = self._indexed.get(month)
            if is_newest or indexed != (redactions, is_newest):
                changed = indexed is None or indexed[0] != redactions
                if await self._index(month, ENTRIES if is_newest else 1, stale=changed):
                    return True
                self._indexed[month] = redactions, is_newest
        return False

    async def _index(self, month: int, least: int, *, stale: bool) -> bool:
        """Index a month; groups with fewer than `least` entries to be indexed can wait."""
        change_set = list(await self._reader.rows(_STALE, month, PIECES)) if stale else []
        if len(change_set) < PIECES:
            groups = _ALL.format(month=month) if least == 1 else _BUSY.format(least=least)
            query = _DUE.format(groups=groups, month=month)
            async with self._reader.transaction() as connection:
                await connection.execute(INDEX_LIMIT)
                change_set += await connection.fetch(query, ENTRIES, least, PIECES - len(change_set))
        for grp, first, last in change_set:
            chunk = await self._chunk(month, grp, first, last)
            async with self._reader.transaction() as connection:
                await connection.execute(_REMOVE, month, grp, first)
                place = (month, grp, chunk.first, chunk.last, chunk.gone, len(chunk.buckets))
                await connection.execute(_ADD, *place, chunk.buckets, chunk.low)
        return bool(change_set)

    async def _chunk(self, month: int, grp: int, first: int, last: int) -> Chunk:
        """Return the chunk of a group's entries, from what journal and redactions have now."""
        draft = Draft(first, last)
        for row in await self._reader.rows(_BODIES, month, grp, first, last):
            if not draft.add(row["seq"], row["kind"], row["target"], row["body"].decode()):
                break
        # After the texts: what is removed in between is left out, what is removed later makes the chunk stale.
        gone = [row["seq"] for row in await self._reader.rows(_GONE, str(grp), draft.low, draft.last)]
        return await asyncio.to_thread(search_index.build, draft, gone, SPREAD, lambda: time.sleep(BREATH_S))


Offered = tuple[int, int, list[int]]
"""First and last seq of a chunk, and those of its seqs that may match, newest first."""


def _take(chunks: Iterator[Offered], enough: int) -> list[Offered]:
    """Return the next chunks, until they offer `enough` seqs."""
    taken: list[Offered] = []
    for chunk in chunks:
        taken.append(chunk)
        enough -= len(chunk[2])
        if enough <= 0:
            break
    return taken


def _candidates(query: Query, rows: Sequence[asyncpg.Record], before: int) -> Iterator[Offered]:
    """Yield the chunks of rows of `_LOOKUP`, newest first, with seqs below `before`."""
    data = {(first, number): one for first, _last, number, one in rows}
    chunks = sorted(((first, last, shape) for first, last, shape, one in rows if one is None), reverse=True)
    for first, last, shape in chunks:
        buckets = [data.get((first, bucket_of(token, shape))) for token in query.tokens]
        yield first, last, candidates(query.tokens, buckets, first, before)


def _matching_seqs(query: Query, rows: Sequence[asyncpg.Record], wanted: int) -> list[int]:
    """Return the seqs of the rows of `_PLAIN` that match, the first `wanted` of them."""
    seqs = [seq for seq, kind, _body in rows if kind in KINDS]
    bodies = [body.decode() for _seq, kind, body in rows if kind in KINDS]
    return [seqs[place] for place in islice(query.matching(bodies), wanted)]


def _matching(query: Query, rows: Sequence[asyncpg.Record]) -> list[Entry]:
    """Return the entries of `rows` that match; a redacted one has no body."""
    entries = map(entry_of_record, rows)
    return [entry for entry in entries if entry.kind in KINDS and query.matches(entry.body)]
