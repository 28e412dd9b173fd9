"""Bringing a database to this version's schema, SQLite and PostgreSQL from one history of migrations."""

from pathlib import Path

from sqlalchemy import Column, Connection, Index, MetaData, String, Table, inspect, text
from sqlalchemy.schema import CreateIndex, CreateTable

from ..change_set import StorageError
from .counting import TRIGGERS
from .tables import SCHEMA, marks, metadata

SERVES_FROM = "0064"
"""Nodes of a cluster that know this schema, or a later one, may go on serving while ours is in force.

What came after it only adds: tables, indexes, triggers, and columns with a default, which is what they mean to who does
not know them. A migration that does more than that, or whose data older nodes must not leave out, moves this to its own
number.
"""

NODE = "folkmoot"
"""What nodes and commands call themselves to PostgreSQL, followed by the schema that they know."""

VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
"""Where Alembic keeps which schema a database has."""


def migrate(connection: Connection) -> str:
    """Bring a database to this version's schema, in one transaction; return the revision that it has then.

    Raises StorageError when a newer version has written it.
    """
    with connection.begin():
        if connection.dialect.name == "postgresql":
            _exclude_others(connection)
        found = _revision(connection)
        if found != SCHEMA:
            _check_known(found)
            if connection.dialect.name == "postgresql":
                _check_others(connection, found or SCHEMA)
            if found is None and _is_empty_file(connection):
                _create(connection)
            else:
                _upgrade(connection)
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


def _check_known(found: str | None) -> None:
    if found is not None and found > SCHEMA:
        raise StorageError(
            f"the store has schema {found}, this version knows up to {SCHEMA}: "
            "start the version that has migrated it, or restore a backup of before"
        )


def _check_others(connection: Connection, found: str) -> None:
    """Refuse while nodes are connected that could not serve under our schema. Those of before told only `NODE`."""
    query = text(
        "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND (application_name = :node OR application_name LIKE :node || ' %')"
    )
    names = connection.execute(query, {"node": NODE}).scalars().all()
    oldest = min((name.removeprefix(NODE).strip() or found for name in names), default=SCHEMA)
    if oldest < SERVES_FROM:
        raise StorageError(
            f"nodes that know schema {oldest} are connected, and cannot serve under schema {SCHEMA}: "
            "stop all nodes, then start them with this version"
        )


def _is_empty_file(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite" and not inspect(connection).get_table_names()


def _create(connection: Connection) -> None:
    """Make what all steps together would make: whoever starts anew does not wait for our history.

    On SQLite only: tables of the journal in PostgreSQL, and their partitions, are made by the steps alone.
    """
    for table in metadata.sorted_tables:
        connection.execute(CreateTable(table))
    for index in sorted((index for table in metadata.tables.values() for index in table.indexes), key=_place):
        connection.execute(CreateIndex(index))
    for trigger in TRIGGERS:
        connection.exec_driver_sql(trigger)
    VERSION.create(connection)
    connection.execute(VERSION.insert(), {"version_num": SCHEMA})
    connection.execute(marks.insert(), {"name": "filings", "value": 0})


def _place(index: Index) -> tuple[bool, str]:
    # Of two that serve a query as well SQLite takes the one made last: that is to be the smaller one.
    return index.dialect_options["sqlite"]["where"] is not None, str(index.name)


def _upgrade(connection: Connection) -> None:
    # Alembic takes as long to import as all the rest of storage, and is needed once per version.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
