"""Taking the texts of removed entries out of the files of months, into their restricted part, sealed.

In the newest month that is done in the transaction that removes an entry. What is left to do afterwards goes by the
ledger, from its beginning after each start: entries of months that are over, the same for edits wherever they stand,
and the newest month's log, which has pages as they were. It may all be done twice, so a crash or an old copy of a file
that was put back needs nothing else.

SQLite overwrites what it removes (`secure_delete`), but moves rows between pages when these are full, and of one row in
a thousand leaves a copy where no row stands. So the file of a month that is over is rewritten after removals.
"""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from shutil import disk_usage
from sqlite3 import Connection
from typing import NamedTuple

import msgspec

from folkmoot_governance.group.events import REMOVALS, erased_by

from ..sql.removed_texts import RemovedTexts
from ..sql.sequencer import code_of
from ..sql.streams import recorded
from .database import connect_raw

POSITIONS, EVENTS = 5000, 200
"""How much of the ledger is looked at in one piece, and how many removals at most."""

LONG_MS = 10_000
"""How long to wait for those who read from a log, where no post waits meanwhile."""

ROOM = 4
"""How many times the room that a file takes must be free on the disk: for a copy of it, and for its log."""

_HAS_REMOVED = "SELECT 1 FROM restricted LIMIT 1"

# Only names of ours stand in the statements of this module, hence each silenced S608; values are parameters.
_KINDS = ", ".join(f"'{event.__struct_config__.tag}'" for event in REMOVALS)
_REMOVALS = f"""SELECT position, stream, version, data FROM ledger
    WHERE position BETWEEN ? AND ? AND type IN ({_KINDS}) ORDER BY position LIMIT ?"""  # noqa: S608
_IS_LEFT = """(body <> '' OR data IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM {db}.restricted r WHERE r.grp = entry.grp AND r.seq = entry.seq))"""
# An edit is another text of what it edits: it goes with it.
_LEFT = f"""
    SELECT seq, body, data FROM {{db}}.entry
    WHERE grp = ?1 AND seq IN (SELECT value FROM json_each(?2)) AND {_IS_LEFT}
    UNION SELECT seq, body, data FROM {{db}}.entry INDEXED BY entry_target
    WHERE grp = ?1 AND target IS NOT NULL AND target IN (SELECT value FROM json_each(?2)) AND kind = 'edit'
    AND {_IS_LEFT}"""  # noqa: S608
_SEAL = "INSERT INTO {db}.restricted VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_BLANK = "UPDATE {db}.entry SET body = '', data = NULL WHERE grp = ? AND seq = ?"

Row = tuple[int, str, str | None]
"""Seq, text and data of an entry."""


class Removals(NamedTuple):
    """The seqs that were removed, by the group's number, in a piece of the ledger that ends at a position."""

    seqs: dict[int, list[int]]
    position: int


def removals(main: Connection, after: int, last: int) -> Removals:
    """Return what the next piece of the ledger, which ends at `last`, has removed."""
    until = min(last, after + POSITIONS)
    rows = main.execute(_REMOVALS, (after + 1, until, EVENTS)).fetchall()
    seqs: defaultdict[int, list[int]] = defaultdict(list)
    for row in rows:
        one = recorded(*row)
        seqs[int(code_of(one.stream) or 0)] += erased_by(one.event)
    return Removals(seqs, rows[-1][0] if len(rows) == EVENTS else until)


def left_of(file: Connection, grp: int, seqs: Collection[int], db: str = "main") -> list[Row]:
    """Return those of a month's entries, and edits of them, whose texts have still to be taken out."""
    return file.execute(_LEFT.format(db=db), (grp, msgspec.json.encode(list(seqs)).decode())).fetchall()


def take_out(
    file: Connection, removed: RemovedTexts, month: str, grp: int, rows: Collection[Row], db: str = "main"
) -> None:
    """Seal the texts of entries and blank their rows, in the caller's transaction."""
    for seq, body, data in rows:
        file.execute(_SEAL.format(db=db), (grp, seq, removed.seal(month, grp, seq, (body, data))))
        file.execute(_BLANK.format(db=db), (grp, seq))


def erase_in_file(path: Path, removed: RemovedTexts, month: str, left: dict[int, list[Row]]) -> bool:
    """Take texts out of the file of a month that is over; say whether none is in its log either."""
    file = connect_raw(path, read_only=False)
    try:
        file.execute("PRAGMA secure_delete = ON")
        file.execute("BEGIN IMMEDIATE")
        for grp, rows in left.items():
            take_out(file, removed, month, grp, rows)
        file.execute("COMMIT")
        return empty_log(file)
    finally:
        file.close()


def has_removed(file: Connection) -> bool:
    """Say whether something was removed from a month."""
    return file.execute(_HAS_REMOVED).fetchone() is not None


class Rewriter:
    """Writes files of months that are over anew, one at a time, with what stands in them and nothing else."""

    def __init__(self) -> None:
        self._file: Connection | None = None
        self._is_over = False

    def rewrite(self, path: Path) -> bool:
        """Rewrite a file, if there is room for it; say whether none of what was there is in its log either. Others may
        read it meanwhile. Slow: in a thread of its own."""
        if self._is_over or disk_usage(path.parent).free < ROOM * path.stat().st_size:
            return False
        file = self._file = connect_raw(path, read_only=False)
        try:
            file.execute("VACUUM")
            return empty_log(file, wait_ms=LONG_MS)
        finally:
            self._file = None
            file.close()

    def stop(self) -> None:
        """Break off what is being done: the store is to be closed, and the file is as it was."""
        self._is_over = True
        file = self._file
        if file is not None:
            file.interrupt()


def has_log(path: Path) -> bool:
    """Say whether a file has a log that is not in it yet."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def empty_log(file: Connection, db: str = "main", wait_ms: int = 0) -> bool:
    """Write a file's log into it, and leave none: it has pages as they were. Say whether those who read let it: a
    backup reads for minutes, so who has posts waiting does not wait for them."""
    (before,) = file.execute("PRAGMA busy_timeout").fetchone()
    file.execute(f"PRAGMA busy_timeout = {wait_ms}")
    try:
        (is_busy, *_pages) = file.execute(f"PRAGMA {db}.wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        file.execute(f"PRAGMA busy_timeout = {before}")
    return not is_busy
