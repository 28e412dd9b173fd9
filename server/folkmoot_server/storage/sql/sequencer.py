"""Where each stream stands, which change sets of a batch still fit on it, and the numbers of their entries."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from ..change_set import ChangeSet, QuotaGuard

KEPT = 100_000
GROUP = "group:"

Wanted = tuple[str, str, str, int]
"""Code of the group, user, nonce and time (Unix ms) of a post that may have been stored before."""


class Head(NamedTuple):
    """The version of a stream and, for a group's, the last seq of its journal and the time of that entry (Unix ms)."""

    version: int
    last_seq: int
    last_ts: int = 0


class Sequenced(NamedTuple):
    """What can be stored of a batch, the streams that are in conflict, and the heads after the batch."""

    change_sets: Sequence[ChangeSet]
    conflicts: frozenset[str]
    heads: Mapping[str, Head]


def code_of(stream: str) -> str | None:
    """Return the code of the group whose stream this is, None for another stream."""
    return stream.removeprefix(GROUP) if stream.startswith(GROUP) else None


class Known(Protocol):
    """What is stored already, as far as a batch must know it."""

    def head(self, stream: str) -> Head:
        """Return where a stream stands; (0, 0) where there is none."""
        ...

    def nonce(self, code: str, user: str, nonce: str, ts: int) -> tuple[int, int] | None:
        """Return (seq, ts) of the post of `user` with `nonce` in the 24 hours before `ts`, None if there is none."""
        ...

    def holds(self, quota_guard: QuotaGuard, before: int) -> bool:
        """Say whether a claim holds after so many others by the same user in this batch."""
        ...


def sequence(batch: Sequence[ChangeSet], known: Known) -> Sequenced:
    """Follow each stream through the batch and number its entries.

    A change set that doesn't fit puts its whole stream in conflict; one that repeats a post is left out.
    """
    moved: dict[str, Head] = {}
    conflicts: set[str] = set()
    nonces: dict[tuple[str, str, str], tuple[int, int]] = {}
    claimed: Counter[str] = Counter()
    repeated = False
    for change_set in batch:
        stream = change_set.stream
        if not stream or stream in conflicts:
            continue
        head = moved.get(stream) or known.head(stream)
        if change_set.version != head.version or (
            change_set.quota_guards and not _all_hold(change_set.quota_guards, known, claimed)
        ):
            conflicts.add(stream)
            moved.pop(stream, None)
        elif _is_repeat(change_set, known, nonces, head):
            repeated = True
        else:
            moved[stream] = _number(change_set, head)
            if change_set.quota_guards:
                claimed.update(quota_guard.user for quota_guard in change_set.quota_guards)
    if conflicts or repeated:
        batch = [
            change_set for change_set in batch if change_set.stream not in conflicts and change_set.repeated is None
        ]
    return Sequenced(batch, frozenset(conflicts), moved)


def _all_hold(quota_guards: Sequence[QuotaGuard], known: Known, claimed: Mapping[str, int]) -> bool:
    return all(known.holds(one, claimed[one.user]) for one in quota_guards)


def _is_repeat(
    change_set: ChangeSet, known: Known, nonces: dict[tuple[str, str, str], tuple[int, int]], head: Head
) -> bool:
    """Say whether a change set repeats a post, stored or in this batch; if not, remember its nonce as of the next."""
    wanted = nonce_of(change_set)
    if wanted is None:
        return False
    code, user, nonce, ts = wanted
    key = code, user, nonce
    change_set.repeated = nonces.get(key) or known.nonce(code, user, nonce, ts)
    if change_set.repeated is None:
        nonces[key] = head.last_seq + 1, max(ts, head.last_ts)
    return change_set.repeated is not None


def nonce_of(change_set: ChangeSet) -> Wanted | None:
    """Return (code, user, nonce, ts) of a change set that is a post with a nonce, None of another."""
    first = change_set.entries[0] if change_set.entries else None
    if first is None or first.nonce is None:
        return None
    return change_set.stream.removeprefix(GROUP), first.entry.from_.user, first.nonce, first.entry.ts


class KeptHeads:
    """Heads of streams, loaded when first asked for. Right while nobody else writes."""

    def __init__(self, load: Callable[[str], Head]) -> None:
        self._load = load
        self._heads: dict[str, Head] = {}

    def get(self, stream: str) -> Head:
        """Return where a stream stands."""
        head = self._heads.get(stream)
        if head is None:
            head = self._heads[stream] = self._load(stream)
        return head

    def advance(self, heads: Mapping[str, Head]) -> None:
        """Take over the heads after a batch that is stored."""
        if len(self._heads) > KEPT:
            self._heads.clear()
        self._heads.update(heads)

    def clear(self) -> None:
        """Forget all: what was last written is not known."""
        self._heads.clear()


def _number(change_set: ChangeSet, head: Head) -> Head:
    """Give the change set's entries the next seqs, and no time before that of the last one: what a clock shows may be
    less, here after it was set and on another node. Return the head after it."""
    version, seq, ts = head
    for number, new in enumerate(change_set.entries, seq + 1):
        # Who posts has mostly guessed it right.
        if new.entry.seq != number or new.entry.ts < ts:
            return _renumber(change_set, head)
        ts = new.entry.ts
    return Head(version + len(change_set.events), seq + len(change_set.entries), ts)


def _renumber(change_set: ChangeSet, head: Head) -> Head:
    version, seq, ts = head
    entries = []
    for new in change_set.entries:
        seq, ts = seq + 1, max(ts, new.entry.ts)
        entries.append(replace(new, entry=replace(new.entry, seq=seq, ts=ts)))
    change_set.entries = entries
    return Head(version + len(change_set.events), seq, ts)
