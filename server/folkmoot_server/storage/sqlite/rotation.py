"""Removing a month of the journal whole, without the groups losing count."""

from contextlib import suppress
from os import SEEK_END
from pathlib import Path
from sqlite3 import Connection
from time import sleep

from ..change_set import Upsert
from . import rows
from .database import GONE
from .journal import ENDS

PIECE_BYTES, REST_S = 16 * 1024 * 1024, 0.02

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


def set_aside(path: Path) -> None:
    """Take away a segment's file and what SQLite put beside it, however large it is: the room that it takes is freed by
    `clear`. The file comes last: without it the rest is junk."""
    for suffix in ("-shm", "-wal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        path.rename(path.with_name(path.name + GONE))


def clear(data_dir: Path) -> None:
    """Free the room of files that were taken away, when nobody reads them any more. A piece at a time: while a file
    system frees much at once, whoever wants something on disk waits."""
    for path in data_dir.glob(f"*/*{GONE}"):
        with path.open("r+b") as file:
            left = file.seek(0, SEEK_END)
            while left > 0:
                left = max(0, left - PIECE_BYTES)
                file.truncate(left)
                file.flush()
                sleep(REST_S)
        path.unlink()
