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

from ..change_set import Remove, RowChange, Update, Upsert
from ..sql.row_changes import Shape, keys_of, names, removal, shape_of, update, upsert, values_of
from ..sql.tables import metadata

Statement = tuple[str, Sequence[Sequence[Any]]]
"""SQL, and an array per column."""

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
        self._keys = keys_of(table)
        self._wide: list[RowChange] = []
        self._single: dict[tuple[Any, ...], RowChange] = {}
        self._touched: set[tuple[str, Any]] = set()
        self._any_touched = False

    def take(self, change: RowChange) -> bool:
        """Add a change; False if it must come after those taken."""
        if isinstance(change, Remove) and not self._is_single(change):
            return self._take_wide(change)
        values = values_of(change)
        key = tuple(values[name] for name in self._keys)
        earlier = self._single.get(key)
        if earlier is not None and shape_of(earlier) != shape_of(change):
            return False
        self._single[key] = change
        self._touched.update((name, values[name]) for name in ("code", "user") if name in values)
        # A removal that names neither (a token by its hash) may hit anybody's row.
        self._any_touched |= "code" not in values and "user" not in values
        return True

    def _is_single(self, change: Remove) -> bool:
        return change.until_ms is None and change.where.keys() == set(self._keys)

    def _take_wide(self, change: Remove) -> bool:
        named = [item for item in change.where.items() if item[0] != change.but]
        if self._single and (self._any_touched or all(item in self._touched for item in named)):
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
        alike[shape_of(change)].append(values_of(change))
    for shape, rows in alike.items():
        yield _sql(shape), [[_without_nul(row[name]) for row in rows] for name in shape.columns]


def _without_nul(value: Any) -> Any:
    """Return a value as PostgreSQL can hold it: its text has no NUL."""
    return value.replace(NUL, REPLACEMENT) if isinstance(value, str) and NUL in value else value


@cache
def _sql(shape: Shape) -> str:
    if shape.kind is Upsert:
        return upsert(shape, f"SELECT * FROM {_unnest(shape)} AS given ({names(shape.columns)})")  # noqa: S608  # our own names
    if shape.kind is Update:
        given = f" FROM {_unnest(shape)} AS given ({names(shape.columns)})"
        return update(shape, lambda column: f'given."{column}"', given)
    using = f" USING {_unnest(shape)} AS gone ({names(shape.columns)})"
    return removal(shape, lambda column: f'gone."{column}"', using)


def _unnest(shape: Shape) -> str:
    """Return the table that an array per column makes."""
    columns = metadata.tables[shape.table].c
    types = ["text" if isinstance(columns[name].type, Text) else "bigint" for name in shape.columns]
    return f"unnest({', '.join(f'${number}::{kind}[]' for number, kind in enumerate(types, 1))})"
