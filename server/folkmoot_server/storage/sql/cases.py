"""Reports and appeals, read from their tables: `ledger.Cases`."""

from functools import cache
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Text, bindparam, case, func, select, tuple_

from folkmoot_governance.case.rules import RECORD_MS, ReporterRecord
from folkmoot_governance.case.state import CaseKind, CaseState, Outcome, Terms
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.duration import DAY_MS

from ..rows import CaseFilter
from .fetch import SqlReads, Statement, can_hold, named
from .tables import case_texts, cases

_ONE = select(cases).where(cases.c.number == bindparam("number"))
_TEXT = select(case_texts.c.sealed).where(case_texts.c.number == bindparam("number"))
_UNSETTLED = (
    select(cases.c.number)
    .where(cases.c.is_settled == 0, cases.c.outcome != "", cases.c.closed_ts < bindparam("closed_before"))
    .limit(bindparam("limit"))
)
_TODAY = case((cases.c.opened_ts > bindparam("today"), cases.c.opened_ts))
_RECORD = (
    select(cases.c.outcome, func.count(), func.count(_TODAY), func.min(_TODAY))
    .where(cases.c.by == bindparam("user"), cases.c.kind == CaseKind.REPORT.value)
    .where(cases.c.opened_ts > bindparam("since"))
    .group_by(cases.c.outcome)
)


class SqlCases(SqlReads):
    """`ledger.Cases` in SQL."""

    async def load_case(self, number: str) -> CaseState | None:
        found = named(_ONE, await self._ask(_ONE, number=number)) if can_hold(number) else []
        return _case(found[0]) if found else None

    async def list_cases(
        self, wanted: CaseFilter, after: tuple[int, str] = (0, ""), limit: int = 100
    ) -> list[CaseState]:
        values = _values(wanted)
        query = _list(frozenset(values), is_open=wanted.is_open, newest=wanted.newest)
        rows = await self._ask(query, after_due=after[0], after_number=after[1], limit=limit, **values)
        return [_case(row) for row in named(query, rows)]

    async def unsettled_cases(self, closed_before: int, limit: int = 100) -> list[str]:
        rows = await self._ask(_UNSETTLED, closed_before=closed_before, limit=limit)
        return [number for (number,) in rows]

    async def case_text(self, number: str) -> str | None:
        found = await self._ask(_TEXT, number=number)
        return str(found[0][0]) if found else None

    async def reporter_record(self, user: str, now: int) -> ReporterRecord:
        rows = await self._ask(_RECORD, user=user, since=now - RECORD_MS, today=now - DAY_MS)
        counts = {outcome: count for outcome, count, *_ in rows}
        judged = {name: counts.get(name, 0) for name in ("upheld", "dismissed", "bad_faith")}
        oldest = min((first for *_, first in rows if first is not None), default=0)
        return ReporterRecord(sum(today for *_, today, _ in rows), oldest, **judged)


def _case(row: dict[str, Any]) -> CaseState:
    values = {"kind": CaseKind(row["kind"]), "severity": Severity(row["severity"])}
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    terms = msgspec.json.decode(row["terms"], type=Terms) if row["terms"] else None
    return CaseState(**row | values | {"is_settled": bool(row["is_settled"]), "outcome": outcome, "terms": terms})


def _values(wanted: CaseFilter) -> dict[str, Any]:
    """Return what columns must equal, but for whether a case is open."""
    values = {"kind": wanted.kind.value if wanted.kind else None, "seq": wanted.seq}
    values |= {name: getattr(wanted, name) or None for name in ("by", "code", "user", "mediator")}
    return {name: value for name, value in values.items() if value is not None}


@cache
def _list(names: frozenset[str], *, is_open: bool | None, newest: bool) -> Statement:
    """Return the statement for cases whose columns `names` have given values."""
    after = tuple_(bindparam("after_due", type_=BigInteger), bindparam("after_number", type_=Text))
    query = select(cases).where(tuple_(cases.c.due_ms, cases.c.number) > after)
    if is_open is not None:
        query = query.where(cases.c.outcome == "" if is_open else cases.c.outcome != "")
    for name in sorted(names):
        query = query.where(cases.c[name] == bindparam(name))
    order = (cases.c.opened_ts.desc(), cases.c.number) if newest else (cases.c.due_ms, cases.c.number)
    return query.order_by(*order).limit(bindparam("limit"))
