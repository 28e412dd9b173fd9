"""Trying rules on what was said in the last days, before they are armed: bounded, and judged off the event loop."""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from folkmoot_governance import Refusal
from folkmoot_governance.content.fold import read
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.content.match import Matcher, Verdict
from folkmoot_governance.content.rules import Rule
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import SAID, Entry, EntryKind

from ..common.i18n import N_
from ..live.rooms import Room
from ..storage.api import Journal

DAYS = 7
MAX_ENTRIES = 5_000
PAGE = 200
MAX_EXAMPLES = 10
MAX_WAITING = 8
TOO_MANY = Refusal(
    ErrorCode.RATE_LIMITED, N_("Others are trying words just now: wait {wait}."), {"retry_after_ms": 5000}
)
EXAMPLE_CHARS = 120
TRIED = SAID | {EntryKind.ANNOUNCEMENT, EntryKind.EDIT}


class Hits(Struct):
    """What a trial came to: posts looked at, posts that broke a rule, the first of these (seq, user, text, rule)."""

    seen: int = 0
    count: int = 0
    examples: list[tuple[int, str, str, str]] = []

    def show(self, entry: Entry, rule: str) -> None:
        """Take an entry as an example, unless there are enough."""
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append((entry.seq, entry.from_.user, entry.body[:EXAMPLE_CHARS], rule))

    def as_data(self) -> dict[str, object]:
        """Return it for programs."""
        names = ("seq", "user", "body", "rule")
        items = [dict(zip(names, one, strict=True)) for one in self.examples]
        return {"entries": self.seen, "hits": self.count, "items": items}


class Trials:
    """Tries rules, one trial at a time."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def replay(self, room: Room, rules: Sequence[Rule], now: int) -> Hits | Refusal:
        """Judge what was said in a group in the last days, the newest first: each text, but of an entry that was edited
        the one that stands.

        `now`: Unix ms. Raises StorageError.
        """
        if self._waiting >= MAX_WAITING:
            return TOO_MANY
        self._waiting += 1
        try:
            async with self._turn:
                return await self._replay(room, rules, now)
        finally:
            self._waiting -= 1

    async def _replay(self, room: Room, rules: Sequence[Rule], now: int) -> Hits:
        matcher = await asyncio.to_thread(Matcher, rules, dict.fromkeys(Severity, Action.FLAG))
        hits = Hits(examples=[])
        since = now - DAYS * DAY_MS
        before, more = room.last_seq + 1, True
        while more and hits.seen < MAX_ENTRIES:
            page = await self._journal.page(room.state.code, before=before, limit=PAGE)
            said = [entry for entry in page.entries if entry.kind in TRIED and entry.ts >= since]
            hits.seen += len(said)
            broken = await asyncio.to_thread(broken_in, matcher, said[::-1])
            versions = await self._journal.versions(room.state.code, [entry.seq for entry, _verdict in broken])
            for entry, verdict in broken:
                if entry.seq in versions and versions[entry.seq].stands_at == entry.seq:
                    hits.count += 1
                    hits.show(versions[entry.seq].standing, verdict.rule)
            more = page.more and page.entries[0].ts >= since
            before = page.entries[0].seq if page.entries else 0
        return hits


def broken_in(matcher: Matcher, entries: Sequence[Entry]) -> list[tuple[Entry, Verdict]]:
    """Return the entries whose texts break a rule, each with what is said of it."""
    verdicts = ((entry, matcher.judge(read(entry.body))) for entry in entries)
    return [(entry, verdict) for entry, verdict in verdicts if verdict is not None]
