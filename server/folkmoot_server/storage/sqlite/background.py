"""Reading off the hot path: aiosqlite, each connection with a thread of its own.

What nobody waits for with a post or a sign-in in hand (search, the index, lists of administration and jobs) is asked
here a statement at a time. It neither waits for the snapshot readers of the hot path nor keeps them waiting.
"""

from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite

from ..change_set import StorageError
from ..sql.fetch import Rows, Statement, compiled
from .database import FAILURES, MAIN, connect_raw

CHUNK = 64
"""Rows that aiosqlite fetches at a time where a cursor is gone through; nothing here does."""


async def connect(path: Path, *, read_only: bool = True) -> aiosqlite.Connection:
    """Open a file as `connect_raw` does, in a thread of its own."""
    return await aiosqlite.Connection(partial(connect_raw, path, read_only=read_only), CHUNK)


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
