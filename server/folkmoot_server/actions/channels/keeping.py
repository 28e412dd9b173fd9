"""Keeping posts of channels beyond their month, where the operator has set that (P16, W16): comments go, posts stay."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from time import monotonic

import structlog

from folkmoot_governance import Refusal
from folkmoot_governance.case.rules import CaseRules
from folkmoot_governance.holds import appeal_term
from folkmoot_governance.store_acts import HoldEntries
from folkmoot_protocol.types import EntryKind, GroupStatus

from ...common.background import Rest
from ...common.clock import Clock
from ...storage.api import Store
from ...storage.change_set import RowChange, StorageError
from ...storage.changes import kept_post_row, taken_out
from ...storage.rows import KeptPost
from ...storage.sql.kept_posts import HOLD, KeptTexts, tally
from ..store_acts import StoreActs

log = structlog.get_logger()

PAGE = 200
BEGINNING = (-1, -1, -1)


class PostKeeping:
    """Keeps posts of a month that goes, and lets go what was removed since. `keeps`: what the operator has set."""

    def __init__(
        self, store: Store, clock: Clock, rules: CaseRules, store_acts: StoreActs, texts: KeptTexts, *, keeps: bool
    ) -> None:
        self._channels, self._journal = store.channels, store.journal
        self._clock = clock
        self._rules = rules
        self._store_acts = store_acts
        self._texts = texts
        self._keeps = keeps

    async def keep(self, month: str, rest: Rest) -> None:
        """Keep the posts of a month that is about to go, and put on record how many. It may be done again, and goes on
        where it was broken off. Raises StorageError."""
        if not self._keeps:
            return
        after = BEGINNING
        while places := await self._channels.posts_of_month(month, after, PAGE):
            began = monotonic()
            by_code: dict[str, list[int]] = defaultdict(list)
            for grp, _ts, seq in places:
                by_code[str(grp)].append(seq)
            for code in await self._living(by_code):
                await self._keep_some(month, code, by_code[code])
            after = places[-1]
            await asyncio.sleep(rest(monotonic() - began))
        await self._note(month)

    async def _living(self, codes: Collection[str]) -> list[str]:
        """Return those of some channels that were not closed: what those had goes with the month."""
        return [
            code for code, row in (await self._channels.channels(codes)).items() if row.status is not GroupStatus.CLOSED
        ]

    async def _keep_some(self, month: str, code: str, seqs: Sequence[int]) -> None:
        """Keep posts of one channel as they stand, but for those that are kept already: these are on record perhaps."""
        kept = await self._channels.kept_of_month(month, (code, min(seqs) - 1), PAGE)
        there = {one.seq for one in kept if one.code == code}
        found = await self._journal.versions(code, [seq for seq in seqs if seq not in there])
        posts = [one.standing for one in found.values() if one.standing.kind is EntryKind.POST]
        standing = [post for post in posts if not post.redacted]
        rows = await asyncio.to_thread(lambda: [self._texts.seal(month, code, post) for post in standing])
        await self._store([kept_post_row(row) for row in rows])

    async def _note(self, month: str) -> None:
        """Put on record what is kept of a month, as it is stored."""
        entries, sha256 = tally([one.digest for one in await self._kept(month)])
        if not entries:
            return
        done = await self._store_acts.note_held([HoldEntries(month, HOLD, "journal", entries, sha256)])
        if isinstance(done, Refusal):
            raise StorageError(f"that posts are kept could not be put on record: {done.code.value}")
        if done:
            log.info("kept the posts of a month that goes", month=month, posts=entries)

    async def _kept(self, month: str) -> list[KeptPost]:
        kept: list[KeptPost] = []
        after = "", -1
        while some := await self._channels.kept_of_month(month, after, PAGE):
            kept += [one._replace(sealed="") for one in some]
            after = some[-1].code, some[-1].seq
        return kept

    async def take_out(self) -> None:
        """Take out the texts of posts that were removed so long ago that nobody can appeal any more, and of channels
        that were closed for good. Raises StorageError."""
        since = self._clock.certain_ms() - appeal_term(self._rules)
        while ended := await self._channels.ended_kept(since, PAGE):
            await self._store([taken_out(code, seq) for code, seq in ended])

    async def _store(self, rows: Sequence[RowChange]) -> None:
        refusal = await self._store_acts.store_rows(rows) if rows else None
        if refusal:
            raise StorageError(f"posts could not be kept: {refusal.code.value}")
