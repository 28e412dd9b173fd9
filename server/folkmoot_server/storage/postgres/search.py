"""Search on PostgreSQL: the index stands in two tables more, with a partition per month. See `sql.search`.

`search_chunk` tells which chunks there are, `search_bucket` has what is in them: of each chunk a query reads the
buckets of its tokens alone. Partitions come and go with those of the journal.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from folkmoot_protocol.types import Entry

from ..api import Found
from ..search.index import MARKS, Chunk, Spread, bucket_of
from ..search.text import Query
from ..sql.removed_texts import RemovedTexts
from ..sql.search import Indexer, Offer, Place, ReadVersions, find
from .database import Reader
from .journal import MONTHS, READ, SEALED, entry_of_record, name_of, number_of

SPREAD = Spread(tokens=24, most=1024)
"""A third of a bucket's bytes for what lies around them; to send larger ones takes longer than to find them."""

INDEX_LIMIT = "SET LOCAL statement_timeout = '10min'"

_PLAIN = f"""
    SELECT seq, kind, body, month, {SEALED} FROM entry e
    WHERE grp = $1 AND seq > $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"""  # noqa: S608
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
_STALE = f"""
    SELECT grp, first, last FROM search_chunk c WHERE month = $1 AND gone <> (
        SELECT coalesce(sum(seq) % {MARKS}, 0) FROM redactions r
        WHERE r.code = c.grp::text AND r.seq BETWEEN c.low AND c.last) LIMIT $2"""  # noqa: S608
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
_BODIES = f"""
    SELECT seq, kind, target, body, {SEALED} FROM entry e
    WHERE month = $1 AND grp = $2 AND seq BETWEEN $3 AND $4 ORDER BY seq"""  # noqa: S608
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

    def __init__(self, reader: Reader, removed: RemovedTexts) -> None:
        self._reader = reader
        self._removed = removed
        self._indexer = Indexer(Partitions(reader, removed))

    async def find(self, code: str, query: Query, before: int, limit: int, read: ReadVersions) -> Found:
        """See `api.Journal.search`."""
        return await find(self._sources(code, query), query, before, limit, read)

    async def _sources(self, code: str, query: Query) -> AsyncIterator["GroupSource"]:
        yield GroupSource(self._reader, code, query, self._removed)

    async def index(self) -> bool:
        """See `api.Journal.index`."""
        return await self._indexer.run()


class GroupSource:
    """`sql.search.Source` over all months of a group at once. A round trip costs more than chunks, or entries, that are
    not needed."""

    chunks_at_first, max_entries = 16, 2048

    def __init__(self, reader: Reader, code: str, query: Query, removed: RemovedTexts) -> None:
        self._reader = reader
        self._removed = removed
        self._code = code
        self._tokens = query.tokens

    async def chunks(self, below: int, count: int) -> Sequence[Offer]:
        tokens = [token >> 16 for token in self._tokens]
        rows = await self._reader.rows(_LOOKUP, int(self._code), below, count, tokens)
        data = {(row["first"], row["number"]): row["data"] for row in rows}
        shapes = [(row["first"], row["last"], row["number"]) for row in rows if row["data"] is None]
        return [
            (first, last, [data.get((first, bucket_of(token, shape))) for token in self._tokens])
            for first, last, shape in sorted(shapes, reverse=True)
        ]

    async def plain(self, above: int, below: int, count: int) -> Sequence[tuple[int, str, bytes]]:
        grp, open_text = int(self._code), self._removed.open
        rows = await self._reader.rows(_PLAIN, grp, above, below, count)
        return [
            (seq, kind, open_text(name_of(month), grp, seq, sealed)[0].encode() if sealed else body)
            for seq, kind, body, month, sealed in rows
        ]

    async def chosen(self, seqs: Sequence[int]) -> Sequence[asyncpg.Record]:
        return await self._reader.rows(_CHOSEN, int(self._code), self._code, seqs)

    def entry(self, row: asyncpg.Record) -> Entry:
        return entry_of_record(row, self._removed)


class Partitions:
    """`sql.search.Index` in PostgreSQL."""

    spread = SPREAD

    def __init__(self, reader: Reader, removed: RemovedTexts) -> None:
        self._reader = reader
        self._removed = removed

    async def redactions(self) -> object:
        return tuple((await self._reader.rows(_REDACTIONS))[0])

    async def months(self) -> Sequence[str]:
        # There is a partition for the month to come already: entries go to the newest that one has gone to.
        newest = (await self._reader.rows(_NEWEST))[0]["value"]
        return [name_of(row["month"]) for row in await self._reader.rows(MONTHS) if row["month"] <= newest]

    @asynccontextmanager
    async def open(self, month: str) -> AsyncIterator["PartitionIndex"]:
        yield PartitionIndex(self._reader, number_of(month), self._removed)


class PartitionIndex:
    """`sql.search.MonthIndex` in PostgreSQL."""

    def __init__(self, reader: Reader, month: int, removed: RemovedTexts) -> None:
        self._reader = reader
        self._month = month
        self._removed = removed

    async def stale(self, limit: int) -> Sequence[tuple[int, int, int]]:
        rows: Sequence[tuple[int, int, int]] = await self._reader.rows(_STALE, self._month, limit)
        return rows

    async def due(self, size: int, least: int, limit: int) -> Sequence[tuple[int, int, int]]:
        groups = _ALL.format(month=self._month) if least == 1 else _BUSY.format(least=least)
        query = _DUE.format(groups=groups, month=self._month)
        async with self._reader.transaction() as connection:
            await connection.execute(INDEX_LIMIT)
            rows: Sequence[tuple[int, int, int]] = await connection.fetch(query, size, least, limit)
            return rows

    async def texts(self, place: Place) -> Sequence[tuple[int, str, int | None, str]]:
        rows = await self._reader.rows(_BODIES, self._month, *place)
        month, grp, open_text = name_of(self._month), place.grp, self._removed.open
        return [
            (seq, kind, target, open_text(month, grp, seq, sealed)[0] if sealed else body.decode())
            for seq, kind, target, body, sealed in rows
        ]

    async def gone(self, grp: int, low: int, high: int) -> Sequence[int]:
        return [row["seq"] for row in await self._reader.rows(_GONE, str(grp), low, high)]

    async def write(self, grp: int, chunk: Chunk) -> None:
        async with self._reader.transaction() as connection:
            await connection.execute(_REMOVE, self._month, grp, chunk.first)
            place = (self._month, grp, chunk.first, chunk.last, chunk.gone, len(chunk.buckets))
            await connection.execute(_ADD, *place, chunk.buckets, chunk.low)
