"""A case as the rules see it, and how events change it.

What people wrote, and the evidence, is personal data: it is not here but beside the ledger, sealed, and can be erased.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from ..content.kinds import Severity
from ..restrictions import NO_GROUNDS, Grounds, Measure, Power, Subject
from .events_application import ApplicationOpened as ApplicationOpened
from .events_application import ApplicationReopened as ApplicationReopened
from .events_application import Wish
from .events_base import CaseEvent as CaseEvent


class CaseKind(StrEnum):
    """What a case asks: to look at something, to look at a measure again, to settle a dispute, to take a measure, to
    grant something."""

    REPORT = "report"
    APPEAL = "appeal"
    MEDIATION = "mediation"
    MEASURE = "measure"
    APPLICATION = "application"


class Outcome(StrEnum):
    """How a case ended: the first three are of reports, then two of appeals, of mediations, three of measures, two
    of applications."""

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
    APPROVED = "approved"
    REJECTED = "rejected"


class Terms(Struct, frozen=True, omit_defaults=True):
    """A measure that was proposed: the row's subject and measure, against the account `user` or the group `code`.

    `duration_ms` and `score` where the measure has them, `replaces`: one that is in force; `grounds` as in `Basis`.
    `scopes` and `entry` are of the blacklist, as in `Restriction`.
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
    scopes: tuple[Power, ...] = ()
    entry: str = ""


PUBLIC = "#"
"""What the names of reporters without an account begin with; what follows is made of the code that they look up their
case with, and tells nobody who they are."""


class Reporter(Struct, frozen=True):
    """That somebody reported it: when (Unix ms), for which reason, and whether that was found to be in bad faith."""

    ts: int
    reason: str
    bad_faith: bool = False


class CaseState(Struct):
    """A case. `by` opened it, an answer is due at `due_ms` (Unix ms).

    All who reported the same are `reporters`, by name; who has no account is called as `PUBLIC` says. `counter_ts` is
    when the one reported answered by a counter-notice, 0 for not. Who dismissed a report that is open again is its
    `decider`: somebody else decides then.

    A report is about the entry `seq` of the group `code`, about the group, or about the account `user`, who is also the
    author of the entry or the owner of the group; `of_account`: it was made in the group, and is about the account.
    `reason` is a configured code. An appeal is against the act with the
    case number `measure`, of the kind `reason` (the event's name), which `decider` took and which hit `by`; where two
    took it, `proposer` is the other. A proposal is of a measure with `terms`, its `reason` the name of that row. An
    application asks for its `wish`, whose kind is the `reason`, for the channel `code`; who rejected it before is its
    `decider`.
    `is_settled`: what the outcome brings along has been carried out. `date_told` is how far `due_ms` was told
    (`dates.Stage`), `claim_told` how far the end of the claim by `claimed_by` was.
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
    wish: Wish | None = None
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
    date_told: int = 0
    claimed_by: str = ""
    claim_until_ms: int = 0
    claim_told: int = 0
    counter_ts: int = 0
    of_account: bool = False
    reporters: dict[str, Reporter] = field(default_factory=dict)
    version: int = 0

    @property
    def reasons(self) -> frozenset[str]:
        """For what a report was made."""
        return frozenset(one.reason for one in self.reporters.values())

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided yet."""
        return self.outcome is None

    @property
    def parties(self) -> tuple[str, str]:
        """The two between whom a mediation is."""
        return self.by, self.user


class ReportOpened(CaseEvent, frozen=True, kw_only=True, tag="report_opened"):
    number: str
    reason: str
    severity: Severity
    due_ms: int
    code: str = ""
    seq: int = 0
    user: str = ""
    of_account: bool = False


class ReportJoined(CaseEvent, frozen=True, kw_only=True, tag="report_joined"):
    """Somebody else (`by`) reports the same; the case is as severe as the worst reason, and due by the earliest."""

    reason: str
    severity: Severity
    due_ms: int


class CaseNoted(CaseEvent, frozen=True, kw_only=True, tag="case_noted"):
    """A reviewer wrote a note, which is kept beside the ledger."""


class CounterNoticed(CaseEvent, frozen=True, kw_only=True, tag="counter_noticed"):
    """Who is reported (`by`) says that it infringes nobody's rights; the text is kept beside the ledger (P10)."""


class ReportReopened(CaseEvent, frozen=True, kw_only=True, tag="report_reopened"):
    """A dismissal was contested with success: somebody else decides anew, until `due_ms`."""

    due_ms: int
    reason: str


class BadFaithOverturned(CaseEvent, frozen=True, kw_only=True, tag="bad_faith_overturned"):
    """On appeal, `user` did not report in bad faith."""

    user: str
    reason: str


class AppealOpened(CaseEvent, frozen=True, kw_only=True, tag="appeal_opened"):
    """`user`: the bot that it hit, for which `by` answers; empty: it hit `by`."""

    number: str
    measure: str
    reason: str
    decider: str
    due_ms: int
    code: str = ""
    proposer: str = ""
    user: str = ""


class MeasureProposed(CaseEvent, frozen=True, kw_only=True, tag="measure_proposed"):
    """Staff proposes a measure that another one of staff has to confirm, until `due_ms`."""

    number: str
    terms: Terms
    due_ms: int


class CaseRead(CaseEvent, frozen=True, kw_only=True, tag="case_read"):
    """A reviewer has looked at what people wrote and at the evidence."""


class ExportApproved(CaseEvent, frozen=True, kw_only=True, tag="export_approved"):
    """Staff (`by`) lets identities, and what was removed, go along when the case is exported, for `reason`; it takes
    two."""

    reason: str


class CaseExported(CaseEvent, frozen=True, kw_only=True, tag="case_exported"):
    """Staff takes what concerns the case out, for `reason`: `scope` of the entries, from `since_ms` until `until_ms`.

    `approved_by`: identities go along, or what was removed, as these have approved; empty: they do not.
    """

    scope: str
    since_ms: int
    until_ms: int
    reason: str
    approved_by: tuple[str, ...] = ()


class BundleMade(CaseEvent, frozen=True, kw_only=True, tag="bundle_made"):
    """The bundle of an export is made, and is `sha256` (hex): so many entries, events and records of connections."""

    sha256: str
    entries: int
    events: int
    records: int


class CaseClaimed(CaseEvent, frozen=True, kw_only=True, tag="case_claimed"):
    """A reviewer (`by`) works on it until `until_ms`."""

    until_ms: int


class ClaimReleased(CaseEvent, frozen=True, kw_only=True, tag="claim_released"):
    """The claim of `user` was given up before its time."""

    user: str


class ClaimGiven(CaseEvent, frozen=True, kw_only=True, tag="claim_given"):
    """The claim of `user` is that of `to` from now on, until `until_ms`."""

    user: str
    to: str
    until_ms: int


class ClaimEndsSoon(CaseEvent, frozen=True, kw_only=True, tag="claim_ends_soon"):
    user: str
    until_ms: int


class ClaimEnded(CaseEvent, frozen=True, kw_only=True, tag="claim_ended"):
    """The time of a claim is over; `officers` hear of it beside `user`."""

    user: str
    until_ms: int
    officers: tuple[str, ...] = ()


class CaseDueSoon(CaseEvent, frozen=True, kw_only=True, tag="case_due_soon"):
    """An answer is owed by `users` until `until_ms`."""

    until_ms: int
    users: tuple[str, ...] = ()


class CaseOverdue(CaseEvent, frozen=True, kw_only=True, tag="case_overdue"):
    """No answer came until `until_ms`: `users`, who owed it, and `officers` hear of it, and who waits for it.

    `step` is what is proposed to staff, `contact` where a reporter may turn.
    """

    until_ms: int
    users: tuple[str, ...] = ()
    officers: tuple[str, ...] = ()
    step: str = ""
    contact: str = ""


class CaseClosed(CaseEvent, frozen=True, kw_only=True, tag="case_closed"):
    """`bad_faith` are the reporters who reported in bad faith, where that is the outcome; of older events, all.
    `is_filed`: that is reported to the authority, as older events were not."""

    outcome: Outcome
    reason: str
    bad_faith: tuple[str, ...] = ()
    is_filed: bool = False


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

AnyCaseEvent = (
    ReportOpened
    | AppealOpened
    | MeasureProposed
    | CaseRead
    | CaseClaimed
    | ClaimGiven
    | ClaimReleased
    | ClaimEndsSoon
    | ClaimEnded
    | CaseDueSoon
    | CaseOverdue
    | ReportJoined
    | CaseNoted
    | CounterNoticed
    | ReportReopened
    | BadFaithOverturned
    | CaseClosed
    | CaseSettled
    | ExportApproved
    | CaseExported
    | BundleMade
    | ApplicationOpened
    | ApplicationReopened
    | AnyMediationEvent
)


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
                of_account=event.of_account,
                reporters={event.by: Reporter(event.at, event.reason)},
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
                user=event.user or event.by,
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
        case ApplicationOpened(wish=wish):
            one = (event.number, CaseKind.APPLICATION, event.by, event.at, event.due_ms, wish.kind.value)
            return CaseState(*one, code=event.code, user=event.by, wish=wish, version=1)
        case MediationOpened():
            one = (event.number, CaseKind.MEDIATION, event.by, event.at, event.due_ms, "dispute")
            return CaseState(*one, code=event.code, user=event.user, version=1)
        case _:
            raise AssertionError(f"a case does not begin with {event!r}")


def apply_case(state: CaseState, event: CaseEvent) -> None:
    """Change `state` as `event` says."""
    state.version += 1
    match event:
        case CaseRead() | CaseNoted() | MediationSaid() | ExportApproved() | CaseExported() | BundleMade():
            pass
        case MediatorNamed(user=user, by=by, is_mediator=is_mediator):
            state.named, state.named_by = user, by
            state.mediator = user if is_mediator else ""
        case ProposalMade(number=number, by=by):
            state.proposal, state.accepted = number, by if by in state.parties else ""
        case ProposalAccepted(by=by):
            # The second acceptance comes with the end.
            state.accepted = by
        case ReportJoined():
            state.reporters = {**state.reporters, event.by: Reporter(event.at, event.reason)}
            state.severity = max(state.severity, event.severity, key=list(Severity).index)
            state.due_ms = min(state.due_ms, event.due_ms)
        case CounterNoticed(at=at):
            state.counter_ts = at
        case ReportReopened() | ApplicationReopened():
            _reopen(state, event)
        case BadFaithOverturned(user=user):
            _mark(state, state.reporters.keys() & {user}, bad_faith=False)
        case CaseClaimed(by=by, until_ms=until):
            state.claimed_by, state.claim_until_ms, state.claim_told = by, until, 0
        case ClaimGiven(to=to, until_ms=until):
            state.claimed_by, state.claim_until_ms, state.claim_told = to, until, 0
        case ClaimReleased() | ClaimEnded():
            _forget_claim(state)
        case ClaimEndsSoon():
            state.claim_told = 1
        case CaseDueSoon():
            state.date_told = 1
        case CaseOverdue():
            state.date_told = 2
        case CaseClosed(outcome=outcome, reason=reason):
            _forget_claim(state)
            state.outcome, state.answer = outcome, reason
            state.closed_ts, state.closed_by = event.at, event.by
            # An agreement brings nothing along, and a proposed measure is closed by what was carried out.
            # So is what an application asked for.
            state.is_settled = state.kind in (CaseKind.MEDIATION, CaseKind.MEASURE, CaseKind.APPLICATION)
            if outcome is Outcome.BAD_FAITH:
                _mark(state, event.bad_faith or state.reporters.keys(), bad_faith=True)
        case CaseSettled():
            state.is_settled = True
        case _:
            raise AssertionError(f"not an event of a case that is open: {event!r}")


def _mark(state: CaseState, users: Iterable[str], *, bad_faith: bool) -> None:
    """Note of reporters whether they reported in bad faith."""
    marked = {user: replace(state.reporters[user], bad_faith=bad_faith) for user in users}
    state.reporters = {**state.reporters, **marked}


def _reopen(state: CaseState, event: ReportReopened | ApplicationReopened) -> None:
    state.decider, state.due_ms, state.date_told = state.closed_by, event.due_ms, 0
    state.outcome, state.answer, state.closed_ts, state.closed_by, state.is_settled = None, "", 0, "", False
    _mark(state, state.reporters.keys(), bad_faith=False)


def _forget_claim(state: CaseState) -> None:
    state.claimed_by, state.claim_until_ms, state.claim_told = "", 0, 0


def replay_case(events: Iterable[CaseEvent]) -> CaseState:
    """Return the state that a whole stream of events leads to."""
    stream = iter(events)
    state = opened(next(stream))
    for event in stream:
        apply_case(state, event)
    return state
