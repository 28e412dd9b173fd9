"""Carrying out row changes on the driver: neighbours of one shape go to it as one call."""

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from sqlite3 import Connection

from ..change_set import RowChange, Update, Upsert
from ..sql.row_changes import OPEN_ONLY, Shape, removal, shape_of, update, upsert, values_of


def execute(raw: Connection, changes: Iterable[RowChange]) -> None:
    """Carry out `changes` in their order, inside the caller's transaction."""
    for shape, run in groupby(changes, shape_of):
        raw.executemany(_sql(shape), [tuple(values_of(change).values()) for change in run])


@cache
def _sql(shape: Shape) -> str:
    if shape.kind is Upsert and shape.table in OPEN_ONLY:
        named = ", ".join(f'? AS "{column}"' for column in shape.columns)
        return upsert(shape, f"SELECT {named}")
    if shape.kind is Upsert:
        return upsert(shape, f"VALUES ({', '.join('?' * len(shape.columns))})")
    # By number: an update names its columns in another order than they come in.
    number = {column: f"?{place}" for place, column in enumerate(shape.columns, 1)}
    return update(shape, number.__getitem__) if shape.kind is Update else removal(shape, number.__getitem__)
