"""Sealing the months of the journal that are over: what they have is counted, hashed, and put on record (G13)."""

import asyncio
from collections.abc import Callable

import structlog

from ..actions.each_month import EachMonth
from ..actions.store_acts import StoreActs
from ..common.clock import Clock
from ..storage.api import Journal
from ..storage.change_set import StorageError
from ..storage.sql.months import seals_at
from ..storage.sql.seals import Seal, SealMaker
from .runner import Job, rest_of

log = structlog.get_logger()

LOOK_S = 60 * 60
PIECE = 150
"""Entries that are read at once: more would keep posts waiting, a few milliseconds each time."""
BEGINNING = (-1, -1)


class Sealing(Job):
    """The job that seals. What was begun when a node ended is begun anew."""

    name = "sealing"
    rest_s = LOOK_S
    goes_by_time = True

    def __init__(self, journal: Journal, clock: Clock, store_acts: StoreActs) -> None:
        self._journal = journal
        self._clock = clock
        self._store_acts = store_acts

    async def do_round(self) -> float | None:
        """Seal the oldest month that is due and can be read; whether there are more is looked at again at once."""
        over = [one.month for one in (await self._journal.segments())[:-1]]
        now, sealed = self._clock.now_ms(), await self._store_acts.seals()
        due = [month for month in over if month not in sealed and seals_at(month) <= now]
        each = EachMonth()
        for month in due:
            with each.trying(month):
                await self._seal(month)
                return 0
        each.end()
        return None

    async def _seal(self, month: str) -> None:
        seal = await make_seal(self._journal, month, rest_of)
        refusal = await self._store_acts.seal(month, seal)
        if refusal:
            raise StorageError(f"the seal of {month} could not be stored: {refusal.code.value}")
        log.info("sealed a month of the journal", month=month, entries=seal.entries)


async def make_seal(journal: Journal, month: str, rest: Callable[[float], float]) -> Seal:
    """Return the seal of a month, made a piece at a time, with a rest after each. Raises StorageError."""
    loop, maker, after = asyncio.get_running_loop(), SealMaker(), BEGINNING
    while True:
        began = loop.time()
        lines = await journal.lines(month, after, PIECE)
        await asyncio.to_thread(maker.add, lines)
        if len(lines) < PIECE:
            return maker.seal()
        after = lines[-1].grp, lines[-1].seq
        await asyncio.sleep(rest(loop.time() - began))
