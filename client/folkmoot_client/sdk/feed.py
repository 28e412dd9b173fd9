"""The cursor of one group: from entries as they come to each entry once, in order. No I/O.

A feed takes entries from live events, pages of history and `sync`, in any order and any number of times, and
gives back those that follow the cursor. What is missing it knows by number (`is_behind`); its owner fetches
the history after `cursor` and puts the page in with `fill`.
"""

from collections.abc import Iterable

from folkmoot_protocol import Entry

HOLD = 256
"""Entries kept for a hole before them to be filled; any beyond are forgotten and fetched later."""


class GroupFeed:
    """Hands on each entry with a seq above the first `cursor` exactly once, in the order of seq."""

    __slots__ = ("_held", "_hold", "cursor", "known")

    def __init__(self, cursor: int, hold: int = HOLD) -> None:
        self.cursor = cursor  # the seq of the last entry that was handed on
        self.known = cursor  # the highest seq that is known to exist
        self._hold = hold
        self._held: dict[int, Entry] = {}

    @property
    def is_behind(self) -> bool:
        """Say whether entries are known of that must be fetched: the history after `cursor`."""
        return self.cursor < self.known

    def take(self, entry: Entry) -> list[Entry]:
        """Take a live entry; return what is ready now."""
        seq = entry.seq
        if seq <= self.cursor:
            return []
        self.known = max(self.known, seq)
        if seq == self.cursor + 1:
            self.cursor = seq
            return [entry, *self._release()] if self._held else [entry]
        if len(self._held) < self._hold:
            self._held[seq] = entry
        return []

    def note(self, seq: int) -> None:
        """Learn that the entries up to `seq` exist: from `lag`, `last_seq`, or an entry not kept."""
        self.known = max(self.known, seq)

    def fill(self, entries: Iterable[Entry], *, more: bool, asked: int) -> list[Entry]:
        """Take a page of the history after the cursor, or after an earlier one; return what is ready now.

        `asked` is what was `known` when the page was asked for. A seq that the page skips, or that lies
        between its end and `asked` when there is no `more`, has left the journal for good and is passed over.
        """
        ready: list[Entry] = []
        for entry in entries:
            ready += self._release_below(entry.seq)
            if entry.seq > self.cursor:
                ready.append(entry)
                self._move_to(entry.seq)
        if not more:
            ready += self._release_below(asked + 1)
            self._move_to(max(asked, self.cursor))
        return ready + self._release()

    def _release_below(self, seq: int) -> list[Entry]:
        ready = [self._held[held] for held in sorted(self._held) if held < seq]
        for entry in ready:
            self._move_to(entry.seq)
        return ready

    def _release(self) -> list[Entry]:
        """Return the held entries that follow the cursor without a hole."""
        ready = []
        while (entry := self._held.get(self.cursor + 1)) is not None:
            ready.append(entry)
            self._move_to(entry.seq)
        return ready

    def _move_to(self, seq: int) -> None:
        self.cursor = seq
        self.known = max(self.known, seq)
        self._held.pop(seq, None)
