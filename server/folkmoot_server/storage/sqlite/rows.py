"""Carrying out row changes on the driver: neighbours of one shape go to it as one call."""

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from sqlite3 import Connection

from ..change_set import RowChange
from ..sql.row_changes import OPEN_ONLY, Shape, removal, shape_of, upsert, values_of


def execute(raw: Connection, changes: Iterable[RowChange]) -> None:
    """Carry out `changes` in their order, inside the caller's transaction."""
    for shape, run in groupby(changes, shape_of):
        raw.executemany(_sql(shape), [tuple(values_of(change).values()) for change in run])


@cache
def _sql(shape: Shape) -> str:
    if shape.is_upsert and shape.table in OPEN_ONLY:
        named = ", ".join(f'? AS "{column}"' for column in shape.columns)
        return upsert(shape, f"SELECT {named}")
    if shape.is_upsert:
        return upsert(shape, f"VALUES ({', '.join('?' * len(shape.columns))})")
    return removal(shape, lambda column: "?")
