"""Which posts of a batch were stored before, by their nonces: one statement asks for all of them."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from sqlite3 import Connection

from ..sql.sequencer import Wanted
from .segments import MAX_ROWS

Key = tuple[str, str, str]
"""Code of the group, user, nonce."""


def find_nonces(
    tables: Iterable[tuple[Connection, str]], wanted: Sequence[Wanted], since_ms: int
) -> dict[Key, tuple[int, int]]:
    """Return (seq, ts) of the latest post with each nonce at or after `since_ms`, where there is one.

    `tables` are those that hold entries, newest first, each with a connection to its file.
    """
    found: dict[Key, tuple[int, int]] = {}
    for connection, table in tables:
        older: dict[Key, tuple[int, int]] = {}
        for start in range(0, len(wanted), MAX_ROWS):
            some = wanted[start : start + MAX_ROWS]
            values: list[object] = []
            for code, user, nonce, _ in some:
                values += (int(code), user, nonce)
            for grp, user, nonce, seq, ts in connection.execute(lookup(table, len(some)), (*values, since_ms)):
                key = str(grp), user, nonce
                older[key] = max(older.get(key, (0, 0)), (seq, ts))
        found = older | found
    return found


@lru_cache(maxsize=1024)
def lookup(table: str, rows: int) -> str:
    """Return the statement for so many nonces. It goes from what is wanted to the table, however small that is."""
    places = ", ".join(["(?, ?, ?)"] * rows)
    # Only names of ours stand in the statement, hence the silenced check; values are parameters.
    matches = "e.grp = w.grp AND e.user = w.user AND e.nonce = w.nonce"
    return (
        f"WITH wanted (grp, user, nonce) AS (VALUES {places}) SELECT e.grp, e.user, e.nonce, e.seq, e.ts "  # noqa: S608
        f"FROM wanted w CROSS JOIN {table} e INDEXED BY entry_nonce ON {matches} WHERE e.ts >= ?"
    )
