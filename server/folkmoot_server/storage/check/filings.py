"""Comparing the reports to the authority with the ledger: each measure has its own, with what was decided about it.

What the service has done by itself (tried to send it, got a number for it) is in the table alone, so it is not
compared; that it was allowed to is.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import asdict
from sqlalchemy import Connection, select

from folkmoot_governance import AccountState, GroupState, account_case, case_number
from folkmoot_governance.account_events import (
    AccountEvent,
    CreditChanged,
    FilingApproved,
    FilingExported,
    FilingReceipted,
)
from folkmoot_governance.case.state import (
    BadFaithOverturned,
    CaseClosed,
    CaseEvent,
    CaseKind,
    CaseState,
    Outcome,
    ReportReopened,
    apply_case,
    opened,
)
from folkmoot_governance.filing import (
    Filing,
    FilingState,
    apply_filing,
    corrected,
    drafted,
    drafted_of_report,
    findings_of,
)

from ...common.terminal import _
from ..change_set import Recorded
from ..changes import FILINGS_MARK
from ..sql.filings import filing_of
from ..sql.tables import filings, marks

OF_THE_MEASURE = ("measure", "ts", "user", "code", "statement", "corrects")
OF_STAFF = ("identity", "asked_by", "approved_by", "approved_ts")
ORDER = list(FilingState)


class Undone(NamedTuple):
    """That a measure was overturned: where in the ledger, when (Unix ms), and why."""

    position: int
    at: int
    reason: str


class FilingCheck:
    """Takes in the ledger, a stream at a time, and compares at the end."""

    def __init__(self, main: Connection, noted: int | None) -> None:
        """`noted`: behind which position of the ledger there are reports, where that is on record."""
        self._main = main
        self._marked = main.execute(select(marks.c.value).where(marks.c.name == FILINGS_MARK)).scalar() or 0
        self._since = self._marked if noted is None else noted
        self._wanted: dict[str, Filing] = {}
        self._old: set[str] = set()
        self._undone: dict[str, Undone] = {}
        self._acts: list[tuple[int, AccountEvent]] = []

    def take_in(self, events: list[Recorded], state: object) -> None:
        """Note what a stream says of reports; `state` is that after its last event."""
        if isinstance(state, GroupState):
            for one in events:
                self._draft(one, case_number(state.code, one.version), code=state.code)
        elif isinstance(state, AccountState):
            self._take_in_account(events, state.user)
        elif isinstance(state, CaseState) and state.kind is CaseKind.REPORT:
            self._take_in_report(events)
        elif isinstance(state, CaseState) and state.measure:
            for one in events:
                if isinstance(one.event, CaseClosed) and one.event.outcome is Outcome.OVERTURNED:
                    self._undo(state.measure, one, one.event.reason)

    def _take_in_account(self, events: list[Recorded], user: str) -> None:
        taken: dict[str, str] = {}
        for one in events:
            case, event = account_case(user, one.version), one.event
            self._draft(one, case, user=user)
            if isinstance(event, (FilingApproved, FilingExported, FilingReceipted)):
                self._acts.append((one.position, event))
            elif isinstance(event, CreditChanged) and event.points < 0:
                taken[event.case or case] = case
            elif isinstance(event, CreditChanged) and event.cause == "restored" and event.case in taken:
                self._undo(taken[event.case], one, event.reason)

    def _take_in_report(self, events: list[Recorded]) -> None:
        report: CaseState | None = None
        for one in events:
            event: CaseEvent = one.event  # type: ignore[assignment]  # the stream of a case has no others
            if report is None:
                report = opened(event)
                continue
            if isinstance(event, (BadFaithOverturned, ReportReopened)):
                user = event.user if isinstance(event, BadFaithOverturned) else ""
                for number in findings_of(report, user):
                    self._undo(number, one, event.reason)
            apply_case(report, event)
            for filing in drafted_of_report(report, event):
                self._want(filing, one)

    def _draft(self, one: Recorded, case: str, *, user: str = "", code: str = "") -> None:
        filing = drafted(one.event, case, user=user, code=code)
        if filing is not None:
            self._want(filing, one)

    def _want(self, filing: Filing, one: Recorded) -> None:
        self._wanted[filing.case] = filing
        if one.position <= self._since:
            self._old.add(filing.case)

    def _undo(self, case: str, one: Recorded, reason: str) -> None:
        """Note that a measure was overturned; the first time counts."""
        undone = Undone(one.position, one.event.at, reason)
        self._undone[case] = min(undone, self._undone.get(case, undone))

    def compare(self) -> Iterator[str]:
        """Yield where the table differs from what was taken in."""
        if self._marked != self._since:
            yield _("marks: reports are said to begin at position {found}, on record is {wanted}").format(
                found=self._marked, wanted=self._since
            )
        stored = {row["case"]: filing_of(dict(row)) for row in self._main.execute(select(filings)).mappings()}
        for case, undone in self._undone.items():
            filing = self._wanted.get(case)
            # What was reported before there was a report of each measure is corrected where there is one.
            if filing is not None and case in stored:
                correction = corrected(filing, undone.reason, undone.at)
                self._wanted[correction.case] = correction
                if undone.position <= self._since:
                    self._old.add(correction.case)
        for _position, event in sorted(self._acts, key=lambda act: act[0]):
            case = event.case  # type: ignore[attr-defined]  # what staff does to a report names it
            if case in self._wanted:
                self._wanted[case] = apply_filing(self._wanted[case], event)
        for case in sorted(stored.keys() | self._wanted.keys() - self._old):
            found, wanted = stored.get(case), self._wanted.get(case)
            if found is None or wanted is None or not agrees(found, wanted):
                differs = _("{table} {key}: the store has {found}, the ledger {wanted}")
                yield differs.format(table=filings.name, key=case, found=_shown(found), wanted=_shown(wanted))


def agrees(found: Filing, wanted: Filing) -> bool:
    """Say whether a stored report is what the ledger says, as far as that has it."""
    if any(getattr(found, name) != getattr(wanted, name) for name in (*OF_THE_MEASURE, *OF_STAFF)):
        return False
    if wanted.state is FilingState.DRAFT or ORDER.index(found.state) < ORDER.index(wanted.state):
        return found.state is wanted.state
    is_noted = wanted.state is FilingState.RECEIVED
    return not is_noted or (found.receipt, found.receipt_ts) == (wanted.receipt, wanted.receipt_ts)


def _shown(filing: Filing | None) -> object:
    return asdict(filing) if filing is not None else None
