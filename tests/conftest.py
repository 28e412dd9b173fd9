"""What tests of several kinds share: PostgreSQL, databases in it, NATS."""

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest

from tests.services import Missing, Nats, Postgres, running

TEMPLATE = "folkmoot_template"
NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for all tests; who stops it starts it again."""
    try:
        with running(Postgres) as server:
            yield server
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def nats() -> Iterator[Nats]:
    """A NATS server for all tests; who stops it starts it again."""
    try:
        with running(Nats) as server:
            yield server
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> str:
    """A database with this version's tables and nothing in them."""
    from folkmoot_server.storage.postgres_database import migrate

    postgres.execute(f"CREATE DATABASE {TEMPLATE}")
    asyncio.run(migrate(postgres.url(TEMPLATE)))
    return TEMPLATE


@pytest.fixture
def database(postgres: Postgres, template: str) -> Iterator[str]:
    """The URL of a fresh database with this version's tables."""
    name = f"folkmoot_{next(NUMBERS)}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres.url(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")
