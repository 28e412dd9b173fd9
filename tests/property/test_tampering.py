"""Files and rows changed at random: whatever is evidence and reads otherwise afterwards, `db verify` finds.

FOLKMOOT_TAMPERINGS=1000 for a long run.
"""

import asyncio
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from folkmoot_server.storage.change_set import StorageError
from folkmoot_server.storage.check.beside import BESIDE, LASTING
from folkmoot_server.storage.check.filings import OF_STAFF, OF_THE_MEASURE
from folkmoot_server.storage.check.verify import COMPARED, verify
from folkmoot_server.storage.sql.tables import metadata
from tests.integration.storage.kit import opened
from tests.integration.storage.operator import tell

TAMPERINGS = int(os.environ.get("FOLKMOOT_TAMPERINGS", "25"))
MAIN = "folkmoot.sqlite3"
OF_A_TABLE = {
    "ledger": ("position", "stream", "version", "ts", "type", "actor", "data"),
    "checkpoints": ("size", "note"),
    "reach": ("code", "followers"),
    "filings": ("case", *OF_THE_MEASURE, *OF_STAFF),
    **{table: (*columns.key, *columns.known) for table, columns in BESIDE.items()},
}
"""The columns that are evidence, of tables where not all are: the others are for storage's own use, or no event has
them."""
IN_MAIN = {
    table: OF_A_TABLE.get(table, tuple(metadata.tables[table].columns.keys()))
    # What is beside the ledger may end by itself.
    for table in sorted({*COMPARED, "ledger"} - (BESIDE.keys() - {*LASTING}))
}
IN_A_MONTH = {
    "journal": {
        "entry": (
            "grp",
            "seq",
            "ts",
            "kind",
            "user",
            "display_name",
            "role",
            "tags",
            "body",
            "reply_to",
            "target",
            "data",
        ),
        "restricted": ("grp", "seq"),
    },
    "access": {
        "block": ("number", "first_ts", "last_ts", "node", "records", "sealed"),
        "who": ("user", "number"),
    },
}

# A checkpoint that is covered by a later one proves nothing that the later one does not.
ROWS = {"checkpoints": "WHERE size = (SELECT max(size) FROM checkpoints)"}

Content = dict[str, Any]
"""What is evidence, by file and table: its rows, or why it cannot be read."""


def tables_of(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the tables of a file that are evidence, each with its columns that are."""
    return IN_MAIN if path.name == MAIN else IN_A_MONTH[path.parent.name]


def files_of(data: Path) -> list[Path]:
    """Return the files with evidence in them."""
    return [data / MAIN, *sorted(data.glob("journal/*.sqlite3")), *sorted(data.glob("access/*.sqlite3"))]


def content_of(data: Path) -> Content:
    """Return all that is evidence in a store."""
    found: Content = {}
    for path in files_of(data):
        for table, columns in tables_of(path).items():
            names = ", ".join(f'"{one}"' for one in columns)
            place, which = f"{path.relative_to(data)} {table}", ROWS.get(table, "")
            try:
                with closing(sqlite3.connect(path)) as raw:
                    # NOT INDEXED: what is read from the table itself, which an index may not agree with.
                    found[place] = sorted(
                        raw.execute(f"SELECT {names} FROM {table} NOT INDEXED {which}").fetchall(), key=repr
                    )
            except (sqlite3.Error, UnicodeDecodeError) as error:
                found[place] = repr(error)
    return found


def change_bytes(random: Random, data: Path) -> None:
    """Change some bytes of a file."""
    path = random.choice(files_of(data))
    at, length = random.randrange(path.stat().st_size), random.choice((1, 1, 4, 100))
    with path.open("r+b") as file:
        file.seek(at)
        file.write(random.randbytes(length))


def change_text(random: Random, data: Path) -> None:
    """Change a character somewhere in what is written in a file."""
    path = random.choice(files_of(data))
    raw = bytearray(path.read_bytes())
    letters = [at for at, byte in enumerate(raw) if 0x61 <= byte <= 0x7A]
    raw[random.choice(letters)] = random.randrange(0x61, 0x7B)
    path.write_bytes(raw)


def cut_file(random: Random, data: Path) -> None:
    """Cut a file off somewhere."""
    path = random.choice(files_of(data))
    os.truncate(path, random.randrange(path.stat().st_size))


def swap_pages(random: Random, data: Path) -> None:
    """Put two pages of a file each in the other's place."""
    path = random.choice(files_of(data))
    raw, size = path.read_bytes(), 4096
    pages = [raw[at : at + size] for at in range(0, len(raw), size)]
    one, other = random.sample(range(len(pages)), 2)
    pages[one], pages[other] = pages[other], pages[one]
    path.write_bytes(b"".join(pages))


def delete_file(random: Random, data: Path) -> None:
    """Delete a file."""
    random.choice(files_of(data)).unlink()


def pick_row(random: Random, data: Path) -> tuple[sqlite3.Connection, str, tuple[str, ...], str, tuple[Any, ...]]:
    """Return a file, a table with its columns, and a row of it: where it stands, and its values."""
    while True:
        path = random.choice(files_of(data))
        table, columns = random.choice(sorted(tables_of(path).items()))
        raw = sqlite3.connect(path)
        keys = [name for _n, name, _t, _o, _d, key in raw.execute(f"PRAGMA table_info({table})") if key]
        rows = raw.execute(f"SELECT * FROM {table} NOT INDEXED").fetchall()
        if rows and keys:
            names = [one[1] for one in raw.execute(f"PRAGMA table_info({table})")]
            row = random.choice(rows)
            where = " AND ".join(f'"{key}" IS {literal(row[names.index(key)])}' for key in keys)
            return raw, table, columns, where, row
        raw.close()


def literal(value: Any) -> str:
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def another(random: Random, value: Any) -> Any:
    """Return another value, mostly of the same kind."""
    if isinstance(value, int):
        return random.choice((value + 1, value - 1, 0, -value, "x"))
    if isinstance(value, str) and value:
        at = random.randrange(len(value))
        return random.choice((value[:at] + random.choice('abc019"') + value[at + 1 :], value[:at], value + "x", "", 7))
    if isinstance(value, bytes) and value:
        return value[:-1] + bytes([value[-1] ^ 1])
    return random.choice((b"x", "x", 1))


def change_value(random: Random, data: Path) -> None:
    """Change a value of a row."""
    raw, table, columns, where, _row = pick_row(random, data)
    column = random.choice(columns)
    with closing(raw), raw:
        (value,) = raw.execute(f'SELECT "{column}" FROM {table} WHERE {where}').fetchone()
        raw.execute(f'UPDATE OR IGNORE {table} SET "{column}" = ? WHERE {where}', (another(random, value),))


def delete_row(random: Random, data: Path) -> None:
    """Delete a row."""
    raw, table, _columns, where, _row = pick_row(random, data)
    with closing(raw), raw:
        raw.execute(f"DELETE FROM {table} WHERE {where}")


def add_row(random: Random, data: Path) -> None:
    """Add a row much like another."""
    raw, table, _columns, _where, row = pick_row(random, data)
    values = list(row)
    for _ in range(random.choice((1, 2))):
        at = random.randrange(len(values))
        values[at] = another(random, values[at])
    with closing(raw), raw:
        raw.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def swap_values(random: Random, data: Path) -> None:
    """Give a row the value of another."""
    raw, table, columns, where, _row = pick_row(random, data)
    column = random.choice(columns)
    with closing(raw), raw:
        values = [value for (value,) in raw.execute(f'SELECT "{column}" FROM {table}')]
        raw.execute(f'UPDATE OR IGNORE {table} SET "{column}" = ? WHERE {where}', (random.choice(values),))


Tamper = Callable[[Random, Path], None]
ON_FILES: tuple[Tamper, ...] = (change_bytes, change_text, cut_file, swap_pages, delete_file)
ON_ROWS: tuple[Tamper, ...] = (change_value, delete_row, add_row, swap_values)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with everything that is evidence, all of it in the log."""
    data = tmp_path_factory.mktemp("sound") / "data"

    async def make() -> None:
        async with opened(data) as store:
            await tell(store, data)

    asyncio.run(make())
    assert verify(data) == []
    return data


def find(data: Path) -> list[str]:
    """Return what `verify` says, or why it could not begin."""
    try:
        return verify(data)
    except StorageError as error:
        return [str(error)]


def differences(before: Content, after: Content) -> dict[str, Any]:
    """Return what reads otherwise: by file and table, rows that were and rows that are."""
    return {
        place: (
            [row for row in before[place] if row not in after[place]],
            [row for row in after[place] if row not in before[place]],
        )
        for place in before
        if before[place] != after.get(place)
    }


@pytest.mark.timeout(3600)
def test_whatever_was_changed_is_found(sound: Path, tmp_path: Path) -> None:
    seed = os.environ.get("FOLKMOOT_TEST_SEED", str(secrets.randbits(32)))
    print(f"FOLKMOOT_TEST_SEED={seed} plays the same random choices again")
    random, before, done, missed = Random(seed), content_of(sound), 0, []
    data = tmp_path / "data"
    while done < TAMPERINGS:
        shutil.copytree(sound, data)
        tamper = random.choice(random.choice((ON_FILES, ON_ROWS)))
        # A table that does not take it is as it was.
        with suppress(sqlite3.IntegrityError):
            tamper(random, data)
        after = content_of(data)
        # What reads as before was not changed: a byte that nothing uses, a row that was there already.
        if after != before:
            done += 1
            if not find(data):
                missed.append((tamper.__name__, differences(before, after)))
        shutil.rmtree(data)
    assert missed == []
