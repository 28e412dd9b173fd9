"""The access log's files: one SQLite file per month, as the journal's, and a thread of its own that has them."""

import asyncio
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar

from ..api import BEHIND, AccessBlock, Segment
from ..change_set import StorageError
from .database import FAILURES, connect_raw
from .rotation import clear, set_aside
from .segments import Segments
from .worker import Worker

T = TypeVar("T")

DIRECTORY = "access"

SCHEMA = """
    CREATE TABLE IF NOT EXISTS block (
        number INTEGER PRIMARY KEY, first_ts INTEGER NOT NULL, last_ts INTEGER NOT NULL, node TEXT NOT NULL,
        records INTEGER NOT NULL, sealed BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS who (
        user TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (user, number)) WITHOUT ROWID;
"""
_ADD = "INSERT INTO block (first_ts, last_ts, node, records, sealed) VALUES (?, ?, ?, ?, ?)"
# One statement for all of them: each would take the interpreter from the event loop.
_NAME = "INSERT INTO who SELECT value, ? FROM json_each(?)"
_ALL = """SELECT first_ts, last_ts, node, records, sealed, number FROM block
    WHERE number < ? ORDER BY number DESC LIMIT ?"""
_AFTER = """SELECT first_ts, last_ts, node, records, sealed, number FROM block
    WHERE number > ? ORDER BY number LIMIT ?"""
_NAMING = """SELECT first_ts, last_ts, node, records, sealed, number FROM block JOIN who USING (number)
    WHERE number < ? AND user = ? ORDER BY number DESC LIMIT ?"""


class SqliteAccessLog:
    """`api.AccessLog` in a directory beside the journal's."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._segments = Segments(data_dir / DIRECTORY)
        self._open: dict[str, Connection] = {}
        self._thread = Worker("access")

    async def append(self, month: str, block: AccessBlock) -> None:
        await self._run(lambda: self._append(month, block))

    def _append(self, month: str, block: AccessBlock) -> None:
        file = self._connect(month)
        file.execute("BEGIN IMMEDIATE")
        try:
            values = (block.first_ts, block.last_ts, block.node, block.records, block.sealed)
            number = file.execute(_ADD, values).lastrowid
            file.execute(_NAME, (number, json.dumps(block.users)))
            file.execute("COMMIT")
        except BaseException:
            if file.in_transaction:
                file.execute("ROLLBACK")
            raise

    def _connect(self, month: str) -> Connection:
        file = self._open.get(month)
        if file is None:
            # Of a month that is over nothing is asked for long.
            self._close([one for one in self._open if one != month])
            file = self._open[month] = connect_raw(self._segments.path(month), read_only=False)
            # Nobody is told that a record is stored: a loss of power may cost the last seconds.
            file.execute("PRAGMA main.synchronous = NORMAL")
            file.executescript(SCHEMA)
            self._segments.add(month)
        return file

    async def blocks(self, month: str, user: str = "", before: int = BEHIND, limit: int = 100) -> Sequence[AccessBlock]:
        asked = (before, user, limit) if user else (before, limit)
        return await self._run(lambda: self._blocks(month, _NAMING if user else _ALL, asked))

    async def blocks_after(self, month: str, number: int, limit: int) -> Sequence[AccessBlock]:
        return await self._run(lambda: self._blocks(month, _AFTER, (number, limit)))

    def _blocks(self, month: str, statement: str, asked: tuple[object, ...]) -> list[AccessBlock]:
        if month not in self._segments.months:
            return []
        file = self._connect(month)
        return [
            AccessBlock(first, last, node, records, (), sealed, number)
            for first, last, node, records, sealed, number in file.execute(statement, asked)
        ]

    async def segments(self) -> Sequence[Segment]:
        return [self._segments.describe(month) for month in self._segments.months]

    async def remove(self, months: Collection[str]) -> None:
        await self._run(lambda: self._remove(months))
        try:
            await asyncio.to_thread(clear, self._data_dir)
        except OSError as error:
            raise StorageError(f"what was removed cannot be freed: {error}") from error

    def _remove(self, months: Collection[str]) -> None:
        self._close(months)
        self._segments.drop(months)
        for month in months:
            set_aside(self._segments.path(month))

    def _close(self, months: Iterable[str]) -> None:
        for month in months:
            file = self._open.pop(month, None)
            if file is not None:
                file.close()

    async def _run(self, act: Callable[[], T]) -> T:
        try:
            return await self._thread.run(act)
        except FAILURES as error:
            raise StorageError(f"cannot use the access log: {error}") from error

    async def close(self) -> None:
        """Finish what runs and close the files."""
        await self._run(lambda: self._close(list(self._open)))
        self._thread.shut_down()
