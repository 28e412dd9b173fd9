"""Where each stream stands, which works of a batch still fit on it, and the numbers of their entries."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from ..change_set import Claim, Work

KEPT = 100_000
GROUP = "group:"

Wanted = tuple[str, str, str, int]
"""Code of the group, user, nonce and time (Unix ms) of a post that may have been stored before."""


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


class Known(Protocol):
    """What is stored already, as far as a batch must know it."""

    def head(self, stream: str) -> Head:
        """Return where a stream stands; (0, 0) where there is none."""
        ...

    def nonce(self, code: str, user: str, nonce: str, ts: int) -> tuple[int, int] | None:
        """Return (seq, ts) of the post of `user` with `nonce` in the 24 hours before `ts`, None if there is none."""
        ...

    def holds(self, claim: Claim, before: int) -> bool:
        """Say whether a claim holds after so many others by the same user in this batch."""
        ...


def admit(batch: Sequence[Work], known: Known) -> Admission:
    """Follow each stream through the batch and number its entries.

    A work that doesn't fit puts its whole stream in conflict; one that repeats a post is left out.
    """
    moved: dict[str, Head] = {}
    conflicts: set[str] = set()
    nonces: dict[tuple[str, str, str], tuple[int, int]] = {}
    claimed: Counter[str] = Counter()
    repeated = False
    for work in batch:
        stream = work.stream
        if not stream or stream in conflicts:
            continue
        head = moved.get(stream) or known.head(stream)
        if work.version != head.version or (work.claims and not _all_hold(work.claims, known, claimed)):
            conflicts.add(stream)
            moved.pop(stream, None)
        elif _is_repeat(work, known, nonces, head.last_seq + 1):
            repeated = True
        else:
            moved[stream] = _number(work, head)
            if work.claims:
                claimed.update(claim.user for claim in work.claims)
    if conflicts or repeated:
        batch = [work for work in batch if work.stream not in conflicts and work.repeated is None]
    return Admission(batch, frozenset(conflicts), moved)


def _all_hold(claims: Sequence[Claim], known: Known, claimed: Mapping[str, int]) -> bool:
    return all(known.holds(one, claimed[one.user]) for one in claims)


def _is_repeat(work: Work, known: Known, nonces: dict[tuple[str, str, str], tuple[int, int]], seq: int) -> bool:
    """Say whether a work repeats a post, stored or in this batch; if not, remember its nonce as that of `seq`."""
    wanted = nonce_of(work)
    if wanted is None:
        return False
    code, user, nonce, ts = wanted
    key = code, user, nonce
    work.repeated = nonces.get(key) or known.nonce(code, user, nonce, ts)
    if work.repeated is None:
        nonces[key] = seq, ts
    return work.repeated is not None


def nonce_of(work: Work) -> Wanted | None:
    """Return (code, user, nonce, ts) of a work that is a post with a nonce, None of another."""
    first = work.entries[0] if work.entries else None
    if first is None or first.nonce is None:
        return None
    return work.stream.removeprefix(GROUP), first.entry.from_.user, first.nonce, first.entry.ts


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


def _number(work: Work, head: Head) -> Head:
    """Give the work's entries the next seqs; return the head after it."""
    version, seq = head
    for number, new in enumerate(work.entries, seq + 1):
        # Who posts has mostly guessed it right.
        if new.entry.seq != number:
            work.entries = [
                replace(one, entry=replace(one.entry, seq=at)) for at, one in enumerate(work.entries, seq + 1)
            ]
            break
    return Head(version + len(work.events), seq + len(work.entries))
