"""Removing a month of the journal whole, without the groups losing count."""

from pathlib import Path
from sqlite3 import Connection as RawConnection

from sqlalchemy import Connection, bindparam, delete

from ..change_set import Upsert
from ..sql import row_changes
from ..sql.tables import redactions

_FORGET = delete(redactions).where(
    redactions.c.code == bindparam("p_code"), redactions.c.seq <= bindparam("p_last_seq")
)


def remember_heads(main: Connection, segment: RawConnection) -> None:
    """Keep the last seq of each group of a segment that goes; forget the redactions that go with it."""
    heads = [
        {"code": str(grp), "last_seq": last}
        for grp, last in segment.execute("SELECT grp, max(seq) FROM entry GROUP BY grp")
    ]
    if not heads:
        return
    row_changes.execute(main, [Upsert("journal_heads", head) for head in heads])
    main.execute(_FORGET, [{f"p_{name}": value for name, value in head.items()} for head in heads])


def unlink(path: Path) -> None:
    """Remove a segment's file and what SQLite put beside it, the file last: without it the rest is junk."""
    for suffix in ("-shm", "-wal", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
