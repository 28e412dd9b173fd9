"""A store of each backend, and a world of accounts and groups to fill it with."""

from collections.abc import AsyncIterator

import pytest

from folkmoot_server.bus.api import Bus
from folkmoot_server.storage.api import Store
from tests.builders.world import World
from tests.conformance.backends import BACKENDS, BUSES, Open, OpenBus


class Place:
    """Where a store is: closes it and opens it again, as a restart does."""

    def __init__(self, open_store: Open) -> None:
        self._open = open_store
        self.store: Store

    async def open(self) -> Store:
        self.store = await self._open()
        return self.store

    async def reopen(self) -> Store:
        await self.store.close()
        return await self.open()


@pytest.fixture(params=list(BACKENDS))
def open_store(request: pytest.FixtureRequest) -> Open:
    return BACKENDS[request.param](request)


@pytest.fixture(params=list(BUSES))
def open_bus(request: pytest.FixtureRequest) -> OpenBus:
    return BUSES[request.param](request)


@pytest.fixture
async def bus(open_bus: OpenBus) -> AsyncIterator[Bus]:
    """A node's bus of each kind."""
    bus = await open_bus()
    yield bus
    await bus.close()


@pytest.fixture
async def place(open_store: Open) -> AsyncIterator[Place]:
    place = Place(open_store)
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
    change_sets = [world.register(user) for user in ("alice", "bob", "carol", "dave")]
    assert await store.commit(change_sets) == frozenset()
    return world
