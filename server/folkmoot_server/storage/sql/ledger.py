"""`api.Ledger` in SQL tables, as far as it is the same in every database."""

from abc import ABC, abstractmethod
from collections.abc import Collection

from .accounts import SqlAccounts, SqlSessions
from .agreements import SqlAgreements
from .alarms import SqlAlarms
from .answers import SqlAnswers
from .cases import SqlCases
from .content import SqlReviews, SqlWords
from .event_log import SqlEventLog
from .filings import SqlFilings
from .groups import SqlGroups
from .holds import SqlHolds
from .hooks import SqlHooks
from .identities import SqlIdentities
from .media import SqlUploads
from .members import SqlMembers
from .notices import SqlNotices
from .oversight import SqlOversight
from .persons import SqlBlacklist
from .retro import SqlRetro
from .streams import SqlStreams


class SqlLedger(
    SqlStreams,
    SqlGroups,
    SqlMembers,
    SqlAccounts,
    SqlSessions,
    SqlAnswers,
    SqlNotices,
    SqlIdentities,
    SqlHooks,
    SqlBlacklist,
    SqlReviews,
    SqlWords,
    SqlAgreements,
    SqlRetro,
    SqlCases,
    SqlFilings,
    SqlEventLog,
    SqlAlarms,
    SqlHolds,
    SqlUploads,
    SqlOversight,
    ABC,
):
    """`api.Ledger`, but for where groups and accounts stand."""

    @abstractmethod
    async def heads(self, codes: Collection[str]) -> dict[str, tuple[int, int]]: ...

    @abstractmethod
    async def account_versions(self, users: Collection[str]) -> dict[str, int]: ...
