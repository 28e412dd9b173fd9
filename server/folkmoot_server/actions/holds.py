"""Legal hold (G13): keeping what cases and staff hold of a month that goes, and letting it go when its time is over."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from time import monotonic

import structlog

from folkmoot_governance import Refusal
from folkmoot_governance.actor import SERVICE
from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.holds import Hold, appeal_term, hold_of, holds_of, in_force, joined
from folkmoot_governance.store_acts import HoldEntries, Part, RemoveHeld

from ..common.background import Rest
from ..common.clock import Clock
from ..sealed.access_records import AccessRecord, AccessRecords
from ..sealed.held_entries import HeldEntries
from ..storage.api import BEHIND, AccessBlock, HeldRow, Store
from ..storage.change_set import RowChange, StorageError
from ..storage.changes import remove_held
from ..storage.rows import Line
from ..storage.sql.holds import HeldTally
from ..storage.sql.months import begin_of, end_of
from ..storage.sql.seals import written_by
from .store_acts import StoreActs

log = structlog.get_logger()

PAGE = 500
BEGINNING = (-1, -1)


class Holds:
    """What is held, and keeping it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        rules: CaseRules,
        store_acts: StoreActs,
        held_entries: HeldEntries,
        records: AccessRecords,
    ) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._store_acts = store_acts
        self._held_entries = held_entries
        self._records = records

    async def by_staff(self) -> dict[str, Hold]:
        """Return the holds that staff has begun and not ended, by number."""
        return holds_of(await self._store_acts.events())

    async def by_cases(self) -> AsyncIterator[Hold]:
        """Go through what cases hold that are not final."""
        holds, after = await self.page_of_cases("", PAGE)
        while True:
            for hold in holds:
                yield hold
            if not after:
                break
            holds, after = await self.page_of_cases(after, PAGE)

    async def page_of_cases(self, after: str, limit: int) -> tuple[list[Hold], str]:
        """Return what the next cases hold, by number, and after which to go on, empty at the end."""
        since = self._clock.now_ms() - appeal_term(self._rules)
        cases = await self._store.ledger.holding_cases(since, after, limit)
        # What was decided before that is there because of an appeal.
        found = [hold_of(case, self._rules, is_appealed=case.closed_ts <= since) for case in cases]
        holds = [hold for hold in found if hold is not None]
        return holds, cases[-1].number if len(cases) == limit else ""

    def open(self, row: HeldRow) -> bytes | None:
        """Return what is kept in a row, None where it does not open."""
        return self._held_entries.open(row)

    async def keep(
        self, months: Sequence[str], access_months: Sequence[str], rest: Rest, but: Collection[Hold] = ()
    ) -> list[Hold]:
        """Keep what is held of months that are about to go, but for some holds; return for which it was kept. It may be
        done again. Raises StorageError.

        How much work that is may not depend on how much strangers report: each month is gone through once for all holds
        of no group, and once for those of a group; of the access log, once for all.
        """
        if not months and not access_months:
            return []
        holds = in_force((await self.by_staff()).values(), self._clock.now_ms())
        holds += [hold async for hold in self.by_cases()]
        holds = [hold for hold in holds if hold not in but]
        for month in months:
            some = [hold for hold in holds if hold.overlaps(begin_of(month), end_of(month))]
            await self._note(await self._keep_entries(some, month, rest), month, "journal")
        for month in access_months:
            some = [hold for hold in holds if hold.users and hold.overlaps(begin_of(month), end_of(month))]
            await self._note(await self._keep_records(some, month, rest), month, "access")
        return holds

    async def _keep_entries(self, holds: Sequence[Hold], month: str, rest: Rest) -> Collection[str]:
        """Keep what is held of a month of the journal; return the numbers of the holds that hold some."""
        kept = dict[str, None]()
        by_code: dict[str, list[Hold]] = defaultdict(list)
        for hold in holds:
            if not hold.seq:
                by_code[hold.code].append(hold)
        for together in [*([hold] for hold in holds if hold.seq), *by_code.values()]:
            after: tuple[int, int] | None = BEGINNING
            while after is not None:
                began = monotonic()
                lines, after = await self._store.journal.held(month, joined(together), after)
                for number, some in (await asyncio.to_thread(shares, together, lines)).items():
                    kept[number] = None
                    for start in range(0, len(some), PAGE):
                        piece = some[start : start + PAGE]
                        await self._keep_rows(await asyncio.to_thread(self._held_entries.rows, number, month, piece))
                await asyncio.sleep(rest(monotonic() - began))
        return kept

    async def _keep_records(self, holds: Sequence[Hold], month: str, rest: Rest) -> Collection[str]:
        """Keep what is held of a month of the access log; return the numbers of the holds that hold some."""
        kept = dict[str, None]()
        by_user = by_users(holds)
        after = 0
        while by_user and (blocks := await self._store.access.blocks_after(month, after, PAGE)):
            began = monotonic()
            for number, held, records in await asyncio.to_thread(self._shares, by_user, blocks):
                kept[held] = None
                await self._keep_rows([self._held_entries.access_row(held, month, number, records)])
            after = blocks[-1].number
            await asyncio.sleep(rest(monotonic() - began))
        return kept

    def _shares(
        self, by_user: Mapping[str, Sequence[Hold]], blocks: Sequence[AccessBlock]
    ) -> list[tuple[int, str, list[AccessRecord]]]:
        """Return (the block's number, the hold's, records) of what holds name in blocks. Slow: for a thread."""
        found: dict[tuple[int, str], list[AccessRecord]] = defaultdict(list)
        for block in blocks:
            for one in self._records.open(block) or ():
                for hold in by_user.get(one.user, ()):
                    if hold.since_ms <= one.ts < hold.till_ms:
                        found[block.number, hold.number].append(one)
        return [(number, hold, records) for (number, hold), records in found.items()]

    async def _keep_rows(self, rows: Sequence[RowChange]) -> None:
        refusal = await self._store_acts.store_rows(rows)
        if refusal:
            raise StorageError(f"what is held could not be kept: {refusal.code.value}")

    async def _note(self, holds: Collection[str], month: str, part: Part) -> None:
        """Put on record what is kept of a month, as it is stored, where that is not on record."""
        acts = [HoldEntries(month, hold, part, *await self._tally(hold, month, part)) for hold in holds]
        done = await self._store_acts.note_held(acts)
        if isinstance(done, Refusal):
            raise StorageError(f"a hold could not be put on record: {done.code.value}")
        for act in done:
            log.info("kept some of a month that goes", month=month, hold=act.hold, part=part, entries=act.entries)

    async def _tally(self, hold: str, month: str, part: Part) -> tuple[int, str]:
        tally = HeldTally()
        after = month, "", -1 if part == "access" else BEHIND
        while rows := await self._store.ledger.held_rows(hold, after, PAGE):
            of_part = [row for row in rows if row.month == month and bool(row.code) == (part == "journal")]
            for text in await asyncio.to_thread(lambda rows: [self.open(row) for row in rows], of_part):
                tally.add(part, text)
            after = rows[-1][1:4]
            if len(of_part) < len(rows):
                break
        return tally.result()

    async def let_go(self) -> None:
        """Remove what is kept for holds whose time is over. Raises StorageError."""
        counts = await self._store.ledger.held_counts()
        if not counts:
            return
        now = self._clock.certain_ms()
        kept = {hold.number for hold in in_force((await self.by_staff()).values(), now)}
        kept |= {hold.number async for hold in self.by_cases() if now < hold.until_ms}
        for hold in sorted(counts.keys() - kept):
            done = await self._store_acts.act(
                RemoveHeld(hold, counts[hold]), SERVICE, [remove_held(hold)], dry_run=False
            )
            if isinstance(done, Refusal):
                raise StorageError(f"a hold could not be put on record: {done.code.value}")
            log.info("removed what was kept for a hold", hold=hold, entries=counts[hold])


def by_users(holds: Sequence[Hold]) -> dict[str, list[Hold]]:
    """Return holds by whom they name, those that name nobody under an empty name."""
    found: dict[str, list[Hold]] = defaultdict(list)
    for hold in holds:
        for user in hold.users or ("",):
            found[user].append(hold)
    return found


def shares(holds: Sequence[Hold], lines: Sequence[Line]) -> dict[str, list[Line]]:
    """Return which of some entries each hold names, by number; all holds are of the group that the entries are of, or
    of none."""
    if holds[0].seq:
        return {holds[0].number: list(lines)} if lines else {}
    by_user = by_users(holds)
    found: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        user, ts = written_by(line)
        for hold in (*by_user.get("", ()), *(by_user.get(user, ()) if user else ())):
            if hold.since_ms <= ts < hold.till_ms:
                found[hold.number].append(line)
    return found
