"""Jobs: one node at a time, another when that one is gone."""

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from folkmoot_server.storage.change_set import StorageError
from tests.services import Postgres

pytest.importorskip("asyncpg", reason="asyncpg is not installed")
postgres_lock = importlib.import_module("folkmoot_server.storage.postgres.lock")


@pytest.fixture
async def locks(database: str) -> AsyncIterator[list[Any]]:
    locks = [await postgres_lock.PostgresJobLock.open(database) for _ in range(3)]
    yield locks
    for lock in locks:
        await lock.close()


async def holders(locks: list[Any]) -> list[int]:
    return [number for number, lock in enumerate(locks) if await lock.is_mine()]


async def test_one_node_has_the_jobs_and_keeps_them(locks: list[Any]) -> None:
    for _ in range(3):
        assert await holders(locks) == [0]


async def test_jobs_that_ask_at_once_are_all_answered(locks: list[Any]) -> None:
    for lock, answer in zip(locks, (True, False, False), strict=True):
        assert await asyncio.gather(*(lock.is_mine() for _ in range(20))) == [answer] * 20


async def test_the_jobs_move_when_their_node_stops(locks: list[Any]) -> None:
    await locks[0].close()
    until_server_knows = [number for _ in range(100) for number in await holders(locks[1:])]
    # Whichever of the others asks first once the server has noticed: but one alone, and it keeps them.
    (heir,) = set(until_server_knows)
    assert await holders(locks[1:]) == [heir]


async def test_the_jobs_move_when_the_connection_dies(locks: list[Any], postgres: Postgres) -> None:
    pid = locks[0]._connection.get_server_pid()
    assert postgres.execute(f"SELECT pg_terminate_backend({pid}, 5000)") == "t"
    assert await locks[1].is_mine()
    # It may find its connection dead, or open another.
    with contextlib.suppress(StorageError):
        assert not await locks[0].is_mine()
    assert await holders(locks) == [1]


async def test_locks_of_other_keys_do_not_mind(locks: list[Any], database: str) -> None:
    other = await postgres_lock.PostgresJobLock.open(database, key=7)
    assert await other.is_mine()
    await other.close()
