"""Reading the journal from SQLite segments, what the main file has of redactions and closed accounts laid over. See
`api.Journal`."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from folkmoot_protocol.types import Entry, EntryKind

from ..api import Page
from ..sql.closed_authors import without_closed
from ..sql.entry_rows import COLUMNS, Row, entry_of
from ..sql.ledger import group_versions
from ..sql.months import end_of
from ..sql.tables import journal_heads, redactions
from .segments import SegmentReader

# Only names of ours stand in the statements of this module, hence each silenced S608; values are parameters.
_BELOW = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608
_ABOVE = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
_ONE = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq = ?"  # noqa: S608
_LAST = "SELECT max(seq) FROM entry WHERE grp = ?"
# Left to itself SQLite walks the group backwards, because that gives the order for nothing: milliseconds for each post
# to a group of ten thousand entries, and more with every entry.
_NONCE = """SELECT seq, ts FROM entry INDEXED BY entry_nonce
    WHERE grp = ? AND user = ? AND nonce = ? AND ts >= ? ORDER BY seq DESC LIMIT 1"""

HIGHEST = 2**63 - 1

_SEQ, _KIND, _TARGET = (COLUMNS.split(", ").index(name) for name in ("seq", "kind", "target"))


def heads(main: Connection, reader: SegmentReader, codes: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return (version, last seq) of those groups that exist.

    The versions first: what is committed in between may be seen in the seqs, never in the versions alone.
    """
    versions = group_versions(main, codes)
    seqs = last_seqs(main, reader, versions.keys())
    return {code: (version, seqs[code]) for code, version in versions.items()}


def last_seqs(main: Connection, reader: SegmentReader, codes: Collection[str]) -> dict[str, int]:
    """Return each group's last seq, 0 for a group without entries."""
    found: dict[str, int] = {}
    missing = set(codes)
    for _month, segment in reader.newest_first():
        for code in list(missing):
            (last,) = segment.execute(_LAST, (int(code),)).fetchone()
            if last is not None:
                found[code] = last
                missing.remove(code)
        if not missing:
            break
    return found | {code: _removed_up_to(main, code) for code in missing}


def _removed_up_to(main: Connection, code: str) -> int:
    """Return the last seq that rotation has removed, 0 where it has removed none."""
    query = select(journal_heads.c.last_seq).where(journal_heads.c.code == code)
    return main.execute(query).scalar() or 0


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
    low, high = sorted((rows[0][0], rows[-1][0]))
    edits = {row[_SEQ]: row[_TARGET] for row in rows if row[_KIND] == EntryKind.EDIT}
    gone = redactions.c.seq.between(low, high) | redactions.c.seq.in_(set(edits.values()))
    hidden = set(main.execute(select(redactions.c.seq).where(redactions.c.code == code, gone)).scalars())
    # An edit is another text of what it edits: it goes with it.
    return hidden | {seq for seq, target in edits.items() if target in hidden}


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
