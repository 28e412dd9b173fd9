"""A case as the rules see it, and how events change it.

What people wrote, and the evidence, is personal data: it is not here but beside the ledger, sealed, and can be erased.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from ..content.kinds import Severity


class CaseKind(StrEnum):
    """What a case asks: that something be looked at, or that a measure be looked at again."""

    REPORT = "report"
    APPEAL = "appeal"


class Outcome(StrEnum):
    """How a case ended: the first three are of reports, the others of appeals."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"
    BAD_FAITH = "bad_faith"
    OVERTURNED = "overturned"
    CONFIRMED = "confirmed"


class CaseState(Struct):
    """A case. `by` opened it, an answer is due at `due_ms` (Unix ms).

    A report is about the entry `seq` of the group `code`, about the group, or about the account `user`, who is also the
    author of the entry or the owner of the group; `reason` is a configured code. An appeal is against the act with the
    case number `measure`, of the kind `reason` (the event's name), which `decider` took and which hit `by`.
    `is_settled`: what the outcome brings along has been carried out.
    """

    number: str
    kind: CaseKind
    by: str
    opened_ts: int
    due_ms: int
    reason: str
    code: str = ""
    seq: int = 0
    user: str = ""
    severity: Severity = Severity.LOW
    measure: str = ""
    decider: str = ""
    outcome: Outcome | None = None
    closed_ts: int = 0
    closed_by: str = ""
    answer: str = ""
    is_settled: bool = False
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided yet."""
        return self.outcome is None


class CaseEvent(Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of all events of a case: when (Unix ms), and by whom."""

    at: int
    by: str


class ReportOpened(CaseEvent, frozen=True, kw_only=True, tag="report_opened"):
    number: str
    reason: str
    severity: Severity
    due_ms: int
    code: str = ""
    seq: int = 0
    user: str = ""


class AppealOpened(CaseEvent, frozen=True, kw_only=True, tag="appeal_opened"):
    number: str
    measure: str
    reason: str
    decider: str
    due_ms: int
    code: str = ""


class CaseRead(CaseEvent, frozen=True, kw_only=True, tag="case_read"):
    """A reviewer has looked at what people wrote and at the evidence."""


class CaseClosed(CaseEvent, frozen=True, kw_only=True, tag="case_closed"):
    outcome: Outcome
    reason: str


class CaseSettled(CaseEvent, frozen=True, kw_only=True, tag="case_settled"):
    """What the outcome brings along has been carried out.

    Of an appeal that succeeded, `effect` is what that changed (`effects.Effect`); empty: of others, and of older acts.
    """

    effect: str = ""


AnyCaseEvent = ReportOpened | AppealOpened | CaseRead | CaseClosed | CaseSettled


def opened(event: CaseEvent) -> CaseState:
    """Return the case that `event` opens."""
    match event:
        case ReportOpened():
            return CaseState(
                event.number,
                CaseKind.REPORT,
                event.by,
                event.at,
                event.due_ms,
                event.reason,
                code=event.code,
                seq=event.seq,
                user=event.user,
                severity=event.severity,
                version=1,
            )
        case AppealOpened():
            return CaseState(
                event.number,
                CaseKind.APPEAL,
                event.by,
                event.at,
                event.due_ms,
                event.reason,
                code=event.code,
                user=event.by,
                measure=event.measure,
                decider=event.decider,
                version=1,
            )
        case _:
            raise AssertionError(f"a case does not begin with {event!r}")


def apply_case(state: CaseState, event: CaseEvent) -> None:
    """Change `state` as `event` says."""
    state.version += 1
    match event:
        case CaseRead():
            pass
        case CaseClosed(outcome=outcome, reason=reason):
            state.outcome, state.answer = outcome, reason
            state.closed_ts, state.closed_by = event.at, event.by
        case CaseSettled():
            state.is_settled = True
        case _:
            raise AssertionError(f"not an event of a case that is open: {event!r}")


def replay_case(events: Iterable[CaseEvent]) -> CaseState:
    """Return the state that a whole stream of events leads to."""
    stream = iter(events)
    state = opened(next(stream))
    for event in stream:
        apply_case(state, event)
    return state
