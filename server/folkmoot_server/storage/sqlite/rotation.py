"""Removing a month of the journal whole, without the groups losing count."""

from pathlib import Path
from sqlite3 import Connection

from ..change_set import Upsert
from . import rows
from .journal import ENDS

# What is known of the removal of a post that is kept beyond its month stays.
_FORGET = """DELETE FROM redactions WHERE code = :code AND seq <= :last_seq
    AND NOT EXISTS (SELECT 1 FROM kept_posts k WHERE k.code = redactions.code AND k.seq = redactions.seq)"""


def remember_heads(main: Connection, segment: Connection) -> None:
    """Keep the last seq of each group of a segment that goes; forget the redactions that go with it."""
    heads = [{"code": str(grp), "last_seq": last} for grp, last in segment.execute(ENDS)]
    if not heads:
        return
    rows.execute(main, [Upsert("journal_heads", head) for head in heads])
    main.executemany(_FORGET, heads)


def unlink(path: Path) -> None:
    """Remove a segment's file and what SQLite put beside it, the file last: without it the rest is junk."""
    for suffix in ("-shm", "-wal", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
