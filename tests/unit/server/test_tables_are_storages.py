"""What a table is called, and what SQL is, storage alone knows: everybody else gets row changes from `changes`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import folkmoot_server

PACKAGE = Path(folkmoot_server.__file__).parent
OUTSIDE = sorted(path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != "storage")
DRIVERS = {"sqlite3", "aiosqlite", "sqlalchemy", "asyncpg", "alembic"}
SQL = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|DELETE FROM|UPDATE \w+ SET)\b", re.DOTALL)
BY_TABLE = {"Upsert", "Remove"}
"""What is made with a table's name."""


def faults(source: str) -> Iterator[str]:
    """Yield what a file of code may not have outside storage, each with its line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                used = {name.name.partition(".")[0] for name in names} & DRIVERS
            case ast.ImportFrom(module=module, names=names, level=level):
                path = (module or "").split(".")
                used = {name.name for name in names} & BY_TABLE
                used |= {path[0]} & DRIVERS if not level else {"tables"} & {*path, *(name.name for name in names)}
            case ast.Attribute(attr=name) if name in BY_TABLE:
                used = {name}
            case ast.Constant(value=str(text)) if SQL.search(text):
                used = {text}
            case _:
                continue
        yield from (f"line {node.lineno}: {one}" for one in sorted(used))


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_outside_storage_names_a_table(path: Path) -> None:
    assert list(faults(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "from ..storage.change_set import ChangeSet, Upsert",
        "from ..storage import change_set\nrow = change_set.Remove('tokens', {})",
        "from ..storage.sql.tables import accounts",
        "from ..storage.sql import tables",
        "import sqlite3",
        "from sqlalchemy import select",
        "query = 'SELECT user FROM accounts'",
    ],
)
def test_each_way_to_name_one_is_noticed(source: str) -> None:
    assert len(list(faults(source))) == 1
