"""What an administrator decides about the store itself, put on record: the shell around `decide_on_store`."""

from collections.abc import Callable, Sequence

from folkmoot_governance import Actor, Refusal
from folkmoot_governance.actor import SERVICE
from folkmoot_governance.holds import HoldCommand, decide_on_hold, holds_of
from folkmoot_governance.store_acts import (
    ChangeLogKey,
    ConfirmRemoval,
    EntriesHeld,
    FilingsBegan,
    HoldEntries,
    LogKeyChanged,
    MonthRemoved,
    MonthSealed,
    NoteFilings,
    Part,
    RemoveMonth,
    SealMonth,
    StoreCommand,
    StoreEvent,
    decide_on_store,
    seals_of,
)

from ..common.clock import Clock
from ..live.commit_queue import CommitQueue
from ..storage.api import Ledger, Store
from ..storage.change_set import STORE_STREAM, ChangeSet, RowChange, StorageError
from ..storage.changes import FILINGS_MARK, REMOVAL_MARK, TRIED_MARK, mark
from ..storage.sql.months import month_of, number_of
from ..storage.sql.seals import Seal
from .accounts.govern import AccountService

PAGE = 1000
UNSEALED = -1
"""Entries of a month that was removed before it was sealed."""
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
        self, command: StoreCommand, actor: Actor, rows: Sequence[RowChange] = (), *, dry_run: bool
    ) -> int | Refusal:
        """Carry out a command, unless it is a dry run; return how many events it has. Raises StorageError."""
        events = await self.events()
        decision = decide_on_store(command, actor, self._clock.now_ms())
        return await self._store(len(events), decision, rows, dry_run=dry_run)

    async def act_on_hold(self, make: Callable[[str], HoldCommand], actor: Actor, *, dry_run: bool) -> int | Refusal:
        """Begin or end a hold, unless it is a dry run, by the command that is made with the number of a new one; return
        how many events that has. Raises StorageError."""
        events = await self.events()
        command = make(f"h{len(events) + 1}")
        decision = decide_on_hold(holds_of(events).values(), command, actor, self._clock.now_ms())
        return await self._store(len(events), decision, dry_run=dry_run)

    async def _store(
        self, version: int, decision: Sequence[StoreEvent] | Refusal, rows: Sequence[RowChange] = (), *, dry_run: bool
    ) -> int | Refusal:
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

    async def seals(self) -> dict[tuple[Part, str], MonthSealed]:
        """Return what is on record of the months that are over, by part and month."""
        return seals_of(await self.events())

    async def seal(self, part: Part, month: str, made: Seal) -> Refusal | None:
        """Put on record what a month has."""
        done = await self.act(SealMonth(month, *made, part), SERVICE, dry_run=False)
        return done if isinstance(done, Refusal) else None

    async def removed(self) -> set[tuple[Part, str]]:
        """Return the months of which is on record that they are removed."""
        return {(event.part, event.month) for event in await self.events() if isinstance(event, MonthRemoved)}

    async def note_filings(self) -> Refusal | None:
        """Put on record, once, from where on there are reports to the authority: the store may be older than they."""
        if any(isinstance(event, FilingsBegan) for event in await self.events()):
            return None
        done = await self.act(NoteFilings((await self._ledger.marks()).get(FILINGS_MARK, 0)), SERVICE, dry_run=False)
        return done if isinstance(done, Refusal) else None

    async def note_log_key(self, store: Store, number: int, key: str) -> None:
        """Put on record, once, which of its keys signs the ledger's log from now on. Raises StorageError, also where
        the store has gone on to a later one.

        It is called before anything is done in rounds: so it commits to the store itself.
        """
        while (noted := self._noted_log_key(events := await self.events())) < number:
            decision = decide_on_store(ChangeLogKey(number, key), SERVICE, self._clock.now_ms())
            if isinstance(decision, Refusal):
                raise StorageError(f"another key of the log could not be put on record: {decision.code.value}")
            # Overtaken by another node, which may have said the same: look again.
            await store.commit([ChangeSet(STORE_STREAM, len(events), decision)])
        if noted > number:
            raise StorageError(
                f"the log of this store is signed by its key number {noted}, and retention.log_key is {number}"
            )

    @staticmethod
    def _noted_log_key(events: Sequence[StoreEvent]) -> int:
        return max([1, *(event.number for event in events if isinstance(event, LogKeyChanged))])

    async def note_held(self, commands: Sequence[HoldEntries]) -> Sequence[HoldEntries] | Refusal:
        """Put on record what is kept for holds, where the last that is on record of it is something else; return what
        that was. However many there are, the record is read once. Raises StorageError."""
        events = await self.events()
        noted = {
            (one.hold, one.month, one.part): (one.entries, one.sha256) for one in events if isinstance(one, EntriesHeld)
        }
        new = [one for one in commands if noted.get((one.hold, one.month, one.part)) != (one.entries, one.sha256)]
        version, now = len(events), self._clock.now_ms()
        for start in range(0, len(new), PAGE):
            decided: list[StoreEvent] = []
            for command in new[start : start + PAGE]:
                decision = decide_on_store(command, SERVICE, now)
                if isinstance(decision, Refusal):
                    return decision
                decided += decision
            done = await self._store(version, decided, dry_run=False)
            if isinstance(done, Refusal):
                return done
            version += len(decided)
        return new

    async def note_removed(self, months: Sequence[str], part: Part = "journal") -> Refusal | None:
        """Put on record, before they go, that months are removed; once, whatever comes between."""
        events = await self.events()
        seals = seals_of(events)
        noted = {event.month for event in events if isinstance(event, MonthRemoved) and event.part == part}
        for month in months:
            if month not in noted:
                seal = seals.get((part, month))
                entries, root = (seal.entries, seal.root) if seal else (UNSEALED, "")
                done = await self.act(RemoveMonth(month, entries, root, part), SERVICE, dry_run=False)
                if isinstance(done, Refusal):
                    return done
        return None

    async def events(self) -> list[StoreEvent]:
        """Return all that is on record of the store itself."""
        found: list[StoreEvent] = []
        while page := await self._ledger.events(STORE_STREAM, len(found), PAGE):
            found += [one.event for one in page if isinstance(one.event, StoreEvent)]
            if len(page) < PAGE:
                break
        return found
