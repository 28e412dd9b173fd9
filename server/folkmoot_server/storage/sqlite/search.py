"""Search on SQLite: a file of index per month beside the journal's. See `sql.search`.

The index is made from journal and redactions alone and follows them: a file of it may be lost or removed at any time.
Nobody waits for it. What it does not have yet is looked through entry by entry.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import msgspec

from folkmoot_protocol.types import Entry

from ..api import Found
from ..change_set import StorageError
from ..search.index import MARKS, Chunk, Spread
from ..search.text import Query
from ..sql.closed_authors import NAMELESS, unnamed
from ..sql.entry_rows import BODY, COLUMNS, DATA, entry_of
from ..sql.search import Indexer, Offer, Place, ReadVersions, Source, find
from .background import Attached, AttachedMonths, connect, rows
from .database import FAILURES, MAIN, read_only_uri
from .rotation import set_aside
from .segments import Segments

DIRECTORY = "search"

SPREAD = Spread(tokens=96, most=256)

# A bucket's id is that of its chunk, times 256, plus its number. What is removed is overwritten: it may be of a text
# that was removed.
SCHEMA = """
    CREATE TABLE IF NOT EXISTS chunk (
        id INTEGER PRIMARY KEY, grp INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        gone INTEGER NOT NULL, buckets INTEGER NOT NULL, low INTEGER NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS chunk_place ON chunk (grp, first, last);
    CREATE TABLE IF NOT EXISTS bucket (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
    PRAGMA secure_delete = ON;
    PRAGMA synchronous = NORMAL;"""

# Group after group by their seqs alone: no entry is read.
_DUE = """
    WITH RECURSIVE each (grp) AS (
        SELECT min(grp) FROM journal.entry
        UNION ALL SELECT (SELECT min(grp) FROM journal.entry WHERE grp > each.grp) FROM each WHERE grp IS NOT NULL),
    place AS (
        SELECT grp, coalesce(
                (SELECT max(first) FROM chunk WHERE chunk.grp = each.grp),
                (SELECT min(seq) FROM journal.entry WHERE entry.grp = each.grp)) AS at,
            (SELECT max(seq) FROM journal.entry WHERE entry.grp = each.grp) AS newest
        FROM each WHERE grp IS NOT NULL),
    rest AS (
        SELECT grp, newest,
            coalesce((SELECT last + 1 FROM chunk WHERE chunk.grp = place.grp AND first = at), at) AS next
        FROM place)
    SELECT grp, next, min(newest, next + ? - 1) FROM rest WHERE newest - next + 1 >= ? LIMIT ?"""
_STALE = f"""
    SELECT grp, first, last FROM chunk WHERE gone <> (
        SELECT coalesce(sum(seq) % {MARKS}, 0) FROM ledger.redactions
        WHERE code = CAST(grp AS TEXT) AND seq BETWEEN low AND last) LIMIT ?"""  # noqa: S608
# What was removed stands with a blank row, and may not be removed any more.
_SEALED = """CASE WHEN e.body = '' THEN (
    SELECT sealed FROM {month}.restricted r WHERE r.grp = e.grp AND r.seq = e.seq) END"""
_BODIES = f"""
    SELECT seq, kind, target, body, {_SEALED.format(month="journal")} FROM journal.entry e
    WHERE grp = ? AND seq BETWEEN ? AND ? ORDER BY seq"""  # noqa: S608
_GONE = "SELECT seq FROM ledger.redactions WHERE code = ? AND seq BETWEEN ? AND ?"
_ID = "SELECT id FROM chunk WHERE grp = ? AND first = ?"
_ADD = "INSERT INTO chunk (grp, first, last, gone, buckets, low) VALUES (?, ?, ?, ?, ?, ?)"
_REDACTIONS = "SELECT count(*), max(ts) FROM redactions"

# Only names of ours stand in the statements of this module, hence each silenced S608; values are parameters.
_BUCKET = "(SELECT data FROM {month}.bucket WHERE bucket.id = (chunk.id << 8 | (? & chunk.buckets - 1)))"
_PLAIN = f"""
    SELECT seq, kind, body, {_SEALED} FROM {{month}}.entry e
    WHERE grp = ? AND seq > ? AND seq < ? ORDER BY seq DESC LIMIT ?"""  # noqa: S608
# An edit is another text of what it edits: it goes with it.
_CHOSEN = f"""
    SELECT {COLUMNS}, {_SEALED}, (SELECT {NAMELESS} FROM main.accounts a WHERE a.user = e.user), EXISTS (
        SELECT 1 FROM main.redactions r WHERE r.code = CAST(e.grp AS TEXT)
        AND r.seq IN (e.seq, CASE e.kind WHEN 'edit' THEN e.target END))
    FROM {{month}}.entry e WHERE grp = ? AND seq IN (SELECT value FROM json_each(?)) ORDER BY seq DESC"""  # noqa: S608


Text = tuple[str, str | None]
"""Text and data of an entry that was removed."""

OpenText = Callable[[int, bytes], Text]
"""Opens what was sealed of the entry with a seq."""


class SqliteSearch:
    """The search side of `api.Journal` on SQLite: two connections to read, one at a time to write the index."""

    def __init__(
        self, segments: Segments, index: "IndexFiles", journal: AttachedMonths, chunks: AttachedMonths
    ) -> None:
        self._segments = segments
        self._index = index
        self._indexer = Indexer(index)
        self._journal = journal
        self._chunks = chunks
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, data_dir: Path, segments: Segments) -> "SqliteSearch":
        """Connect to a main file that is there; the months' files are opened as they are searched."""
        files = Segments(data_dir / DIRECTORY)
        journal, chunks = await connect(data_dir / MAIN), await connect(data_dir / MAIN)
        index = IndexFiles(data_dir, segments, files, journal)
        return cls(segments, index, AttachedMonths(journal, segments), AttachedMonths(chunks, files))

    async def find(self, code: str, query: Query, before: int, limit: int, read: ReadVersions) -> Found:
        """See `api.Journal.search`."""
        async with self._turn:
            try:
                return await find(self._sources(int(code), query), query, before, limit, read)
            except FAILURES as error:
                raise StorageError(f"cannot search: {error}") from error

    async def _sources(self, grp: int, query: Query) -> AsyncIterator[Source]:
        for month in reversed(self._segments.months):
            journal = await self._journal.get(month)
            if journal is not None:
                open_text = partial(self._segments.removed.open, month, grp)
                yield MonthSource(grp, query, journal, await self._chunks.get(month), open_text)

    async def index(self) -> bool:
        """See `api.Journal.index`."""
        try:
            return await self._indexer.run()
        except FAILURES as error:
            raise StorageError(f"cannot index: {error}") from error

    async def forget(self, months: Collection[str]) -> None:
        """Let go of months that are rotated away, and remove their index."""
        async with self._turn:
            for attached in (self._journal, self._chunks):
                await attached.forget(months)
        self._index.sweep()

    async def close(self) -> None:
        """Finish what runs and close the files."""
        for attached in (self._journal, self._chunks):
            await attached.close()


class MonthSource:
    """`sql.search.Source` of a group in one month. `journal` and `index` are where its tables are; it may have no index
    yet. 64 chunks are read in the time in which a thread is woken."""

    chunks_at_first, max_entries = 64, 256

    def __init__(self, grp: int, query: Query, journal: Attached, index: Attached | None, open_text: OpenText) -> None:
        self._grp = grp
        self._open_text = open_text
        self._tokens = [token >> 16 for token in query.tokens]
        self._journal = journal
        self._index = index

    async def chunks(self, below: int, count: int) -> Sequence[Offer]:
        if self._index is None:
            return []
        buckets = ", ".join([_BUCKET] * len(self._tokens))
        query = f"SELECT first, last, {buckets} FROM {{month}}.chunk WHERE grp = ? AND first < ?"  # noqa: S608
        found = await self._index.rows(f"{query} ORDER BY first DESC LIMIT ?", *self._tokens, self._grp, below, count)
        return [(first, last, offered) for first, last, *offered in found]

    async def plain(self, above: int, below: int, count: int) -> Sequence[tuple[int, str, str]]:
        rows = await self._journal.rows(_PLAIN, self._grp, above, below, count)
        return [(seq, kind, self._open_text(seq, sealed)[0] if sealed else body) for seq, kind, body, sealed in rows]

    async def chosen(self, seqs: Sequence[int]) -> Sequence[Any]:
        return await self._journal.rows(_CHOSEN, self._grp, msgspec.json.encode(seqs).decode())

    def entry(self, row: Any) -> Entry:
        *values, sealed, tag, is_redacted = row
        if sealed and not is_redacted:
            values[BODY], values[DATA] = self._open_text(values[0], sealed)
        entry = entry_of(tuple(values), {values[0]} if is_redacted else set())
        return unnamed(entry, tag) if tag else entry


class IndexFiles:
    """`sql.search.Index` in files."""

    spread = SPREAD

    def __init__(self, data_dir: Path, segments: Segments, files: Segments, main: aiosqlite.Connection) -> None:
        self._data_dir = data_dir
        self._main = main
        self._segments = segments
        self._files = files

    async def redactions(self) -> object:
        return (await rows(self._main, _REDACTIONS))[0]

    async def months(self) -> Sequence[str]:
        self.sweep()
        return self._segments.months

    def sweep(self) -> None:
        """Remove the index of months whose segments are gone."""
        gone = set(self._files.months).difference(self._segments.months)
        self._files.drop(gone)
        for month in gone:
            set_aside(self._files.path(month))

    @asynccontextmanager
    async def open(self, month: str) -> AsyncIterator["IndexFile | None"]:
        segment = self._segments.path(month)
        if not segment.exists():
            yield None
            return
        async with connect(self._files.path(month), read_only=False) as file:
            await file.executescript(SCHEMA)
            self._files.add(month)
            for name, path in (("journal", segment), ("ledger", self._data_dir / MAIN)):
                await rows(file, f"ATTACH DATABASE ? AS {name}", read_only_uri(path))
            yield IndexFile(file, partial(self._segments.removed.open, month))


class IndexFile:
    """`sql.search.MonthIndex` in a file, with segment and main file attached."""

    def __init__(self, file: aiosqlite.Connection, open_text: Callable[[int, int, bytes], Text]) -> None:
        self._file = file
        self._open_text = open_text

    async def stale(self, limit: int) -> Sequence[tuple[int, int, int]]:
        return await rows(self._file, _STALE, limit)

    async def due(self, size: int, least: int, limit: int) -> Sequence[tuple[int, int, int]]:
        return await rows(self._file, _DUE, size, least, limit)

    async def texts(self, place: Place) -> Sequence[tuple[int, str, int | None, str]]:
        found = await rows(self._file, _BODIES, *place)
        return [
            (seq, kind, target, self._open_text(place.grp, seq, sealed)[0] if sealed else body)
            for seq, kind, target, body, sealed in found
        ]

    async def gone(self, grp: int, low: int, high: int) -> Sequence[int]:
        return [seq for (seq,) in await rows(self._file, _GONE, str(grp), low, high)]

    async def write(self, grp: int, chunk: Chunk) -> None:
        await rows(self._file, "BEGIN IMMEDIATE")
        for (number,) in await rows(self._file, _ID, grp, chunk.first):
            await rows(self._file, "DELETE FROM bucket WHERE id BETWEEN ? AND ?", number << 8, number << 8 | 255)
            await rows(self._file, "DELETE FROM chunk WHERE id = ?", number)
        values = (grp, chunk.first, chunk.last, chunk.gone, len(chunk.buckets), chunk.low)
        (number,) = await self._file.execute_insert(_ADD, values) or (0,)
        buckets = [(number << 8 | place, data) for place, data in enumerate(chunk.buckets)]
        await self._file.executemany("INSERT INTO bucket VALUES (?, ?)", buckets)
        await rows(self._file, "COMMIT")
