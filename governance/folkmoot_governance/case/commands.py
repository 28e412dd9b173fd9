"""What can be asked of a case."""

from collections.abc import Mapping

from msgspec import Struct

from ..actor import PlatformRole
from .events_application import Wish
from .rules import ReporterRecord
from .state import Outcome, Terms


class CaseCommand(Struct, frozen=True):
    """Base of all commands to a case."""


class OpenReport(CaseCommand, frozen=True):
    """Report an entry (`code`, `seq`; `user` is its author), a group (`code`; `user` owns it) or an account (G12), with
    `of_account` where that is done in the group `code`.

    That there is such a thing, and that the actor can see it, is for the shell to know.
    """

    number: str
    reason: str
    record: ReporterRecord
    code: str = ""
    seq: int = 0
    user: str = ""
    of_account: bool = False


class JoinReport(CaseCommand, frozen=True):
    """Report what is reported already."""

    reason: str
    record: ReporterRecord


class NoteCase(CaseCommand, frozen=True):
    """Write a note for who else works on the case; its text is kept beside the ledger."""


class NoticeCounter(CaseCommand, frozen=True):
    """Say as the one reported that it infringes nobody's rights (P10)."""


class ReopenReport(CaseCommand, frozen=True):
    """Have somebody else decide anew on a report that was dismissed, for that was contested with success: an act of the
    service."""

    reason: str


class OverturnBadFaith(CaseCommand, frozen=True):
    """Take back that `user` reported in bad faith, because an appeal succeeded: an act of the service."""

    user: str
    reason: str


class Measured(Struct, frozen=True):
    """A measure that may be appealed: its case number, its kind (the event's name), whom it hit, who took it, and when.

    `code` is the group that took it, empty for a measure of the platform. `one_of_many`: others were hit, too.
    `proposer`: who else of staff decided on it, empty for nobody.
    """

    case: str
    kind: str
    user: str
    decider: str
    at: int
    code: str = ""
    one_of_many: bool = False
    proposer: str = ""


class OpenAppeal(CaseCommand, frozen=True):
    """Appeal against a measure that hit the actor, or one of the `bots` that the actor answers for (P15)."""

    measure: Measured
    bots: tuple[str, ...] = ()


class ReadCase(CaseCommand, frozen=True):
    """Look at what people wrote and at the evidence."""


class ClaimCase(CaseCommand, frozen=True):
    """Take a case on for a time: nobody else decides it meanwhile."""

    duration_ms: int


class GiveCase(CaseCommand, frozen=True):
    """Hand a claim over to `to`, who has a platform `role`: they work on the case for the rest of its time."""

    to: str
    role: PlatformRole | None


class ReleaseCase(CaseCommand, frozen=True):
    """Give a claim up before its time."""


class CloseReport(CaseCommand, frozen=True):
    """Decide on a report; `bad_faith` are those of its reporters who reported in bad faith, where it is that."""

    outcome: Outcome
    reason: str
    bad_faith: tuple[str, ...] = ()


class DecideAppeal(CaseCommand, frozen=True):
    """Decide on an appeal; `leaders` are owner and admins of the group that took the measure, now."""

    outcome: Outcome
    reason: str
    leaders: frozenset[str] = frozenset()


class OpenMediation(CaseCommand, frozen=True):
    """Ask `user` for a mediation (P14), in the group `code`, if any. `open_now`: how many of the actor's are open."""

    number: str
    user: str
    code: str = ""
    open_now: int = 0


class SayInMediation(CaseCommand, frozen=True):
    """Say something to those inside."""


class Propose(CaseCommand, frozen=True):
    """Propose how to settle it."""


class AcceptProposal(CaseCommand, frozen=True):
    """Accept the proposal that stands."""


class EndMediation(CaseCommand, frozen=True):
    """End it without an agreement."""

    reason: str = ""


class NameMediator(CaseCommand, frozen=True):
    """Name a mediator, as a party; or, as staff, take it on."""

    user: str


class OpenApplication(CaseCommand, frozen=True):
    """Ask for something, with `documents` of these kinds; for the channel `code`, where it is about one.

    `open_now`: how many applications of the actor's are open.
    """

    number: str
    wish: Wish
    code: str = ""
    documents: frozenset[str] = frozenset()
    open_now: int = 0


class DecideApplication(CaseCommand, frozen=True):
    """Grant what an application asks for, or not; `editors` are those of the channel that it is about, now."""

    outcome: Outcome
    reason: str
    editors: frozenset[str] = frozenset()


class ReopenApplication(CaseCommand, frozen=True):
    """Have somebody else decide anew on an application that was rejected, for that was contested with success: an act
    of the service."""

    reason: str


class ProposeMeasure(CaseCommand, frozen=True):
    """Propose a measure that takes two of staff."""

    number: str
    terms: Terms


class CloseMeasure(CaseCommand, frozen=True):
    """Note that a proposed measure was taken, was turned down or taken back, or that its time is over."""

    outcome: Outcome
    reason: str = ""


class TellDates(CaseCommand, frozen=True):
    """Tell of the dates of the case that are near or over: an act of the service.

    `staff` are the roles of the operator's staff, `leaders` owner and admins of the group that took the measure,
    `on_duty` who of the staff is.
    """

    staff: Mapping[str, PlatformRole]
    leaders: frozenset[str] = frozenset()
    on_duty: frozenset[str] = frozenset()


class SettleCase(CaseCommand, frozen=True):
    """Note that what the outcome brings along has been carried out, and to what `effect`: an act of the service."""

    effect: str = ""


class ApproveExport(CaseCommand, frozen=True):
    """Let identities go along when the case is exported, and removed messages where that takes two; `approved_by` are
    those who have approved that already."""

    reason: str
    approved_by: tuple[str, ...] = ()


class ExportCase(CaseCommand, frozen=True):
    """Take what concerns the case out: `scope` of the entries, from `since_ms` until `until_ms` (Unix ms).

    `approved_by` have approved that identities go along, which `identities` asks for, or removed messages, which
    `removed` says.
    """

    scope: str
    since_ms: int
    until_ms: int
    reason: str
    identities: bool = False
    approved_by: tuple[str, ...] = ()
    removed: bool = False


class NoteBundle(CaseCommand, frozen=True):
    """Note what bundle an export has made, by its SHA-256, and how much is in it."""

    sha256: str
    entries: int
    events: int
    records: int
