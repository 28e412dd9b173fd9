"""Flags that a crash, or a disk that was full, has kept from the record: found again and recorded late.

That an entry breaks a rule is recorded after the entry is stored, because the event names the entry's seq, which the
store gives. So a post that will be flagged brings a row into its own transaction, and the record takes that row out:
what is still there after a while was lost. One node at a time looks.
"""

import structlog

from folkmoot_governance import Refusal
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group.commands import RecordVerdict

from ..actions.accounts.govern import AccountService
from ..actions.acting import SERVICE
from ..actions.groups.govern import GroupService
from ..actions.posts.flags import closing
from ..common.clock import Clock
from ..live.rooms import Rooms
from ..storage.api import OpenFlag, Store
from ..storage.changes import closed_flag
from .runner import Job

log = structlog.get_logger()

LOOK_S = 5.0
PATIENCE_MS = 10_000
"""How long the node that stored an entry has for its flag."""
BATCH = 100


class LostFlags(Job):
    """The job."""

    name = "lost_flags"
    rest_s = LOOK_S
    after_ms = PATIENCE_MS

    def __init__(
        self,
        store: Store,
        clock: Clock,
        rooms: Rooms,
        group_service: GroupService,
        account_service: AccountService,
        *,
        in_cluster: bool,
    ) -> None:
        self._ledger, self._journal = store.ledger, store.journal
        self._clock = clock
        self._rooms = rooms
        self._group_service = group_service
        self._account_service = account_service
        # What a single node finds when it starts, nobody else is about to record.
        self._patience_ms = PATIENCE_MS if in_cluster else 0

    async def do_round(self) -> None:
        await self.sweep(self._clock.now_ms() - self._patience_ms)
        self._patience_ms = PATIENCE_MS

    async def sweep(self, before: int) -> None:
        """Record flags of entries that were posted before (Unix ms) and have none yet. Raises StorageError."""
        rows = await self._ledger.open_flags(before, BATCH)
        self.next_ms = 0 if rows else FOREVER_MS
        for row in rows:
            await self._record(row)

    async def _record(self, row: OpenFlag) -> None:
        found = await self._journal.find_nonce(row.code, row.user, row.nonce, row.ts)
        room = await self._rooms.load(row.code)
        if found is not None and room is not None:
            command = RecordVerdict(
                row.user,
                row.rule,
                Severity(row.severity),
                Action.FLAG,
                found.seq,
                staff=bool(row.staff),
                own_rule=row.own_rule,
            )
            act = self._group_service.act(room, command, SERVICE, closing(row.code, row.user, row.nonce))
            if isinstance(act, Refusal):
                return
            if act.events:
                log.info("recorded a lost flag", group=row.code, seq=found.seq)
                await self._group_service.wait_stored(act)
                return
        # The entry was never stored, or nothing is to be recorded: the group is closed, or has the flag already.
        await self._account_service.store_rows(row.user, [closed_flag(row.code, row.user, row.nonce)])
