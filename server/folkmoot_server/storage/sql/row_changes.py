"""What a row change is in SQL, for both databases: which changes have one shape, and the statement for a shape.

`sqlite.rows` and `postgres.rows` say how the values of many rows come into a statement; all else is the same.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ..change_set import RowChange, Upsert
from .tables import metadata

GROWING = {"read_marks": "seq"}
"""Columns that never go back: of two nodes that write one, the one that knows less may be the later."""

END = "until_ms"
"""The column that a removal of what has ended compares, rather than equals."""


class Shape(NamedTuple):
    """What decides the statement of a change; `columns` are those of its values, in their order."""

    is_upsert: bool
    table: str
    columns: tuple[str, ...]


def shape_of(change: RowChange) -> Shape:
    """Return the shape of a change."""
    return Shape(isinstance(change, Upsert), change.table, tuple(values_of(change)))


def values_of(change: RowChange) -> Mapping[str, Any]:
    """Return the values of a change by column; the end that a removal goes by is one of them."""
    if isinstance(change, Upsert):
        return change.values
    return change.where if change.until_ms is None else change.where | {END: change.until_ms}


def keys_of(table: str) -> list[str]:
    """Return the columns of a table's primary key."""
    return [column.name for column in metadata.tables[table].primary_key]


OPEN_ONLY = frozenset({"notices"})
"""Tables in which an account that is closed gets no rows: by what, and when, it was closed need not be known before."""


# Names of our own tables and columns stand in the two statements below; values are parameters, hence the silenced S608.
def upsert(shape: Shape, rows: str) -> str:
    """Return the statement that writes `rows`, SQL that gives the values of the columns in their order."""
    if shape.table in OPEN_ONLY:
        is_open = 'EXISTS (SELECT 1 FROM accounts WHERE accounts."user" = new."user" AND accounts.closed_ts = 0)'
        rows = f"SELECT * FROM ({rows}) AS new WHERE {is_open}"  # noqa: S608
    keys = keys_of(shape.table)
    settable = [f'"{column}" = excluded."{column}"' for column in shape.columns if column not in keys]
    act = f"UPDATE SET {', '.join(settable)}" if settable else "NOTHING"
    if column := GROWING.get(shape.table):
        act += f' WHERE excluded."{column}" > {shape.table}."{column}"'
    return f"INSERT INTO {shape.table} ({names(shape.columns)}) {rows} ON CONFLICT ({names(keys)}) DO {act}"


def removal(shape: Shape, value: Callable[[str], str], using: str = "") -> str:
    """Return the statement that removes rows; `value` gives the SQL that a column is compared with."""
    tests = [f'old."{column}" {"<=" if column == END else "="} {value(column)}' for column in shape.columns]
    return f"DELETE FROM {shape.table} AS old{using} WHERE {' AND '.join(tests)}"  # noqa: S608


def names(columns: Iterable[str]) -> str:
    """Return names of columns as SQL lists them."""
    return ", ".join(f'"{column}"' for column in columns)
