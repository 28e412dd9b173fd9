"""What becomes of a batch when connections, or the database, are lost."""

import asyncio
import importlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from folkmoot_server.storage.change_set import ChangeSet, StorageError
from folkmoot_server.storage.changes import token_row
from tests.builders.world import START, Group, World
from tests.cluster.nemesis import start_again
from tests.cluster.proxy import Proxy
from tests.services import Postgres

pytest.importorskip("asyncpg", reason="asyncpg is not installed")
postgres_store = importlib.import_module("folkmoot_server.storage.postgres.store")

KEY = bytes(range(32))
BOUND_S = 20.0
"""Far above any limit that the store sets itself: what takes longer hangs."""


@pytest.fixture
async def store(database: str) -> AsyncIterator[Any]:
    store = await postgres_store.PostgresStore.open(database, key=KEY)
    yield store
    await store.close()


@pytest.fixture
async def group(store: Any) -> Group:
    world = World()
    group = world.group()
    await store.commit([world.register("alice"), group.found()])
    return group


def end_connections(postgres: Postgres, database: str) -> None:
    name = database.rsplit("/", 1)[1]
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


async def commit_again(store: Any, change_set: ChangeSet) -> None:
    """Commit a change set as its author would: once more when it failed."""
    for _ in range(20):
        try:
            assert await store.commit([change_set]) == frozenset()
            return
        except StorageError:
            continue
    raise AssertionError("the store does not recover")


async def test_reading_and_writing_go_on_after_connections_were_ended(
    store: Any, group: Group, postgres: Postgres, database: str
) -> None:
    for _ in range(3):
        end_connections(postgres, database)
        await commit_again(store, group.post())
        for _ in range(10):
            try:
                assert (await store.ledger.load_group(group.code)) == group.state
                assert (await store.journal.page(group.code)).entries == group.entries
                break
            except StorageError:
                continue
        else:
            raise AssertionError("reading does not recover")


async def test_who_asks_when_the_server_has_ended_all_connections_notices_nothing(
    store: Any, group: Group, postgres: Postgres, database: str
) -> None:
    """Each pool has several connections, all of them dead."""
    reads = (store.ledger.load_group, store.ledger.load_account, store.journal.page)
    for how in (end_connections, restart, end_connections):
        await asyncio.gather(*(read(group.code) for _ in range(8) for read in reads))
        how(postgres, database)
        await store.commit([group.post()])
        await asyncio.gather(*(read(group.code) for _ in range(8) for read in reads))
    assert (await store.journal.page(group.code)).entries == group.entries


class Lingering(Proxy):
    """A proxy that passes on the last words of a server that ends a connection, and the end when it is `released`."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.ended = 0
        self.released = asyncio.Event()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await super()._pump(reader, writer)
        self.ended += 1
        await self.released.wait()


async def test_who_asks_before_the_end_of_a_connection_is_known_notices_nothing(
    postgres: Postgres, database: str
) -> None:
    """The driver has read that the server ends it, and says of a connection that "another operation is in progress"."""
    proxy = Lingering(postgres.port)
    await proxy.start()
    store = await postgres_store.PostgresStore.open(database.replace(f":{postgres.port}/", f":{proxy.port}/"), key=KEY)
    try:
        world = World()
        group = world.group()
        await store.commit([world.register("alice"), group.found()])
        reads = (store.ledger.load_group, store.journal.page)
        await asyncio.gather(*(read(group.code) for _ in range(8) for read in reads))
        name = database.rsplit("/", 1)[1]
        open_ones = int(postgres.execute(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"))
        before = proxy.ended
        end_connections(postgres, database)
        async with asyncio.timeout(BOUND_S):
            while proxy.ended < before + open_ones:  # noqa: ASYNC110  # the proxy tells nobody
                await asyncio.sleep(0.01)
        assert await store.commit([group.post()]) == frozenset()
        await asyncio.gather(*(read(group.code) for _ in range(8) for read in reads))
    finally:
        await store.close()
        proxy.released.set()
        await proxy.close()


def restart(postgres: Postgres, _database: str) -> None:
    postgres.stop(signal.SIGKILL)
    start_again(postgres)


async def test_while_postgresql_is_away_no_library_tells_a_story(
    store: Any, group: Group, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    """Each failure is a line of ours, and no traceback of the libraries'."""
    await asyncio.gather(*(store.journal.page(group.code) for _ in range(4)))
    postgres.stop(signal.SIGKILL)
    try:
        for _ in range(3):
            with pytest.raises(StorageError):
                await store.journal.page(group.code)
            with pytest.raises(StorageError):
                await store.ledger.load_group(group.code)
    finally:
        start_again(postgres)
    await asyncio.sleep(0)
    assert [record for record in caplog.records if record.name.startswith(("asyncpg", "sqlalchemy"))] == []


class Cut:
    """A connection that is lost at its next commit: after the server has done it, or before."""

    def __init__(self, connection: Any, *, done: bool) -> None:
        self._connection = connection
        self._done = done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def execute(self, statement: str, *args: object) -> Any:
        if statement != "COMMIT":
            return await self._connection.execute(statement, *args)
        if self._done:
            await self._connection.execute(statement)
        self._connection.terminate()
        raise ConnectionResetError("cut")


@pytest.mark.parametrize("done", [True, False])
async def test_the_outcome_of_a_commit_whose_answer_is_lost_is_found_out(store: Any, group: Group, done: bool) -> None:
    await store.commit([group.post()])
    before = list(group.entries)
    store._writer._connection = Cut(store._writer._connection, done=done)
    change_set = group.post()
    if done:
        assert await store.commit([change_set]) == frozenset()
    else:
        with pytest.raises(StorageError):
            await store.commit([change_set])
    assert (await store.journal.page(group.code)).entries == (group.entries if done else before)
    await commit_again(store, group.post())


class Crash(Cut):
    """A connection whose server dies before the commit and comes back; then others commit before anything is asked."""

    def __init__(self, connection: Any, postgres: Postgres, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(connection, done=False)
        self._postgres = postgres
        self._meanwhile = meanwhile

    async def execute(self, statement: str, *args: object) -> Any:
        if statement == "COMMIT":
            self._postgres.stop(signal.SIGKILL)
            start_again(self._postgres)
            await self._meanwhile()
        return await super().execute(statement, *args)


async def test_a_commit_lost_in_a_crash_is_not_taken_for_that_of_another(
    store: Any, group: Group, postgres: Postgres, database: str
) -> None:
    async def others_commit() -> None:
        other = await postgres_store.PostgresStore.open(database, key=KEY)
        world = World()
        for user in ("bob", "carol", "dave"):
            await other.commit([world.register(user)])
        await other.close()

    await store.commit([group.post()])
    before = list(group.entries)
    store._writer._connection = Crash(store._writer._connection, postgres, others_commit)
    with pytest.raises(StorageError):
        await store.commit([group.post()])
    assert (await store.journal.page(group.code)).entries == before


async def test_a_broken_foreign_key_shows_at_the_commit_and_stores_nothing(store: Any, group: Group) -> None:
    with pytest.raises(StorageError, match="foreign key"):
        await store.commit([group.post(), ChangeSet(rows=[token_row("h", "nobody", START)])])
    assert await store.ledger.heads([group.code]) == {group.code: (1, 1)}


async def test_without_postgresql_everything_fails_in_time_and_comes_back(
    store: Any, group: Group, postgres: Postgres
) -> None:
    postgres.stop(signal.SIGKILL)
    try:
        lost = group.post()
        async with asyncio.timeout(BOUND_S):
            for call in (
                store.commit([lost]),
                store.ledger.load_account("alice"),
                store.journal.page(group.code),
                store.journal.segments(),
            ):
                with pytest.raises(StorageError):
                    await call
    finally:
        postgres.start()
    await commit_again(store, lost)
    assert (await store.journal.page(group.code)).entries == group.entries


async def test_a_database_that_stands_still_is_given_up(store: Any, group: Group, postgres: Postgres) -> None:
    postgres.signal_all(signal.SIGSTOP)
    try:
        reads = [call(group.code) for _ in range(10) for call in (store.ledger.load_group, store.journal.page)]
        async with asyncio.timeout(BOUND_S):
            ends = await asyncio.gather(store.commit([group.post()]), *reads, return_exceptions=True)
        assert {type(end) for end in ends} == {StorageError}
    finally:
        postgres.signal_all(signal.SIGCONT)
    await commit_again(store, group.post())


async def test_a_database_that_does_not_answer_cannot_be_opened(postgres: Postgres) -> None:
    with pytest.raises(StorageError):
        await postgres_store.PostgresStore.open(postgres.url("no_such_database"), key=KEY)
    with pytest.raises(StorageError):
        await postgres_store.PostgresStore.open("postgresql://postgres@127.0.0.1:1/nothing", key=KEY)


async def test_unix_sockets_serve_as_well(postgres: Postgres, database: str) -> None:
    store = await postgres_store.PostgresStore.open(postgres.socket_url(database.rsplit("/", 1)[1]), key=KEY)
    world = World()
    assert await store.commit([world.register("alice")]) == frozenset()
    assert (await store.ledger.load_account("alice")).state == world.accounts["alice"]
    await store.close()
