"""Where each stream stands, and which works of a batch still fit on it."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .api import Work

KEPT = 100_000
GROUP = "group:"


class Head(NamedTuple):
    """The version of a stream and, for a group's, the last seq of its journal."""

    version: int
    last_seq: int


class Admission(NamedTuple):
    """What can be stored of a batch, the streams that are in conflict, and the heads after the batch."""

    works: Sequence[Work]
    conflicts: frozenset[str]
    heads: Mapping[str, Head]


def code_of(stream: str) -> str | None:
    """Return the code of the group whose stream this is, None for another stream."""
    return stream.removeprefix(GROUP) if stream.startswith(GROUP) else None


class Heads:
    """Heads of streams, loaded when first asked for. Right while nobody else writes, as the lock ensures."""

    def __init__(self, load: Callable[[str], Head]) -> None:
        self._load = load
        self._heads: dict[str, Head] = {}

    def get(self, stream: str) -> Head:
        """Return where a stream stands."""
        head = self._heads.get(stream)
        if head is None:
            head = self._heads[stream] = self._load(stream)
        return head

    def admit(self, batch: Sequence[Work]) -> Admission:
        """Follow each stream through the batch; a work that doesn't fit puts its whole stream in conflict."""
        moved: dict[str, Head] = {}
        conflicts = set()
        for work in batch:
            stream = work.stream
            if not stream or stream in conflicts:
                continue
            head = _after(moved.get(stream) or self.get(stream), work)
            if head is None:
                conflicts.add(stream)
                moved.pop(stream, None)
            else:
                moved[stream] = head
        works = [work for work in batch if work.stream not in conflicts] if conflicts else batch
        return Admission(works, frozenset(conflicts), moved)

    def advance(self, heads: Mapping[str, Head]) -> None:
        """Take over the heads after a batch that is stored."""
        if len(self._heads) > KEPT:
            self._heads.clear()
        self._heads.update(heads)

    def clear(self) -> None:
        """Forget all: what was last written is not known."""
        self._heads.clear()


def _after(head: Head, work: Work) -> Head | None:
    """Return the head after `work`, None where the work doesn't follow it."""
    version, last_seq = head
    if work.version != version:
        return None
    for new in work.entries:
        last_seq += 1
        if new.entry.seq != last_seq:
            return None
    return Head(version + len(work.events), last_seq)
