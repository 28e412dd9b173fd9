"""`db verify` of a cluster finds nothing in a sound database, and what somebody has changed; nodes may go on meanwhile.

Each change is made in a transaction that is rolled back: only the checks see it.
"""

import os
import secrets
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from folkmoot_server.storage.change_set import StorageError
from folkmoot_server.storage.check.postgres import problems, verify
from folkmoot_server.storage.check.verify import readable
from folkmoot_server.storage.postgres.database import connect
from folkmoot_server.storage.postgres.store import PostgresStore
from folkmoot_server.storage.sql.months import end_of
from tests.conformance.backends import KEY
from tests.integration.storage.kit import fill
from tests.integration.storage.operator import WAYS, tell
from tests.integration.storage.test_verify import CHANGES as ON_BOTH
from tests.property.test_tampering import IN_A_MONTH, IN_MAIN, ROWS, TAMPERINGS, another
from tests.services import Postgres

TOLD_APART = {"a row of nobody", "entries of a group that is not", "a sealed text"}
"""Changes that PostgreSQL is told of in other words, or does not let anybody make (foreign keys)."""

CHANGES = {
    **{name: (statement, finding) for name, (_, statement, finding) in ON_BOTH.items() if name not in TOLD_APART},
    "entries of a group that is not": (
        """INSERT INTO entry SELECT month, 1, seq, ts, kind, "user", display_name, role, tags, body, reply_to, target,
        data, nonce, NULL FROM entry WHERE seq = 1""",
        "the ledger has no group 1",
    ),
    "a sealed text": ("UPDATE restricted SET sealed = decode(repeat('00', 40), 'hex')", "does not open"),
    "a head ahead": ("UPDATE heads SET last_seq = last_seq + 1 WHERE last_seq > 0", "its head is"),
    "a head behind": ("UPDATE heads SET version = version - 1 WHERE stream LIKE 'group:%'", "its head is"),
    "a head lost": ("DELETE FROM heads WHERE stream = 'account:bob'", "account:bob: its head is None"),
    "a head of nothing": ("INSERT INTO heads VALUES ('group:9', 1, 0)", "group:9: its head is"),
    "a counter behind": ("UPDATE counters SET value = 1 WHERE name = 'position'", "counters: the position is 1"),
    "a month behind": ("UPDATE counters SET value = 202601 WHERE name = 'month'", "the journal's newest is 2026-02"),
    "the first entries lost": ("DELETE FROM entry WHERE seq <= 3 AND month = 202601", "have a hole"),
    "a month lost": ("DELETE FROM entry WHERE month = 202601", "its notice is missing"),
}


async def filled(database: str) -> None:
    """Fill a database with a little of everything."""
    store = await PostgresStore.open(database, key=KEY)
    try:
        await fill(store)
    finally:
        await store.close()


async def test_a_sound_database_has_no_problems_while_a_node_has_it_open(database: str) -> None:
    store = await PostgresStore.open(database, key=KEY)
    try:
        await fill(store)
        seen: list[tuple[int, int]] = []
        assert await verify(database, KEY, lambda done, total: seen.append((done, total))) == []
        assert seen == [(done, 6) for done in range(1, 7)]
    finally:
        await store.close()


async def test_changes_are_found(database: str) -> None:
    await filled(database)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(database))
    found: dict[str, list[str]] = {}
    for name, (statement, _) in CHANGES.items():
        async with engine.connect() as connection:
            done = await connection.execute(text(statement))
            assert done.rowcount > 0, name
            found[name] = await connection.run_sync(lambda main: list(problems(main, KEY, lambda done, total: None)))
            await connection.rollback()
    await engine.dispose()
    assert {name: found[name] for name, (_, finding) in CHANGES.items() if finding not in "; ".join(found[name])} == {}


async def tell_all(database: str, place: Path) -> None:
    """Fill a database with everything that is evidence, all of it in the log."""
    (place / "keys").mkdir()
    (place / "keys" / "journal.key").write_bytes(KEY)
    store = await PostgresStore.open(database, key=KEY)
    try:
        await tell(store, place)
    finally:
        await store.close()


async def test_each_way_to_hide_what_was_done_is_found(database: str, tmp_path: Path) -> None:
    await tell_all(database, tmp_path)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(database))
    found: dict[str, list[str]] = {}
    for name, way in WAYS.items():
        async with engine.connect() as connection:
            for statement in way.statements:
                in_place = statement.format(month="month, ", block="access_blocks", who="access_users")
                done = await connection.execute(text(in_place.replace(":", r"\:")))
                assert done.rowcount > 0, name
            found[name] = await connection.run_sync(
                lambda main: list(readable(problems(main, KEY, lambda done, total: None)))
            )
            await connection.rollback()
    await engine.dispose()
    assert await verify(database, KEY, lambda done, total: None) == []
    assert {name: found[name] for name, way in WAYS.items() if way.finding not in "; ".join(found[name])} == {}


IN_MONTHS = {
    "entry": ("month", *IN_A_MONTH["journal"]["entry"]),
    "restricted": ("month", *IN_A_MONTH["journal"]["restricted"]),
    "access_blocks": ("month", *IN_A_MONTH["access"]["block"]),
    "access_users": ("month", *IN_A_MONTH["access"]["who"]),
}


def written(value: Any) -> str:
    """Return a value as it stands in a statement."""
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def tampered(random: Random, main: Connection) -> str:
    """Change a row at random; return the statement, empty where the database does not take it, or nothing changed."""
    table, columns = random.choice(sorted({**IN_MAIN, **IN_MONTHS}.items()))
    names = ", ".join(f'"{one}"' for one in columns)
    rows = main.exec_driver_sql(f"SELECT tableoid, ctid, {names} FROM {table} {ROWS.get(table, '')}").all()
    if not rows:
        return ""
    (part, place, *values), at = random.choice(rows), random.randrange(len(columns))
    where = f"WHERE tableoid = {part} AND ctid = '{place}'"
    other = written(random.choice((another(random, values[at]), random.choice(rows)[at + 2])))
    name = f'"{columns[at]}"'
    statement = random.choice(
        (
            f"UPDATE {table} SET {name} = {other} {where} AND {name} IS DISTINCT FROM {other}",
            f"DELETE FROM {table} {where}",
            f"INSERT INTO {table} SELECT (r).* FROM (SELECT jsonb_populate_record(t, jsonb_build_object("
            f"'{columns[at]}', {other})) AS r FROM {table} t {where.replace('tableoid', 't.tableoid')}) one",
        )
    )
    try:
        with main.begin_nested():
            # At the end of the transaction, which does not come, they would be asked otherwise.
            main.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
            done = main.exec_driver_sql(statement.replace("%", "%%"))
            return statement if done.rowcount > 0 else ""
    except DBAPIError:
        return ""


def try_tampering(main: Connection, random: Random) -> tuple[str, bool]:
    """Tamper; return the statement, and whether the checks have found it."""
    statement = tampered(random, main)
    return statement, bool(statement) and bool(list(readable(problems(main, KEY, lambda done, total: None))))


async def test_whatever_is_changed_at_random_is_found(database: str, tmp_path: Path) -> None:
    """As `tests/property/test_tampering.py` does with files and their rows."""
    await tell_all(database, tmp_path)
    seed = os.environ.get("FOLKMOOT_TEST_SEED", str(secrets.randbits(32)))
    print(f"FOLKMOOT_TEST_SEED={seed} plays the same random choices again")
    random, done, missed = Random(seed), 0, list[str]()
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(database))
    while done < TAMPERINGS // 3:
        async with engine.connect() as connection:
            statement, is_found = await connection.run_sync(try_tampering, random)
            await connection.rollback()
        done += bool(statement)
        if statement and not is_found:
            missed.append(statement)
    await engine.dispose()
    assert missed == []


async def test_months_that_rotation_has_removed_are_not_missed(database: str) -> None:
    await filled(database)
    store = await PostgresStore.open(database, key=KEY)
    try:
        assert [segment.month for segment in await store.journal.rotate(end_of("2026-07"), 6)] == ["2026-01"]
    finally:
        await store.close()
    assert await verify(database, KEY, lambda done, total: None) == []


async def test_the_key_of_another_cluster_opens_nothing(database: str) -> None:
    await filled(database)
    assert [one for one in await verify(database, bytes(32), lambda done, total: None) if "does not open" in one]


async def test_another_version_s_schema_is_left_alone(database: str, postgres: Postgres) -> None:
    postgres.execute("UPDATE alembic_version SET version_num = '0001'", database.rsplit("/", 1)[1])
    with pytest.raises(StorageError, match="the store has schema 0001"):
        await verify(database, KEY, lambda done, total: None)
