"""Reports to the authority (G11, P11): one for each measure of the platform, written with it, and another one where the
measure is overturned: it corrects the first, whether that was sent by then or not.

A filing is a draft until staff has approved it; then it is sent, by the service or by hand, and done when the authority
has given a number for it. It has the measure's statement of reasons, which names nobody, and whom the measure hit by
account or group. Identity numbers go along only where two of staff have asked for that. What staff does is on record in
the stream of the account that does it.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from folkmoot_protocol.errors import ErrorCode

from .account_events import AccountEvent, FilingApproved, FilingExported, FilingReceipted
from .actor import Actor
from .case.state import PUBLIC, CaseClosed, CaseEvent, CaseState
from .measures import row_of
from .permissions import may_on_platform
from .refusal import Refusal
from .statement import EXPLANATION_CHARS, day_of, statement_of, statement_of_finding
from .text import N_

ACT = "file_report"


class FilingState(StrEnum):
    """How far a filing is."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    RECEIVED = "received"


class Filing(Struct, frozen=True):
    """The report of the measure `case`, a row `measure`, against the account `user` or the group `code`.

    `corrects` is the case of the report that this one corrects, because the measure was overturned; empty for none.
    `asked_by` is who has approved it with identity numbers while nobody else has yet; `identity`: two have. `tries`
    were made to send it, the next one at `next_ms` (Unix ms), the last one failed for `problem`.
    """

    case: str
    measure: str
    ts: int
    user: str = ""
    code: str = ""
    state: FilingState = FilingState.DRAFT
    statement: dict[str, Any] = field(default_factory=dict)
    identity: bool = False
    asked_by: str = ""
    approved_by: str = ""
    approved_ts: int = 0
    tries: int = 0
    next_ms: int = 0
    problem: str = ""
    sent_ts: int = 0
    receipt: str = ""
    receipt_ts: int = 0
    corrects: str = ""


class ApproveFiling(Struct, frozen=True):
    """Let it be sent; `identity`: with the identity numbers of whom it is about."""

    identity: bool = False


class ExportFiling(Struct, frozen=True):
    """Take it out to send it by hand."""


class NoteReceipt(Struct, frozen=True):
    """Note the number that the authority has given for it."""

    receipt: str


FilingCommand = ApproveFiling | ExportFiling | NoteReceipt


def drafted(event: Any, case: str, *, user: str = "", code: str = "") -> Filing | None:
    """Return the filing of an event under its case number, None where it is no measure of the platform."""
    row, statement = row_of(event), statement_of(event, case)
    return Filing(case, row.name, event.at, user, code, statement=statement) if row and statement else None


BAD_FAITH = "report_bad_faith"
"""What it is called that a report was made in bad faith: the measure that is no row of the table."""


def drafted_of_report(report: CaseState, event: CaseEvent) -> list[Filing]:
    """Return the filings of an event that a report has just taken in: one for each who was found to have made it in bad
    faith and has an account, so that there is something that becomes less."""
    if not isinstance(event, CaseClosed) or not event.is_filed:
        return []
    return [
        Filing(case, BAD_FAITH, event.at, user, statement=statement_of_finding(case, event.reason, since, event.at))
        for user, case, since in (
            (user, finding_number(report, user), report.reporters[user].ts)
            for user in event.bad_faith
            if not user.startswith(PUBLIC)
        )
    ]


def finding_number(report: CaseState, user: str) -> str:
    """Return under which number it is reported that somebody made a report in bad faith. It may be found twice: a
    report is open again once at most, and has its `decider` then."""
    return f"{report.number}{'-2' if report.decider else ''}@{user}"


def findings_of(report: CaseState, user: str = "") -> list[str]:
    """Return the numbers of what is found of those who made a report, or of `user` alone."""
    return [
        finding_number(report, one)
        for one, reporter in report.reporters.items()
        if reporter.bad_faith and user in ("", one)
    ]


CORRECTION = "c-"
"""What the numbers of reports begin with that correct another."""


def corrected(filing: Filing, reason: str, at: int) -> Filing:
    """Return the report that the measure of another one was overturned at `at` (Unix ms)."""
    first = filing.statement
    statement = {
        "puid": f"{CORRECTION}{first['puid']}",
        "overturned_puid": first["puid"],
        "overturned_date": day_of(at),
        "overturned_explanation": reason[:EXPLANATION_CHARS],
    }
    return Filing(
        f"{CORRECTION}{filing.case}",
        filing.measure,
        at,
        filing.user,
        filing.code,
        statement=statement,
        corrects=filing.case,
    )


def decide_filing(filing: Filing, command: FilingCommand, actor: Actor, now: int) -> Sequence[AccountEvent] | Refusal:
    """Return the events that `command` causes in the stream of `actor`, or why it is refused."""
    if not may_on_platform(actor.platform, ACT):
        text = N_("Your platform role does not cover this.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"act": ACT, "rule": "platform_roles", "help": "docs/governance.md"})
    match command:
        case ApproveFiling(identity=identity):
            return _check_state(filing, FilingState.DRAFT) or _approve(filing, actor, now, identity=identity)
        case ExportFiling():
            at = FilingState.SENT if filing.state is FilingState.SENT else FilingState.APPROVED
            return _check_state(filing, at) or [FilingExported(at=now, by=actor.user, case=filing.case)]
        case NoteReceipt(receipt=receipt):
            noted = FilingReceipted(at=now, by=actor.user, case=filing.case, receipt=receipt)
            return _check_state(filing, FilingState.SENT) or [noted]


def _approve(filing: Filing, actor: Actor, now: int, *, identity: bool) -> Sequence[AccountEvent] | Refusal:
    if identity and filing.asked_by == actor.user:
        text = N_("Identity numbers are sent once another administrator has approved that as well.")
        detail: dict[str, object] = {"case": filing.case, "rule": "filing.identity", "help": "filing list"}
        return Refusal(ErrorCode.FORBIDDEN, text, detail)
    is_last = not identity or bool(filing.asked_by)
    return [FilingApproved(at=now, by=actor.user, case=filing.case, identity=identity, is_last=is_last)]


def check_approved(filing: Filing) -> Refusal | None:
    """Refuse to send what is not approved, or is sent already."""
    return _check_state(filing, FilingState.APPROVED)


def _check_state(filing: Filing, needed: FilingState) -> Refusal | None:
    if filing.state is needed:
        return None
    text = N_("The report of {case} is {state}, not {needed}.")
    detail: dict[str, object] = {
        "case": filing.case,
        "state": filing.state.value,
        "needed": needed.value,
        "help": "filing show",
    }
    return Refusal(ErrorCode.CONFLICT, text, detail)


def apply_filing(filing: Filing, event: AccountEvent) -> Filing:
    """Return a filing as an event of staff leaves it."""
    match event:
        case FilingApproved(is_last=False, by=by):
            return replace(filing, asked_by=by)
        case FilingApproved(at=at, by=by, identity=identity):
            return replace(
                filing, state=FilingState.APPROVED, identity=identity, approved_by=by, approved_ts=at, next_ms=at
            )
        case FilingExported(at=at):
            return replace(filing, state=FilingState.SENT, sent_ts=filing.sent_ts or at, problem="")
        case FilingReceipted(at=at, receipt=receipt):
            return replace(filing, state=FilingState.RECEIVED, receipt=receipt, receipt_ts=at)
        case _:
            raise AssertionError(f"not an event of a filing: {event!r}")
