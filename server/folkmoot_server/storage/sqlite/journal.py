"""Reading the journal from SQLite segments, what the main file has of redactions and closed accounts laid over. See
`api.Journal`."""

from collections.abc import Sequence
from sqlite3 import Connection

from folkmoot_protocol.types import Entry, EntryKind

from ..api import Page
from ..sql.closed_authors import unnamed
from ..sql.entry_rows import COLUMNS, Row, entry_of
from ..sql.months import end_of
from .segments import SegmentReader

# Only names of ours stand in the statements of this module, hence each silenced S608; values are parameters.
_BELOW = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608
_ABOVE = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
_ONE = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq = ?"  # noqa: S608
# Left to itself SQLite walks the group backwards, because that gives the order for nothing: milliseconds for each post
# to a group of ten thousand entries, and more with every entry.
_NONCE = """SELECT seq, ts FROM entry INDEXED BY entry_nonce
    WHERE grp = ? AND user = ? AND nonce = ? AND ts >= ? ORDER BY seq DESC LIMIT 1"""

_GONE = "SELECT seq FROM redactions WHERE code = ? AND seq BETWEEN ? AND ?"
_TAGS = "SELECT user, author_tag FROM accounts WHERE author_tag <> '' AND user IN ({})"

HIGHEST = 2**63 - 1

_SEQ, _KIND, _TARGET = (COLUMNS.split(", ").index(name) for name in ("seq", "kind", "target"))


def page(main: Connection, reader: SegmentReader, code: str, before: int | None, after: int | None, limit: int) -> Page:
    """Return a page of history; `after` counts where both are given."""
    if after is not None:
        rows = _collect(reader, code, after, limit + 1, upwards=True)
    else:
        rows = _collect(reader, code, HIGHEST if before is None else before, limit + 1, upwards=False)
    shown = rows[:limit]
    if after is None:
        shown.reverse()
    hidden = _redacted(main, code, shown)
    return Page(without_closed(main, [entry_of(row, hidden) for row in shown]), more=len(rows) > limit)


def _collect(reader: SegmentReader, code: str, bound: int, count: int, *, upwards: bool) -> list[Row]:
    """Return up to `count` rows on one side of the seq `bound`, nearest first, across segments."""
    rows: list[Row] = []
    statement = _ABOVE if upwards else _BELOW
    for _month, segment in reader.oldest_first() if upwards else reader.newest_first():
        rows += segment.execute(statement, (int(code), bound, count - len(rows))).fetchall()
        if len(rows) >= count:
            break
    return rows


def _redacted(main: Connection, code: str, rows: list[Row]) -> set[int]:
    """Return which of `rows`, in either order, are redacted.

    Asked after the rows were read: an erasure committed in between hides its entry, never the other way
    round.
    """
    if not rows:
        return set()
    low, high = sorted((rows[0][_SEQ], rows[-1][_SEQ]))
    hidden = {seq for (seq,) in main.execute(_GONE, (code, low, high))}
    # An edit is another text of what it edits: it goes with it.
    edits = {row[_SEQ]: row[_TARGET] for row in rows if row[_KIND] == EntryKind.EDIT}
    return hidden | {seq for seq, target in edits.items() if main.execute(_GONE, (code, target, target)).fetchone()}


def without_closed(main: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Return entries, those of closed accounts without their names; asked after the entries, as redactions are."""
    users = list({entry.from_.user for entry in entries})
    tags = dict(main.execute(_TAGS.format(", ".join("?" * len(users))), users).fetchall())
    return [unnamed(entry, tags[entry.from_.user]) if entry.from_.user in tags else entry for entry in entries]


def entry(main: Connection, reader: SegmentReader, code: str, seq: int) -> Entry | None:
    """Return one entry."""
    for _month, segment in reader.newest_first():
        row = segment.execute(_ONE, (int(code), seq)).fetchone()
        if row is not None:
            return without_closed(main, [entry_of(row, _redacted(main, code, [row]))])[0]
    return None


def find_nonce(reader: SegmentReader, code: str, user: str, nonce: str, since_ms: int) -> tuple[int, int] | None:
    """Return seq and ts of the entry that `user` posted with `nonce` at or after `since_ms`."""
    for month, segment in reader.newest_first():
        if end_of(month) <= since_ms:
            break
        row = segment.execute(_NONCE, (int(code), user, nonce, since_ms)).fetchone()
        if row is not None:
            return row[0], row[1]
    return None
