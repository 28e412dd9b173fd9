"""Reading rows: statements compiled once, run on the driver itself."""

from collections.abc import Sequence
from functools import cache
from sqlite3 import Connection as RawConnection
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import CompoundSelect, Connection, Select
from sqlalchemy.dialects import sqlite


def raw_of(connection: Connection) -> RawConnection:
    """Return the driver's connection below SQLAlchemy's."""
    raw = _raw.get(connection)
    if raw is None:
        found: Any = connection.connection.driver_connection
        assert isinstance(found, RawConnection)
        raw = _raw[connection] = found
    return raw


def fetch(main: Connection, query: Select[Any], **values: Any) -> list[dict[str, Any]]:
    """Return the rows of a query with `bindparam`s, each by its columns' names; the query is kept for good.

    On SQLite it goes straight to the driver: a few rows by their key cost SQLAlchemy ten times what they cost SQLite.
    Only for columns of text and numbers, which need no conversion.
    """
    names = _compiled(query)[2]
    return [dict(zip(names, row, strict=True)) for row in fetch_plain(main, query, **values)]


def fetch_plain(main: Connection, query: Select[Any] | CompoundSelect[Any], **values: Any) -> Sequence[Sequence[Any]]:
    """As `fetch`, with the rows as they are."""
    if main.dialect.name != "sqlite":
        return main.execute(query, values).all()
    text, constants, _ = _compiled(query)
    return raw_of(main).execute(text, constants | values).fetchall()


@cache
def _compiled(query: Select[Any] | CompoundSelect[Any]) -> tuple[str, dict[str, Any], list[str]]:
    """Return a query as SQLite takes it, the values that stand in it already, and its columns' names."""
    compiled = query.compile(dialect=sqlite.dialect(paramstyle="named"))
    return str(compiled), dict(compiled.params), list(query.selected_columns.keys())


_raw: WeakKeyDictionary[Connection, RawConnection] = WeakKeyDictionary()
"""Asked of SQLAlchemy each time, this would cost as much as a quick query."""
