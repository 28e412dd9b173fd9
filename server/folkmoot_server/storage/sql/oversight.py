"""What waits for staff, counted, and figures of cases, read from their tables: `ledger.Oversight`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, bindparam, case, func, or_, select

from folkmoot_governance.case.measures import counted_as
from folkmoot_governance.case.state import CaseKind, Outcome
from folkmoot_governance.oversight import Waiting
from folkmoot_governance.transparency import CaseFigure
from folkmoot_protocol.types import GroupStatus

from ..rows import Backlog
from .fetch import SqlReads, Statement
from .tables import accounts, cases, filings, groups, reviews

_NOW: BindParameter[int] = bindparam("now", type_=BigInteger)
_BEFORE: BindParameter[int] = bindparam("before", type_=BigInteger)
_SINCE: BindParameter[int] = bindparam("since", type_=BigInteger)
_LIVING = groups.c.status != GroupStatus.CLOSED.value


def _waiting(since: ColumnElement[int], late: ColumnElement[bool], *which: ColumnElement[bool]) -> Statement:
    """Return the statement for how much there is, how much for too long, and the first time."""
    columns: Sequence[ColumnElement[Any]] = (func.count(), func.count(case((late, 1))), func.min(since))
    return select(*columns).where(*which)


_CASES = (
    select(cases.c.kind, func.count(), func.count(case((cases.c.due_ms < _NOW, 1))), func.min(cases.c.due_ms))
    .where(cases.c.outcome == "", cases.c.mediator == "")
    .group_by(cases.c.kind)
)
_UNSETTLED = _waiting(cases.c.closed_ts, cases.c.closed_ts < _BEFORE, cases.c.is_settled == 0, cases.c.outcome != "")
_WARNINGS = _waiting(
    groups.c.rectify_until_ms,
    groups.c.rectify_until_ms < _NOW,
    groups.c.rectify_case > 0,
    groups.c.rectified_ms == 0,
    _LIVING,
)
_MENDED = _waiting(
    groups.c.rectified_ms,
    groups.c.rectified_ms < _BEFORE,
    groups.c.rectify_case > 0,
    groups.c.rectified_ms > 0,
    _LIVING,
)
_ASKING = _waiting(
    accounts.c.asked_ts, accounts.c.asked_ts < _BEFORE, accounts.c.asked_ts > 0, accounts.c.code_until_ms == 0
)
_HELD = _waiting(reviews.c.ts, reviews.c.ts < _BEFORE, reviews.c.seq == 0, reviews.c.until_ms > _NOW)
_CLOSING = _waiting(
    accounts.c.closing_until_ms,
    accounts.c.closing_until_ms < _BEFORE,
    accounts.c.closing_until_ms > 0,
    # While an appeal waits the account does as well, and the board has that among the appeals.
    ~select(cases.c.number)
    .where(cases.c.outcome == "", cases.c.kind == CaseKind.APPEAL.value, cases.c.by == accounts.c.user)
    .exists(),
)
_SIZES = select(func.count()).select_from(groups).where(groups.c.asked_limit > 0, _LIVING)
_FIGURES = (
    select(
        cases.c.kind,
        cases.c.reason,
        filings.c.measure,
        cases.c.outcome,
        cases.c.opened_ts,
        cases.c.due_ms,
        cases.c.closed_ts,
    )
    # Each measure of the platform has a report to the authority, which has the name of its row.
    .select_from(cases.outerjoin(filings, filings.c.case == cases.c.measure))
    .where(
        cases.c.kind != CaseKind.MEASURE.value,
        or_(cases.c.opened_ts >= _SINCE, cases.c.closed_ts >= _SINCE, cases.c.outcome == ""),
    )
)


class SqlOversight(SqlReads):
    """`ledger.Oversight` in SQL."""

    async def backlog(self, now: int, carry_out_before: int, answer_before: int) -> Backlog:
        of_kind = {kind: Waiting(*rest) for kind, *rest in await self._ask(_CASES, now=now)}
        return Backlog(
            reports=of_kind.get(CaseKind.REPORT.value, Waiting()),
            appeals=of_kind.get(CaseKind.APPEAL.value, Waiting()),
            mediations=of_kind.get(CaseKind.MEDIATION.value, Waiting()),
            outcomes=await self._count(_UNSETTLED, before=carry_out_before),
            warnings=await self._count(_WARNINGS, now=now),
            mended=await self._count(_MENDED, before=answer_before),
            identities=await self._count(_ASKING, before=answer_before),
            held=await self._count(_HELD, now=now, before=answer_before),
            closings=await self._count(_CLOSING, before=carry_out_before),
            sizes=(await self._ask(_SIZES))[0][0],
        )

    async def _count(self, statement: Statement, **times: int) -> Waiting:
        count, late, first = (await self._ask(statement, **times))[0]
        return Waiting(count, late, first or 0)

    async def case_figures(self, since: int) -> Sequence[CaseFigure]:
        rows = await self._ask(_FIGURES, since=since)
        return [
            CaseFigure(CaseKind(kind), counted_as(reason, measure or ""), Outcome(outcome) if outcome else None, *times)
            for kind, reason, measure, outcome, *times in rows
        ]
