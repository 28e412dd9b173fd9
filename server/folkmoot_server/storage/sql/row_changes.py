"""Carrying out row changes through SQLAlchemy: neighbours of one shape go to the driver as one call."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, Connection, Executable, bindparam, delete
from sqlalchemy.dialects.sqlite import insert

from ..change_set import Remove, RowChange, Upsert
from .tables import metadata

Shape = tuple[bool, str, tuple[str, ...]]


def execute(main: Connection, changes: Iterable[RowChange]) -> None:
    """Carry out `changes` in their order, inside the caller's transaction."""
    for shape, run in groupby(changes, _shape):
        main.execute(_statement(shape), list(_parameters(run)))


def _shape(change: RowChange) -> Shape:
    """Return what decides the statement: upsert or removal, table, columns; `until_ms` counts as a column."""
    if isinstance(change, Upsert):
        return True, change.table, tuple(change.values)
    ends = () if change.until_ms is None else ("until_ms",)
    return False, change.table, (*change.where, *ends)


def _parameters(changes: Iterable[RowChange]) -> Iterator[dict[str, Any]]:
    """Yield parameters, renamed: SQLAlchemy keeps a column's own name for itself."""
    for change in changes:
        if isinstance(change, Remove):
            ends = {} if change.until_ms is None else {"until_ms": change.until_ms}
            yield {f"p_{name}": value for name, value in (change.where | ends).items()}
        else:
            yield {f"p_{name}": value for name, value in change.values.items()}


@cache
def _statement(shape: Shape) -> Executable:
    is_upsert, name, columns = shape
    return _upsert(name, columns) if is_upsert else _removal(name, columns)


def _upsert(name: str, columns: tuple[str, ...]) -> Executable:
    table = metadata.tables[name]
    new = insert(table).values({column: bindparam(f"p_{column}") for column in columns})
    keys = [column.name for column in table.primary_key]
    settable = {column: new.excluded[column] for column in columns if column not in keys}
    if not settable:
        return new.on_conflict_do_nothing(index_elements=keys)
    return new.on_conflict_do_update(index_elements=keys, set_=settable)


def _removal(name: str, columns: tuple[str, ...]) -> Executable:
    table = metadata.tables[name]
    statement = delete(table)
    for column in columns:
        value: BindParameter[Any] = bindparam(f"p_{column}")
        ended = column == "until_ms"
        statement = statement.where(table.c[column] <= value if ended else table.c[column] == value)
    return statement
