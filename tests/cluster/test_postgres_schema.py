"""Migrations on PostgreSQL."""

import asyncio
import importlib
from weakref import WeakSet

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from folkmoot_server.storage.change_set import StorageError
from folkmoot_server.storage.sql.tables import SCHEMA, metadata
from tests.services import Postgres

pytest.importorskip("asyncpg", reason="asyncpg is not installed")
database = importlib.import_module("folkmoot_server.storage.postgres.database")

OWN = {"heads", "counters", "entry", "restricted", "search_chunk", "search_bucket", "access_blocks", "access_users"}


def shared(name: str | None, kind: str, _parents: object) -> bool:
    """Say whether both databases have a table: the journal's heads are elsewhere here."""
    return kind != "table" or name not in OWN | {"journal_heads"}


def differences(connection: Connection) -> list[object]:
    options = {"include_name": shared, "include_object": lambda item, name, kind, *_: shared(name, kind, None)}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


@pytest.mark.parametrize(("name", "refuses"), [("folkmoot 0001", True), ("folkmoot", False), ("psql", False)])
async def test_nothing_is_migrated_beside_nodes_that_could_not_serve_after_it(
    postgres: Postgres, name: str, refuses: bool
) -> None:
    postgres.execute("CREATE DATABASE beside")
    url = postgres.url("beside")
    other = await database.connect(url, application_name=name)
    try:
        if refuses:
            with pytest.raises(StorageError, match="nodes that know schema 0001 are connected"):
                await database.migrate(url)
            await other.close()
        assert await database.migrate(url) == SCHEMA
    finally:
        await other.close()
        postgres.execute("DROP DATABASE beside WITH (FORCE)")


async def test_nodes_that_start_together_migrate_once(postgres: Postgres) -> None:
    postgres.execute("CREATE DATABASE empty")
    url = postgres.url("empty")
    assert await asyncio.gather(*(database.migrate(url) for _ in range(4))) == [SCHEMA] * 4
    engine = database.open_engine(url, WeakSet())
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
    names = postgres.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')", "empty").split()
    assert set(names) > OWN
    assert "journal_heads" not in names
    postgres.execute("UPDATE alembic_version SET version_num = '9999'", "empty")
    with pytest.raises(StorageError, match="9999"):
        await database.migrate(url)
    postgres.execute("DROP DATABASE empty WITH (FORCE)")
