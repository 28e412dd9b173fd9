"""The daily look at every group (G7): how active it is, and whether that, its size, its
category or, of a channel, its followers change its grade.

One node (the one whose turn the jobs are) asks storage which groups were last looked at a day ago. How many entries a
group got since is the difference of two seqs: no journal is read. A group whose grade is the same costs one row.
"""

import structlog

from folkmoot_governance import Policy, Refusal
from folkmoot_governance.classification import average, classify
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.group.commands import Regrade

from ..actions.accounts.govern import AccountService
from ..actions.acting import SERVICE
from ..actions.groups.govern import GroupService
from ..common.clock import Clock
from ..live.rooms import Rooms
from ..storage.api import ActivityRow, Ledger
from ..storage.changes import activity_row
from .runner import Job

log = structlog.get_logger()

LOOK_S = 600.0
PAGE = 200


class Grading(Job):
    """The job."""

    name = "grading"
    rest_s = LOOK_S
    goes_by_time = True

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        policy: Policy,
        rooms: Rooms,
        group_service: GroupService,
        account_service: AccountService,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._policy = policy
        self._rooms = rooms
        self._group_service = group_service
        self._account_service = account_service

    async def do_round(self) -> None:
        await self.sweep(self._clock.now_ms())

    async def sweep(self, now: int) -> int:
        """Look at all groups whose day is over at `now` (Unix ms); return how many. Raises StorageError."""
        looked, after = 0, ""
        while rows := await self._ledger.due_for_grading(now - DAY_MS, after, PAGE):
            await self._look(rows, now)
            looked, after = looked + len(rows), rows[-1].code
        return looked

    async def _look(self, rows: list[ActivityRow], now: int) -> None:
        heads = await self._ledger.heads([row.code for row in rows])
        changes = []
        for row in rows:
            seq = heads[row.code][1]
            per_day = average(row.entries_per_day, seq - row.seq, now - row.ts)
            await self._regrade(row, per_day)
            changes.append(activity_row(row.code, now, seq, per_day))
        refusal = await self._account_service.store_rows("", changes)
        if refusal:
            log.warning("could not store how active groups are", groups=len(rows), code=refusal.code)

    async def _regrade(self, row: ActivityRow, per_day: int) -> None:
        """Let the rules decide on a group that seems to have another grade."""
        grades = self._policy.grades
        if classify(grades, row.category, row.members, per_day, row.followers).name == row.grade:
            return
        room = await self._rooms.load(row.code)
        if room is None:
            return
        act = self._group_service.act(room, Regrade(per_day, row.followers), SERVICE)
        refusal = act if isinstance(act, Refusal) else await self._group_service.wait_stored(act)
        if refusal:
            log.warning("could not grade a group", group=row.code, code=refusal.code)
