"""What an administrator decides about the store itself, put on record: the shell around `decide_on_store`."""

from collections.abc import Sequence

from folkmoot_governance import Actor, Refusal
from folkmoot_governance.store_acts import ConfirmRemoval, ConfirmTime, decide_on_store

from ..common.clock import Clock
from ..live.commit_queue import CommitQueue
from ..storage.api import Ledger
from ..storage.change_set import STORE_STREAM, ChangeSet, RowChange
from ..storage.changes import REMOVAL_MARK, TRIED_MARK, mark
from ..storage.sql.months import month_of, number_of
from .accounts.govern import AccountService

PAGE = 1000
TRY_S = 1.0
"""How often a commit is tried while they fail."""


class StoreActs:
    """Decides and stores."""

    def __init__(
        self, ledger: Ledger, clock: Clock, account_service: AccountService, commit_queue: CommitQueue
    ) -> None:
        self._commit_queue = commit_queue
        self._ledger = ledger
        self._clock = clock
        self._account_service = account_service

    async def act(
        self, command: ConfirmTime | ConfirmRemoval, actor: Actor, rows: Sequence[RowChange] = (), *, dry_run: bool
    ) -> int | Refusal:
        """Carry out a command, unless it is a dry run; return how many events it has. Raises StorageError."""
        version = await self._version()
        decision = decide_on_store(command, actor, self._clock.now_ms())
        if isinstance(decision, Refusal):
            return decision
        change_set = ChangeSet(STORE_STREAM, version, decision, rows)
        return len(decision) if dry_run else await self._account_service.store("", change_set) or len(decision)

    async def confirm_removal(self, actor: Actor, reason: str, *, dry_run: bool) -> int | Refusal:
        """Let an administrator say that what retention would remove this month may go."""
        month = month_of(self._clock.now_ms())
        rows = [mark(REMOVAL_MARK, number_of(month))]
        return await self.act(ConfirmRemoval(month, reason), actor, rows, dry_run=dry_run)

    async def store_rows(self, rows: Sequence[RowChange]) -> Refusal | None:
        """Store what the store is to remember about itself; return why not."""
        return await self._account_service.store_rows("", rows)

    async def try_storing(self) -> None:
        """When commits fail, try one: nobody may come to post before it is known that they do not."""
        await self._commit_queue.failed.wait()
        await self.store_rows([mark(TRIED_MARK, self._clock.now_ms())])

    async def _version(self) -> int:
        version, more = 0, True
        while more:
            page = await self._ledger.events(STORE_STREAM, version, PAGE)
            version, more = version + len(page), len(page) == PAGE
        return version
