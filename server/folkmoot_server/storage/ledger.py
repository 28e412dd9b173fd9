"""What the ledger promises, a noun at a time: `Ledger` is all of them.

Whoever needs one noun asks for that Protocol, not for the ledger. Lists go page by page: `after` is the last key of
the page before, and `limit` the most that comes back. Names and codes that nobody has are answered with None or
nothing.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from folkmoot_governance import GroupState
from folkmoot_governance.actor import Emergency
from folkmoot_governance.announcement import Announcement
from folkmoot_governance.case.rules import ReporterRecord
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.features import Assessment
from folkmoot_governance.filing import Filing, FilingState
from folkmoot_governance.media import Media, MediaState
from folkmoot_governance.oversight import Waiting
from folkmoot_governance.platform_words import PlatformWord
from folkmoot_governance.restrictions import Held, Restriction
from folkmoot_governance.store_acts import Part
from folkmoot_governance.transparency import CaseFigure

from .change_set import Asked, Recorded
from .rows import (
    AccountRow,
    ActFilter,
    ActivityRow,
    Backlog,
    BotRow,
    CaseFilter,
    CaseNote,
    GroupRow,
    GroupSummary,
    HeldRow,
    HookRow,
    IdentityRequest,
    IdentityRow,
    LedgerRow,
    Measure,
    Note,
    OpenFlag,
    QueuedPost,
    RetroHit,
    RetroScan,
    SecondFactorRow,
    SessionRow,
    SignedCheckpoint,
    StaffRow,
    StoredAccount,
    StoredAgreement,
    StoredNotice,
    WarningRow,
)


class Streams(Protocol):
    """Governance events, in streams: a group's, an account's, a case's.

    Promises: a stream's versions count from 1 without gaps; an event once read never changes or goes away; events are
    scanned in the order of their positions, and a position that was passed never appears later.
    """

    async def events(self, stream: str, after: int = 0, limit: int = 1000) -> list[Recorded]:
        """Return a stream's events with versions above `after`, oldest first."""
        ...

    async def acts(self, stream: str, wanted: ActFilter, limit: int) -> list[Recorded]:
        """Return events of a stream that are wanted, newest first."""
        ...

    async def latest_ts(self) -> int:
        """Return the time (Unix ms) of the event at the last position, 0 when there is none."""
        ...

    async def marks(self) -> dict[str, int]:
        """Return what the store remembers about itself, by name: see `changes.mark`."""
        ...

    async def scan(self, after: int = 0, limit: int = 1000) -> list[Recorded]:
        """Return events of all streams with positions above `after`, oldest first."""
        ...


class Groups(Protocol):
    """Groups as their events have made them.

    Promises: a group that is loaded equals the replay of its stream, all of it as of one instant; a list leaves out no
    group that is there from its first page to its last.
    """

    async def load_group(self, code: str) -> GroupState | None:
        """Return a group from its projections, equal to the replay of its stream."""
        ...

    async def group_summary(self, code: str) -> GroupSummary | None:
        """Return a group without its people: cheap, for what strangers ask."""
        ...

    async def heads(self, codes: Collection[str]) -> dict[str, tuple[int, int]]:
        """Return (version, last_seq) of those groups that exist: cheap, for asking whether anything happened.

        Neither number is older than the last commit before the call; a group's seq is never behind its version's
        notice.
        """
        ...

    async def list_groups(self, after: str = "", limit: int = 100) -> list[GroupRow]:
        """Return groups by code, from the one after `after`."""
        ...

    async def list_warnings(self, after: str = "", limit: int = 100) -> list[WarningRow]:
        """Return the open warnings of the platform to groups, by group code, from the one after `after`."""
        ...

    async def due_for_grading(self, looked_before: int, after: str = "", limit: int = 500) -> list[ActivityRow]:
        """Return living groups that were last looked at before `looked_before` (Unix ms), by code, from `after` on."""
        ...

    async def absent_owners(self, since_ms: int, after: str = "", limit: int = 100) -> list[tuple[str, str, int]]:
        """Return (code, owner, until when in Unix ms) of living groups whose owner is suspended until `since_ms` or
        later, by code, from the one after `after`.
        """
        ...

    async def offers_of_suspended(
        self, now: int, after: tuple[str, str] = ("", ""), limit: int = 100
    ) -> list[tuple[str, str]]:
        """Return (code, user) where an account that is suspended at `now` has offered something, in order, from `after`
        on: an invitation, an invite code, or its group.
        """
        ...

    async def next_ends(self, limit: int) -> list[tuple[int, str]]:
        """Return (Unix ms, group code) of what ends next, earliest first: bans, mutes, warnings, locks, suspensions,
        join requests, invitations, offers of transfer; what is past and not cleared away, but nothing that never ends.
        """
        ...


class Members(Protocol):
    """People in groups, and what is said of them there.

    Promises: a page of members costs the same in a group of any size; what is asked of one account in all groups reads
    the rows of that account alone.
    """

    async def list_members(self, code: str, after: str = "", limit: int = 100) -> dict[str, str]:
        """Return display names of a group's members by user name, from the one after `after`.

        The cost does not grow with the group.
        """
        ...

    async def members_called(self, code: str, name: str, limit: int = 10) -> list[str]:
        """Return the user names of members who are shown under exactly this name in a group, by user name.

        It looks at all members: for what people ask, not for what happens with each post.
        """
        ...

    async def list_notes(self, code: str, user: str, limit: int = 50) -> list[Note]:
        """Return the notes about an account in a group, newest first."""
        ...

    async def list_measures(self, user: str, now: int) -> list[Measure]:
        """Return what is in force against an account at `now`, in all groups, by group."""
        ...

    async def places_of(self, user: str) -> list[str]:
        """Return the codes of the groups that an account is a member of, asks to join or is invited to."""
        ...


class Accounts(Protocol):
    """Accounts as their events have made them, with what is kept about the person besides.

    Promises: an account that is loaded equals the replay of its stream, and comes with all that is around it (profile,
    groups, marks, settings) as of the same instant; a closed one has no profile any more.
    """

    async def load_account(self, user: str) -> StoredAccount | None:
        """Return an account from its projections."""
        ...

    async def account_versions(self, users: Collection[str]) -> dict[str, int]:
        """Return the versions of those accounts that exist."""
        ...

    async def list_accounts(self, after: str = "", limit: int = 100) -> list[AccountRow]:
        """Return accounts by user name, from the one after `after`."""
        ...

    async def author_tags(self, users: Collection[str]) -> dict[str, str]:
        """Return the tags of those accounts that are closed, by user name."""
        ...

    async def list_staff(self) -> list[StaffRow]:
        """Return the accounts that have a platform role, by user name."""
        ...

    async def list_leaving(self, after: str = "", limit: int = 100) -> list[str]:
        """Return closed accounts that may still be in groups, by name, from the one after `after`."""
        ...

    async def closing_accounts(self, now: int, after: str = "", limit: int = 100) -> list[str]:
        """Return accounts that the platform closes and whose time is over by `now` (Unix ms), by name, from the one
        after `after`."""
        ...

    async def next_account_ends(self, limit: int) -> list[tuple[int, str]]:
        """Return (end, user) of what the platform has taken from accounts for a time, what ends first before the
        others."""
        ...

    async def due_for_renewal(self, told: int, limit: int) -> list[tuple[int, str]]:
        """Return (when in Unix ms, user) of checks of identity, the oldest first, of whose renewal its account was told
        as far as `told` (a `verification.Stage`)."""
        ...

    async def due_for_recovery(self, below: int, before_ms: int, after: str = "", limit: int = 500) -> list[str]:
        """Return accounts whose credit is below a score and changed last at `before_ms` (Unix ms) or earlier, by name,
        from the one after `after`.
        """
        ...


class Sessions(Protocol):
    """Who is signed in: tokens, of which only hashes are kept.

    Promises: a token that was revoked by a commit opens nothing after it.
    """

    async def find_token(self, token_hash: str, since: int = 0) -> str | None:
        """Return the user whose session token has this hash, None if there is none, or it was revoked, or not used
        `since` (Unix ms)."""
        ...

    async def find_session(self, token_hash: str, since: int = 0) -> StoredAccount | None:
        """Return the account whose session token has this hash, None as `find_token`."""
        ...

    async def list_sessions(self, user: str) -> list[SessionRow]:
        """Return an account's sessions, the one last used before the others."""
        ...

    async def find_reset_code(self, user: str, now: int) -> str | None:
        """Return the hash of the code with which another password can be set for an account, if one is in force."""
        ...

    async def find_second_factor(self, user: str) -> SecondFactorRow | None:
        """Return the second factor of an account, in force or yet to be confirmed."""
        ...

    async def tokens_in_use(self, hashes: Collection[str], since: int) -> set[str]:
        """Return those of some session tokens that were used `since` (Unix ms), by their hashes."""
        ...

    async def ended_tokens(self, since: int, limit: int) -> list[str]:
        """Return the hashes of session tokens that were not used `since` (Unix ms)."""
        ...

    async def older_tokens(self, user: str, keep: int) -> list[str]:
        """Return the hashes of an account's session tokens but for the newest `keep`."""
        ...


class Answers(Protocol):
    """What was asked for under a nonce besides posts.

    Promises: it is there from the commit that carried it out until its time is over.
    """

    async def find_answer(self, user: str, code: str, nonce: str, now: int) -> Asked | None:
        """Return what `user` used a nonce for in a group (empty: outside of groups), if that counts at `now`."""
        ...


class Notices(Protocol):
    """What single accounts are told by themselves.

    Promises: it is there from the commit of the act that it tells of, until it was read and its time is over, or the
    account is closed; a closed account is told nothing.
    """

    async def list_notices(
        self, user: str, before: str = "", limit: int = 50, *, unread: bool = False
    ) -> list[StoredNotice]:
        """Return what an account is told, the latest first, from the one before the id `before`; `unread`: only what it
        has not read.
        """
        ...

    async def unread_notices(self, user: str, limit: int = 50) -> list[StoredNotice]:
        """Return what an account is told and has not read, the oldest first."""
        ...

    async def told_of_kinds(self, user: str, kinds: Sequence[str], since_ms: int, limit: int) -> list[StoredNotice]:
        """Return what an account is told of these kinds and has not read, or was told later than a time, the latest
        first."""
        ...


class Identities(Protocol):
    """Numbers that show who somebody is, sealed: see `sealed.identities.Vault`, which alone can open them.

    Promises: nothing that is read here tells a number without the key; equal numbers have an equal `blind`.
    """

    async def has_identities(self) -> bool:
        """Say whether anybody was verified by a number, or waits for it."""
        ...

    async def list_identities(self, user: str) -> list[IdentityRow]:
        """Return the identity numbers that an account was verified with, sealed."""
        ...

    async def identity_request(self, user: str) -> IdentityRequest | None:
        """Return the number that an account asks to be verified with, None where it asks for nothing."""
        ...

    async def same_identity(self, blind: str, limit: int = 20) -> list[str]:
        """Return the accounts that were verified with the same number, or ask to be."""
        ...

    async def list_asking(self, after: str = "", limit: int = 100) -> list[tuple[str, str, int]]:
        """Return (user, level asked for, since when in Unix ms) of accounts that wait for a review of their identity,
        by name, from the one after `after`.
        """
        ...


class Hooks(Protocol):
    """Bots, and webhooks that go out. Promises: one that was removed by a commit is not among them after it."""

    async def due_hooks(self, now: int, after: str = "", limit: int = 100) -> list[HookRow]:
        """Return those that may be called at `now` (Unix ms), by the names of their bots."""
        ...

    async def next_hook_ms(self, now: int) -> int | None:
        """Return when the next of the others is due (Unix ms)."""
        ...

    async def list_bots(self, after: str = "", limit: int = 100) -> list[BotRow]:
        """Return a page of all bots, by name, whether they have posts sent or not."""
        ...

    async def hooks_of(self, code: str) -> list[HookRow]:
        """Return those of a group."""
        ...


class Blacklist(Protocol):
    """Whom the platform bars for long: accounts and groups by their restrictions, identities by blind index alone.

    Promises: an identity stays on it when its account is closed, until the entry's time is over.
    """

    async def bars_of(self, blind: str) -> list[Restriction]:
        """Return the entries against a number, by its blind index; those that are over may be among them."""
        ...

    async def barred_numbers(self, entry: str) -> list[str]:
        """Return the blind indexes that an entry is about."""
        ...

    async def list_bars(self, after: str = "", limit: int = 100) -> list[Restriction]:
        """Return the entries against identities by name, from the one after `after`."""
        ...

    async def list_blacklisted(self, kind: str, after: str = "", limit: int = 100) -> list[tuple[str, Held]]:
        """Return (name or code, restrictions) of the accounts, or groups (`kind`), that are on it, in order."""
        ...


class Reviews(Protocol):
    """Posts that content rules have held or are to flag, until somebody has looked at them.

    Promises: a post that is to be flagged is listed as soon as it is stored, until its flag is.
    """

    async def held_texts(self, code: str) -> dict[int, str]:
        """Return the sealed texts of a group's posts that wait for review, by number; see `sealed.held_posts`."""
        ...

    async def held_text(self, code: str, number: int) -> str | None:
        """Return the sealed text of a post that was held, or refused, under a number, as long as it is kept."""
        ...

    async def staff_queue(self, now: int, after: tuple[int, str, int], limit: int) -> list[QueuedPost]:
        """Return the posts that wait for the operator's staff at `now` (Unix ms), the oldest first, after the one with
        this time, group and number."""
        ...

    async def open_flags(self, before: int, limit: int) -> list[OpenFlag]:
        """Return entries posted before (Unix ms) that were to be flagged and are not, oldest first."""
        ...


class Retro(Protocol):
    """Older entries that rules meet which were set later."""

    async def retro_scan(self) -> RetroScan | None:
        """Return how far they were looked through; None before that was begun."""
        ...

    async def retro_hits(self, after: tuple[str, int], limit: int) -> list[RetroHit]:
        """Return those found, by group and seq, after the one of this group and seq."""
        ...


class Agreements(Protocol):
    """The service agreement, each version with the text that people have accepted."""

    async def agreement(self, version: str) -> StoredAgreement | None:
        """Return a version that is, or was, in force; None for one that never was."""
        ...


class Words(Protocol):
    """Words that staff has set for all groups; a group's own are in its state.

    Promises: all of them come, as of the last commit: they are few.
    """

    async def platform_words(self) -> list[PlatformWord]:
        """Return the words that staff has set for all groups, in order."""
        ...


class Cases(Protocol):
    """Reports and appeals as their events have made them, and what people wrote to them, sealed.

    Promises: a case that is loaded equals the replay of its stream; its text is there until the text's own time is
    over and the case is final, whatever becomes of the entry that it is about.
    """

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

    async def next_dates(self, limit: int) -> list[tuple[int, str, str]]:
        """Return (when in Unix ms, "case" or "group", number or code) of the dates that are to be told first, a day
        before and when they are over: of answers, claims and warnings, earliest first; what was told is not there.
        """
        ...

    async def count_overdue(self, now: int) -> dict[str, int]:
        """Return how many dates are over at `now`, by `dates.DateKind`; of claims none."""
        ...

    async def case_text(self, number: str) -> str | None:
        """Return the sealed text of a case; see `sealed.case_texts.Evidence`."""
        ...

    async def case_notes(self, number: str) -> list[CaseNote]:
        """Return what was written to a case after it was opened, sealed, the oldest first."""
        ...

    async def ended_case_texts(self, now: int, final_before: int, limit: int) -> list[str]:
        """Return the numbers of cases that have texts whose time is over at `now`, were decided before another (both
        Unix ms), and have no open appeal of whom they are about."""
        ...

    async def reporter_record(self, user: str, now: int) -> ReporterRecord:
        """Return what became of an account's reports, as of `now`."""
        ...


class Holds(Protocol):
    """What holds keep of months that are gone, and the cases that hold what they name."""

    async def held_counts(self) -> dict[str, int]:
        """Return how many rows are kept, by hold."""
        ...

    async def held_rows(self, hold: str, after: tuple[str, str, int], limit: int) -> list[HeldRow]:
        """Return what is kept for a hold, by (month, code, seq), from the one after `after`."""
        ...

    async def holding_cases(self, since: int, after: str, limit: int) -> list[CaseState]:
        """Return cases that are open, were decided after a time (Unix ms), or have an open appeal of whom they are
        about, by number, from the one after `after`."""
        ...


class Oversight(Protocol):
    """What the operator's board of duties and the published figures rest on.

    Promises: counts are right as of the last commit before the call, each by itself; nothing of it names anybody.
    """

    async def backlog(self, now: int, carry_out_before: int, answer_before: int) -> Backlog:
        """Return what waits for staff at `now` (Unix ms); late is what was decided, or asked, before these times."""
        ...

    async def case_figures(self, since: int) -> Sequence[CaseFigure]:
        """Return the cases that were opened or decided since a time (Unix ms), or are open, as far as is counted."""
        ...


class Filings(Protocol):
    """Reports of measures to the authority, as of the last commit before the call."""

    async def filing(self, case: str) -> Filing | None:
        """Return the report of a measure by its case number."""
        ...

    async def list_filings(
        self, state: FilingState | None = None, after: tuple[int, str] = (0, ""), limit: int = 100
    ) -> list[Filing]:
        """Return reports, of one state or all, the oldest first, from the one after (ts, case)."""
        ...

    async def due_filings(self, now: int, limit: int) -> list[Filing]:
        """Return approved reports that are to be sent by `now` (Unix ms)."""
        ...

    async def unsent_filings(self, before: int) -> Waiting:
        """Return how many reports are not sent yet, how many of these are of measures from before a time (Unix ms), and
        when the oldest of the measures was taken."""
        ...


class EventLog(Protocol):
    """The ledger as a transparency log: its events as they stand, and what is kept of the tree over them."""

    async def ledger_rows(self, after: int, limit: int) -> list[LedgerRow]:
        """Return the events behind a position, in order."""
        ...

    async def ledger_row(self, stream: str, version: int) -> LedgerRow | None:
        """Return an event by its place in a stream."""
        ...

    async def stream_rows(self, stream: str, after: int, limit: int) -> list[LedgerRow]:
        """Return the events of a stream above a version, in order."""
        ...

    async def is_closed_since(self, since: int) -> bool:
        """Say whether an account was closed since a time (Unix ms, above 0)."""
        ...

    async def words_of_closed(self, kind: str, after: int, limit: int) -> list[LedgerRow]:
        """Return events of a kind with words, or with what is left of them, by accounts that are closed and erased:
        those behind a position, in order."""
        ...

    async def log_hashes(self, level: int, first: int, end: int) -> list[bytes]:
        """Return the hashes of a level from `first` on, up to the one before `end`."""
        ...

    async def checkpoint(self) -> SignedCheckpoint | None:
        """Return the newest checkpoint."""
        ...

    async def logged_months(self) -> list[tuple[Part, str]]:
        """Return the months of which something is kept that was taken into the log."""
        ...

    async def logged_ranges(self, part: Part, month: str) -> list[str]:
        """Return what is kept of a month, each as `sql.ranges.text_of` gave it, in the order in which it came."""
        ...


class Alarms(Protocol):
    """Emergencies, and what the operator tells everybody, as of the last commit before the call."""

    async def emergencies(self, since: int) -> list[Emergency]:
        """Return the emergencies that staff has not ended and that last beyond a time (Unix ms), the oldest first."""
        ...

    async def assessments(self) -> list[Assessment]:
        """Return the functions that were assessed, and not stopped since."""
        ...

    async def announcements(self, since: int) -> list[Announcement]:
        """Return what is told to who comes after a time (Unix ms), the oldest first."""
        ...

    async def announcement_mark(self, user: str) -> int:
        """Return up to when an account has been told what the operator said (Unix ms), 0 where it was told nothing."""
        ...


class Uploads(Protocol):
    """Uploads of pictures, sound and films."""

    async def media(self, ids: Collection[str]) -> list[Media]:
        """Return uploads by id, in any order; what is not there is left out."""
        ...

    async def media_of_token(self, token: str) -> Media | None:
        """Return the upload whose bytes are waited for under a token, given the hash of that."""
        ...

    async def uploaded_bytes(self, user: str, since: int) -> int:
        """Return how many bytes an account has uploaded, or asked to, since a time (Unix ms), each upload counting at
        least `media.LEAST_BYTES`."""
        ...

    async def list_media(
        self, user: str, state: MediaState | None, before: tuple[int, str] | None, limit: int
    ) -> list[Media]:
        """Return uploads, of an account and of a state where these are given, the latest first; `before`: those behind
        one of that time and id."""
        ...

    async def pending_media(self, limit: int) -> list[Media]:
        """Return uploads that somebody still looks at."""
        ...

    async def unused_media(self, limit: int) -> list[Media]:
        """Return uploads that no entry shows, the one first whose time is over first."""
        ...

    async def media_to_seal(self, since: int, limit: int) -> list[Media]:
        """Return uploads that are shown by entries which were removed since a time (Unix ms)."""
        ...

    async def media_to_unseal(self, limit: int) -> list[Media]:
        """Return uploads that were removed with their entries, which stand again."""
        ...

    async def media_before(self, ts: int, limit: int) -> list[Media]:
        """Return uploads shown by entries from before a time (Unix ms) of which no hold keeps anything, the oldest
        first."""
        ...


class Ledger(
    Streams,
    Groups,
    Members,
    Accounts,
    Sessions,
    Answers,
    Notices,
    Identities,
    Hooks,
    Blacklist,
    Reviews,
    Words,
    Retro,
    Agreements,
    Cases,
    Filings,
    EventLog,
    Alarms,
    Holds,
    Uploads,
    Oversight,
    Protocol,
):
    """Governance events and the tables made from them, as of the last commit.

    Promises: those of each noun; what `load_…` and `list_…` read is made of exactly the events committed before the
    call. Raises `StorageError` where storage does not answer.
    """
