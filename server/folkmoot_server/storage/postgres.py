"""The store on PostgreSQL, which any number of nodes share: it is authority and sequencer. See `docs/storage.md`."""

from collections.abc import Collection, Sequence

from folkmoot_governance import GroupState
from folkmoot_governance.case.rules import ReporterRecord
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.platform_words import PlatformWord

from . import case_tables, ends, identity_tables, ledger_tables, postgres_journal, record_tables
from .api import (
    AccountRow,
    ActivityRow,
    Acts,
    Cases,
    GroupRow,
    IdentityRow,
    Measure,
    Note,
    OpenFlag,
    Outline,
    Recorded,
    StoredAccount,
    WarningRow,
    Work,
    account_stream,
    group_stream,
)
from .postgres_database import Reader, migrate
from .postgres_journal import PostgresJournal
from .postgres_search import PostgresSearch
from .postgres_writer import PostgresWriter


class PostgresLedger:
    """`api.Ledger` on PostgreSQL."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._read = reader.tables

    async def load_group(self, code: str) -> GroupState | None:
        return await self._read(ledger_tables.load_group, code) if can_hold(code) else None

    async def load_account(self, user: str) -> StoredAccount | None:
        return await self._read(ledger_tables.load_account, user) if can_hold(user) else None

    async def events(self, stream: str, after: int = 0, limit: int = 1000) -> list[Recorded]:
        return await self._read(ledger_tables.events, stream, after, limit)

    async def acts(self, stream: str, wanted: Acts, limit: int) -> list[Recorded]:
        return await self._read(record_tables.acts, stream, wanted, limit)

    async def outline(self, code: str) -> Outline | None:
        return await self._read(record_tables.outline, code) if can_hold(code) else None

    async def due_for_grading(self, looked_before: int, after: str = "", limit: int = 500) -> list[ActivityRow]:
        return await self._read(record_tables.due_for_grading, looked_before, after, limit)

    async def due_for_recovery(self, below: int, before_ms: int, after: str = "", limit: int = 500) -> list[str]:
        return await self._read(record_tables.due_for_recovery, below, before_ms, after, limit)

    async def scan(self, after: int = 0, limit: int = 1000) -> list[Recorded]:
        return await self._read(ledger_tables.scan, after, limit)

    async def heads(self, codes: Collection[str]) -> dict[str, tuple[int, int]]:
        found = await postgres_journal.heads(self._reader, map(group_stream, codes))
        known = ((code, found.get(group_stream(code))) for code in codes)
        return {code: (head.version, head.last_seq) for code, head in known if head is not None}

    async def account_versions(self, users: Collection[str]) -> dict[str, int]:
        found = await postgres_journal.heads(self._reader, map(account_stream, users))
        return {user: found[stream].version for user in users if (stream := account_stream(user)) in found}

    async def find_token(self, token_hash: str) -> str | None:
        return await self._read(ledger_tables.find_token, token_hash) if can_hold(token_hash) else None

    async def find_session(self, token_hash: str) -> StoredAccount | None:
        return await self._read(ledger_tables.find_session, token_hash) if can_hold(token_hash) else None

    async def list_members(self, code: str, after: str = "", limit: int = 100) -> dict[str, str]:
        if not can_hold(after):
            return {}
        return await self._read(ledger_tables.list_members, code, after, limit)

    async def list_notes(self, code: str, user: str, limit: int = 50) -> list[Note]:
        return await self._read(ledger_tables.list_notes, code, user, limit)

    async def list_measures(self, user: str, now: int) -> list[Measure]:
        return await self._read(ledger_tables.list_measures, user, now)

    async def list_leaving(self, after: str = "", limit: int = 100) -> list[str]:
        return await self._read(identity_tables.list_leaving, after, limit)

    async def places_of(self, user: str) -> list[str]:
        return await self._read(identity_tables.places_of, user)

    async def open_flags(self, before: int, limit: int) -> list[OpenFlag]:
        return await self._read(record_tables.find_open_flags, before, limit)

    async def platform_words(self) -> list[PlatformWord]:
        return await self._read(record_tables.list_platform_words)

    async def held_texts(self, code: str) -> dict[int, str]:
        return await self._read(ledger_tables.find_held_texts, code)

    async def list_identities(self, user: str) -> list[IdentityRow]:
        return await self._read(identity_tables.list_identities, user)

    async def same_identity(self, blind: str, limit: int = 20) -> list[str]:
        return await self._read(identity_tables.same_identity, blind, limit)

    async def list_asking(self, after: str = "", limit: int = 100) -> list[tuple[str, str, int]]:
        return await self._read(identity_tables.list_asking, after, limit)

    async def next_ends(self, limit: int) -> list[tuple[int, str]]:
        return await self._read(ends.next_ends, limit)

    async def absent_owners(self, since_ms: int, after: str = "", limit: int = 100) -> list[tuple[str, str, int]]:
        return await self._read(ledger_tables.absent_owners, since_ms, after, limit)

    async def load_case(self, number: str) -> CaseState | None:
        return await self._read(case_tables.load_case, number) if can_hold(number) else None

    async def list_cases(self, wanted: Cases, after: tuple[int, str] = (0, ""), limit: int = 100) -> list[CaseState]:
        return await self._read(case_tables.list_cases, wanted, after, limit)

    async def unsettled_cases(self, closed_before: int, limit: int = 100) -> list[str]:
        return await self._read(case_tables.unsettled_cases, closed_before, limit)

    async def case_text(self, number: str) -> str | None:
        return await self._read(case_tables.case_text, number)

    async def reporter_record(self, user: str, now: int) -> ReporterRecord:
        return await self._read(case_tables.reporter_record, user, now)

    async def list_warnings(self, after: str = "", limit: int = 100) -> list[WarningRow]:
        return await self._read(case_tables.list_warnings, after, limit)

    async def list_groups(self, after: str = "", limit: int = 100) -> list[GroupRow]:
        return await self._read(ledger_tables.list_groups, after, limit)

    async def list_accounts(self, after: str = "", limit: int = 100) -> list[AccountRow]:
        return await self._read(ledger_tables.list_accounts, after, limit)


def can_hold(name: str) -> bool:
    """Say whether PostgreSQL's text can hold a name; one that it cannot hold is nobody's."""
    return "\x00" not in name


class PostgresStore:
    """`api.Store` in a PostgreSQL database."""

    def __init__(self, reader: Reader, writer: PostgresWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.ledger = PostgresLedger(reader)
        self.journal = PostgresJournal(reader, PostgresSearch(reader))

    @classmethod
    async def open(cls, database_url: str, *, key: bytes) -> "PostgresStore":
        """Open the store in a database, migrated if need be; `key` seals removed texts, the same on all nodes.

        `database_url` is a libpq URL. Raises StorageError when the database cannot be reached or a newer version has
        written it.
        """
        await migrate(database_url)
        return cls(await Reader.open(database_url), PostgresWriter(database_url, key))

    async def commit(self, batch: Sequence[Work]) -> frozenset[str]:
        return await self._writer.commit(batch)

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()
