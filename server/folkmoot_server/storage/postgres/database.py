"""Connecting to PostgreSQL: what every connection is told, time limits, errors, reading, migrations."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakSet

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ..change_set import StorageError
from ..sql import schema
from ..sql.fetch import Rows, Statement
from ..sql.tables import SCHEMA

READERS = 4
"""Connections of each of the two pools that a node reads with; it writes over one more."""

CONNECT_S = 5.0
CALL_S = 6.0

# The server gives up before the client does, so that the client hears why. A node that stands still within a
# transaction loses it before those who wait for its rows lose patience.
SETTINGS = {
    "application_name": f"{schema.NODE} {SCHEMA}",
    "synchronous_commit": "on",
    "statement_timeout": "5000",
    "lock_timeout": "4000",
    "idle_in_transaction_session_timeout": "3000",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "jit": "off",
}

# Who migrates holds up nobody but nodes that start as well, and a slow machine must not end it half way.
MIGRATING = {"idle_in_transaction_session_timeout": "60000"}

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, SQLAlchemyError, OSError)
"""What a call may raise when the network, the database or the server fail it; a TimeoutError is an OSError."""

_DEAD = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
)


class Dead(ConnectionError):
    """A connection that the server has ended. Nothing is wrong with asking another."""


P = ParamSpec("P")
T = TypeVar("T")


async def connect(url: str, *, call_s: float | None = CALL_S, **settings: str) -> asyncpg.Connection:
    """Open a connection. `url` as libpq takes it: `postgresql://user@host/name`, `postgresql:///name?host=/socket`.

    `settings` are told to the server besides `SETTINGS`, and instead of them. No call takes longer than `call_s`.
    """
    return await asyncpg.connect(url, timeout=CONNECT_S, command_timeout=call_s, server_settings=SETTINGS | settings)


@contextmanager
def failing(what: str) -> Iterator[None]:
    """Turn the failures of the block into StorageError; `what` says what could not be done."""
    try:
        yield
    except FAILURES as error:
        raise StorageError(f"{what}: {error!r}") from error


def is_dead(error: BaseException) -> bool:
    """Say whether an error is what is met on a connection that has ended.

    The client may be the last to learn of an end, and speak of another operation in progress.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, _DEAD):
        cause = getattr(cause, "orig", None) or cause.__cause__  # SQLAlchemy packs it in twice
    return cause is not None


def raise_if_dead(error: BaseException) -> None:
    """Raise `Dead` for what is met on a connection that has ended."""
    if is_dead(error):
        raise Dead(repr(error)) from error


class Reader:
    """Two small pools to read with: one through SQLAlchemy for the ledger's tables, one direct for hot statements.

    Both replace connections that broke. Raises StorageError.
    """

    def __init__(self, url: str, pool: asyncpg.Pool, opened: "WeakSet[asyncpg.Connection]") -> None:
        self._engine = open_engine(url, opened)
        self._pool = pool
        self._opened = opened
        self._generation = 0

    @classmethod
    async def open(cls, url: str) -> "Reader":
        """Connect; the database must answer."""
        opened: WeakSet[asyncpg.Connection] = WeakSet()

        async def note(connection: asyncpg.Connection) -> None:
            opened.add(connection)

        with failing("cannot connect"):
            # It holds none ready: what it does to have one again after the server was away is told by a traceback.
            pool = await asyncpg.create_pool(
                url,
                min_size=0,
                max_size=READERS,
                init=note,
                reset=_leave,
                timeout=CONNECT_S,
                command_timeout=CALL_S,
                server_settings=SETTINGS,
            )
            reader = cls(url, pool, opened)
            await reader.rows("SELECT 1")
            return reader

    async def tables(self, read: Callable[Concatenate[Connection, P], T], /, *args: P.args, **more: P.kwargs) -> T:
        """See `sql.fetch.Read`. All that is read belongs to one instant."""

        async def read_tables() -> T:
            async with self._connected() as connection:
                return await connection.run_sync(read, *args, **more)

        return await self._twice(read_tables)

    async def ask(self, statement: Statement, /, **values: Any) -> Rows:
        """See `sql.fetch.Ask`."""

        async def ask_once() -> Rows:
            async with self._connected() as connection:
                return (await connection.execute(statement, values)).all()

        return await self._twice(ask_once)

    async def rows(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Return the rows of a statement."""

        async def fetch() -> list[asyncpg.Record]:
            async with self._acquired() as connection:
                rows: list[asyncpg.Record] = await connection.fetch(query, *args)
                return rows

        return await self._twice(fetch)

    async def _twice(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read; where the connection was dead, read again, over a new one: the server may have been started anew.

        The others of its time are let go of as well, once, by who notices first.
        """
        with failing("cannot read"):
            generation = self._generation
            try:
                return await read()
            except Dead:
                if generation == self._generation:
                    self._generation += 1
                    self._let_go()
                return await read()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """Hold a connection of the engine. One that is dead, or did not answer, is nobody's afterwards."""
        async with self._engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None, "below it is asyncpg's"
            try:
                yield connection
            except BaseException as error:
                if is_dead(error) or not isinstance(error, SQLAlchemyError):
                    # Before it is given back, which would wait for the server, whoever is not waiting any more.
                    driver.terminate()
                    await connection.invalidate()
                raise_if_dead(error)
                raise

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[asyncpg.Connection]:
        """Hold a connection of the pool, as `_connected` does one of the engine."""
        async with self._pool.acquire(timeout=CONNECT_S) as connection:
            try:
                yield connection
            except BaseException as error:
                if is_dead(error) or not isinstance(error, asyncpg.PostgresError):
                    connection.terminate()
                raise_if_dead(error)
                raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """Hold a transaction that may write; for what is no batch, such as rotation."""
        with failing("cannot write"):
            async with self._acquired() as connection, connection.transaction():
                yield connection

    def _let_go(self) -> None:
        for connection in tuple(self._opened):
            connection.terminate()
        self._opened.clear()

    async def close(self) -> None:
        """Let go of all connections at once: in good order it takes as long as the server does, which may be away."""
        self._pool.terminate()
        self._let_go()
        with contextlib.suppress(*FAILURES):
            await self._engine.dispose()


async def _leave(connection: object) -> None:
    """Leave a connection that goes back to the pool as it is: nothing here changes a session's settings."""


def open_engine(url: str, opened: WeakSet[asyncpg.Connection]) -> AsyncEngine:
    """Return an engine whose transactions see one instant, and that never hands out a connection known to be dead.

    Its connections are put into `opened`.
    """

    async def open_one() -> asyncpg.Connection:
        connection = await connect(url)
        opened.add(connection)
        return connection

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=open_one,
        isolation_level="REPEATABLE READ",
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=CONNECT_S,
    )
    event.listen(engine.sync_engine, "checkout", _check_alive)
    return engine


def _check_alive(connection: Any, record: object, proxy: object) -> None:
    """Have the pool replace a connection that the server has closed."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


async def migrate(url: str) -> str:
    """Bring the database to this version's schema; return the revision it has then. Raises StorageError.

    Nodes that start at the same time wait for the one that migrates.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: connect(url, call_s=CALL_S, **MIGRATING)
    )
    try:
        with failing("cannot migrate"):
            async with engine.connect() as connection:
                return await connection.run_sync(schema.migrate)
    finally:
        await engine.dispose()
