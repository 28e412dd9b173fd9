"""A case as the rules see it, and how events change it.

What people wrote, and the evidence, is personal data: it is not here but beside the ledger, sealed, and can be erased.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from ..content.kinds import Severity
from ..restrictions import NO_GROUNDS, Grounds, Measure, Subject


class CaseKind(StrEnum):
    """What a case asks: to look at something, to look at a measure again, to settle a dispute, to take a measure."""

    REPORT = "report"
    APPEAL = "appeal"
    MEDIATION = "mediation"
    MEASURE = "measure"


class Outcome(StrEnum):
    """How a case ended: the first three are of reports, then two of appeals, of mediations, and three of measures."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"
    BAD_FAITH = "bad_faith"
    OVERTURNED = "overturned"
    CONFIRMED = "confirmed"
    AGREED = "agreed"
    ENDED = "ended"
    TAKEN = "taken"
    REFUSED = "refused"
    LAPSED = "lapsed"


class Terms(Struct, frozen=True, omit_defaults=True):
    """A measure that was proposed: the row's subject and measure, against the account `user` or the group `code`.

    `duration_ms` and `score` where the measure has them, `replaces`: one that is in force; `grounds` as in `Basis`.
    """

    subject: Subject
    measure: Measure
    reason: str
    user: str = ""
    code: str = ""
    duration_ms: int = 0
    score: int = 0
    replaces: bool = False
    grounds: Grounds = NO_GROUNDS


class CaseState(Struct):
    """A case. `by` opened it, an answer is due at `due_ms` (Unix ms).

    A report is about the entry `seq` of the group `code`, about the group, or about the account `user`, who is also the
    author of the entry or the owner of the group; `reason` is a configured code. An appeal is against the act with the
    case number `measure`, of the kind `reason` (the event's name), which `decider` took and which hit `by`; where two
    took it, `proposer` is the other. A proposal is of a measure with `terms`, its `reason` the name of that row.
    `is_settled`: what the outcome brings along has been carried out.
    A mediation is between `by` and `user`. `mediator` is who leads it, empty for nobody yet; `named` is whom the party
    `named_by` wishes for. `proposal` is the number of the proposal that stands, 0 for none, and `accepted` which party
    has accepted it.
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
    proposer: str = ""
    terms: Terms | None = None
    outcome: Outcome | None = None
    closed_ts: int = 0
    closed_by: str = ""
    answer: str = ""
    is_settled: bool = False
    mediator: str = ""
    named: str = ""
    named_by: str = ""
    proposal: int = 0
    accepted: str = ""
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided yet."""
        return self.outcome is None

    @property
    def parties(self) -> tuple[str, str]:
        """The two between whom a mediation is."""
        return self.by, self.user


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
    proposer: str = ""


class MeasureProposed(CaseEvent, frozen=True, kw_only=True, tag="measure_proposed"):
    """Staff proposes a measure that another one of staff has to confirm, until `due_ms`."""

    number: str
    terms: Terms
    due_ms: int


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


class MediationOpened(CaseEvent, frozen=True, kw_only=True, tag="mediation_opened"):
    """`by` asks `user` for a mediation, in the group `code` if that is not empty."""

    number: str
    user: str
    due_ms: int
    code: str = ""


class MediatorNamed(CaseEvent, frozen=True, kw_only=True, tag="mediator_named"):
    """A party wishes for `user` as mediator; `is_mediator`: so does the other, or it is staff who takes it on."""

    user: str
    is_mediator: bool


class MediationSaid(CaseEvent, frozen=True, kw_only=True, tag="mediation_said"):
    """Something was said; what, those inside alone can read."""


class ProposalMade(CaseEvent, frozen=True, kw_only=True, tag="proposal_made"):
    number: int


class ProposalAccepted(CaseEvent, frozen=True, kw_only=True, tag="proposal_accepted"):
    number: int


AnyMediationEvent = MediationOpened | MediatorNamed | MediationSaid | ProposalMade | ProposalAccepted

AnyCaseEvent = ReportOpened | AppealOpened | MeasureProposed | CaseRead | CaseClosed | CaseSettled | AnyMediationEvent


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
                proposer=event.proposer,
                version=1,
            )
        case MeasureProposed(terms=terms):
            return CaseState(
                event.number,
                CaseKind.MEASURE,
                event.by,
                event.at,
                event.due_ms,
                f"{terms.subject}_{terms.measure}",
                code=terms.code,
                user=terms.user,
                terms=terms,
                version=1,
            )
        case MediationOpened():
            return CaseState(
                event.number,
                CaseKind.MEDIATION,
                event.by,
                event.at,
                event.due_ms,
                "dispute",
                code=event.code,
                user=event.user,
                version=1,
            )
        case _:
            raise AssertionError(f"a case does not begin with {event!r}")


def apply_case(state: CaseState, event: CaseEvent) -> None:
    """Change `state` as `event` says."""
    state.version += 1
    match event:
        case CaseRead() | MediationSaid():
            pass
        case MediatorNamed(user=user, by=by, is_mediator=is_mediator):
            state.named, state.named_by = user, by
            state.mediator = user if is_mediator else ""
        case ProposalMade(number=number, by=by):
            state.proposal, state.accepted = number, by if by in state.parties else ""
        case ProposalAccepted(by=by):
            # The second acceptance comes with the end.
            state.accepted = by
        case CaseClosed(outcome=outcome, reason=reason):
            state.outcome, state.answer = outcome, reason
            state.closed_ts, state.closed_by = event.at, event.by
            # An agreement brings nothing along, and a proposed measure is closed by what was carried out.
            state.is_settled = state.kind in (CaseKind.MEDIATION, CaseKind.MEASURE)
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
