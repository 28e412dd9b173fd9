"""A store of each backend, and a world of accounts and groups to fill it with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_server.storage.api import Store
from tests.conformance.backends import BACKENDS, Open
from tests.conformance.world import World


class Place:
    """Where a store is: closes it and opens it again, as a restart does."""

    def __init__(self, path: Path, open_store: Open) -> None:
        self._path = path
        self._open = open_store
        self.store: Store

    async def open(self) -> Store:
        self.store = await self._open(self._path)
        return self.store

    async def reopen(self) -> Store:
        await self.store.close()
        return await self.open()


@pytest.fixture(params=list(BACKENDS))
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path, BACKENDS[request.param])
    await place.open()
    yield place
    await place.store.close()


@pytest.fixture
def store(place: Place) -> Store:
    return place.store


@pytest.fixture
async def world(store: Store) -> World:
    """Accounts alice to dave, stored, and nothing else."""
    world = World()
    works = [world.register(user) for user in ("alice", "bob", "carol", "dave")]
    assert await store.commit(works) == frozenset()
    return world
