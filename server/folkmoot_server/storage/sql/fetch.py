"""Asking for rows: the two ways in which the nouns of `sql.ledger` read, and statements compiled once for SQLite.

What must be of one instant though it takes several statements, or is asked on the hot path, is a function of a
connection (`Read`). All else is one statement, with `bindparam`s, that is handed over as it is (`Ask`).
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from sqlite3 import Connection as RawConnection
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import CompoundSelect, Connection, Select
from sqlalchemy.dialects import sqlite

P = ParamSpec("P")
T = TypeVar("T")

Statement = Select[Any] | CompoundSelect[Any]
"""A statement with `bindparam`s. It is kept for good: constants, and what is cached by shape, never one per call."""

Rows = Sequence[Any]
"""Rows of a statement, each a tuple or what unpacks like one."""


class Read(Protocol):
    """Returns what a function gives that is called with a connection, in one transaction. Raises StorageError."""

    def __call__(
        self, read: Callable[Concatenate[Connection, P], T], /, *args: P.args, **more: P.kwargs
    ) -> Awaitable[T]: ...


class Ask(Protocol):
    """Returns the rows of one statement, as of the last commit before the call. Raises StorageError."""

    async def __call__(self, statement: Statement, /, **values: Any) -> Rows: ...


class SqlReads:
    """What each noun of the ledger reads through."""

    def __init__(self, read: Read, ask: Ask) -> None:
        self._read = read
        self._ask = ask


def can_hold(name: str) -> bool:
    """Say whether text can hold a name everywhere (PostgreSQL's has no NUL); what it cannot hold is nobody's name."""
    return "\x00" not in name


def raw_of(connection: Connection) -> RawConnection:
    """Return the driver's connection below SQLAlchemy's."""
    raw = _raw.get(connection)
    if raw is None:
        found: Any = connection.connection.driver_connection
        assert isinstance(found, RawConnection)
        raw = _raw[connection] = found
    return raw


def fetch(main: Connection, statement: Statement, **values: Any) -> list[dict[str, Any]]:
    """Return the rows of a statement, each by its columns' names.

    On SQLite it goes straight to the driver: a few rows by their key cost SQLAlchemy ten times what they cost SQLite.
    Only for columns of text and numbers, which need no conversion.
    """
    return named(statement, fetch_plain(main, statement, **values))


def fetch_plain(main: Connection, statement: Statement, **values: Any) -> Rows:
    """As `fetch`, with the rows as they are."""
    if main.dialect.name != "sqlite":
        return main.execute(statement, values).all()
    text, constants = compiled(statement)
    return raw_of(main).execute(text, constants | values).fetchall()


def named(statement: Statement, rows: Rows) -> list[dict[str, Any]]:
    """Return rows of a statement by its columns' names."""
    names = _names(statement)
    return [dict(zip(names, row, strict=True)) for row in rows]


@cache
def compiled(statement: Statement) -> tuple[str, dict[str, Any]]:
    """Return a statement as SQLite takes it, and the values that stand in it already."""
    found = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    return str(found), dict(found.params)


@cache
def _names(statement: Statement) -> list[str]:
    return list(statement.selected_columns.keys())


_raw: WeakKeyDictionary[Connection, RawConnection] = WeakKeyDictionary()
"""Asked of SQLAlchemy each time, this would cost as much as a quick query."""
