"""The store on PostgreSQL, which any number of nodes share: it is authority and sequencer. See `docs/storage.md`."""

from collections.abc import Collection, Sequence

from ..change_set import ChangeSet, account_stream, group_stream
from ..sql.ledger import SqlLedger
from ..sql.removed_texts import RemovedTexts
from . import journal as postgres_journal
from .access_log import PostgresAccessLog
from .channels import PostgresChannels
from .database import Reader, migrate
from .journal import PostgresJournal
from .search import PostgresSearch
from .writer import PostgresWriter

_TAGS = 'SELECT "user", author_tag FROM accounts WHERE author_tag <> \'\' AND "user" = ANY($1::text[])'


class PostgresLedger(SqlLedger):
    """`api.Ledger` on PostgreSQL."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader.tables, reader.ask)
        self._reader = reader

    async def heads(self, codes: Collection[str]) -> dict[str, tuple[int, int]]:
        found = await postgres_journal.heads(self._reader, map(group_stream, codes))
        known = ((code, found.get(group_stream(code))) for code in codes)
        return {code: (head.version, head.last_seq) for code, head in known if head is not None}

    async def author_tags(self, users: Collection[str]) -> dict[str, str]:
        # Asked with each page: SQLAlchemy would take three round trips for it.
        return {row[0]: row[1] for row in await self._reader.rows(_TAGS, list(users))}

    async def account_versions(self, users: Collection[str]) -> dict[str, int]:
        found = await postgres_journal.heads(self._reader, map(account_stream, users))
        return {user: found[stream].version for user in users if (stream := account_stream(user)) in found}


class PostgresStore:
    """`api.Store` in a PostgreSQL database."""

    def __init__(self, reader: Reader, writer: PostgresWriter, removed: RemovedTexts) -> None:
        self._reader = reader
        self._writer = writer
        self.access = PostgresAccessLog(reader)
        self.ledger = PostgresLedger(reader)
        self.journal = PostgresJournal(reader, PostgresSearch(reader, removed), self.ledger.author_tags, removed)
        self.channels = PostgresChannels(reader.tables, reader.ask, reader, removed, self.ledger.author_tags)

    @classmethod
    async def open(cls, database_url: str, *, key: bytes) -> "PostgresStore":
        """Open the store in a database, migrated if need be; `key` seals removed texts, the same on all nodes.

        `database_url` is a libpq URL. Raises StorageError when the database cannot be reached or a newer version has
        written it.
        """
        await migrate(database_url)
        removed = RemovedTexts(key)
        return cls(await Reader.open(database_url), PostgresWriter(database_url, removed), removed)

    @property
    def damage(self) -> Sequence[str]:
        return ()

    async def commit(self, batch: Sequence[ChangeSet]) -> frozenset[str]:
        return await self._writer.commit(batch)

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()
