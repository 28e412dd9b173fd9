"""What happened to an account. As of groups, events are the ledger's content: they never change meaning.

They hold no personal data: events are kept for good, and what is erased on request must not be in them (G6.2).
"""

from typing import Literal

from msgspec import Struct

from folkmoot_protocol.types import Identity

from .actor import PlatformRole
from .content.kinds import Action
from .credit import START
from .restrictions import NO_GROUNDS, Grounds, Measure, Power


class AccountEvent(Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of all events of an account: when (Unix ms), and by whom."""

    at: int
    by: str


class AccountMeasure(AccountEvent, frozen=True, kw_only=True):
    """Base of measures. `report` is the report that brought it, empty for none. Where two decided on it, `proposed_by`
    is who asked for it, under the number `proposal`, and `by` who confirmed it.
    """

    report: str = ""
    grounds: Grounds = NO_GROUNDS
    proposed_by: str = ""
    proposal: str = ""


class AccountRegistered(AccountEvent, frozen=True, kw_only=True, tag="registered"):
    """`agreement_sha256`: of the text of that version, empty in older events. `home`: the group that a bot was made
    for, empty for people; `by` made it."""

    user: str
    agreement: str
    credit: int = START
    agreement_sha256: str = ""
    home: str = ""


class AgreementAccepted(AccountEvent, frozen=True, kw_only=True, tag="agreement_accepted"):
    agreement: str
    agreement_sha256: str = ""


class AccountSuspended(AccountMeasure, frozen=True, kw_only=True, tag="account_suspended"):
    """`was_until_ms`, `was_reason`: the suspension whose place it takes, 0 and empty where there was none."""

    until_ms: int
    reason: str
    was_until_ms: int = 0
    was_reason: str = ""


class AccountRestored(AccountEvent, frozen=True, kw_only=True, tag="account_restored"):
    """The suspension is over; that of before, if it lasts until `back_until_ms`, holds again."""

    reason: str
    back_until_ms: int = 0
    back_reason: str = ""


class AccountRestricted(AccountMeasure, frozen=True, kw_only=True, tag="account_restricted"):
    """The platform took a right from the account for a time; one of the same kind that is in force gives way.

    Of the blacklist: `scopes` are what it bars, `entry` names what was noted of the identity with it.
    """

    measure: Measure
    until_ms: int
    reason: str
    scopes: tuple[Power, ...] = ()
    entry: str = ""


class AccountRestrictionEnded(AccountEvent, frozen=True, kw_only=True, tag="account_restriction_ended"):
    """A restriction is over or was lifted; with a `case`, that act alone is void.

    `is_back`: then the one whose place it had taken holds again.
    """

    measure: Measure
    case: str = ""
    reason: str = ""
    is_back: bool = False


class RoleGranted(AccountEvent, frozen=True, kw_only=True, tag="role_granted"):
    """`cases` are what the role is about, empty where it is about all; it ends at `until_ms`, 0 for never."""

    role: PlatformRole | None
    reason: str
    cases: tuple[str, ...] = ()
    until_ms: int = 0


class RoleEnded(AccountEvent, frozen=True, kw_only=True, tag="role_ended"):
    """The time of a role is over."""

    role: PlatformRole


class DutyBegun(AccountEvent, frozen=True, kw_only=True, tag="duty_begun"):
    """One of the staff is there for what is to be done."""


class DutyEnded(AccountEvent, frozen=True, kw_only=True, tag="duty_ended"):
    pass


class TrainingNoted(AccountEvent, frozen=True, kw_only=True, tag="training_noted"):
    """One of the staff, whose account this is, has been trained in something."""

    course: str


class IdentityAttested(AccountMeasure, frozen=True, kw_only=True, tag="identity_attested"):
    """The account is known at a level of identity, which is a measure where it is a lower one. `was` is the level
    before, checked at `was_ts`; older acts do not say it.

    `measure` is the number of the act that this undoes, because an appeal succeeded; 0: it undoes none. What is given
    back counts from `since_ms` (Unix ms), all else from now.
    """

    identity: Identity
    reason: str
    was: Identity | None = None
    was_ts: int = 0
    measure: int = 0
    since_ms: int = 0


class CreditChanged(AccountMeasure, frozen=True, kw_only=True, tag="credit_changed"):
    """The score moved by `points` to `score`; `case` is the report that cost it, or the act that was overturned."""

    cause: Literal["penalty", "restored", "recovered", "set"]
    points: int
    score: int
    case: str = ""
    reason: str = ""


class IdentityAsked(AccountEvent, frozen=True, kw_only=True, tag="identity_asked"):
    """The account asks for a level; until `code_until_ms` by a code that is sent, 0: by a review."""

    identity: Identity
    code_until_ms: int = 0


class IdentityCodeMissed(AccountEvent, frozen=True, kw_only=True, tag="identity_code_missed"):
    """A wrong code was said, for the `tries`-th time."""

    tries: int


class IdentityWithdrawn(AccountEvent, frozen=True, kw_only=True, tag="identity_withdrawn"):
    identity: Identity


class NamesRemoved(AccountMeasure, frozen=True, kw_only=True, tag="names_removed"):
    """The platform removed the names that the account had chosen until then (G10): its user name is shown instead.

    Which names these were is personal, and stands beside the account. `was_ms`: when that was done before, 0: never.
    """

    reason: str
    rule: str = ""
    was_ms: int = 0


class NamesRestored(AccountEvent, frozen=True, kw_only=True, tag="names_restored"):
    """An appeal against the act `measure` succeeded: names are shown again that were chosen after `back_ms`."""

    measure: int
    back_ms: int
    reason: str = ""


class IdentityRejected(AccountEvent, frozen=True, kw_only=True, tag="identity_rejected"):
    identity: Identity
    reason: str


class RenewalTold(AccountEvent, frozen=True, kw_only=True, tag="renewal_told"):
    """The account was told how far it is with its check of identity (`verification.Stage`), which counts until
    `until_ms`."""

    stage: int
    until_ms: int


class IdentityRead(AccountEvent, frozen=True, kw_only=True, tag="identity_read"):
    """Staff (`by`) has read the numbers of the account, for `case`."""

    case: str


class PasswordChanged(AccountEvent, frozen=True, kw_only=True, tag="password_changed"):
    """The account has another password, and all sessions but the one that changed it have ended.

    `reset`: whoever did so had a code that the platform had given out.
    """

    reset: bool = False


class ResetCodeGiven(AccountEvent, frozen=True, kw_only=True, tag="reset_code_given"):
    """The platform gave out a code with which another password can be set, once. The code is nowhere kept.

    `sent`: it was sent to the mobile that the account was verified with.
    """

    reason: str
    sent: bool = False


class SecondFactorSet(AccountEvent, frozen=True, kw_only=True, tag="second_factor_set"):
    """Signing in to the account asks for a code from now on; that of the time step `step` is used. Other sessions have
    ended."""

    step: int


class SecondFactorUsed(AccountEvent, frozen=True, kw_only=True, tag="second_factor_used"):
    """The account was signed in to by the code of a time step, or (0) by a recovery code, with `left` others after."""

    step: int
    left: int = -1


class SecondFactorEnded(AccountEvent, frozen=True, kw_only=True, tag="second_factor_ended"):
    """Signing in to the account asks for no code any more."""

    reason: str = ""


class SessionsEnded(AccountEvent, frozen=True, kw_only=True, tag="sessions_ended"):
    """So many sessions of the account were ended, by itself or by staff. Devices and addresses stand beside it."""

    count: int
    reason: str = ""


class AccountClosing(AccountMeasure, frozen=True, kw_only=True, tag="account_closing"):
    """The platform closes the account: it is shut out, and erased at `until_ms` unless an appeal succeeds.

    `blacklist`: before that, the blind index of its identity is to be noted, so that it does not come back under
    another name.
    """

    until_ms: int
    reason: str
    blacklist: bool = False


class ClosingOverturned(AccountEvent, frozen=True, kw_only=True, tag="account_closing_overturned"):
    """An appeal succeeded: the account is as it was before it was to be closed."""

    reason: str


class AccountClosed(AccountEvent, frozen=True, kw_only=True, tag="account_closed"):
    """The account is no more; its name is not given to anybody else, and nothing but `author_tag` is shown of it."""

    author_tag: str
    reason: str = ""


class PlatformWordSet(AccountEvent, frozen=True, kw_only=True, tag="platform_word_set"):
    """Staff, whose account this is, has set a word of the platform's content rules."""

    word: str
    verdict: Action
    reason: str


class PlatformWordDropped(AccountEvent, frozen=True, kw_only=True, tag="platform_word_dropped"):
    word: str
    reason: str


class BlacklistEntryRemoved(AccountEvent, frozen=True, kw_only=True, tag="blacklist_entry_removed"):
    """Staff, whose account this is, has taken an identity from the blacklist whose account there is no more."""

    entry: str
    reason: str


class FilingApproved(AccountEvent, frozen=True, kw_only=True, tag="filing_approved"):
    """Staff, whose account this is, has approved the report of the measure `case` to the authority.

    `identity`: with identity numbers; then another one has to as well, and `is_last` says that it is approved.
    """

    case: str
    identity: bool
    is_last: bool


class TextsRead(AccountEvent, frozen=True, kw_only=True, tag="texts_read"):
    """Staff was shown `count` texts of people, for a case; `what` brought them up, in the group `code`."""

    case: str
    what: str
    code: str = ""
    count: int = 1


class HitPassed(AccountEvent, frozen=True, kw_only=True, tag="hit_passed"):
    """Staff lets the entry `seq` of the group `code` stand, which a rule meets that was set later."""

    code: str
    seq: int
    rule: str


class FilingExported(AccountEvent, frozen=True, kw_only=True, tag="filing_exported"):
    """Staff has taken the report out, to send it by hand."""

    case: str


class FilingReceipted(AccountEvent, frozen=True, kw_only=True, tag="filing_receipted"):
    """Staff has noted the number that the authority gave for the report."""

    case: str
    receipt: str


class EmergencyStarted(AccountEvent, frozen=True, kw_only=True, tag="emergency_started"):
    """Staff, whose account this is, has stopped something (`emergency.Halt`) in a scope until `until_ms`."""

    number: str
    scope: str
    halt: str
    until_ms: int
    reason: str
    slow_ms: int = 0
    announcement: str = ""


class EmergencyEnded(AccountEvent, frozen=True, kw_only=True, tag="emergency_ended"):
    """Staff has let it go on again before its time."""

    number: str
    reason: str


class FeatureAssessed(AccountEvent, frozen=True, kw_only=True, tag="feature_assessed"):
    """Staff, whose account this is, has put on record that a function (`features.Feature`) was assessed; `sha256` is
    that of the assessment."""

    feature: str
    sha256: str
    reason: str


class FeatureStopped(AccountEvent, frozen=True, kw_only=True, tag="feature_stopped"):
    """Staff lets a function rest again."""

    feature: str
    reason: str


class MediaDecided(AccountEvent, frozen=True, kw_only=True, tag="media_decided"):
    """Staff, whose account this is, has let an upload by `user` through that was held, or refused it."""

    media: str
    user: str
    is_allowed: bool
    reason: str


class Announced(AccountEvent, frozen=True, kw_only=True, tag="announced"):
    """Staff has told everybody something, or the members of the group `code`; who comes until `until_ms` reads it."""

    number: str
    text: str
    until_ms: int
    code: str = ""


AnyAccountEvent = (
    AccountRegistered
    | AgreementAccepted
    | AccountSuspended
    | AccountRestored
    | AccountRestricted
    | AccountRestrictionEnded
    | RoleGranted
    | RoleEnded
    | DutyBegun
    | DutyEnded
    | TrainingNoted
    | IdentityAttested
    | CreditChanged
    | IdentityAsked
    | IdentityWithdrawn
    | IdentityRejected
    | IdentityCodeMissed
    | RenewalTold
    | NamesRemoved
    | NamesRestored
    | IdentityRead
    | PasswordChanged
    | ResetCodeGiven
    | SecondFactorSet
    | SecondFactorUsed
    | SecondFactorEnded
    | SessionsEnded
    | AccountClosing
    | ClosingOverturned
    | AccountClosed
    | PlatformWordSet
    | PlatformWordDropped
    | TextsRead
    | BlacklistEntryRemoved
    | HitPassed
    | FilingApproved
    | FilingExported
    | FilingReceipted
    | EmergencyStarted
    | EmergencyEnded
    | FeatureAssessed
    | FeatureStopped
    | MediaDecided
    | Announced
)
