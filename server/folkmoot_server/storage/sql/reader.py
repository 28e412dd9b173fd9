"""`api.Ledger` in SQL tables, as far as it is the same in every database."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from folkmoot_governance import GroupState
from folkmoot_governance.case.rules import ReporterRecord
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.platform_words import PlatformWord

from ..api import (
    AccountRow,
    ActFilter,
    ActivityRow,
    CaseFilter,
    GroupRow,
    GroupSummary,
    IdentityRow,
    Measure,
    Note,
    OpenFlag,
    StoredAccount,
    WarningRow,
)
from ..change_set import Recorded
from . import cases as case_tables
from . import ends
from . import identity as identity_tables
from . import ledger as ledger_tables
from . import record as record_tables

P = ParamSpec("P")
T = TypeVar("T")


class ReadTables(Protocol):
    """Returns what a function gives that is called with a connection, in one transaction. Raises StorageError."""

    async def __call__(
        self, read: Callable[Concatenate[Connection, P], T], /, *args: P.args, **more: P.kwargs
    ) -> T: ...


def can_hold(name: str) -> bool:
    """Say whether text can hold a name everywhere (PostgreSQL's has no NUL); what it cannot hold is nobody's name."""
    return "\x00" not in name


class SqlLedger(ABC):
    """`api.Ledger`, but for where streams stand."""

    def __init__(self, read: ReadTables) -> None:
        self._read = read

    @abstractmethod
    async def heads(self, codes: Collection[str]) -> dict[str, tuple[int, int]]: ...

    @abstractmethod
    async def account_versions(self, users: Collection[str]) -> dict[str, int]: ...

    async def load_group(self, code: str) -> GroupState | None:
        return await self._read(ledger_tables.load_group, code) if can_hold(code) else None

    async def load_account(self, user: str) -> StoredAccount | None:
        return await self._read(ledger_tables.load_account, user) if can_hold(user) else None

    async def events(self, stream: str, after: int = 0, limit: int = 1000) -> list[Recorded]:
        return await self._read(ledger_tables.events, stream, after, limit)

    async def acts(self, stream: str, wanted: ActFilter, limit: int) -> list[Recorded]:
        return await self._read(record_tables.acts, stream, wanted, limit)

    async def group_summary(self, code: str) -> GroupSummary | None:
        return await self._read(record_tables.group_summary, code) if can_hold(code) else None

    async def due_for_grading(self, looked_before: int, after: str = "", limit: int = 500) -> list[ActivityRow]:
        return await self._read(record_tables.due_for_grading, looked_before, after, limit)

    async def due_for_recovery(self, below: int, before_ms: int, after: str = "", limit: int = 500) -> list[str]:
        return await self._read(record_tables.due_for_recovery, below, before_ms, after, limit)

    async def scan(self, after: int = 0, limit: int = 1000) -> list[Recorded]:
        return await self._read(ledger_tables.scan, after, limit)

    async def find_token(self, token_hash: str) -> str | None:
        return await self._read(ledger_tables.find_token, token_hash) if can_hold(token_hash) else None

    async def older_tokens(self, user: str, keep: int) -> list[str]:
        return await self._read(ledger_tables.older_tokens, user, keep)

    async def find_session(self, token_hash: str) -> StoredAccount | None:
        return await self._read(ledger_tables.find_session, token_hash) if can_hold(token_hash) else None

    async def list_members(self, code: str, after: str = "", limit: int = 100) -> dict[str, str]:
        return await self._read(ledger_tables.list_members, code, after, limit) if can_hold(after) else {}

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

    async def list_cases(
        self, wanted: CaseFilter, after: tuple[int, str] = (0, ""), limit: int = 100
    ) -> list[CaseState]:
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
