"""Where each stream stands, which change sets of a batch still fit on it, and the numbers of their entries."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol.types import Entry

from ..change_set import Asked, ChangeSet, QuotaGuard

KEPT = 100_000
GROUP = "group:"

Wanted = tuple[str, str, str, int]
"""Code of the group, user, nonce and time (Unix ms) of what may have been stored before."""

Used = Entry | Asked
"""What a nonce was used for: a post, or something else."""


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

    def nonce(self, code: str, user: str, nonce: str, ts: int) -> Used | None:
        """Return what `user` used `nonce` for in a group in the 24 hours before `ts`, None if for nothing."""
        ...

    def person(self, user: str) -> Collection[str]:
        """Return the accounts that were verified with a number of this one's, itself among them."""
        ...

    def holds(self, quota_guard: QuotaGuard, before: int) -> bool:
        """Say whether a claim holds after so many others by the same person in this batch."""
        ...


def sequence(batch: Sequence[ChangeSet], known: Known) -> Sequenced:
    """Follow each stream through the batch and number its entries.

    A change set that doesn't fit puts its whole stream in conflict; one that repeats a post is left out. What repeats
    anything else does both: it was decided on a state that has it already. Streams whose change sets are stored
    together (`ChangeSet.also`) are in conflict together.
    """
    moved: dict[str, Head] = {}
    conflicts: set[str] = set()
    bound: dict[str, set[str]] = {}

    def clash(stream: str) -> None:
        conflicts.add(stream)
        moved.pop(stream, None)
        for other in bound.pop(stream, ()):
            if other not in conflicts:
                clash(other)

    nonces: dict[tuple[str, str, str], ChangeSet] = {}
    claimed: Counter[str] = Counter()
    repeated = False
    for change_set in batch:
        stream = change_set.stream
        if stream in conflicts:
            continue
        if not stream:
            repeated |= _is_repeat(change_set, known, nonces)
            continue
        head = moved.get(stream) or known.head(stream)
        if (
            change_set.version != head.version
            or (change_set.quota_guards and not _all_hold(change_set.quota_guards, known, claimed))
            or (change_set.rests_on and not _stands(*change_set.rests_on, moved, known))
            or (change_set.also and not _all_fit(change_set.also, conflicts, moved, known))
        ):
            clash(stream)
        elif _is_repeat(change_set, known, nonces):
            repeated = True
            if change_set.asked is not None:
                clash(stream)
        else:
            moved[stream] = _number(change_set, head)
            for one in change_set.also:
                moved[one.stream] = _number(one, moved.get(one.stream) or known.head(one.stream))
                bound.setdefault(stream, set()).add(one.stream)
                bound.setdefault(one.stream, set()).add(stream)
            if change_set.quota_guards:
                claimed.update(quota_guard.user for quota_guard in change_set.quota_guards)
    if conflicts or repeated:
        batch = [
            change_set for change_set in batch if change_set.stream not in conflicts and change_set.repeated is None
        ]
    if bound:
        batch = [one for change_set in batch for one in (change_set, *change_set.also)]
    return Sequenced(batch, frozenset(conflicts), moved)


def _all_fit(also: Sequence[ChangeSet], conflicts: Collection[str], moved: Mapping[str, Head], known: Known) -> bool:
    return all(
        one.stream not in conflicts
        and _stands(one.stream, one.version, moved, known)
        and (not one.rests_on or _stands(*one.rests_on, moved, known))
        for one in also
    )


def _all_hold(quota_guards: Sequence[QuotaGuard], known: Known, claimed: Mapping[str, int]) -> bool:
    return all(known.holds(one, sum(claimed[user] for user in known.person(one.user))) for one in quota_guards)


def limits_of(quota_guard: QuotaGuard) -> tuple[int | None, int | None, int | None]:
    """Return how many memberships, groups and public accounts may result; None: that is not asked."""
    return quota_guard.groups_joined, quota_guard.groups_created, quota_guard.channels


def _stands(stream: str, version: int, moved: Mapping[str, Head], known: Known) -> bool:
    """Say whether a stream is at a version, after what the batch has done to it so far."""
    return (moved.get(stream) or known.head(stream)).version == version


def _is_repeat(change_set: ChangeSet, known: Known, nonces: dict[tuple[str, str, str], ChangeSet]) -> bool:
    """Say whether a change set repeats what is stored or in this batch; if not, remember that it used its nonce."""
    wanted = nonce_of(change_set)
    if wanted is None:
        return False
    code, user, nonce, ts = wanted
    first = nonces.setdefault((code, user, nonce), change_set)
    if first is not change_set:
        # The first of this batch may itself repeat what is stored.
        used: Used | None = first.repeated or first.asked or first.entries[0].entry
    else:
        used = known.nonce(code, user, nonce, ts)
    change_set.repeated = used
    return used is not None


def nonce_of(change_set: ChangeSet) -> Wanted | None:
    """Return (code, user, nonce, ts) of a change set that has a nonce, None of another."""
    asked = change_set.asked
    if asked is not None:
        return asked.code, asked.user, asked.nonce, asked.until_ms - DAY_MS
    first = change_set.entries[0] if change_set.entries else None
    if first is None or first.nonce is None:
        return None
    return change_set.stream.removeprefix(GROUP), first.entry.from_.user, first.nonce, first.entry.ts


def is_of_the_day(used: Used, ts: int) -> bool:
    """Say whether a use of a nonce still counts at a time (Unix ms)."""
    return used.until_ms > ts if isinstance(used, Asked) else used.ts >= ts - DAY_MS


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
