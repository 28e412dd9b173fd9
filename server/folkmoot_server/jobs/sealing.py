"""Sealing the months that are over: what they have is counted, hashed, and put on record (G13)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from folkmoot_governance.store_acts import Part

from ..actions.each_month import EachMonth
from ..actions.store_acts import StoreActs
from ..common.clock import Clock
from ..storage.api import AccessLog, Journal, Store
from ..storage.change_set import StorageError
from ..storage.rows import Line
from ..storage.sql.access_blocks import line_of
from ..storage.sql.months import seals_at
from ..storage.sql.seals import Seal, SealMaker
from .runner import Job, rest_of

log = structlog.get_logger()

LOOK_S = 60 * 60
PIECE = 150
"""Entries that are read at once: more would keep posts waiting, a few milliseconds each time."""
BLOCKS_PIECE = 20
"""Blocks of the access log that are read at once: one may have thousands of records."""
BEGINNING = (-1, -1)

Rest = Callable[[float], float]


class Sealing(Job):
    """The job that seals. What was begun when a node ended is begun anew."""

    name = "sealing"
    rest_s = LOOK_S
    goes_by_time = True

    def __init__(self, store: Store, clock: Clock, store_acts: StoreActs) -> None:
        self._store = store
        self._clock = clock
        self._store_acts = store_acts

    async def do_round(self) -> float | None:
        """Seal the oldest month that is due and can be read; whether there are more is looked at again at once. The
        newest is written to."""
        over: list[tuple[Part, str]] = [("journal", one.month) for one in (await self._store.journal.segments())[:-1]]
        over += [("access", one.month) for one in (await self._store.access.segments())[:-1]]
        now, sealed = self._clock.now_ms(), await self._store_acts.seals()
        each = EachMonth()
        for part, month in over:
            if (part, month) not in sealed and seals_at(month) <= now:
                with each.trying(f"{part} {month}"):
                    await self._seal(part, month)
                    return 0
        each.end()
        return None

    async def _seal(self, part: Part, month: str) -> None:
        is_journal = part == "journal"
        seal = await (
            make_seal(self._store.journal, month, rest_of)
            if is_journal
            else make_access_seal(self._store.access, month, rest_of)
        )
        refusal = await self._store_acts.seal(part, month, seal)
        if refusal:
            raise StorageError(f"the seal of {month} could not be stored: {refusal.code.value}")
        log.info("sealed a month", part=part, month=month, entries=seal.entries)


async def make_seal(journal: Journal, month: str, rest: Rest) -> Seal:
    """Return the seal of a month of the journal. Raises StorageError."""
    return await _make(lambda after: journal.lines(month, after, PIECE), PIECE, rest)


async def make_access_seal(access: AccessLog, month: str, rest: Rest) -> Seal:
    """Return the seal of a month of the access log: its blocks in their order. Raises StorageError."""

    async def read(after: tuple[int, int]) -> Sequence[Line]:
        blocks = await access.blocks_after(month, after[1], BLOCKS_PIECE)
        return await asyncio.to_thread(lambda: [line_of(one) for one in blocks])

    return await _make(read, BLOCKS_PIECE, rest)


async def _make(read: Callable[[tuple[int, int]], Awaitable[Sequence[Line]]], piece: int, rest: Rest) -> Seal:
    """Make a seal of lines, so many at a time, with a rest after each."""
    loop, maker, after = asyncio.get_running_loop(), SealMaker(), BEGINNING
    while True:
        began = loop.time()
        lines = await read(after)
        await asyncio.to_thread(maker.add, lines)
        if len(lines) < piece:
            return maker.seal()
        after = lines[-1].grp, lines[-1].seq
        await asyncio.sleep(rest(loop.time() - began))
