"""Taking entries of the journal, and blocks of the access log, into the ledger's log (G13, P16, W16).

An entry is no event, and the ledger has none of it. So that nobody can change, remove or add one unseen, the ledger is
told from time to time what has come since: a hash over runs of entries that are kept beside it (`sql.ranges`). A month
that is sealed needs no more of that.
"""

import asyncio
from collections.abc import Sequence

from folkmoot_governance import Refusal
from folkmoot_governance.actor import SERVICE
from folkmoot_governance.store_acts import LogEntries, Part, decide_on_store

from ..common.background import Rest
from ..common.clock import Clock
from ..storage.api import BEHIND, Store
from ..storage.change_set import ChangeSet, StorageError, month_stream
from ..storage.changes import forget_logged, logged_row
from ..storage.sql.access_blocks import line_of
from ..storage.sql.ranges import BLOCKS, Range, RangeMaker, digest_of, ranges_of, text_of
from .accounts.govern import AccountService
from .each_month import EachMonth
from .store_acts import StoreActs

PIECE = 500
"""Entries, or blocks, that are read at once."""
AT_ONCE = 50_000
"""Entries that are put on record together."""


class Logged:
    """What of a month is in the log: the last seq of each group, and the version of its stream."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.number = len(texts)
        self.lasts: dict[int, int] = {}
        for text in texts:
            self.add(ranges_of(text))

    def add(self, ranges: Sequence[Range]) -> None:
        """Take in what was put on record."""
        for one in ranges:
            self.lasts[one.grp] = max(one.last, self.lasts.get(one.grp, 0))


class EntriesLog:
    """Takes in what is new. What it remembers of earlier calls spares it reading; it is read again where it is out of
    date, as after another node has done the same."""

    def __init__(self, store: Store, clock: Clock, account_service: AccountService, store_acts: StoreActs) -> None:
        self._store = store
        self._clock = clock
        self._account_service = account_service
        self._store_acts = store_acts
        self._logged: dict[tuple[Part, str], Logged] = {}
        self._blocks: dict[str, int] = {}

    async def take_in(self, rest: Rest) -> bool:
        """Take in what has come; say whether there is more to do. Raises StorageError, also where something is left out
        because it cannot be read, after all that can be.

        A block of the access log is taken in by the second call that finds it: in a cluster one with a lower number
        may be stored a moment later.
        """
        await self._store_acts.note_filings()
        await self._forget()
        is_more, each = False, EachMonth()
        sealed = await self._store_acts.seals()
        for segment in await self._store.journal.segments():
            if ("journal", segment.month) not in sealed:
                with each.trying(segment.month):
                    is_more |= await self._take_in_month(segment.month, rest)
        for segment in await self._store.access.segments():
            if ("access", segment.month) not in sealed:
                with each.trying(f"access {segment.month}"):
                    is_more |= await self._take_in_blocks(segment.month, rest)
        each.end()
        return is_more

    async def _forget(self) -> None:
        """Forget what is kept of months that are gone."""
        known, removed = await self._store.ledger.logged_months(), await self._store_acts.removed()
        gone = [one for one in known if one in removed]
        if gone:
            await self._account_service.store_rows("", [forget_logged(part, month) for part, month in gone])
        for one in gone:
            self._logged.pop(one, None)

    async def _known(self, part: Part, month: str) -> Logged:
        found = self._logged.get((part, month))
        if found is None:
            texts = await self._store.ledger.logged_ranges(part, month)
            found = self._logged[part, month] = await asyncio.to_thread(Logged, texts)
        return found

    async def _take_in_month(self, month: str, rest: Rest) -> bool:
        known = await self._known("journal", month)
        ranges, entries = list[Range](), 0
        for grp, last in sorted((await self._store.journal.ends(month)).items()):
            before = known.lasts.get(grp, 0)
            if last > before:
                maker = await self._read(month, grp, before, last, rest)
                ranges.append(maker.range())
                entries += maker.entries
            if entries >= AT_ONCE:
                break
        await self._put_on_record("journal", month, ranges, entries)
        return entries >= AT_ONCE

    async def _read(self, month: str, grp: int, before: int, last: int, rest: Rest) -> RangeMaker:
        loop, maker = asyncio.get_running_loop(), RangeMaker(grp)
        while before < last and maker.entries < AT_ONCE:
            began = loop.time()
            lines = await self._store.journal.lines(month, (grp, before), min(PIECE, last - before))
            lines = [line for line in lines if line.grp == grp and line.seq <= last]
            if not lines:
                raise StorageError(f"entries of {month} are missing: run folkmoot db verify")
            await asyncio.to_thread(maker.add, lines)
            before = lines[-1].seq
            await asyncio.sleep(rest(loop.time() - began))
        return maker

    async def _take_in_blocks(self, month: str, rest: Rest) -> bool:
        known = await self._known("access", month)
        newest = await self._store.access.blocks(month, "", BEHIND, 1)
        upto, before = self._blocks.get(month, 0), known.lasts.get(BLOCKS, 0)
        loop, maker = asyncio.get_running_loop(), RangeMaker(BLOCKS)
        while before < upto and maker.entries < AT_ONCE:
            began = loop.time()
            blocks = await self._store.access.blocks_after(month, before, PIECE)
            blocks = [block for block in blocks if block.number <= upto]
            if not blocks:
                before = upto
                break
            await asyncio.to_thread(lambda blocks: maker.add(map(line_of, blocks)), blocks)
            before = blocks[-1].number
            await asyncio.sleep(rest(loop.time() - began))
        if newest and before >= upto:
            self._blocks[month] = newest[0].number
        await self._put_on_record("access", month, [maker.range()] if maker.entries else [], maker.entries)
        return self._blocks.get(month, 0) > known.lasts.get(BLOCKS, 0)

    async def _put_on_record(self, part: Part, month: str, ranges: Sequence[Range], entries: int) -> None:
        if not ranges:
            return
        text, known = text_of(ranges), self._logged[part, month]
        checkpoint = await self._store.ledger.checkpoint()
        command = LogEntries(part, month, entries, digest_of(text), checkpoint.size if checkpoint else 0)
        events = decide_on_store(command, SERVICE, self._clock.now_ms())
        assert not isinstance(events, Refusal), "the service may"
        rows = [logged_row(part, month, known.number + 1, text)]
        change_set = ChangeSet(month_stream(part, month), known.number, events, rows)
        refusal = await self._account_service.store("", change_set)
        if refusal is not None:
            # Another node has done it, or storage failed: what is stored is read again.
            del self._logged[part, month]
            raise StorageError(f"what came in {month} could not be put on record: {refusal.code.value}")
        known.number += 1
        known.add(ranges)
