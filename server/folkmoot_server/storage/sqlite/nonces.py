"""What the nonces of a batch were used for before: one statement asks each table for all of them."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from sqlite3 import Connection

from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol.types import Entry

from ..change_set import Asked
from ..sql.answers import COLUMNS as ANSWER
from ..sql.entry_rows import COLUMNS, entry_of
from ..sql.sequencer import KEPT, Used, Wanted
from .segments import MAX_ROWS

Key = tuple[str, str, str]
"""Code of the group, user, nonce."""

ENTRY = ", ".join(f"e.{column}" for column in COLUMNS.split(", "))


class Askers:
    """Accounts that something was remembered of: the nonces of all others are not looked for there.

    Most who post have asked for nothing else today, and a post is to cost no more for it. Right while nobody else
    writes.
    """

    def __init__(self, main: Connection) -> None:
        self._main = main
        self._users = self._read()

    def _read(self) -> set[str]:
        return {user for (user,) in self._main.execute("SELECT DISTINCT user FROM answers")}

    def add(self, users: Iterable[str]) -> None:
        """Note accounts of which something is about to be remembered."""
        if len(self._users) > KEPT:
            self._users = self._read()
        self._users.update(users)

    def among(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        """Return the nonces that may have been used for something else than posts."""
        return [one for one in wanted if one[1] in self._users]


def find_nonces(tables: Iterable[tuple[Connection, str]], wanted: Sequence[Wanted], since_ms: int) -> dict[Key, Used]:
    """Return the last post with each nonce at or after `since_ms`, where there is one.

    `tables` are those that hold entries, newest first, each with a connection to its file.
    """
    found: dict[Key, Used] = {}
    in_groups = [one for one in wanted if one[0]]
    for connection, table in tables:
        older: dict[Key, Entry] = {}
        for some in _batches(in_groups):
            values: list[object] = []
            for code, user, nonce, _ in some:
                values += (int(code), user, nonce)
            for grp, user, nonce, *row in connection.execute(lookup(table, len(some)), (*values, since_ms)):
                key, entry = (str(grp), user, nonce), entry_of(tuple(row), frozenset())
                if key not in older or older[key].seq < entry.seq:
                    older[key] = entry
        found = {**older, **found}
    return found


def find_asked(main: Connection, wanted: Sequence[Wanted], since_ms: int) -> dict[Key, Used]:
    """Return what else each nonce was used for at or after `since_ms`."""
    found: dict[Key, Used] = {}
    for some in _batches(wanted):
        values: list[object] = []
        for code, user, nonce, _ in some:
            values += (code, user, nonce)
        for row in main.execute(answers_lookup(len(some)), (*values, since_ms + DAY_MS)):
            asked = Asked(*row)
            found[asked.code, asked.user, asked.nonce] = asked
    return found


def _batches(wanted: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    """Yield what one statement asks for at a time."""
    left = iter(wanted)
    while some := list(islice(left, MAX_ROWS)):
        yield some


# Only names of ours stand in the two statements below, hence the silenced checks; values are parameters. They go from
# what is wanted to the table, however small that is.
@lru_cache(maxsize=1024)
def lookup(table: str, rows: int) -> str:
    """Return the statement that looks for so many nonces among entries."""
    places = ", ".join(["(?, ?, ?)"] * rows)
    matches = "e.grp = w.grp AND e.user = w.user AND e.nonce = w.nonce"
    return (
        f"WITH wanted (grp, user, nonce) AS (VALUES {places}) SELECT e.grp, e.user, e.nonce, {ENTRY} "  # noqa: S608
        f"FROM wanted w CROSS JOIN {table} e INDEXED BY entry_nonce ON {matches} WHERE e.ts >= ?"
    )


@lru_cache(maxsize=1024)
def answers_lookup(rows: int) -> str:
    """Return the statement that looks for so many nonces among what was asked for otherwise."""
    places = ", ".join(["(?, ?, ?)"] * rows)
    columns = ", ".join(f"a.{column}" for column in ANSWER)
    return (
        f"WITH wanted (code, user, nonce) AS (VALUES {places}) SELECT {columns} "  # noqa: S608
        "FROM wanted w CROSS JOIN answers a ON a.user = w.user AND a.code = w.code AND a.nonce = w.nonce "
        "WHERE a.until_ms > ?"
    )
