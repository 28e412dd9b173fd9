"""Row changes as few statements as PostgreSQL can carry out: one for all rows of a table that have one shape.

What a batch changes is put in the order of tables, and within a statement in the order of keys, so that two nodes that
write read marks of the same account touch their rows in the same order. Foreign keys are deferred: tables may come in
any order. Within a table changes keep their order where it matters.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Text

from ..change_set import Remove, RowChange, Upsert
from ..sql.tables import metadata

Statement = tuple[str, Sequence[Sequence[Any]]]
"""SQL, and an array per column."""

Shape = tuple[bool, str, tuple[str, ...]]

NUL, REPLACEMENT = "\x00", "\ufffd"


def statements(changes: Iterable[RowChange]) -> Iterator[Statement]:
    """Yield the statements that carry out `changes`."""
    tables: dict[str, Run] = {}
    done: dict[str, list[Statement]] = defaultdict(list)
    for change in changes:
        run = tables.setdefault(change.table, Run(change.table))
        if not run.take(change):
            done[change.table] += run.statements()
            run = tables[change.table] = Run(change.table)
            run.take(change)
    for table, run in sorted(tables.items()):
        yield from done[table]
        yield from run.statements()


class Run:
    """Changes of one table that may be carried out as: first all removals of many rows, then those of single rows."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._keys = [column.name for column in metadata.tables[table].primary_key]
        self._wide: list[RowChange] = []
        self._single: dict[tuple[Any, ...], RowChange] = {}
        self._touched: set[tuple[str, Any]] = set()
        self._any_touched = False

    def take(self, change: RowChange) -> bool:
        """Add a change; False if it must come after those taken."""
        if isinstance(change, Remove) and not self._is_single(change):
            return self._take_wide(change)
        values = change.values if isinstance(change, Upsert) else change.where
        key = tuple(values[name] for name in self._keys)
        earlier = self._single.get(key)
        if earlier is not None and _shape(earlier) != _shape(change):
            return False
        self._single[key] = change
        self._touched.update((name, values[name]) for name in ("code", "user") if name in values)
        # A removal that names neither (a token by its hash) may hit anybody's row.
        self._any_touched |= "code" not in values and "user" not in values
        return True

    def _is_single(self, change: Remove) -> bool:
        return change.until_ms is None and change.where.keys() == set(self._keys)

    def _take_wide(self, change: Remove) -> bool:
        if self._single and (self._any_touched or all(item in self._touched for item in change.where.items())):
            return False
        self._wide.append(change)
        return True

    def statements(self) -> Iterator[Statement]:
        """Yield what carries the changes out."""
        yield from _by_shape(self._wide)
        yield from _by_shape([self._single[key] for key in sorted(self._single)])


def _by_shape(changes: Iterable[RowChange]) -> Iterator[Statement]:
    """Yield a statement for each shape among changes whose order does not matter."""
    alike: dict[Shape, list[Mapping[str, Any]]] = defaultdict(list)
    for change in changes:
        alike[_shape(change)].append(_values(change))
    for shape, rows in alike.items():
        yield _sql(shape), [[row[name] for row in rows] for name in shape[2]]


def _shape(change: RowChange) -> Shape:
    """Return what decides the statement: upsert or removal, table, columns; `until_ms` counts as a column."""
    if isinstance(change, Upsert):
        return True, change.table, tuple(change.values)
    return False, change.table, tuple(_values(change))


def _values(change: RowChange) -> Mapping[str, Any]:
    """Return the values of a change, as PostgreSQL can hold them: its text has no NUL."""
    if isinstance(change, Upsert):
        return {name: _without_nul(value) for name, value in change.values.items()}
    return change.where if change.until_ms is None else change.where | {"until_ms": change.until_ms}


def _without_nul(value: Any) -> Any:
    return value.replace(NUL, REPLACEMENT) if isinstance(value, str) and NUL in value else value


@cache
def _sql(shape: Shape) -> str:
    is_upsert, table, columns = shape
    return _upsert(table, columns) if is_upsert else _removal(table, columns)


# Names of our own tables and columns stand in the two statements below; values are parameters, hence the silenced S608.
def _upsert(name: str, columns: tuple[str, ...]) -> str:
    keys = [column.name for column in metadata.tables[name].primary_key]
    settable = [f'"{column}" = excluded."{column}"' for column in columns if column not in keys]
    act = f"UPDATE SET {', '.join(settable)}" if settable else "NOTHING"
    return (
        f"INSERT INTO {name} ({_names(columns)}) SELECT * FROM {_unnest(name, columns)} "  # noqa: S608
        f"ON CONFLICT ({_names(keys)}) DO {act}"
    )


def _removal(name: str, columns: tuple[str, ...]) -> str:
    tests = [f'old."{column}" {"<=" if column == "until_ms" else "="} gone."{column}"' for column in columns]
    gone = f"{_unnest(name, columns)} AS gone ({_names(columns)})"
    return f"DELETE FROM {name} AS old USING {gone} WHERE {' AND '.join(tests)}"  # noqa: S608


def _unnest(name: str, columns: Sequence[str]) -> str:
    table = metadata.tables[name]
    types = ["text" if isinstance(table.c[column].type, Text) else "bigint" for column in columns]
    return f"unnest({', '.join(f'${number}::{kind}[]' for number, kind in enumerate(types, 1))})"


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
