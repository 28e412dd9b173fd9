"""Search on SQLite: a file of index per month beside the journal's, written by a thread of its own.

The index is made from journal and redactions alone and follows them: a file of it may be lost or removed at any time.
Nobody waits for it. What it does not have yet is looked through entry by entry.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection as RawConnection
from typing import Any

from sqlalchemy import Connection

from folkmoot_protocol.types import EntryKind

from ..api import Found
from ..search import index as search_index
from ..search.index import BREATH_S, ENTRIES, KINDS, PATIENCE_S, PIECES, Chunk, Draft, Spread, candidates
from ..search.text import Query
from ..sql.entry_rows import COLUMNS, Row, entry_of
from ..sql.fetch import raw_of
from .database import MAIN, connect_raw
from .journal import without_closed
from .rotation import unlink
from .segments import SegmentReader, Segments

DIRECTORY = "search"

PAGE = 256
SPREAD = Spread(tokens=96, most=256)

# A bucket's id is that of its chunk, times 256, plus its number. What is removed is overwritten: it may be of a text
# that was removed.
SCHEMA = (
    """CREATE TABLE IF NOT EXISTS chunk (
        id INTEGER PRIMARY KEY, grp INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        gone INTEGER NOT NULL, buckets INTEGER NOT NULL, low INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX IF NOT EXISTS chunk_place ON chunk (grp, first, last)",
    "CREATE TABLE IF NOT EXISTS bucket (id INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    "PRAGMA secure_delete = ON",
    "PRAGMA synchronous = NORMAL",
)

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
_STALE = """
    SELECT id, grp, first, last FROM chunk WHERE gone <> (
        SELECT count(*) FROM ledger.redactions WHERE code = CAST(grp AS TEXT) AND seq BETWEEN low AND last) LIMIT ?"""
_BODIES = "SELECT seq, kind, target, body FROM journal.entry WHERE grp = ? AND seq BETWEEN ? AND ? ORDER BY seq"
_GONE = "SELECT seq FROM ledger.redactions WHERE code = ? AND seq BETWEEN ? AND ?"
_REDACTIONS = "SELECT count(*), max(ts) FROM redactions"

_DONE = "SELECT last FROM chunk WHERE grp = ? ORDER BY first DESC LIMIT 1"
# Only names of ours stand in the statements of this module, hence each silenced S608; values are parameters.
_PLAIN = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq > ? AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608
_ONE = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq = ?"  # noqa: S608
_BUCKET = "(SELECT data FROM bucket WHERE bucket.id = (chunk.id << 8 | (? & chunk.buckets - 1)))"
_REDACTED = "SELECT 1 FROM redactions WHERE code = ? AND seq IN (?, ?)"


class Indexer:
    """Brings the index up to the journal. `segments` are the journal's months, `files` those of the index."""

    def __init__(self, data_dir: Path, segments: Segments, files: Segments) -> None:
        self._main = data_dir / MAIN
        self._segments = segments
        self._files = files
        self._indexed: dict[str, tuple[object, bool]] = {}

    def run(self) -> bool:
        """Index a bounded piece of what is due; say whether there may be more."""
        self.sweep()
        with closing(connect_raw(self._main, read_only=True)) as main:
            redactions = main.execute(_REDACTIONS).fetchone()
        months = self._segments.months
        for month in months:
            is_newest = month == months[-1]
            indexed = self._indexed.get(month)
            if is_newest or indexed != (redactions, is_newest):
                changed = indexed is None or indexed[0] != redactions
                if self._index(month, ENTRIES if is_newest else 1, stale=changed):
                    return True
                self._indexed[month] = redactions, is_newest
        return False

    def sweep(self) -> None:
        """Remove the index of months whose segments are gone."""
        gone = set(self._files.months).difference(self._segments.months)
        self._files.drop(gone)
        for month in gone:
            unlink(self._files.path(month))
            self._indexed.pop(month, None)

    def _index(self, month: str, least: int, *, stale: bool) -> bool:
        """Index a month; groups with fewer than `least` entries to be indexed can wait."""
        if not self._segments.path(month).exists():
            return False  # Rotation was quicker.
        with closing(connect_raw(self._files.path(month), read_only=False)) as index:
            for statement in SCHEMA:
                index.execute(statement)
            self._files.add(month)
            for name, path in (("journal", self._segments.path(month)), ("ledger", self._main)):
                index.execute(f"ATTACH DATABASE ? AS {name}", (f"{path.absolute().as_uri()}?mode=ro",))
            change_set: list[tuple[int | None, int, int, int]] = []
            if stale:
                change_set += index.execute(_STALE, (PIECES,)).fetchall()
            if len(change_set) < PIECES:
                due = index.execute(_DUE, (ENTRIES, least, PIECES - len(change_set))).fetchall()
                change_set += [(None, *place) for place in due]
            for chunk_id, grp, first, last in change_set:
                _write(index, chunk_id, grp, _chunk(index, grp, first, last))
            return bool(change_set)


def _chunk(index: RawConnection, grp: int, first: int, last: int) -> Chunk:
    """Return the chunk of a group's entries, from what journal and redactions have now."""
    draft = Draft(first, last)
    for row in index.execute(_BODIES, (grp, first, last)):
        if not draft.add(*row):
            break
    # After the texts: what is removed in between is left out, what is removed later makes the chunk stale.
    gone = [seq for (seq,) in index.execute(_GONE, (str(grp), draft.low, draft.last))]
    return search_index.build(draft, gone, SPREAD, lambda: time.sleep(BREATH_S))


def _write(index: RawConnection, chunk_id: int | None, grp: int, chunk: Chunk) -> None:
    """Put a chunk into the file, in the place of the one with `chunk_id`."""
    index.execute("BEGIN IMMEDIATE")
    if chunk_id is not None:
        index.execute("DELETE FROM bucket WHERE id BETWEEN ? AND ?", (chunk_id << 8, chunk_id << 8 | 255))
        index.execute("DELETE FROM chunk WHERE id = ?", (chunk_id,))
    values = (chunk_id, grp, chunk.first, chunk.last, chunk.gone, len(chunk.buckets), chunk.low)
    number = index.execute("INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)", values).lastrowid or 0
    rows = ((number << 8 | place, data) for place, data in enumerate(chunk.buckets))
    index.executemany("INSERT INTO bucket VALUES (?, ?)", rows)
    index.execute("COMMIT")


def find(
    main: Connection, journal: SegmentReader, index: SegmentReader, code: str, query: Query, before: int, limit: int
) -> Found:
    """Search a group. See `api.Journal.search`."""
    until = time.monotonic() + PATIENCE_S
    ledger = raw_of(main)
    found = Found([])
    for month, segment in journal.newest_first():
        for lowest, rows in _steps(segment, index.get(month), int(code), query, before):
            for row in rows:
                if row[2] in KINDS and query.matches(row[7]) and not _is_redacted(ledger, code, row):
                    if len(found.entries) == limit:
                        return Found(found.entries, before=found.entries[-1].seq)
                    found.entries.extend(without_closed(ledger, [entry_of(row, frozenset())]))
            if time.monotonic() > until:
                return Found(found.entries, before=lowest)
    return found


def _steps(
    segment: RawConnection, index: RawConnection | None, grp: int, query: Query, before: int
) -> Iterator[tuple[int, Iterable[Row]]]:
    """Go through a month's entries below `before`, newest first: rows that may match, and the seq that they reach."""
    done = index.execute(_DONE, (grp,)).fetchone() if index is not None else None
    indexed, bound = done[0] if done else 0, before
    while rows := segment.execute(_PLAIN, (grp, indexed, bound, PAGE)).fetchall():
        bound = rows[-1][0]
        yield bound, (rows[place] for place in query.matching([row[7] for row in rows]))
    if index is not None:
        for first, *buckets in index.execute(*_lookup(grp, query, before)):
            seqs = candidates(query.tokens, buckets, first, before)
            yield first, (row for seq in seqs for row in segment.execute(_ONE, (grp, seq)))


def _lookup(grp: int, query: Query, before: int) -> tuple[str, Sequence[Any]]:
    """Return the statement, with its values, for the buckets of a query's tokens in each chunk."""
    buckets = ", ".join([_BUCKET] * len(query.tokens))
    statement = f"SELECT first, {buckets} FROM chunk WHERE grp = ? AND first < ? ORDER BY first DESC"  # noqa: S608
    return statement, [*(token >> 16 for token in query.tokens), grp, before]


def _is_redacted(ledger: RawConnection, code: str, row: Row) -> bool:
    """Say whether an entry is redacted, or edits one that is."""
    seq, kind, target = row[0], row[2], row[9]
    other = target if kind == EntryKind.EDIT else seq
    return ledger.execute(_REDACTED, (code, seq, other)).fetchone() is not None
