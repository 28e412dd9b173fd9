"""The backends that the conformance suites run against: for each, how to open it where a test keeps its things."""

import importlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from folkmoot_server.bus.api import Bus, LocalBus
from folkmoot_server.common.i18n import translator
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.sqlite.store import SqliteStore

KEY = bytes(range(32))

Open = Callable[[], Awaitable[Store]]
"""Opens the store of a test; opening it again finds what was stored."""


def sqlite(request: pytest.FixtureRequest) -> Open:
    place: Path = request.getfixturevalue("tmp_path")
    return lambda: SqliteStore.open(place / "data", say=translator("en"))


def postgres(request: pytest.FixtureRequest) -> Open:
    pytest.importorskip("asyncpg", reason="asyncpg is not installed")
    postgres = importlib.import_module("folkmoot_server.storage.postgres.store")
    url: str = request.getfixturevalue("database")
    return lambda: postgres.PostgresStore.open(url, key=KEY)  # type: ignore[no-any-return]


OpenBus = Callable[[], Awaitable[Bus]]
"""Opens a node's bus; buses of one test reach each other if their kind can."""


def local(request: pytest.FixtureRequest) -> OpenBus:
    async def connect() -> Bus:
        return LocalBus()

    return connect


def nats(request: pytest.FixtureRequest) -> OpenBus:
    pytest.importorskip("nats", reason="nats-py is not installed")
    nats_bus = importlib.import_module("folkmoot_server.bus.nats")
    url: str = request.getfixturevalue("nats").url
    return lambda: nats_bus.NatsBus.connect(url, "node", key=KEY)  # type: ignore[no-any-return]


BUSES: dict[str, Callable[[pytest.FixtureRequest], OpenBus]] = {"local": local, "nats": nats}
BACKENDS: dict[str, Callable[[pytest.FixtureRequest], Open]] = {"sqlite": sqlite, "postgres": postgres}
