"""The newest entries of a group in memory, so that who comes back after a restart or a short break asks no disk."""

from collections.abc import Sequence

from folkmoot_protocol.types import Entry, EntryKind

from ..storage.api import Page

MAX_ENTRIES = 100
MAX_CHARS = 32_768
"""Bounds of one group's tail; what is beyond them is read from the journal."""


class RecentEntries:
    """Entries without a hole up to the room's last delivered one, as far back as the bounds allow; or nothing."""

    __slots__ = ("_chars", "_entries", "age")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._chars = 0
        self.age = 0
        """Counts how often it was cleared: who read from the journal meanwhile has read what may not be so any more."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Add what was delivered just now; forget what came before a removal, or before one that is void: it may be
        what was removed, or can be read again."""
        for entry in entries:
            if entry.kind is EntryKind.REDACTION or (entry.data is not None and entry.data.get("restored")):
                self.clear()
            self._entries.append(entry)
            self._chars += len(entry.body)
        if len(self._entries) > 2 * MAX_ENTRIES or self._chars > 2 * MAX_CHARS:
            self._shorten()

    def _shorten(self) -> None:
        kept = chars = 0
        for entry in reversed(self._entries):
            if kept == MAX_ENTRIES or chars + len(entry.body) > MAX_CHARS:
                break
            kept, chars = kept + 1, chars + len(entry.body)
        self._entries = self._entries[len(self._entries) - kept :]
        self._chars = chars

    def clear(self) -> None:
        """Forget all: something in it was removed, or is not known to be complete."""
        self._entries = []
        self._chars = 0
        self.age += 1

    def fill(self, entries: Sequence[Entry], last_seq: int, age: int) -> None:
        """Take over what was read from the journal, if it ends where the room stands and nothing came in between."""
        if not self._entries and age == self.age and entries and entries[-1].seq == last_seq:
            self._entries = list(entries)
            self._chars = sum(len(entry.body) for entry in entries)
            self._shorten()

    def page(self, before: int | None, after: int | None, limit: int) -> Page | None:
        """Return a page as `api.Journal.page` would, None if not all of it is here."""
        entries = self._entries
        if not entries:
            return None
        first = entries[0].seq
        if after is not None:
            start = after + 1 - first
            if start < 0:
                return None
            return Page(entries[start : start + limit], more=start + limit < len(entries))
        stop = len(entries) if before is None else min(before - first, len(entries))
        start = stop - limit
        # The entry before the page must be here too, or not exist: it says whether there is more.
        if stop < 0 or (start < 1 and first != 1):
            return None
        return Page(entries[max(start, 0) : stop], more=start > 0)
