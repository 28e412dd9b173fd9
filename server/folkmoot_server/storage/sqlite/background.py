"""Reading off the hot path: aiosqlite, each connection with a thread of its own.

What nobody waits for with a post or a sign-in in hand (search, the index, lists of administration and jobs) is asked
here a statement at a time. It neither waits for the snapshot readers of the hot path nor keeps them waiting.
"""

from collections import OrderedDict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any, NamedTuple

import aiosqlite

from ..change_set import StorageError
from ..sql.fetch import Rows, Statement, compiled
from .database import FAILURES, MAIN, connect_raw, read_only_uri
from .segments import Segments

CHUNK = 64
"""Rows that aiosqlite fetches at a time where a cursor is gone through; nothing here does."""

MAX_ATTACHED = 8
"""Months that stay attached to a connection; SQLite allows ten."""


def connect(path: Path, *, read_only: bool = True) -> aiosqlite.Connection:
    """Return a connection, to be awaited or entered, that `connect_raw` opens in a thread of its own."""
    connection = aiosqlite.Connection(partial(connect_raw, path, read_only=read_only), CHUNK)
    # Who ends without having closed the store must not wait for its threads for ever. SQLAlchemy does the same.
    connection._thread.daemon = True
    return connection


async def rows(connection: aiosqlite.Connection, statement: str, *values: object) -> list[Any]:
    """Return the rows of a statement."""
    return list(await connection.execute_fetchall(statement, values))


class Tables:
    """The main file, asked one statement at a time."""

    def __init__(self, main: aiosqlite.Connection) -> None:
        self._main = main

    @classmethod
    async def open(cls, data_dir: Path) -> "Tables":
        """Connect to a main file that is there, and migrated."""
        return cls(await connect(data_dir / MAIN))

    async def ask(self, statement: Statement, /, **values: Any) -> Rows:
        """See `sql.fetch.Ask`."""
        text, constants = compiled(statement)
        try:
            return list(await self._main.execute_fetchall(text, constants | values))
        except FAILURES as error:
            raise StorageError(f"cannot read: {error}") from error

    async def close(self) -> None:
        """Finish what runs and close the file."""
        await self._main.close()


class Attached(NamedTuple):
    """A month's file where it is attached; in statements `{month}` stands for the name that it has there."""

    connection: aiosqlite.Connection
    name: str

    async def rows(self, statement: str, *values: object) -> list[Any]:
        """Return the rows of a statement."""
        return await rows(self.connection, statement.format(month=self.name), *values)


class AttachedMonths:
    """A connection to which the files of months are attached as they are asked for. One caller at a time.

    The least recently used are let go.
    """

    def __init__(self, connection: aiosqlite.Connection, files: Segments) -> None:
        self._connection = connection
        self._files = files
        self._attached: OrderedDict[str, Attached] = OrderedDict()

    async def get(self, month: str) -> Attached | None:
        """Return where a month's tables are found, None if there is no such file (any more)."""
        if month not in self._attached and not await self._attach(month):
            return None
        self._attached.move_to_end(month)
        return self._attached[month]

    async def _attach(self, month: str) -> bool:
        if month not in self._files.months:
            return False
        if len(self._attached) >= MAX_ATTACHED:
            await self.forget([next(iter(self._attached))])
        path, name = self._files.path(month), f"m{month.replace('-', '_')}"
        # Noted first: once handed over it is carried out, even if nobody waits for it any more.
        self._attached[month] = Attached(self._connection, name)
        try:
            await rows(self._connection, f"ATTACH DATABASE ? AS {name}", read_only_uri(path))
        except OperationalError:
            del self._attached[month]
            if path.exists():
                raise
            return False
        return True

    async def forget(self, months: Iterable[str]) -> None:
        """Let go of months, so that the space of removed files comes free."""
        for month in months:
            attached = self._attached.pop(month, None)
            if attached is not None:
                await rows(self._connection, f"DETACH DATABASE {attached.name}")

    async def close(self) -> None:
        """Close the connection and all files."""
        await self._connection.close()
