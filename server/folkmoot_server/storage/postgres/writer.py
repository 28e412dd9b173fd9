"""Committing batches to PostgreSQL, one transaction each, over a connection of the writer's own.

A batch first locks the heads of its streams, and of the accounts that it makes claims for, in the order of their
names: two nodes' batches cannot wait for each other in a circle. What is read after that (nonces, memberships) is as
everyone before has left it. The last lock is that of the ledger's position, so positions are in the order of commits.
Five round trips store a batch of posts, whatever its size: begin, lock, nonces, append, commit.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Any

import asyncpg

from ..change_set import ChangeSet, NewEntry, QuotaGuard, StorageError, account_stream
from ..sql.answers import rows_of
from ..sql.counting import COUNTED
from ..sql.months import end_of, month_of
from ..sql.removed_texts import RemovedTexts
from ..sql.sequencer import Head, Sequenced, Used, Wanted, limits_of, nonce_of, sequence
from ..sql.streams import ledger_row
from . import journal as postgres_journal
from .database import FAILURES, connect, is_dead
from .journal import MONTH_LOCK
from .rows import statements

NOWHERE = Head(0, 0)
COUNTING_LOCK = 4_609_433_003
"""Advisory lock: held by each batch that changes rows which triggers count, beside `journal.MONTH_LOCK`."""

TRIES = 3
"""How often a batch is tried whose locks ran into those of another; row changes alone can do that."""

OUTCOME_S = 10.0
"""How long to ask for the outcome of a commit that was cut off."""

# The writer marks each batch, in the batch's own transaction. A transaction's number would not do: after a crash the
# server gives numbers again that it had given to what was lost.
# Name and number are made by the writer itself, hence the silenced S608.
_BEGIN = f"""
    BEGIN; SELECT pg_advisory_xact_lock_shared({MONTH_LOCK});
    INSERT INTO counters VALUES ('%s', %d) ON CONFLICT (name) DO UPDATE SET value = excluded.value"""  # noqa: S608
_MARKED = "SELECT value FROM counters WHERE name = $1 FOR UPDATE NOWAIT"
_UNMARK = "DELETE FROM counters WHERE name = $1"
_FOUND = "INSERT INTO heads SELECT stream, 0, 0 FROM unnest($1::text[]) AS stream ON CONFLICT DO NOTHING"
_UNFOUND = "DELETE FROM heads WHERE stream = ANY($1::text[]) AND version = 0"
# One row at least: the month comes even if there is nothing to lock.
_LOCK = """
    WITH locked AS MATERIALIZED (
        SELECT stream, version, last_seq, last_ts FROM heads WHERE stream = ANY($1::text[])
        ORDER BY stream FOR NO KEY UPDATE)
    SELECT locked.*, counters.value AS month FROM counters LEFT JOIN locked ON true WHERE name = 'month'"""
# Whoever counts a person's groups waits here for others who do; in the order of the numbers, so never in a circle.
_ONE_BY_ONE = """
    SELECT pg_advisory_xact_lock(hashtextextended(blind, 0))
    FROM unnest($1::text[]) WITH ORDINALITY AS one (blind, number) ORDER BY number"""
_BLINDS = 'SELECT DISTINCT blind FROM identities WHERE "user" = ANY($1::text[]) ORDER BY blind'
_PERSONS = """
    SELECT own."user", other."user" FROM identities AS own JOIN identities AS other ON other.blind = own.blind
    WHERE own."user" = ANY($1::text[])"""
_JOINED = 'SELECT "user", count(*) FROM members WHERE "user" = ANY($1::text[]) GROUP BY 1'
_CREATED = """
    SELECT creator, count(*) FROM groups WHERE creator = ANY($1::text[]) AND status <> 'closed' AND form = ''
    GROUP BY 1"""
_CHANNELS = """
    SELECT owner, count(*) FROM groups WHERE owner = ANY($1::text[]) AND status <> 'closed' AND form = 'public'
    GROUP BY 1"""
# Whoever changes what triggers count waits here for others who do: in which order those count channels is no matter of
# the order of our rows.
_COUNTING = f"SELECT pg_advisory_xact_lock({COUNTING_LOCK})"
_RECORD = """
    WITH taken AS (UPDATE counters SET value = value + $1 WHERE name = 'position' RETURNING value - $1 AS base)
    INSERT INTO ledger (position, batch, stream, version, ts, type, actor, data)
    SELECT base + number, base + 1, stream, version, ts, type, actor, data
    FROM taken, unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[])
    WITH ORDINALITY AS new (stream, version, ts, type, actor, data, number)"""
_RECORD_COLUMNS = ("stream", "version", "ts", "type", "actor", "data")

_CROSSED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


class Snapshot:
    """What is stored of what a batch must know, read under its locks. See `sequencer.Known`."""

    def __init__(self, rows: Sequence[asyncpg.Record]) -> None:
        self._heads = {row["stream"]: Head(row["version"], row["last_seq"], row["last_ts"]) for row in rows}
        self.month: int = rows[0]["month"]
        self.nonces: dict[Wanted, Used] = {}
        self.joined: dict[str, int] = {}
        self.created: dict[str, int] = {}
        self.channels: dict[str, int] = {}
        self.persons: dict[str, set[str]] = {}

    def head(self, stream: str) -> Head:
        return self._heads.get(stream, Head(0, 0))

    def nonce(self, code: str, user: str, nonce: str, ts: int) -> Used | None:
        return self.nonces.get((code, user, nonce, ts))

    def person(self, user: str) -> Collection[str]:
        return self.persons.get(user, {user})

    def holds(self, quota_guard: QuotaGuard, before: int) -> bool:
        person = self.person(quota_guard.user)
        counts = (self.joined, self.created, self.channels)
        return all(
            limit is None or sum(one.get(user, 0) for user in person) + before < limit
            for one, limit in zip(counts, limits_of(quota_guard), strict=True)
        )


class PostgresWriter:
    """Owns the connection that batches are committed over; opens another when it breaks."""

    def __init__(self, url: str, removed: RemovedTexts) -> None:
        self._url = url
        self._removed = removed
        self._connection: asyncpg.Connection | None = None
        self._month_end = 0
        self._name = f"writer {secrets.token_hex(8)}"
        self._number = 0

    async def commit(self, batch: Sequence[ChangeSet]) -> frozenset[str]:
        """Store a batch; return the streams in conflict. Raises StorageError: nothing of it is stored."""
        try:
            for _ in range(TRIES - 1):
                try:
                    return await self._commit(batch)
                except _CROSSED:
                    continue
            return await self._commit(batch)
        except FAILURES as error:
            raise StorageError(f"cannot write: {error!r}") from error

    async def close(self) -> None:
        """Let go of the connection; leave no mark, if that can be."""
        if self._connection is not None and not self._connection.is_closed():
            with contextlib.suppress(*FAILURES):
                await self._connection.execute(_UNMARK, self._name)
        self._drop()

    def _drop(self) -> None:
        """Have the next batch go over another connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _commit(self, batch: Sequence[ChangeSet]) -> frozenset[str]:
        self._number += 1
        connection = await self._begin(batch)
        try:
            known = await _lock(connection, batch)
            sequenced = sequence(batch, known)
            await self._store(connection, known.month, sequenced)
            await _take_back(connection, batch, sequenced)
        except asyncpg.PostgresError:
            await self._roll_back(connection)
            raise
        except BaseException:
            self._drop()
            raise
        await self._finish(connection)
        return sequenced.conflicts

    async def _begin(self, batch: Sequence[ChangeSet]) -> asyncpg.Connection:
        """Begin a transaction; return the connection that it is on, a new one where the last was found dead."""
        for is_last in (False, True):
            connection = await self._connected()
            try:
                await self._open_month(connection, batch)
                await connection.execute(_BEGIN % (self._name, self._number))
                break
            except BaseException as error:
                if isinstance(error, asyncpg.PostgresError) and not is_dead(error):
                    await self._roll_back(connection)
                    raise
                self._drop()
                if is_last or not is_dead(error):
                    raise
        return connection

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url)
        return self._connection

    async def _roll_back(self, connection: asyncpg.Connection) -> None:
        try:
            await connection.execute("ROLLBACK")
        except FAILURES:
            self._drop()

    async def _open_month(self, connection: asyncpg.Connection, batch: Sequence[ChangeSet]) -> None:
        """See to it that the newest entry's month has a partition."""
        newest = max((new.entry.ts for change_set in batch for new in change_set.entries), default=0)
        if newest >= self._month_end:
            month = month_of(newest)
            if newest:
                await postgres_journal.open_month(connection, month)
                self._month_end = end_of(month)

    async def _store(self, connection: asyncpg.Connection, month: int, sequenced: Sequenced) -> None:
        """Write change sets that are known to fit."""
        change_sets = sequenced.change_sets
        entries: list[tuple[str, NewEntry]] = [
            (change_set.stream, new) for change_set in change_sets for new in change_set.entries
        ]
        if sequenced.heads:
            await postgres_journal.append(connection, month, list(sequenced.heads.items()), entries)
        changes = list(chain.from_iterable(map(rows_of, change_sets)))
        if any(change.table in COUNTED for change in changes):
            await connection.execute(_COUNTING)
        for sql, columns in statements(changes):
            await connection.execute(sql, *columns)
        erased = [(change_set.stream, seq) for change_set in change_sets for seq in change_set.erase]
        if erased:
            await postgres_journal.erase(connection, self._removed, erased)
        await _record(connection, change_sets)

    async def _finish(self, connection: asyncpg.Connection) -> None:
        """Commit; if the answer is lost, find out what became of it."""
        pid = connection.get_server_pid()
        try:
            await connection.execute("COMMIT")
        except asyncpg.IntegrityConstraintViolationError:
            # A foreign key, checked only now: the server has rolled back.
            raise
        except FAILURES:
            self._drop()
            if not await self._has_committed(pid):
                raise
        except BaseException:
            self._drop()
            raise

    async def _has_committed(self, pid: int) -> bool:
        """Ask over new connections until the outcome is known or time is up; false also when nobody can say.

        `pid`: of the server's process that was to commit. While it still does, it holds the mark, and is ended.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + OUTCOME_S
        while loop.time() < until:
            try:
                connection = await self._connected()
                try:
                    return bool(await connection.fetchval(_MARKED, self._name) == self._number)
                except asyncpg.LockNotAvailableError:
                    await connection.execute("SELECT pg_terminate_backend($1)", pid)
            except FAILURES:
                self._drop()
            await asyncio.sleep(0.1)
        return False


async def _lock(connection: asyncpg.Connection, batch: Sequence[ChangeSet]) -> Snapshot:
    """Lock the heads that the batch rests on and read what it must know."""
    founding = _founding(batch)
    if founding:
        await connection.execute(_FOUND, founding)
    quota_guards = [quota_guard for change_set in batch for quota_guard in change_set.quota_guards]
    users = {quota_guard.user for quota_guard in quota_guards}
    # Two uses of a nonce may be of two streams, as groups to be founded: they wait for each other at the account.
    asking = {change_set.asked.user for change_set in batch if change_set.asked}
    streams = {change_set.stream for change_set in batch if change_set.stream} | {
        account_stream(user) for user in users | asking
    }
    also = [one for change_set in batch for one in change_set.also]
    streams |= {one.stream for one in also}
    streams |= {change_set.rests_on[0] for change_set in (*batch, *also) if change_set.rests_on}
    known = Snapshot(await connection.fetch(_LOCK, sorted(streams)))
    nonces = [wanted for change_set in batch if (wanted := nonce_of(change_set))]
    if nonces:
        known.nonces = await postgres_journal.find_nonces(connection, nonces)
    if users:
        known.persons = await _persons(connection, sorted(users))
        everybody = sorted({one for user in users for one in known.person(user)})
        known.joined = await _counts(connection, _JOINED, everybody)
        if any(quota_guard.groups_created is not None for quota_guard in quota_guards):
            known.created = await _counts(connection, _CREATED, everybody)
        if any(quota_guard.channels is not None for quota_guard in quota_guards):
            known.channels = await _counts(connection, _CHANNELS, everybody)
    return known


async def _persons(connection: asyncpg.Connection, users: list[str]) -> dict[str, set[str]]:
    """Return the accounts of the same person for each of these accounts that was verified; nobody else counts groups of
    theirs from now on."""
    blinds = [row[0] for row in await connection.fetch(_BLINDS, users)]
    if not blinds:
        return {}
    await connection.execute(_ONE_BY_ONE, blinds)
    persons: dict[str, set[str]] = {}
    for user, other in await connection.fetch(_PERSONS, users):
        persons.setdefault(user, {user}).add(other)
    return persons


def _founding(batch: Sequence[ChangeSet]) -> list[str]:
    """Return the streams that change sets of the batch begin, and those that they rest on not having begun: whoever
    begins one of these at the same moment, on whichever node, waits here."""
    everything = [one for change_set in batch for one in (change_set, *change_set.also)]
    begun = {one.stream for one in everything if one.stream and not one.version}
    return sorted(begun | _unbegun(everything))


def _unbegun(everything: Iterable[ChangeSet]) -> set[str]:
    return {one.rests_on[0] for one in everything if one.rests_on and not one.rests_on[1]}


async def _counts(connection: asyncpg.Connection, query: str, users: list[str]) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.fetch(query, users)}


async def _take_back(connection: asyncpg.Connection, batch: Sequence[ChangeSet], sequenced: Sequenced) -> None:
    """Remove the heads of streams that did not begin: what was to begin them is in conflict, or rests on that."""
    unfounded = [stream for stream in _founding(batch) if not sequenced.heads.get(stream, NOWHERE).version]
    if unfounded:
        await connection.execute(_UNFOUND, unfounded)


async def _record(connection: asyncpg.Connection, change_sets: Sequence[ChangeSet]) -> None:
    """Write the events of all change sets at the positions that follow the last."""
    rows: list[dict[str, Any]] = [
        ledger_row(0, 0, change_set.stream, change_set.version + number, event)
        for change_set in change_sets
        for number, event in enumerate(change_set.events, 1)
    ]
    if rows:
        await connection.execute(_RECORD, len(rows), *([row[name] for row in rows] for name in _RECORD_COLUMNS))
