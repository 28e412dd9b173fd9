"""The upkeep of the journal: months that need not be kept any longer go, and search hears of what came."""

import asyncio
from collections.abc import Collection, Sequence

import structlog

from folkmoot_governance.duration import FOREVER_MS

from ..actions.accounts.govern import AccountService
from ..actions.channels.keeping import PostKeeping
from ..actions.each_month import EachMonth
from ..actions.holds import Holds
from ..actions.store_acts import StoreActs
from ..common.background import Remarks
from ..common.clock import Clock
from ..common.metrics import ENTRIES
from ..storage.api import Journal, Left, Segment, Store
from ..storage.change_set import StorageError
from ..storage.changes import MONTHS_MARK, REMOVAL_MARK, mark
from ..storage.sql.months import goes_unasked, is_due, month_of, number_of
from .runner import Job, rest_of

log = structlog.get_logger()

ROTATE_S = 24 * 60 * 60
TURN_S = 10
"""How soon a node that takes over the jobs, or whose storage failed, looks which months may go."""
TRIES = 3
"""How often what is newly held is kept before a month goes: whoever reports all the time must not keep it for ever."""
INDEX_S = 5
RUSH_PER_S = 1000
"""So many entries a second are a rush: search looks through what is not indexed itself."""


def index_rest_s(took_s: float, stored: int) -> float:
    """Return how long to rest after a piece of indexing during which so many entries were stored."""
    return rest_of(took_s) if stored > RUSH_PER_S * took_s else 0.0


class Rotation(Job):
    """The job that removes months, at start and every day (G13); if that is more than time alone explains, it asks.

    `remarks`: see `common.background.Remarks`.
    """

    name = "rotation"
    rest_s = TURN_S
    goes_by_time = True

    def __init__(
        self,
        store: Store,
        clock: Clock,
        months: int,
        access_months: int,
        remarks: Remarks,
        account_service: AccountService,
        store_acts: StoreActs,
        holds: Holds,
        posts: PostKeeping,
    ) -> None:
        self._ledger, self._journal, self._access = store.ledger, store.journal, store.access
        self._clock = clock
        self._months, self._access_months = months, access_months
        self._remarks = remarks
        self._account_service = account_service
        self._store_acts = store_acts
        self._holds = holds
        self._posts = posts

    async def do_round(self) -> float | None:
        """Remove what is due, or ask about it; a question is looked at again soon, for somebody may have answered."""
        now = self._clock.now_ms()
        this_month, marks = number_of(month_of(now)), await self._ledger.marks()
        each = EachMonth()
        due = await self._readable(due_of(await self._journal.segments(), now, self._months), each)
        due_access = due_of(await self._access.segments(), now, self._access_months)
        looked = marks.get(MONTHS_MARK) or number_of(month_of(await self._ledger.latest_ts() or now))
        are_few = all(goes_unasked(months, looked, this_month) for months in (due, due_access))
        if marks.get(REMOVAL_MARK) != this_month and not are_few:
            self._ask(sorted({*due, *due_access}))
            return None
        self._remarks.pop(self.name, None)
        for month in due:
            with each.trying(month):
                await self._remove(month, now, {*due, *each.failed} - {month})
        for month in due_access:
            with each.trying(f"access {month}"):
                await self._remove_access(month)
        await self._holds.let_go()
        await self._posts.take_out()
        if looked != this_month or MONTHS_MARK not in marks:
            await self._account_service.store_rows("", [mark(MONTHS_MARK, this_month)])
        each.end()
        return ROTATE_S

    async def _readable(self, months: Sequence[str], each: EachMonth) -> list[str]:
        """Return those of some months that can be read. A damaged one stays: who restores it may need it."""
        for month in months:
            with each.trying(month):
                await self._journal.ends(month)
        return [month for month in months if month not in each.failed]

    async def _remove(self, month: str, now: int, others: Collection[str]) -> None:
        """Remove a month of the journal, but for what is held or kept of it, and none of `others`, which may be due as
        well."""
        await self._posts.keep(month, rest_of)
        await self._keep_and_note([month], [])
        for segment in await self._journal.rotate(now, self._months, but=others):
            log.info("removed a month of the journal", month=segment.month, bytes=segment.size)

    async def _keep_and_note(self, months: Sequence[str], access_months: Sequence[str]) -> None:
        """Keep what is held of months, and put on record that they go. What somebody begins to hold meanwhile, which
        may be minutes, is kept as well."""
        held = await self._holds.keep(months, access_months, rest_of)
        if await self._store_acts.note_removed(months) or await self._store_acts.note_removed(access_months, "access"):
            raise StorageError("that they are to be removed could not be put on record")
        for _ in range(TRIES):
            more = await self._holds.keep(months, access_months, rest_of, held)
            if not more:
                break
            held += more

    async def _remove_access(self, month: str) -> None:
        await self._keep_and_note([], [month])
        await self._access.remove([month])
        log.info("removed a month of the access log", month=month)

    def _ask(self, due: Sequence[str]) -> None:
        remark = (
            f"retention would remove {', '.join(due)}, more than is due in a month; if that is right: "
            "folkmoot admin node confirm removal"
        )
        if self._remarks.get(self.name) != remark:
            self._remarks[self.name] = remark
            log.warning("nothing is removed before an administrator has confirmed it", months=due)


def due_of(segments: Sequence[Segment], now: int, months: int) -> list[str]:
    """Return the months that may go, of those that there are, oldest first; the newest never does."""
    return [one.month for one in segments[:-1] if is_due(one.month, now, months)]


class Indexing(Job):
    """The job that keeps search up to what is stored, a piece each round."""

    name = "search_index"
    rest_s = INDEX_S
    after_ms = 0

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def do_round(self) -> float | None:
        loop = asyncio.get_running_loop()
        began, before = loop.time(), ENTRIES.count
        is_more = await self._journal.index()
        self.next_ms = 0 if is_more else FOREVER_MS
        if not is_more:
            return None
        return index_rest_s(loop.time() - began, ENTRIES.count - before)


class Erasing(Job):
    """The job that takes texts that were removed out of all files, a piece each round."""

    name = "erasing"
    rest_s = INDEX_S
    after_ms = 0

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def do_round(self) -> float | None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        left = await self._journal.erase()
        self.next_ms = 0 if left else FOREVER_MS
        return rest_of(loop.time() - began) if left is Left.MORE else None
