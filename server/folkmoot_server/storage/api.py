"""What storage promises: `Store`, its `Ledger` and its `Journal`, and what passes through them.

The promises in the docstrings are what `tests/conformance` checks on every backend. Codes of groups are strings of 12
digits, times Unix milliseconds UTC. A stream is named by `group_stream(code)`,
`account_stream(user)` or `case_stream(number)`.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum
from typing import Protocol

from msgspec import Struct

from folkmoot_governance.group.edit import as_it_stands
from folkmoot_governance.holds import Hold
from folkmoot_protocol.types import Entry

from .change_set import ChangeSet
from .channels import Channels as Channels
from .ledger import Ledger as Ledger
from .rows import AccessBlock as AccessBlock
from .rows import AccountRow as AccountRow
from .rows import ActFilter as ActFilter
from .rows import ActivityRow as ActivityRow
from .rows import Backlog as Backlog
from .rows import BotRow as BotRow
from .rows import CaseFilter as CaseFilter
from .rows import CaseNote as CaseNote
from .rows import GroupRow as GroupRow
from .rows import GroupSummary as GroupSummary
from .rows import HeldRow as HeldRow
from .rows import HookRow as HookRow
from .rows import IdentityRequest as IdentityRequest
from .rows import IdentityRow as IdentityRow
from .rows import Line as Line
from .rows import Measure as Measure
from .rows import Note as Note
from .rows import OpenFlag as OpenFlag
from .rows import OtherAccount as OtherAccount
from .rows import QueuedPost as QueuedPost
from .rows import RetroHit as RetroHit
from .rows import RetroScan as RetroScan
from .rows import SecondFactorRow as SecondFactorRow
from .rows import SessionRow as SessionRow
from .rows import StaffRow as StaffRow
from .rows import StoredAccount as StoredAccount
from .rows import StoredAgreement as StoredAgreement
from .rows import StoredNotice as StoredNotice
from .rows import WarningRow as WarningRow
from .search.text import Query

BEHIND = (1 << 63) - 1
"""Behind every block of the access log."""


class Page(Struct, frozen=True):
    """Entries oldest first; `more` when there are others in the direction that was read."""

    entries: list[Entry]
    more: bool


class Versions(Struct, frozen=True):
    """An entry and its edits, oldest first: all that it has ever said."""

    entry: Entry
    edits: tuple[Entry, ...] = ()

    @property
    def standing(self) -> Entry:
        """The entry as it stands: what is shown of it to whoever sees it alone."""
        return as_it_stands(self.entry, self.edits)

    @property
    def stands_at(self) -> int:
        """The seq of the text that stands: that of the last edit, or the entry's own."""
        return int((self.standing.data or {}).get("edited", self.entry.seq)) if self.edits else self.entry.seq

    def texts(self) -> list[dict[str, object]]:
        """Return every text that the entry has had, oldest first, for those who judge."""
        return [{"seq": one.seq, "ts": one.ts, "body": one.body} for one in (self.entry, *self.edits)]


class Found(Struct, frozen=True):
    """Entries that a search found, as they stand, the newest text first; with `before`, there may be others below that
    seq."""

    entries: list[Entry]
    before: int | None = None


HeldPiece = tuple[Sequence[Line], tuple[int, int] | None]
"""Entries that a hold names, and the group and seq from where to go on; None at the end."""


class Left(IntEnum):
    """What is left to do: nothing, more, or what cannot be done while somebody reads."""

    NOTHING = 0
    MORE = 1
    WAITING = 2


class Segment(Struct, frozen=True):
    """One month of the journal: `month` as `2026-11`, its size in bytes."""

    month: str
    size: int


class Journal(Protocol):
    """The entries of all groups, in monthly segments, as of the last commit.

    Promises: in a group, seq counts from 1 without gaps for as long as the group exists, rotation included; an entry
    goes to the segment of its month, or to the newest segment if that is later (a clock may step back, a batch
    may cross the border of two months); only the newest
    segment is ever written, but to take removed texts out of others; reading crosses the borders of
    segments and never tells of them; an erased entry comes back with an empty body and `redacted`.
    """

    async def last_seqs(self, codes: Collection[str]) -> dict[str, int]:
        """Return each group's last seq, 0 for a group without entries."""
        ...

    async def page(self, code: str, *, before: int | None = None, after: int | None = None, limit: int = 50) -> Page:
        """Return up to `limit` entries: the newest below `before`, or the oldest above `after`, or the newest."""
        ...

    async def entry(self, code: str, seq: int) -> Entry | None:
        """Return one entry."""
        ...

    async def versions(self, code: str, seqs: Collection[int], *, preserved: bool = False) -> dict[int, Versions]:
        """Return entries by seq, each with all its edits as of now; for an edit, the entry that it edits.

        What is not there is left out. `preserved`: with the texts of what was removed, for those who look at whether
        that was right.
        """
        ...

    async def notices_of(self, code: str, versions: Collection[int]) -> dict[int, int]:
        """Return the seqs of the notices that tell of a group's events, by the version that the event made."""
        ...

    async def reactions(self, code: str, seq: int, reaction: str, limit: int) -> list[Entry]:
        """Return up to `limit` entries that put this reaction to an entry or take it away, newest first."""
        ...

    async def find_nonce(self, code: str, user: str, nonce: str, since_ms: int) -> Entry | None:
        """Return the entry that `user` posted with `nonce` at or after `since_ms`, as it is in the journal: what was
        said of it since is not laid over."""
        ...

    async def search(self, code: str, query: Query, *, before: int, limit: int) -> Found:
        """Return up to `limit` entries of what people said that match a query as they stand, newest first.

        An edited entry stands where its last edit does, and where that is below the seq `before`, it may be found. A
        redacted entry never is. Time is limited: what comes back may be less than `limit`, or nothing, and
        still have `before` to go on with.
        """
        ...

    async def index(self) -> bool:
        """Do a bounded piece of what search is slow without; say whether there may be more to do.

        After it has said no, the index has nothing of any text that was removed before the call, nor of any month that
        was rotated away. One caller at a time, on one node; `search` is right without it.
        """
        ...

    async def erase(self) -> Left:
        """Do a bounded piece of taking texts that were removed out of the files where they still stand; say what is
        left.

        After it has said that nothing is, nothing in the journal's files has, but sealed, a text that was removed
        before the call; where there is no room to rewrite a file, of one in a thousand a copy may be left.
        One caller at a time.
        """
        ...

    async def segments(self) -> list[Segment]:
        """Return the segments that exist, oldest first."""
        ...

    async def ends(self, month: str) -> Mapping[int, int]:
        """Return the last seq that each group has in a month, by its code as a number; groups without entries in it
        are left out."""
        ...

    async def lines(self, month: str, after: tuple[int, int], limit: int) -> Sequence[Line]:
        """Return up to `limit` entries of a month as its seal counts them, above a group and seq, in their order."""
        ...

    async def held(self, month: str, hold: Hold, after: tuple[int, int]) -> HeldPiece:
        """Return entries of a month that a hold names, above a group and seq, in their order, as the seal counts them.
        It is a bounded piece: there may be none in it."""
        ...

    async def rotate(self, now: int, months: int, *, but: Collection[str] = ()) -> list[Segment]:
        """Remove whole the segments that `months` full calendar months or more lie behind `now`, but some; return them
        (G13).

        A segment of January, with 6 months, is removed from 1 August 00:00 UTC on. The newest is never removed.
        """
        ...


class AccessLog(Protocol):
    """Who connected, from where, and signed in as whom (G13): blocks in monthly segments beside the journal's, sealed
    before they get here. All calls may raise StorageError."""

    async def append(self, month: str, block: AccessBlock) -> None:
        """Store a block in the segment of a month."""
        ...

    async def blocks(self, month: str, user: str = "", before: int = BEHIND, limit: int = 100) -> Sequence[AccessBlock]:
        """Return blocks of a month, without their `users`, the newest first: those that name `user`, or all."""
        ...

    async def blocks_after(self, month: str, number: int, limit: int) -> Sequence[AccessBlock]:
        """Return the blocks of a month that come after one, without their `users`, the oldest first."""
        ...

    async def segments(self) -> Sequence[Segment]:
        """Return the months that there are, oldest first."""
        ...

    async def remove(self, months: Collection[str]) -> None:
        """Remove months whole."""
        ...


class Store(Protocol):
    """Ledger and journal under one transaction. One writer calls `commit`, one call at a time; reads run beside it."""

    @property
    def ledger(self) -> Ledger:
        """The governance side."""
        ...

    @property
    def journal(self) -> Journal:
        """The message side."""
        ...

    @property
    def channels(self) -> Channels:
        """Channels, and who follows them."""
        ...

    @property
    def access(self) -> AccessLog:
        """Who connected."""
        ...

    @property
    def damage(self) -> Sequence[str]:
        """What is damaged and not asked any more, a sentence each."""
        ...

    async def commit(self, batch: Sequence[ChangeSet]) -> frozenset[str]:
        """Store a batch in its order; return the streams that were in conflict.

        Promises: when this returns, all change sets of the streams not returned are on stable storage, and survive the
        loss of the process and of power; of a stream returned nothing is stored: somebody else has moved it past the
        version that a change set was decided under, or a quota guard does not hold. When this raises `StorageError`,
        nothing of the batch is stored, with one exception: a connection lost in the very commit whose outcome cannot be
        found out in time. A crash in between leaves all of a change set or nothing, once `open` has repaired what it
        must.
        """
        ...

    async def close(self) -> None:
        """Finish what runs and let go of all files and connections."""
        ...


class JobLock(Protocol):
    """Which node does the jobs that one node at a time may do.

    Promises: at most one node is told that it is its turn, and it is told so again as long as it lives and its
    connection to storage does; when that ends, another node's turn comes.
    """

    async def is_mine(self) -> bool:
        """Say whether the jobs are this node's to do now. Raises StorageError."""
        ...

    async def close(self) -> None:
        """Let another node have its turn."""
        ...
