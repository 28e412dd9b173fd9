"""Looking through what was posted before a content rule was set, or changed (G10): what it meets is listed for staff.

Posts are judged as they come; this is for those that came before. Rules that are new, or not what they were, are asked
about older entries, group by group, the newest first, a few pages in a round and off the event loop. How far that is
stands in the store, so any node goes on where another, or a crash, has left off.
"""

import asyncio
import hashlib
from collections.abc import Sequence

import msgspec
import structlog
from msgspec.structs import replace

from folkmoot_governance.content.match import Matcher
from folkmoot_governance.content.rules import Rule

from ..actions.accounts.govern import AccountService
from ..common.clock import Clock
from ..content.rules_in_force import ContentRules
from ..content.trial import TRIED, broken_in
from ..storage.api import RetroHit, RetroScan, Store
from ..storage.change_set import RowChange
from ..storage.changes import remove_retro_hits, retro_hit_row, retro_scan_row
from .runner import Job

log = structlog.get_logger()

LOOK_S = 5.0
BETWEEN_S = 0.2


class RetroScanning(Job):
    """The job."""

    name = "retro_scan"
    rest_s = LOOK_S
    page = 200
    pages = 10
    """So many pages, of so many entries, are looked through in one round."""

    def __init__(self, store: Store, clock: Clock, content: ContentRules, account_service: AccountService) -> None:
        self._ledger, self._journal = store.ledger, store.journal
        self._clock = clock
        self._content = content
        self._account_service = account_service
        self._settled = -1

    async def do_round(self) -> float | None:
        revision = self._content.revision
        if not self._content.is_loaded or revision == self._settled:
            return None
        rules = self._content.in_force
        known, now = await self._ledger.retro_scan(), digests(rules)
        if known is None:
            # Whatever there is was judged by these rules when it came.
            await self._store(RetroScan(now), [])
        elif known.rules != now:
            await self._begin(known, now)
        elif known.pending:
            return await self._go_on(known, rules)
        else:
            self._settled = revision
            return None
        return BETWEEN_S

    async def _begin(self, known: RetroScan, now: dict[str, str]) -> None:
        """Look through all that is older than this with the rules that are new, or were still asked."""
        news = {name for name, digest in now.items() if known.rules.get(name) != digest}
        pending = tuple(sorted(news | {name for name in known.pending if name in now}))
        gone = {name for name in known.rules if name not in now}
        begun = RetroScan(now, pending, self._clock.now_ms()) if news else replace(known, rules=now, pending=pending)
        await self._store(begun, [remove_retro_hits(rule=name) for name in sorted(news | gone)])
        log.info("looks through older entries", rules=len(pending))

    async def _go_on(self, scan: RetroScan, rules: Sequence[Rule]) -> float:
        asked = [rule for rule in rules if rule.id in scan.pending]
        matcher = await asyncio.to_thread(Matcher, asked, self._content.actions)
        rows: list[RowChange] = []
        for _ in range(self.pages):
            scan, hits = await self._step(scan, matcher)
            rows += map(retro_hit_row, hits)
            if not scan.pending:
                log.info("has looked through older entries")
                break
        await self._store(scan, rows)
        return BETWEEN_S

    async def _step(self, scan: RetroScan, matcher: Matcher) -> tuple[RetroScan, list[RetroHit]]:
        """Look through one page; return how far that is, and what is met."""
        code, before = scan.code, scan.before
        if not before:
            following = await self._ledger.list_groups(code, 1)
            if not following:
                return replace(scan, pending=(), code="", before=0), []
            code = following[0].code
            before = (await self._ledger.heads([code]))[code][1] + 1
        page = await self._journal.page(code, before=before, limit=self.page)
        said = [entry for entry in page.entries if entry.kind in TRIED and entry.ts < scan.since_ts]
        broken = [(entry, verdict) for entry, verdict in await asyncio.to_thread(broken_in, matcher, said)]
        versions = await self._journal.versions(code, [entry.seq for entry, _ in broken]) if broken else {}
        hits = [
            RetroHit(code, found.entry.seq, entry.from_.user, verdict.rule, verdict.severity.value, entry.ts)
            for entry, verdict in broken
            if (found := versions.get(entry.seq)) is not None and found.stands_at == entry.seq
        ]
        left = page.entries[0].seq if page.more and page.entries else 0
        return replace(scan, code=code, before=left), hits

    async def _store(self, scan: RetroScan, rows: Sequence[RowChange]) -> None:
        refusal = await self._account_service.store_rows("", [*rows, retro_scan_row(scan)])
        if refusal is not None:
            log.warning("could not keep what was looked through", code=refusal.code)


def digests(rules: Sequence[Rule]) -> dict[str, str]:
    """Return what tells each rule, by its name, from what it was."""
    return {rule.id: hashlib.sha256(msgspec.json.encode(rule)).hexdigest()[:16] for rule in rules}
