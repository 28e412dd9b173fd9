"""Jobs on one node at a time: an advisory lock that lives and dies with a connection of its own."""

import asyncio

import asyncpg

from .database import connect, failing

JOBS_LOCK = 4_609_433_002
ASK_S = 2.0


class PostgresJobLock:
    """`api.JobLock` on PostgreSQL.

    The server gives the lock up when the connection ends, at the latest some seconds after the node was cut off (see
    `postgres_database.SETTINGS`). Each question goes to the server: nobody takes an old answer for a new one.
    """

    def __init__(self, url: str, key: int) -> None:
        self._url = url
        self._key = key
        self._connection: asyncpg.Connection | None = None
        self._holds = False
        self._asking = asyncio.Lock()

    @classmethod
    async def open(cls, url: str, key: int = JOBS_LOCK) -> "PostgresJobLock":
        """Connect and take the lock if it is free. Raises StorageError."""
        lock = cls(url, key)
        await lock.is_mine()
        return lock

    async def is_mine(self) -> bool:
        """See `api.JobLock`."""
        with failing("cannot ask for the jobs' lock"):
            try:
                # Many jobs ask, and a connection takes one question at a time.
                async with self._asking:
                    return await self._ask()
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        """See `api.JobLock`."""
        connection, self._connection, self._holds = self._connection, None, False
        if connection is not None:
            connection.terminate()
            # The transport closes in the loop's next turn; there must be one, or it is left open.
            await asyncio.sleep(0)

    async def _ask(self) -> bool:
        if self._connection is None or self._connection.is_closed():
            self._connection, self._holds = await connect(self._url), False
        if self._holds:
            await self._connection.fetchval("SELECT 1", timeout=ASK_S)
        else:
            query = "SELECT pg_try_advisory_lock($1)"
            self._holds = await self._connection.fetchval(query, self._key, timeout=ASK_S)
        return self._holds
