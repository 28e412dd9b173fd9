"""What can be asked of an account; `account.decide_account` decides."""

from msgspec import Struct

from folkmoot_protocol.types import Identity

from .actor import PlatformRole
from .content.kinds import Severity
from .restrictions import NO_BASIS, NO_GROUNDS, Basis, Grounds, Measure, Power


class AccountCommand(Struct, frozen=True):
    """Base of all commands to an account."""


class AccountMeasureCommand(AccountCommand, frozen=True, kw_only=True):
    """Base of what staff asks for against an account."""

    basis: Basis = NO_BASIS


class RegisterAccount(AccountCommand, frozen=True):
    """Make the account; `agreement` is the version of the service agreement accepted (G5.2). `home`: it is a bot for
    that group, made by who answers for it."""

    user: str
    agreement: str
    home: str = ""


class AcceptAgreement(AccountCommand, frozen=True):
    """Accept a later version of the agreement."""

    agreement: str


class SuspendAccount(AccountMeasureCommand, frozen=True):
    """Shut an account out for a time: a measure of the platform (G11.2). `replaces`: another suspension in force."""

    duration_ms: int
    reason: str
    replaces: bool = False


class RestoreAccount(AccountCommand, frozen=True):
    """End a suspension early."""

    reason: str


class RestrictAccount(AccountMeasureCommand, frozen=True):
    """Take a right from an account for a time: a measure of the platform (G11.2). `replaces`: another one in force."""

    measure: Measure
    duration_ms: int
    reason: str
    replaces: bool = False
    scopes: tuple[Power, ...] = ()
    entry: str = ""


class FreeAccount(AccountCommand, frozen=True):
    """End a restriction early."""

    measure: Measure
    reason: str


class EndRestrictions(AccountCommand, frozen=True):
    """End the restrictions, and the platform role, that have run out: an act of the service."""


class OverturnRestriction(AccountCommand, frozen=True):
    """Make the restriction that the act `case` was void, because an appeal succeeded: an act of the service (P15)."""

    case: str
    reason: str


class GrantRole(AccountCommand, frozen=True):
    """Give or take (None) a platform role (G14); one of `permissions.SCOPED` for a time, and for `cases`, which are
    there."""

    role: PlatformRole | None
    reason: str
    cases: tuple[str, ...] = ()
    duration_ms: int = 0


class BeginDuty(AccountCommand, frozen=True):
    """Say as one of the staff that one is on duty: reminders come to oneself before they come to others."""


class EndDuty(AccountCommand, frozen=True):
    """Say that one is not any more."""


class NoteTraining(AccountCommand, frozen=True):
    """Put on record that one of the staff has been trained (G5, P5, W6)."""

    course: str


class RemoveNames(AccountMeasureCommand, frozen=True):
    """Show the user name instead of all names that the account has chosen: a measure of the platform (G10).

    `rule`: one of the operator's reasons for reports, empty where none is named. `has_names`: whether it has any."""

    reason: str
    rule: str = ""
    has_names: bool = True


class OverturnNames(AccountCommand, frozen=True):
    """Show the names again that the act `number` removed at `at` (Unix ms), `was_ms` being until when others were
    removed before: an appeal succeeded. An act of the service (P15)."""

    number: int
    at: int
    was_ms: int
    reason: str


class AttestIdentity(AccountMeasureCommand, frozen=True):
    """Record that a reviewer has seen proof of identity at a level; nothing of the proof is kept (G6)."""

    identity: Identity
    reason: str


class ChargeCredit(AccountCommand, frozen=True):
    """Take points for a report that was upheld, the case `case`: an act of the service (G7.2, G11.2).

    `same` are other reports of the one offence: what was taken for one of them is not taken again. `grounds` name the
    entry that it was about.
    """

    case: str
    severity: Severity
    reason: str
    same: tuple[str, ...] = ()
    grounds: Grounds = NO_GROUNDS


class RestoreCredit(AccountCommand, frozen=True):
    """Give back what was taken under a case number, because an appeal succeeded: an act of the service (P15)."""

    case: str
    reason: str


class OverturnSuspension(AccountCommand, frozen=True):
    """End the suspension that lasts until `until_ms`, because an appeal succeeded: an act of the service (P15).

    `back_until_ms`, `back_reason`: the suspension whose place it had taken, 0 and empty for none.
    """

    until_ms: int
    reason: str
    back_until_ms: int = 0
    back_reason: str = ""


class OverturnWithdrawal(AccountCommand, frozen=True):
    """Verify an account again at the level `was`, which the act `number` took away by giving it `identity`, because an
    appeal succeeded: an act of the service (P15). It counts from `since_ms` (Unix ms), 0: from now."""

    number: int
    identity: Identity
    was: Identity
    reason: str
    since_ms: int = 0


class RecoverCredit(AccountCommand, frozen=True):
    """Give back what the days have earned: an act of the service (G7.2)."""


class SetCredit(AccountMeasureCommand, frozen=True):
    """Set the score: a measure of the platform (G11.2)."""

    score: int
    reason: str


class AskIdentity(AccountCommand, frozen=True):
    """Ask to be known at a level of identity; the number that shows it is kept beside the account, sealed (G6).

    `code_until_ms` (Unix ms): until when a code that is sent to the number shows it; 0: a review does.
    """

    identity: Identity
    code_until_ms: int = 0


class ConfirmIdentity(AccountCommand, frozen=True):
    """Say the code that was sent; whether it `fits` is the shell's to find out."""

    fits: bool


class WithdrawIdentity(AccountCommand, frozen=True):
    """Ask no longer."""


class TellRenewal(AccountCommand, frozen=True):
    """Tell an account that its identity is to be verified again, if that is due: an act of the service (W7)."""


class ApproveIdentity(AccountCommand, frozen=True):
    """Give an account the level of identity that it asks for.

    `others` are verified with the same number; `same_person` says that the reviewer knows they are one person's (G6).
    """

    reason: str
    others: tuple[str, ...] = ()
    same_person: bool = False


class RejectIdentity(AccountCommand, frozen=True):
    """Turn it down."""

    reason: str


class ReadIdentity(AccountCommand, frozen=True):
    """Look at the numbers of an account, for the case that is named (G6.2)."""

    case: str


class ChangePassword(AccountCommand, frozen=True):
    """Have another password, the one there was, or (`reset`) a code of the platform's, being shown; all other sessions
    end."""

    reset: bool = False


class SetSecondFactor(AccountCommand, frozen=True):
    """Have signing in ask for a code besides the password; the code of the time step `step` was shown."""

    step: int


class UseSecondFactor(AccountCommand, frozen=True):
    """Sign in by the code of a time step; or by a recovery code, with `left` others after it and the step 0."""

    step: int
    left: int = -1


class EndSecondFactor(AccountCommand, frozen=True):
    """Have signing in ask for no code any more: one's own, or as staff that of somebody else, for a `reason`."""

    reason: str = ""


class GiveResetCode(AccountCommand, frozen=True):
    """Give out a code with which somebody who has lost the password of an account sets another one, once."""

    reason: str


class SendResetCode(AccountCommand, frozen=True):
    """Send a code as `GiveResetCode` gives one to the mobile that the account was verified with, whose number somebody
    has named who is not signed in: an act of the service."""


class EndSessions(AccountCommand, frozen=True):
    """End sessions, `count` of them: one's own, or as staff those of somebody else, for a `reason`."""

    count: int
    reason: str = ""


class CloseAccount(AccountCommand, frozen=True):
    """Close one's own account for good, `confirm` being its name (P9.2). `tag` is what its entries are from then on."""

    tag: str
    confirm: str


class CloseForOther(AccountMeasureCommand, frozen=True):
    """Close an account: a measure of the platform, carried out when nobody can appeal any more (P9.2, P11)."""

    reason: str


class FinishClosing(AccountCommand, frozen=True):
    """Erase what the platform closes, its time being over or its appeal turned down (`final`): an act of the service.

    `tag` is what is left of the name.
    """

    tag: str
    final: bool = False


class OverturnClosing(AccountCommand, frozen=True):
    """Give back an account whose closing is the act `number`, for an appeal succeeded: an act of the service (P15)."""

    number: int
    reason: str
