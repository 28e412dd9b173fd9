"""What storage promises: the interfaces `Store`, `Ledger` and `Journal`, and what passes through them.

The promises in the docstrings are what `tests/conformance` checks on every backend. Codes of groups are strings of 12
digits, times Unix milliseconds UTC. A stream is named by `group_stream(code)`,
`account_stream(user)` or `case_stream(number)`.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from msgspec import Struct

from folkmoot_governance import AccountState, GroupState
from folkmoot_governance.case.rules import ReporterRecord
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.platform_words import PlatformWord
from folkmoot_protocol.types import Entry

from .change_set import ChangeSet, MemberSettings, Profile, Recorded
from .rows import AccountRow as AccountRow
from .rows import ActivityRow as ActivityRow
from .rows import GroupRow as GroupRow
from .rows import IdentityRow as IdentityRow
from .rows import OpenFlag as OpenFlag
from .rows import WarningRow as WarningRow
from .search.text import Query


class StoredAccount(Struct, frozen=True):
    """An account as stored: governed state, profile, codes of the groups it is in and of the living ones it created.

    `read_seqs` maps group codes to the seq up to which the account has read; `settings` to what it set there. `ignored`
    are the users whom it does not want to hear.
    """

    state: AccountState
    profile: Profile
    groups: Sequence[str]
    created: Sequence[str]
    read_seqs: dict[str, int]
    settings: dict[str, MemberSettings] = {}
    ignored: frozenset[str] = frozenset()


class Measure(Struct, frozen=True):
    """What is in force against an account in a group: `kind` is ban, mute or warning."""

    kind: str
    code: str
    until_ms: int
    reason: str
    case: str


class Note(Struct, frozen=True):
    """What an admin has noted about an account in a group."""

    by: str
    ts: int
    text: str


class GroupSummary(Struct, frozen=True):
    """A group without its people: `state` has the group's own fields and empty lists, `members` counts."""

    state: GroupState
    members: int


class ActFilter(Struct, frozen=True):
    """What of a group's record is asked for: events of the versions below `before`, newest first.

    `user`: those by it, aimed at it, or naming it in some other way. `kinds` are tags of events, empty for all.
    """

    before: int | None = None
    user: str | None = None
    kinds: Collection[str] = ()
    since_ms: int = 0


class CaseFilter(Struct, frozen=True):
    """Which cases are asked for: what is None or empty does not count.

    `by` opened them; `code` is the group they are about, or that took the measure; `seq` and `user` what they are
    about. `newest`: the latest ones, latest first, instead of by (due_ms, number).
    """

    kind: CaseKind | None = None
    is_open: bool | None = None
    by: str = ""
    code: str = ""
    seq: int | None = None
    user: str = ""
    newest: bool = False


class Page(Struct, frozen=True):
    """Entries oldest first; `more` when there are others in the direction that was read."""

    entries: list[Entry]
    more: bool


class Found(Struct, frozen=True):
    """Entries that a search found, newest first; with `before`, there may be others below that seq."""

    entries: list[Entry]
    before: int | None = None


class Segment(Struct, frozen=True):
    """One month of the journal: `month` as `2026-11`, its size in bytes."""

    month: str
    size: int


class Ledger(Protocol):
    """Governance events and the tables made from them, as of the last commit.

    Promises: a stream's versions count from 1 without gaps; an event once read never changes or goes away; events are
    scanned in the order of their positions, and a position that was passed never appears later; the projections that
    `load_…` and `list_…` read are those of exactly the events committed.
    """

    async def load_group(self, code: str) -> GroupState | None:
        """Return a group from its projections, equal to the replay of its stream."""
        ...

    async def load_account(self, user: str) -> StoredAccount | None:
        """Return an account from its projections."""
        ...

    async def events(self, stream: str, after: int = 0, limit: int = 1000) -> list[Recorded]:
        """Return a stream's events with versions above `after`, oldest first."""
        ...

    async def acts(self, stream: str, wanted: ActFilter, limit: int) -> list[Recorded]:
        """Return events of a stream that are wanted, newest first."""
        ...

    async def group_summary(self, code: str) -> GroupSummary | None:
        """Return a group without its people: cheap, for what strangers ask."""
        ...

    async def due_for_grading(self, looked_before: int, after: str = "", limit: int = 500) -> list[ActivityRow]:
        """Return living groups that were last looked at before `looked_before` (Unix ms), by code, from `after` on."""
        ...

    async def due_for_recovery(self, below: int, before_ms: int, after: str = "", limit: int = 500) -> list[str]:
        """Return accounts whose credit is below a score and changed last at `before_ms` (Unix ms) or earlier, by name,
        from the one after `after`.
        """
        ...

    async def scan(self, after: int = 0, limit: int = 1000) -> list[Recorded]:
        """Return events of all streams with positions above `after`, oldest first."""
        ...

    async def heads(self, codes: Collection[str]) -> dict[str, tuple[int, int]]:
        """Return (version, last_seq) of those groups that exist: cheap, for asking whether anything happened.

        Neither number is older than the last commit before the call; a group's seq is never behind its version's
        notice.
        """
        ...

    async def account_versions(self, users: Collection[str]) -> dict[str, int]:
        """Return the versions of those accounts that exist."""
        ...

    async def find_token(self, token_hash: str) -> str | None:
        """Return the user whose session token has this hash, None if there is none or it was revoked."""
        ...

    async def older_tokens(self, user: str, keep: int) -> list[str]:
        """Return the hashes of an account's session tokens but for the newest `keep`."""
        ...

    async def find_session(self, token_hash: str) -> StoredAccount | None:
        """Return the account whose session token has this hash, None if there is none or it was revoked."""
        ...

    async def list_members(self, code: str, after: str = "", limit: int = 100) -> dict[str, str]:
        """Return display names of a group's members by user name, from the one after `after`.

        The cost does not grow with the group.
        """
        ...

    async def list_notes(self, code: str, user: str, limit: int = 50) -> list[Note]:
        """Return the notes about an account in a group, newest first."""
        ...

    async def list_measures(self, user: str, now: int) -> list[Measure]:
        """Return what is in force against an account at `now`, in all groups, by group."""
        ...

    async def list_identities(self, user: str) -> list[IdentityRow]:
        """Return the identity numbers that an account has given, sealed."""
        ...

    async def same_identity(self, blind: str, limit: int = 20) -> list[str]:
        """Return the accounts that have given the same number."""
        ...

    async def list_asking(self, after: str = "", limit: int = 100) -> list[tuple[str, str, int]]:
        """Return (user, level asked for, since when in Unix ms) of accounts that wait for a review of their identity,
        by name, from the one after `after`.
        """
        ...

    async def next_ends(self, limit: int) -> list[tuple[int, str]]:
        """Return (Unix ms, group code) of what ends next, earliest first: bans, mutes, warnings, locks, suspensions,
        join requests, invitations, offers of transfer; what is past and not cleared away, but nothing that never ends.
        """
        ...

    async def absent_owners(self, since_ms: int, after: str = "", limit: int = 100) -> list[tuple[str, str, int]]:
        """Return (code, owner, until when in Unix ms) of living groups whose owner is suspended until `since_ms` or
        later, by code, from the one after `after`.
        """
        ...

    async def list_leaving(self, after: str = "", limit: int = 100) -> list[str]:
        """Return closed accounts that may still be in groups, by name, from the one after `after`."""
        ...

    async def places_of(self, user: str) -> list[str]:
        """Return the codes of the groups that an account is a member of, asks to join or is invited to."""
        ...

    async def open_flags(self, before: int, limit: int) -> list[OpenFlag]:
        """Return entries posted before (Unix ms) that were to be flagged and are not, oldest first."""
        ...

    async def platform_words(self) -> list[PlatformWord]:
        """Return the words that staff has set for all groups, in order."""
        ...

    async def held_texts(self, code: str) -> dict[int, str]:
        """Return the sealed texts of a group's held posts by number; see `sealed.held_posts.HeldTexts`."""
        ...

    async def load_case(self, number: str) -> CaseState | None:
        """Return a case from its projection, equal to the replay of its stream."""
        ...

    async def list_cases(
        self, wanted: CaseFilter, after: tuple[int, str] = (0, ""), limit: int = 100
    ) -> list[CaseState]:
        """Return cases by (due_ms, number), from the one after `after`."""
        ...

    async def unsettled_cases(self, closed_before: int, limit: int = 100) -> list[str]:
        """Return the numbers of cases that were decided before a time (Unix ms) and not settled since."""
        ...

    async def case_text(self, number: str) -> str | None:
        """Return the sealed text of a case; see `sealed.case_texts.Evidence`."""
        ...

    async def reporter_record(self, user: str, now: int) -> ReporterRecord:
        """Return what became of an account's reports, as of `now`."""
        ...

    async def list_warnings(self, after: str = "", limit: int = 100) -> list[WarningRow]:
        """Return the open warnings of the platform to groups, by group code, from the one after `after`."""
        ...

    async def list_groups(self, after: str = "", limit: int = 100) -> list[GroupRow]:
        """Return groups by code, from the one after `after`."""
        ...

    async def list_accounts(self, after: str = "", limit: int = 100) -> list[AccountRow]:
        """Return accounts by user name, from the one after `after`."""
        ...


class Journal(Protocol):
    """The entries of all groups, in monthly segments, as of the last commit.

    Promises: in a group, seq counts from 1 without gaps for as long as the group exists, rotation included; an entry
    goes to the segment of its month, or to the newest segment if that is later (a clock may step back, a batch
    may cross the border of two months); only the newest
    segment is ever written, except that `erase` takes effect wherever its entry is; reading crosses the borders of
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

    async def find_nonce(self, code: str, user: str, nonce: str, since_ms: int) -> tuple[int, int] | None:
        """Return seq and ts of the entry that `user` posted with `nonce` at or after `since_ms`."""
        ...

    async def search(self, code: str, query: Query, *, before: int, limit: int) -> Found:
        """Return up to `limit` entries of what people said, below the seq `before`, that match a query, newest first.

        A redacted entry is never found. Time is limited: what comes back may be less than `limit`, or nothing, and
        still have `before` to go on with.
        """
        ...

    async def index(self) -> bool:
        """Do a bounded piece of what search is slow without; say whether there may be more to do.

        After it has said no, the index has nothing of any text that was removed before the call, nor of any month that
        was rotated away. One caller at a time, on one node; `search` is right without it.
        """
        ...

    async def segments(self) -> list[Segment]:
        """Return the segments that exist, oldest first."""
        ...

    async def rotate(self, now: int, months: int) -> list[Segment]:
        """Remove whole the segments that `months` full calendar months or more lie behind `now`; return them (G13).

        A segment of January, with 6 months, is removed from 1 August 00:00 UTC on. The newest is never removed.
        """
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
