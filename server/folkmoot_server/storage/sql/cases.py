"""Reading cases and what belongs to them. See `api.Ledger`."""

from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_

from folkmoot_governance import case_number
from folkmoot_governance.case.rules import RECORD_MS, ReporterRecord
from folkmoot_governance.case.state import CaseKind, CaseState, Outcome
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.duration import DAY_MS

from ..api import CaseFilter, WarningRow
from .tables import case_texts, cases, groups


def _case(row: Row[Any]) -> CaseState:
    values = dict(row._mapping)
    values |= {"kind": CaseKind(row.kind), "severity": Severity(row.severity), "is_settled": bool(row.is_settled)}
    return CaseState(**values | {"outcome": Outcome(row.outcome) if row.outcome else None})


def load_case(main: Connection, number: str) -> CaseState | None:
    """Return a case from its projection."""
    row = main.execute(select(cases).where(cases.c.number == number)).first()
    return _case(row) if row else None


def list_cases(main: Connection, wanted: CaseFilter, after: tuple[int, str], limit: int) -> list[CaseState]:
    """Return cases by (due_ms, number), from the one after `after`."""
    query = select(cases).where(tuple_(cases.c.due_ms, cases.c.number) > after)
    if wanted.kind is not None:
        query = query.where(cases.c.kind == wanted.kind.value)
    if wanted.is_open is not None:
        query = query.where(cases.c.outcome == "" if wanted.is_open else cases.c.outcome != "")
    if wanted.seq is not None:
        query = query.where(cases.c.seq == wanted.seq)
    for name in ("by", "code", "user"):
        value = getattr(wanted, name)
        if value:
            query = query.where(cases.c[name] == value)
    order = (cases.c.opened_ts.desc(), cases.c.number) if wanted.newest else (cases.c.due_ms, cases.c.number)
    return [_case(row) for row in main.execute(query.order_by(*order).limit(limit))]


def unsettled_cases(main: Connection, closed_before: int, limit: int) -> list[str]:
    """Return the numbers of cases that were decided before a time and not settled since."""
    query = select(cases.c.number).where(cases.c.is_settled == 0, cases.c.outcome != "")
    return list(main.execute(query.where(cases.c.closed_ts < closed_before).limit(limit)).scalars())


def case_text(main: Connection, number: str) -> str | None:
    """Return the sealed text of a case."""
    return main.execute(select(case_texts.c.sealed).where(case_texts.c.number == number)).scalar()


def reporter_record(main: Connection, user: str, now: int) -> ReporterRecord:
    """Return what became of an account's reports."""
    own = (cases.c.by == user, cases.c.kind == CaseKind.REPORT.value)
    outcomes = select(cases.c.outcome, func.count()).where(*own, cases.c.opened_ts > now - RECORD_MS)
    counts = {row[0]: row[1] for row in main.execute(outcomes.group_by(cases.c.outcome))}
    recent = select(func.count(), func.coalesce(func.min(cases.c.opened_ts), 0))
    today, oldest = main.execute(recent.where(*own, cases.c.opened_ts > now - DAY_MS)).one()
    judged = {name: counts.get(name, 0) for name in ("upheld", "dismissed", "bad_faith")}
    return ReporterRecord(today, oldest, **judged)


def list_warnings(main: Connection, after: str, limit: int) -> list[WarningRow]:
    """Return the open warnings of the platform to groups, by group code."""
    query = select(groups).where(groups.c.rectify_case > 0, groups.c.code > after).order_by(groups.c.code).limit(limit)
    return [
        WarningRow(
            case_number(row.code, row.rectify_case),
            row.code,
            row.name,
            row.owner,
            row.rectify_reason,
            row.rectify_until_ms,
            row.rectified_ms,
            row.rectified_text,
        )
        for row in main.execute(query)
    ]
