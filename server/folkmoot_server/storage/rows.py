"""What is read from the ledger, and what of it is asked for."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from msgspec import Struct

from folkmoot_governance import AccountState, GroupState, PlatformRole
from folkmoot_governance.case.offence import Thing
from folkmoot_governance.case.state import CaseKind
from folkmoot_governance.oversight import Waiting
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_governance.restrictions import Held, Restriction
from folkmoot_protocol.types import Identity

from .change_set import MemberSettings, Profile


class IdentityRow(Struct, frozen=True):
    """A number that an account has given for a level of identity, sealed; `blind` is the same for the same number."""

    user: str
    identity: str
    sealed: str
    blind: str
    ts: int


class SecondFactorRow(Struct, frozen=True):
    """An account's second factor: its secret, sealed, and the hashes of its recovery codes, with spaces between.

    It counts once the account says so.
    """

    user: str
    sealed: str
    codes: str
    ts: int


class BotRow(Struct, frozen=True):
    """A line of the operator's list of bots. `sends` (0 or 1): what is said in the group is sent for it."""

    user: str
    group: str
    giver: str
    sends: int
    since_ts: int


class HookRow(Struct, frozen=True):
    """Where what is said in the group `code` is sent for the bot `user`, sealed: what begins with `word`, told up to
    `seq`. After `failures` in a row it is tried again at `next_ms` (Unix ms)."""

    user: str
    code: str
    sealed: str
    word: str
    seq: int
    failures: int
    next_ms: int
    created_ts: int


class SessionRow(Struct, frozen=True):
    """A session: on which device, as that calls itself, and when and from which network it was last in use."""

    hash: str
    created_ts: int
    seen_ts: int
    device: str
    region: str

    @property
    def id(self) -> str:
        """What people call it by. Of what opens it this says nothing: that is random, and the hash is of all of it."""
        return self.hash[:8]


class IdentityRequest(IdentityRow, frozen=True):
    """A number that waits for its check; `code` is the keyed hash of the code that was sent to it, empty for none."""

    code: str = ""


class OpenFlag(Struct, frozen=True):
    """An entry that broke a content rule and has no flag on record yet; `nonce` tells which of `user`'s it is. `staff`
    (0 or 1), `own_rule`: as in `ContentFlagged`."""

    code: str
    user: str
    nonce: str
    rule: str
    severity: str
    ts: int
    staff: int = 0
    own_rule: str = ""


class RetroScan(Struct, frozen=True):
    """How far older entries were looked through: those before `since_ts` (Unix ms), by the rules `pending`, the names
    of `rules` being those known by then with what tells one that was changed. `code` and `before`: the group, and the
    seq below which it goes on; 0: with the next group."""

    rules: dict[str, str]
    pending: tuple[str, ...] = ()
    since_ts: int = 0
    code: str = ""
    before: int = 0


class RetroHit(Struct, frozen=True):
    """An older entry that a rule meets which was set later."""

    code: str
    seq: int
    user: str
    rule: str
    severity: str
    ts: int


class StoredAgreement(Struct, frozen=True):
    """A version of the service agreement, in force from `since_ts` (Unix ms) on; `texts` by language."""

    version: str
    sha256: str
    texts: dict[str, str]
    since_ts: int


class QueuedPost(Struct, frozen=True):
    """A post that waits for the operator's staff, without its text; `own_rule`: a word of the group's meets it, too.
    `seq`: it is posted, and a rule flags it."""

    code: str
    number: int
    user: str
    rule: str
    severity: str
    ts: int
    until_ms: int
    own_rule: str
    seq: int = 0


class GroupRow(Struct, frozen=True):
    """A line of the operator's list of groups. `asked_limit`: the member limit that waits for the operator's word."""

    code: str
    name: str
    owner: str
    status: str
    members: int
    created_ts: int
    asked_limit: int = 0


class WarningRow(Struct, frozen=True):
    """A line of the operator's list of warnings to groups: what is to be mended, by when, and whether its owner says it
    is (`rectified_ts`, 0 for not yet), and until when staff is to look at that."""

    case: str
    code: str
    name: str
    owner: str
    reason: str
    mend_until_ms: int
    rectified_ts: int
    text: str
    inspect_until_ms: int = 0


class LedgerRow(Struct, frozen=True):
    """An event as it stands in the ledger; `data` is the event as JSON."""

    position: int
    stream: str
    version: int
    ts: int
    type: str
    actor: str
    data: str


class SignedCheckpoint(Struct, frozen=True):
    """A checkpoint of the ledger's log: how many events it covers, when it was signed (Unix ms), and the note."""

    size: int
    ts: int
    note: str


class AccountRow(Struct, frozen=True):
    """A line of the operator's list of accounts. `suspended_until_ms` 0: not suspended."""

    user: str
    display_name: str
    identity: str
    platform: str | None
    suspended_until_ms: int
    created_ts: int


class StaffRow(Struct, frozen=True):
    """Who works for the operator, and as what; until when (Unix ms, 0 for no end), and about which cases if not all.
    `restrictions` are those of the account; since `duty_ts` it is on duty, 0 for not."""

    user: str
    display_name: str
    role: PlatformRole
    until_ms: int = 0
    cases: tuple[str, ...] = ()
    restrictions: Held = ()
    duty_ts: int = 0


class ActivityRow(Struct, frozen=True):
    """What a grading needs of a group: where it stands, and how active it was when that was looked at, at `ts`.

    `seq` is the last seq of then. A group that was never looked at has its founding as `ts`, and nothing else.
    """

    code: str
    category: str
    grade: str
    members: int
    ts: int
    seq: int
    entries_per_day: int
    followers: int = 0


class OtherAccount(Struct, frozen=True):
    """Another account that was verified with a number of this one's: it is the same person's, and what the platform has
    taken from one it has taken from all. `joined` and `created` count groups. Those of a bot are the accounts of who
    answers for it."""

    user: str
    suspended_until_ms: int
    suspended_reason: str
    credit: int
    restrictions: Held
    joined: int
    created: int
    identity: Identity = Identity.NONE
    verified_ts: int = 0


class StoredAccount(Struct, frozen=True):
    """An account as stored: governed state, profile, codes of the groups it is in and of the living ones it created.

    `read_seqs` maps group codes to the seq up to which the account has read; `settings` to what it set there. `ignored`
    are the users whom it does not want to hear. `has_unread`: it is told something that it has not read. `others` are
    of the same person; `barred` is what the blacklist has against the identity. `giver` is who answers for a bot, and
    `bots` are those that the person answers for, with whichever account.
    """

    state: AccountState
    profile: Profile
    groups: Sequence[str]
    created: Sequence[str]
    read_seqs: dict[str, int]
    settings: dict[str, MemberSettings] = {}
    ignored: frozenset[str] = frozenset()
    has_unread: bool = False
    others: Sequence[OtherAccount] = ()
    barred: Sequence[Restriction] = ()
    giver: str = ""
    bots: Sequence[str] = ()


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


class StoredNotice(Struct, frozen=True):
    """What an account is told, and when (Unix ms) it has read that; 0: not yet."""

    notice: PersonalNotice
    read_ts: int


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


class Backlog(Struct, frozen=True, kw_only=True):
    """What waits for staff, as `oversight.Figures` has it."""

    reports: Waiting
    appeals: Waiting
    mediations: Waiting
    outcomes: Waiting
    warnings: Waiting
    mended: Waiting
    identities: Waiting
    held: Waiting
    closings: Waiting
    sizes: int


class CaseFilter(Struct, frozen=True):
    """Which cases are asked for: what is None or empty does not count.

    `by` opened or joined them; `thing` is what they are reports of; `code` is the group they are about, or that took
    the measure; `seq` and `user` what they are about; `mediator` leads it, `claimed_by` has claimed
    it. `due_by`: an answer was due by then (Unix ms). `newest`: the latest ones, latest first, instead of by (due_ms,
    number).
    """

    kind: CaseKind | None = None
    is_open: bool | None = None
    by: str = ""
    code: str = ""
    seq: int | None = None
    user: str = ""
    mediator: str = ""
    claimed_by: str = ""
    newest: bool = False
    due_by: int | None = None
    thing: Thing | None = None


class CaseNote(Struct, frozen=True):
    """What somebody wrote to a case after it was opened, sealed: `kind` is a key of `sealed.case_texts.KINDS`."""

    version: int
    by: str
    kind: str
    ts: int
    sealed: str


class AccessBlock(Struct, frozen=True):
    """Some records of the access log, sealed, of one node, from `first_ts` to `last_ts` (Unix ms); `users` are the
    accounts that they name.

    `number` counts the blocks of its month as they were stored, 0 before that.
    """

    first_ts: int
    last_ts: int
    node: str
    records: int
    users: Collection[str]
    sealed: bytes
    number: int = 0


class HeldRow(NamedTuple):
    """What a hold keeps of a month, sealed: the entry `seq` of the group `code`, or, with no code, records of the block
    `seq` of the access log."""

    hold: str
    month: str
    code: str
    seq: int
    sealed: str

    @property
    def bound_to(self) -> bytes:
        """What its text is sealed with."""
        return f"{self.hold} {self.month} {self.code} {self.seq}".encode()


HELD_PURPOSE = b"folkmoot holds"
"""Of the key that what is held is sealed with: see `crypto.cipher.Sealed`."""


class KeptPost(NamedTuple):
    """A post of a channel that is kept beyond its `month` (as `2026-11`), sealed as it stood, empty when that was taken
    out; `digest`: SHA-256 of that with the time, in hexadecimal. `of_code` and `of_seq`: the post that it repeats."""

    code: str
    seq: int
    ts: int
    month: str
    sealed: str
    digest: str
    of_code: str = ""
    of_seq: int = 0


KEPT_PURPOSE = b"folkmoot kept posts"
"""Of the key that these are sealed with."""


class Line(NamedTuple):
    """An entry as the seal of its month counts it, and its place."""

    grp: int
    seq: int
    text: bytes
