"""Bringing a database to this version's schema, SQLite and PostgreSQL from one history of migrations."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from ..change_set import StorageError
from .tables import SCHEMA


def migrate(connection: Connection) -> str:
    """Bring a database to this version's schema, in one transaction; return the revision that it has then.

    Raises StorageError when a newer version has written it.
    """
    with connection.begin():
        if connection.dialect.name == "postgresql":
            _exclude_others(connection)
        found = _revision(connection)
        if found != SCHEMA:
            _upgrade(connection, found)
    return SCHEMA


def _exclude_others(connection: Connection) -> None:
    """Wait until no other node migrates; until the end of the transaction none will. Steps may take their time."""
    connection.execute(text("SET LOCAL lock_timeout = '60s'"))
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('folkmoot migrate'))"))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _upgrade(connection: Connection, found: str | None) -> None:
    # Alembic takes as long to import as all the rest of storage, and is needed once per version.
    from alembic import command
    from alembic.config import Config

    if found is not None and found > SCHEMA:
        raise StorageError(f"the store has schema {found}, this version knows up to {SCHEMA}")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
