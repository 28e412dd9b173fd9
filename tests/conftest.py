"""What tests of several kinds share: PostgreSQL, databases in it, NATS."""

import asyncio
import gc
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.profile import is_long, load_profiles
from tests.services import Missing, Nats, Postgres, running

TEMPLATE = "folkmoot_template"
NUMBERS = count(1)
SLOW = ("integration", "cluster", "browser", "property", "fuzz", "conformance")
"""Folders in the order in which they run; what is not named here is quick and comes last."""

load_profiles()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run slow folders first: when workers share the tests, quick files fill the end and none waits for long.

    Where hypothesis looks for long, no time limit ends it.
    """
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0]
        return SLOW.index(folder) if folder in SLOW else len(SLOW)

    items.sort(key=place)
    if is_long():
        for item in items:
            item.add_marker(pytest.mark.timeout(0))


def pytest_collection_finish() -> None:
    """Let no collection of garbage look at thousands of tests again: they stay until the end."""
    gc.collect()
    gc.freeze()


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
    from folkmoot_server.storage.postgres.database import migrate

    postgres.execute(f"CREATE DATABASE {TEMPLATE}")
    asyncio.run(migrate(postgres.url(TEMPLATE)))
    return TEMPLATE


@pytest.fixture
def database(postgres: Postgres, template: str) -> Iterator[str]:
    """The URL of a fresh database with this version's tables."""
    name = f"folkmoot_{next(NUMBERS)}"
    # Without the template's pages in its log: copying is most of what such a test costs.
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield postgres.url(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")
