"""What became of reports and appeals since a time, in figures that may be published: they name nobody (G12, P15)."""

from collections.abc import Iterable
from statistics import median

from msgspec import Struct

from .case.state import CaseKind, Outcome


class CaseFigure(Struct, frozen=True):
    """Of a case what is counted. `reason`: that of a report, of an appeal the measure (`counted_as`). Times are Unix
    ms."""

    kind: CaseKind
    reason: str
    outcome: Outcome | None
    opened_ts: int
    due_ms: int
    closed_ts: int


class Tally(Struct):
    """Cases of a kind with one reason, or all of a kind (`reason` empty), since a time.

    `received` were opened since, `decided` closed since; of those `granted` were upheld (reports) or overturned
    (appeals) or ended agreed (mediations), `bad_faith` found to be that. `overdue` were answered late, or are late now.
    `median_ms` is the middle one of the times that decisions took, 0 where there are none.
    """

    kind: CaseKind
    reason: str
    received: int = 0
    decided: int = 0
    granted: int = 0
    bad_faith: int = 0
    overdue: int = 0
    median_ms: int = 0


COUNTED = (CaseKind.REPORT, CaseKind.APPEAL, CaseKind.MEDIATION)
"""Whose figures are told. A measure that staff proposes is the platform's own affair until it is taken, and what
somebody applies for is theirs."""

GRANTED = frozenset({Outcome.UPHELD, Outcome.OVERTURNED, Outcome.AGREED})


def tally(cases: Iterable[CaseFigure], since: int, now: int) -> list[Tally]:
    """Return the figures of all reports, of those with each reason, and the same of appeals; by kind, most first."""
    found: dict[tuple[CaseKind, str], Tally] = {(kind, ""): Tally(kind, "") for kind in COUNTED}
    took: dict[tuple[CaseKind, str], list[int]] = {}
    for case in (case for case in cases if case.kind in COUNTED):
        for reason in ("",) if case.kind is CaseKind.MEDIATION else ("", case.reason):
            key = case.kind, reason
            _count(found.setdefault(key, Tally(*key)), case, since, now)
            if case.outcome is not None and case.closed_ts >= since:
                took.setdefault(key, []).append(case.closed_ts - case.opened_ts)
    for key, times in took.items():
        found[key].median_ms = round(median(times))
    return sorted(
        found.values(), key=lambda one: (COUNTED.index(one.kind), bool(one.reason), -one.received, one.reason)
    )


def _count(one: Tally, case: CaseFigure, since: int, now: int) -> None:
    is_decided = case.outcome is not None and case.closed_ts >= since
    one.received += case.opened_ts >= since
    one.decided += is_decided
    one.granted += is_decided and case.outcome in GRANTED
    one.bad_faith += is_decided and case.outcome is Outcome.BAD_FAITH
    one.overdue += case.due_ms < (now if case.outcome is None else case.closed_ts)
