"""Reading a group's entries back, a page at a time, and remembering how far one has read."""

from collections.abc import Sequence
from itertools import accumulate, takewhile

from folkmoot_governance import Refusal
from folkmoot_protocol.types import Entry

from ...bus.api import Bus
from ...delivery.hub import Hub
from ...delivery.session import Session
from ...live.accounts import Account
from ...live.rooms import Room
from ...storage.api import Journal, Page, Versions
from ...storage.changes import read_mark_row
from ..accounts.govern import AccountService

ANSWER_BYTES = 1 << 18
"""Texts in one answer, bytes: those beyond are for the next one. A single entry comes whatever it has."""


def fit(page: Page, most: int, *, from_the_end: bool) -> Page:
    """Return as much of a page as has at most so many bytes of texts, its oldest or its newest; but one entry."""
    entries = page.entries[::-1] if from_the_end else page.entries
    kept = count_within(entries, most) or min(1, len(entries))
    if kept == len(entries):
        return page
    return Page(page.entries[-kept:] if from_the_end else page.entries[:kept], True)


def count_within(entries: Sequence[Entry], most: int) -> int:
    """Return how many of the first entries have at most so many bytes of texts."""
    # A character has four bytes at most: nearly all pages are known to fit without a look at their letters.
    if sum(len(entry.body) for entry in entries) * 4 <= most:
        return len(entries)
    sizes = accumulate(len(entry.body.encode()) for entry in entries)
    return sum(1 for _ in takewhile(lambda size: size <= most, sizes))


class History:
    """Reads what was delivered, from memory where it is all there, else from the journal."""

    def __init__(self, journal: Journal, bus: Bus, hub: Hub, account_service: AccountService) -> None:
        self._journal = journal
        self._bus = bus
        self._hub = hub
        self._account_service = account_service

    async def read_page(
        self, room: Room, before: int | None, after: int | None, limit: int, most: int = ANSWER_BYTES
    ) -> Page:
        """Read a page of what was delivered: what is stored but not delivered yet comes as an event.

        `most`: bytes of texts in it.
        """
        page = await self._read(room, before, after, limit)
        return fit(page, most, from_the_end=after is None)

    async def _read(self, room: Room, before: int | None, after: int | None, limit: int) -> Page:
        # Cut off from the other nodes, this one may not know yet that something was removed.
        found = room.recent.page(before, after, limit) if self._bus.connected else None
        if found is not None:
            return found
        last, age, journal, code = room.last_seq, room.recent.age, self._journal, room.state.code
        if after is not None:
            page = await journal.page(code, after=after, limit=limit)
        else:
            page = await journal.page(code, before=last + 1 if before is None else min(before, last + 1), limit=limit)
        if page.entries and page.entries[-1].seq > last:
            page = Page([entry for entry in page.entries if entry.seq <= last], False)
        room.recent.fill(page.entries, room.last_seq, age)
        return page

    async def find(self, room: Room, seq: int) -> Versions | None:
        """Return an entry that was delivered, with all that it has said; for an edit, the entry that it edits."""
        if seq > room.last_seq:
            return None
        return (await self._journal.versions(room.state.code, (seq,))).get(seq)

    async def mark_read(self, room: Room, account: Account, seq: int, session: Session) -> Refusal | None:
        """Remember how far an account has read, and tell its other connections; going back is not remembered."""
        code, seq = room.state.code, min(seq, room.last_seq)
        if seq <= account.read_seqs.get(code, 0):
            return None
        account.read_seqs[code] = seq
        refusal = await self._account_service.store_rows(account.user, [read_mark_row(code, account.user, seq)])
        if refusal is None:
            if account.unstored_reads.get(code, 0) <= seq:
                account.unstored_reads.pop(code, None)
            self._hub.tell_one(room, account.user, but=session)
        return refusal
