"""Samples of how reports were handled, for who inspects the service: no names, nothing that people wrote (G12, G13).

Which reports are drawn follows from their numbers and a word that whoever inspects chooses: the operator cannot choose
them, and the same word draws the same ones again.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from heapq import nsmallest

from msgspec import Struct

from .state import CaseClaimed, CaseClosed, CaseEvent, CaseExported, CaseRead, CaseState, ReportReopened


class Handled(Struct, frozen=True):
    """How a report was handled: times are Unix ms, 0 for never; `steps` are the events by name, in order."""

    case: str
    reason: str
    severity: str
    reporters: int
    opened_ts: int
    read_ts: int
    claimed_ts: int
    due_ts: int
    closed_ts: int
    outcome: str
    late: bool
    readers: int
    reopened: int
    exported: int
    steps: tuple[str, ...]


def drawn(numbers: Iterable[str], word: str, count: int) -> list[str]:
    """Return so many of these cases, as a word draws them."""
    return nsmallest(count, numbers, key=lambda number: sha256(f"{word}\n{number}".encode()).digest())


def handled(case: CaseState, events: Sequence[CaseEvent]) -> Handled:
    """Return how a report was handled, by its events in order."""

    def first(kind: type[CaseEvent]) -> int:
        return next((one.at for one in events if isinstance(one, kind)), 0)

    def count(kind: type[CaseEvent]) -> int:
        return sum(isinstance(one, kind) for one in events)

    return Handled(
        case=case.number,
        reason=case.reason,
        severity=case.severity.value,
        reporters=len(case.reporters),
        opened_ts=case.opened_ts,
        read_ts=first(CaseRead),
        claimed_ts=first(CaseClaimed),
        due_ts=case.due_ms,
        closed_ts=case.closed_ts,
        outcome=case.outcome.value if case.outcome else "",
        late=next((one.at for one in reversed(events) if isinstance(one, CaseClosed)), 0) > case.due_ms,
        readers=len({one.by for one in events if isinstance(one, CaseRead)}),
        reopened=count(ReportReopened),
        exported=count(CaseExported),
        steps=tuple(str(one.__struct_config__.tag) for one in events),
    )
