"""What a row change is in SQL, for both databases: which changes have one shape, and the statement for a shape.

`sqlite.rows` and `postgres.rows` say how the values of many rows come into a statement; all else is the same.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from folkmoot_governance.media import MOVES

from ..change_set import Remove, RowChange, Update, Upsert
from .tables import metadata

GROWING = {"read_marks": "seq", "announcement_marks": "ts"}
"""Columns that never go back: of two nodes that write one, the one that knows less may be the later."""

END = "until_ms"
"""The column that a removal of what has ended compares, rather than equals."""


class Shape(NamedTuple):
    """What decides the statement of a change; `columns` are those of its values, in their order. `but`: of `Remove`."""

    kind: type[RowChange]
    table: str
    columns: tuple[str, ...]
    but: str = ""


def shape_of(change: RowChange) -> Shape:
    """Return the shape of a change."""
    but = change.but if isinstance(change, Remove) else ""
    return Shape(type(change), change.table, tuple(values_of(change)), but)


def values_of(change: RowChange) -> Mapping[str, Any]:
    """Return the values of a change by column; the end that a removal goes by is one of them."""
    if isinstance(change, Upsert | Update):
        return change.values
    return change.where if change.until_ms is None else change.where | {END: change.until_ms}


def keys_of(table: str) -> list[str]:
    """Return the columns of a table's primary key."""
    return [column.name for column in metadata.tables[table].primary_key]


OPEN_ONLY = frozenset({"notices", "announcement_marks", "follows"})
"""Tables in which an account that is closed gets no rows: by what, and when, it was closed need not be known before."""


STEPS = {"media": ("state", frozenset(f"{was} {now}" for now, some in MOVES.items() for was in some))}
"""Columns that go from some values to some others only: whatever else was to be set with another change is not."""


# Names of our own tables and columns stand in these three statements; values are parameters, hence the silenced S608.
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


def update(shape: Shape, value: Callable[[str], str], given: str = "") -> str:
    """Return the statement that changes rows; `value` gives the SQL that a column is set to, or compared with."""
    keys = keys_of(shape.table)
    changed = [f'"{column}" = {value(column)}' for column in shape.columns if column not in keys]
    tests = [f'old."{column}" = {value(column)}' for column in keys]
    column, steps = STEPS.get(shape.table, ("", frozenset()))
    if column in shape.columns:
        known = ", ".join(f"'{step}'" for step in sorted(steps))
        tests.append(f"""old."{column}" || ' ' || {value(column)} IN ({known})""")
    return f"UPDATE {shape.table} AS old SET {', '.join(changed)}{given} WHERE {' AND '.join(tests)}"  # noqa: S608


def removal(shape: Shape, value: Callable[[str], str], using: str = "") -> str:
    """Return the statement that removes rows; `value` gives the SQL that a column is compared with."""
    signs = {END: "<=", shape.but: "<>"}
    tests = [f'old."{column}" {signs.get(column, "=")} {value(column)}' for column in shape.columns]
    return f"DELETE FROM {shape.table} AS old{using} WHERE {' AND '.join(tests)}"  # noqa: S608


def names(columns: Iterable[str]) -> str:
    """Return names of columns as SQL lists them."""
    return ", ".join(f'"{column}"' for column in columns)
