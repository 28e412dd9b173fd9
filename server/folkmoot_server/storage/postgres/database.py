"""Connecting to PostgreSQL: what every connection is told, time limits, errors, reading, migrations."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ..change_set import StorageError
from ..sql import schema
from ..sql.fetch import Rows, Statement

READERS = 4
"""Connections of each of the two pools that a node reads with; it writes over one more."""

CONNECT_S = 5.0
CALL_S = 6.0

# The server gives up before the client does, so that the client hears why. A node that stands still within a
# transaction loses it before those who wait for its rows lose patience.
SETTINGS = {
    "application_name": "folkmoot",
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


class Reader:
    """Two small pools to read with: one through SQLAlchemy for the ledger's tables, one direct for hot statements.

    Both replace connections that broke. Raises StorageError.
    """

    def __init__(self, engine: AsyncEngine, pool: asyncpg.Pool) -> None:
        self._engine = engine
        self._pool = pool

    @classmethod
    async def open(cls, url: str) -> "Reader":
        """Connect; the database must answer."""
        with failing("cannot connect"):
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=READERS,
                reset=_leave,
                timeout=CONNECT_S,
                command_timeout=CALL_S,
                server_settings=SETTINGS,
            )
            return cls(open_engine(url), pool)

    async def tables(self, read: Callable[Concatenate[Connection, P], T], /, *args: P.args, **more: P.kwargs) -> T:
        """See `sql.fetch.Read`. All that is read belongs to one instant."""
        with failing("cannot read"):
            async with self._engine.connect() as connection:
                return await connection.run_sync(read, *args, **more)

    async def ask(self, statement: Statement, /, **values: Any) -> Rows:
        """See `sql.fetch.Ask`."""
        with failing("cannot read"):
            async with self._engine.connect() as connection:
                return (await connection.execute(statement, values)).all()

    async def rows(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Return the rows of a statement."""
        with failing("cannot read"):
            async with self._pool.acquire(timeout=CONNECT_S) as connection:
                rows: list[asyncpg.Record] = await connection.fetch(query, *args)
                return rows

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """Hold a transaction that may write; for what is no batch, such as rotation."""
        with failing("cannot write"):
            async with self._pool.acquire(timeout=CONNECT_S) as connection, connection.transaction():
                yield connection

    async def close(self) -> None:
        """Let go of all connections."""
        await self._engine.dispose()
        try:
            await asyncio.wait_for(self._pool.close(), CALL_S)
        except TimeoutError:
            self._pool.terminate()


async def _leave(connection: object) -> None:
    """Leave a connection that goes back to the pool as it is: nothing here changes a session's settings."""


def open_engine(url: str) -> AsyncEngine:
    """Return an engine whose transactions see one instant, and that never hands out a connection known to be dead."""
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: connect(url),
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
