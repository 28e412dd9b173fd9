"""Reading the journal from SQLite segments, what the main file has of redactions and closed accounts laid over. See
`api.Journal`."""

import json
from collections.abc import Collection, Iterable, Sequence
from sqlite3 import Connection

import msgspec

from folkmoot_governance.holds import Hold
from folkmoot_protocol.types import Entry, EntryKind

from ..api import HeldPiece, Line, Page, Versions
from ..sql.entry_rows import BODY, COLUMNS, DATA, Row, entry_of
from ..sql.months import end_of, month_of
from ..sql.seals import line_of
from ..sql.versions import arrange, edited_by, latest_about
from .kept_posts import as_named, kept_posts, named
from .segments import SegmentReader

# Only names of ours stand in the statements of this module, hence each silenced S608; values are parameters.
_BELOW = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608
_ABOVE = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
_ONE = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq = ?"  # noqa: S608
_SOME = f"SELECT {COLUMNS} FROM entry WHERE grp = ? AND seq IN (SELECT value FROM json_each(?))"  # noqa: S608
_ABOUT = f"SELECT {COLUMNS} FROM entry INDEXED BY entry_target WHERE grp = ? AND target IS NOT NULL"  # noqa: S608
_EDITS = f"{_ABOUT} AND kind = 'edit' AND target IN (SELECT value FROM json_each(?))"  # noqa: S608
_REACTIONS = f"{_ABOUT} AND kind = 'reaction' AND target = ? AND body = ? ORDER BY seq DESC LIMIT ?"
_NOTICES = "SELECT version, seq FROM entry WHERE grp = ? AND version IN (SELECT value FROM json_each(?))"
# Left to itself SQLite walks the group backwards, because that gives the order for nothing: milliseconds for each post
# to a group of ten thousand entries, and more with every entry.
_NONCE = f"""SELECT {COLUMNS} FROM entry INDEXED BY entry_nonce
    WHERE grp = ? AND user = ? AND nonce = ? AND ts >= ? ORDER BY seq DESC LIMIT 1"""  # noqa: S608

_SEALED = "SELECT seq, sealed FROM restricted WHERE grp = ? AND seq IN (SELECT value FROM json_each(?))"

_GONE = "SELECT seq FROM redactions WHERE code = ? AND seq BETWEEN ? AND ?"

LINES = f"""
    SELECT grp, {COLUMNS}, CASE WHEN body = '' THEN (
        SELECT sealed FROM restricted r WHERE r.grp = entry.grp AND r.seq = entry.seq) END
    FROM entry WHERE (grp, seq) > (?, ?) ORDER BY grp, seq LIMIT ?"""  # noqa: S608
"""The rows of `lines`: those above a group and seq, of an edit or an entry that was removed with what is sealed."""

ENDS = """
    WITH RECURSIVE each(grp) AS (
        SELECT min(grp) FROM entry
        UNION ALL SELECT (SELECT min(grp) FROM entry WHERE grp > each.grp) FROM each WHERE each.grp IS NOT NULL)
    SELECT grp, (SELECT max(seq) FROM entry e WHERE e.grp = each.grp) FROM each WHERE grp IS NOT NULL"""
"""The rows of `ends`: two looks into the index for each group, however many entries there are."""

WINDOW = 20_000
"""Entries that are looked at in one piece for those that a hold names."""

_SEALED_ONE = """CASE WHEN body = '' THEN (
    SELECT sealed FROM restricted r WHERE r.grp = e.grp AND r.seq = e.seq) END"""
_HELD = f"""
    SELECT grp, {COLUMNS}, {_SEALED_ONE} FROM entry e
    WHERE grp = ?1 AND (seq = ?2 OR (target = ?2 AND kind = 'edit')) ORDER BY seq"""  # noqa: S608
_WINDOW = """(SELECT * FROM entry WHERE {where} ORDER BY grp, seq LIMIT ?)"""
_LAST_OF = "SELECT grp, seq FROM {window} ORDER BY grp DESC, seq DESC LIMIT 1"
_HELD_IN = f"""
    SELECT grp, {COLUMNS}, {_SEALED_ONE} FROM {{window}} e
    WHERE ts >= ? AND ts < ?{{users}} ORDER BY grp, seq"""  # noqa: S608
_BY_USERS = " AND user IN (SELECT value FROM json_each(?))"

HIGHEST = 2**63 - 1

_SEQ, _KIND, _USER, TARGET = (COLUMNS.split(", ").index(name) for name in ("seq", "kind", "user", "target"))
_EDIT = EntryKind.EDIT.value


def page(main: Connection, reader: SegmentReader, code: str, before: int | None, after: int | None, limit: int) -> Page:
    """Return a page of history; `after` counts where both are given."""
    if after is not None:
        rows = _collect(reader, code, after, limit + 1, upwards=True)
    else:
        rows = _collect(reader, code, HIGHEST if before is None else before, limit + 1, upwards=False)
    shown = rows[:limit]
    if after is None:
        shown.reverse()
    return Page(entries_of(main, reader, code, shown), more=len(rows) > limit)


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
    edits = {row[_SEQ]: row[TARGET] for row in rows if row[_KIND] == _EDIT}
    return hidden | {seq for seq, target in edits.items() if main.execute(_GONE, (code, target, target)).fetchone()}


def nameless(main: Connection, rows: Iterable[Row]) -> dict[str, tuple[str, int]]:
    """Return, of authors who have closed their accounts, the tags; of those whose names were removed, when (Unix ms).
    Asked after the rows, as redactions are."""
    return named(main, {row[_USER] for row in rows})


def entry(main: Connection, reader: SegmentReader, code: str, seq: int) -> Entry | None:
    """Return one entry."""
    for _month, segment in reader.newest_first():
        row = segment.execute(_ONE, (int(code), seq)).fetchone()
        if row is not None:
            return entries_of(main, reader, code, [row])[0]
    return next(iter(_kept(main, reader, code, {seq}, preserved=False)), None)


def ends(reader: SegmentReader, month: str) -> dict[int, int]:
    """Return the last seq that each group has in a month."""
    segment = reader.get(month)
    return {} if segment is None else dict(segment.execute(ENDS))


def lines(reader: SegmentReader, month: str, after: tuple[int, int], limit: int) -> list[Line]:
    """Return entries as the seal of a month counts them."""
    segment = reader.get(month)
    rows = [] if segment is None else segment.execute(LINES, (*after, limit)).fetchall()
    return _lines(reader, month, rows)


def held(reader: SegmentReader, month: str, hold: Hold, after: tuple[int, int]) -> HeldPiece:
    """Return entries of a month that a hold names, and from where to go on."""
    segment = reader.get(month)
    if segment is None:
        return [], None
    if hold.seq:
        return _lines(reader, month, segment.execute(_HELD, (int(hold.code), hold.seq)).fetchall()), None
    where = "(grp, seq) > (?, ?)" + (" AND grp = ?" if hold.code else "")
    window, values = _WINDOW.format(where=where), [*after, *([int(hold.code)] if hold.code else []), WINDOW]
    last = segment.execute(_LAST_OF.format(window=window), values).fetchone()
    users = _BY_USERS if hold.users else ""
    more = [json.dumps(hold.users)] if hold.users else []
    rows = segment.execute(
        _HELD_IN.format(window=window, users=users), (*values, hold.since_ms, hold.till_ms, *more)
    ).fetchall()
    return _lines(reader, month, rows), last


def _lines(reader: SegmentReader, month: str, rows: Iterable[Row]) -> list[Line]:
    removed = reader.segments.removed
    return [line_of(removed, month, grp, tuple(row), sealed) for grp, *row, sealed in rows]


def versions(
    main: Connection, reader: SegmentReader, code: str, seqs: Collection[int], preserved: bool = False
) -> dict[int, Versions]:
    """Return entries with their edits, by seq; for an edit, what it edits. `preserved`: see `api.Journal`."""
    asked = _some(main, reader, code, set(seqs), preserved)
    entries = asked + _some(main, reader, code, edited_by(asked), preserved)
    return arrange(seqs, entries, _edits(main, reader, code, entries, preserved))


def as_they_stand(main: Connection, reader: SegmentReader, code: str, entries: Sequence[Entry]) -> list[Entry]:
    """Return entries of a group with their last texts."""
    found = arrange([entry.seq for entry in entries], entries, _edits(main, reader, code, entries, False))
    return [found[entry.seq].standing for entry in entries]


def notices_of(reader: SegmentReader, code: str, versions: Collection[int]) -> dict[int, int]:
    """Return the seqs of notices by the versions that they tell of."""
    found: dict[int, int] = {}
    for _month, segment in reader.newest_first():
        found |= dict(segment.execute(_NOTICES, (int(code), _json(versions))).fetchall())
        if len(found) == len(versions):
            break
    return found


def _some(main: Connection, reader: SegmentReader, code: str, seqs: set[int], preserved: bool) -> list[Entry]:
    """Return the entries with these seqs, as far as there are any."""
    rows: list[Row] = []
    for _month, segment in reader.newest_first():
        if len(rows) == len(seqs):
            break
        rows += segment.execute(_SOME, (int(code), _json(seqs))).fetchall()
    found = entries_of(main, reader, code, sorted(rows), preserved)
    missing = seqs - {entry.seq for entry in found}
    return found if not missing else [*_kept(main, reader, code, missing, preserved=preserved), *found]


def _kept(main: Connection, reader: SegmentReader, code: str, seqs: set[int], *, preserved: bool) -> list[Entry]:
    """Return the posts with these seqs that are kept beyond their month."""
    found = kept_posts(main, reader, [(code, seq) for seq in seqs], preserved=preserved).values()
    return sorted(found, key=lambda entry: entry.seq)


def _edits(
    main: Connection, reader: SegmentReader, code: str, entries: Sequence[Entry], preserved: bool
) -> list[Entry]:
    """Return the edits of entries: they are in the month of what they edit, or later."""
    since = month_of(min((entry.ts for entry in entries), default=0))
    values = int(code), _json({entry.seq for entry in entries})
    rows: list[Row] = []
    for month, segment in reader.newest_first():
        if month < since or not entries:
            break
        rows += segment.execute(_EDITS, values).fetchall()
    return entries_of(main, reader, code, sorted(rows), preserved)


def _json(seqs: Collection[int]) -> str:
    return msgspec.json.encode(list(seqs)).decode()


def entries_of(
    main: Connection, reader: SegmentReader, code: str, rows: list[Row], preserved: bool = False
) -> list[Entry]:
    """Return the entries of rows in the order of their seqs, either way."""
    hidden = set() if preserved else _redacted(main, code, rows)
    return entries_that_stand(reader, code, rows, nameless(main, rows), hidden)


def entries_that_stand(
    reader: SegmentReader,
    code: str,
    rows: list[Row],
    names: dict[str, tuple[str, int]],
    hidden: set[int] | frozenset[int] = frozenset(),
) -> list[Entry]:
    """Return the entries of rows, of which those with the seqs `hidden` are redacted; `names` is what `nameless` says
    of their authors."""
    blank = {row[_SEQ] for row in rows if not row[BODY] and row[_SEQ] not in hidden}
    if blank:
        rows = _with_texts(reader, code, rows, blank)
    entries = [entry_of(row, hidden) for row in rows]
    return [as_named(entry, names) for entry in entries] if names else entries


def _with_texts(reader: SegmentReader, code: str, rows: list[Row], blank: set[int]) -> list[Row]:
    """Return rows with the texts of those that were removed, and are not any more."""
    found: dict[int, tuple[str, str | None]] = {}
    for month, segment in reader.newest_first():
        for seq, sealed in segment.execute(_SEALED, (int(code), _json(blank))):
            found[seq] = reader.segments.removed.open(month, int(code), seq, sealed)
    return [_with_text(row, found[row[_SEQ]]) if row[_SEQ] in found else row for row in rows]


def _with_text(row: Row, text: tuple[str, str | None]) -> Row:
    body, data = text
    return (*row[:BODY], body, *row[BODY + 1 : DATA], data, *row[DATA + 1 :])


def reactions(main: Connection, reader: SegmentReader, code: str, seq: int, reaction: str, limit: int) -> list[Entry]:
    """Return the latest entries that are about one reaction to an entry, newest first."""
    found: list[Entry] = []
    # A reaction that was restored stands with a blank row.
    for body in (reaction, ""):
        rows: list[Row] = []
        for _month, segment in reader.newest_first():
            rows += segment.execute(_REACTIONS, (int(code), seq, body, limit - len(rows))).fetchall()
            if len(rows) >= limit:
                break
        found += entries_of(main, reader, code, rows)
    return latest_about(reaction, found, limit)


def find_nonce(reader: SegmentReader, code: str, user: str, nonce: str, since_ms: int) -> Entry | None:
    """Return the entry that `user` posted with `nonce` at or after `since_ms`, as it is in the journal."""
    for month, segment in reader.newest_first():
        if end_of(month) <= since_ms:
            break
        row = segment.execute(_NONCE, (int(code), user, nonce, since_ms)).fetchone()
        if row is not None:
            return entry_of(row, frozenset())
    return None
