"""`db verify` of a cluster finds nothing in a sound database, and what somebody has changed; nodes may go on meanwhile.

Each change is made in a transaction that is rolled back: only the checks see it.
"""

from pathlib import Path

import pytest

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")

from sqlalchemy import text
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


async def test_each_way_to_hide_what_was_done_is_found(database: str, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "journal.key").write_bytes(KEY)
    store = await PostgresStore.open(database, key=KEY)
    try:
        await tell(store, tmp_path)
    finally:
        await store.close()
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
