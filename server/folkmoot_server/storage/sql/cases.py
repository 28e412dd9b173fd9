"""Reports and appeals, read from their tables: `ledger.Cases`."""

from collections import Counter
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union,
    union_all,
)

from folkmoot_governance.case.events_application import Wish
from folkmoot_governance.case.rules import RECORD_MS, ReporterRecord
from folkmoot_governance.case.state import CaseKind, CaseState, Outcome, Reporter, Terms
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.dates import KINDS, LEAD_MS, DateKind, Stage
from folkmoot_governance.duration import DAY_MS

from ..rows import CaseFilter, CaseNote
from .fetch import SqlReads, Statement, can_hold, fetch
from .persons import others_of
from .tables import case_notes, case_texts, cases, groups, reporters

_REPORTERS = select(reporters).order_by(reporters.c.ts, reporters.c.by)
_OF_ONE = _REPORTERS.where(reporters.c.number == bindparam("number"))
_NOTES = select(*(case_notes.c[name] for name in ("version", "by", "kind", "ts", "sealed")))
_NOTES = _NOTES.where(case_notes.c.number == bindparam("number")).order_by(case_notes.c.version)
_ONE = select(cases).where(cases.c.number == bindparam("number"))
_TEXT = select(case_texts.c.sealed).where(case_texts.c.number == bindparam("number"))
# In the words of the indexes that have these rows alone: `tables.cases`.
_NONE: ColumnElement[str] = literal_column("''")
_ZERO: ColumnElement[int] = literal_column("0")
_HAS_DATE = or_(*(cases.c.kind == literal_column(f"'{kind}'") for kind in KINDS))
_OPEN, _DECIDED = cases.c.outcome == _NONE, cases.c.outcome != _NONE
_LIMIT: BindParameter[int] = bindparam("limit")
_UNSETTLED = (
    select(cases.c.number)
    .where(cases.c.is_settled == _ZERO, _DECIDED, cases.c.closed_ts < bindparam("closed_before"))
    .limit(_LIMIT)
)

_APPEAL = cases.alias("appeal")
APPEALED = exists().where(
    _APPEAL.c.kind == literal_column(f"'{CaseKind.APPEAL}'"),
    _APPEAL.c.outcome == _NONE,
    or_(
        and_(cases.c.user != _NONE, _APPEAL.c.user == cases.c.user),
        and_(cases.c.code != _NONE, _APPEAL.c.code == cases.c.code),
    ),
)
"""Whom or what a case is about has an open appeal: who has appealed needs what the case rests on."""
_ENDED = union(
    *(
        select(cases.c.number)
        .join(texts, texts.c.number == cases.c.number)
        .where(texts.c.until_ms <= bindparam("now"), _DECIDED, ~APPEALED)
        .where(cases.c.closed_ts < bindparam("final_before"))
        for texts in (case_texts, case_notes)
    )
).limit(_LIMIT)


def _first(name: str, due: ColumnElement[int], kind: str, key: ColumnElement[str], *which: Any) -> Select[Any]:
    """Return the statement for the dates of a sort that are due first: (when that is to be told, kind, key). They are
    ordered by the plain column, which has an index."""
    first = select(due.label("due"), key.label("key")).where(*which).order_by(due).limit(_LIMIT).subquery(name)
    at = first.c.due - literal_column(str(LEAD_MS)) if name.endswith("near") else first.c.due
    return select(at.label("at"), literal_column(f"'{kind}'").label("kind"), first.c.key)


def _told(column: ColumnElement[int], stage: Stage) -> ColumnElement[bool]:
    return column == literal_column(str(int(stage)))


_CLAIMED = cases.c.claim_until_ms > _ZERO
_DATE = case((groups.c.rectified_ms > _ZERO, groups.c.inspect_until_ms), else_=groups.c.rectify_until_ms)
_WARNED = groups.c.rectify_case > _ZERO, _DATE > _ZERO
_NUMBER, _CLAIM, _CODE = cases.c.number, cases.c.claim_until_ms, groups.c.code
_EARLIEST = union_all(
    _first("near", cases.c.due_ms, "case", _NUMBER, _OPEN, _HAS_DATE, _told(cases.c.date_told, Stage.UNTOLD)),
    _first("over", cases.c.due_ms, "case", _NUMBER, _OPEN, _HAS_DATE, _told(cases.c.date_told, Stage.NEAR)),
    _first("claim_near", _CLAIM, "case", _NUMBER, _CLAIMED, _told(cases.c.claim_told, Stage.UNTOLD)),
    _first("claim_over", _CLAIM, "case", _NUMBER, _CLAIMED, _told(cases.c.claim_told, Stage.NEAR)),
    _first("group_near", _DATE, "group", _CODE, *_WARNED, _told(groups.c.date_told, Stage.UNTOLD)),
    _first("group_over", _DATE, "group", _CODE, *_WARNED, _told(groups.c.date_told, Stage.NEAR)),
).subquery()
_NEXT_DATES = select(_EARLIEST).order_by(_EARLIEST.c.at, _EARLIEST.c.key).limit(_LIMIT)
_NOW: BindParameter[int] = bindparam("now")
_INSPECTION: ColumnElement[str] = literal_column(f"'{DateKind.INSPECTION}'")
_RECTIFICATION: ColumnElement[str] = literal_column(f"'{DateKind.RECTIFICATION}'")
_OVERDUE = union_all(
    *(
        select(literal_column(f"'{kind}'"), func.count()).where(
            cases.c.kind == kind.value, _OPEN, cases.c.due_ms <= _NOW
        )
        for kind in KINDS
    ),
    select(
        case((groups.c.rectified_ms > _ZERO, _INSPECTION), else_=_RECTIFICATION),
        func.count(),
    )
    .where(*_WARNED, _DATE <= _NOW)
    .group_by(groups.c.rectified_ms > _ZERO),
)
_TODAY = case((reporters.c.ts > bindparam("today"), reporters.c.ts))
_RECORD = (
    select(cases.c.outcome, reporters.c.bad_faith, func.count(), func.count(_TODAY), func.min(_TODAY))
    .select_from(reporters.join(cases, cases.c.number == reporters.c.number))
    .where(or_(reporters.c.by == bindparam("user"), reporters.c.by.in_(others_of(bindparam("user")))))
    .where(reporters.c.ts > bindparam("since"))
    .group_by(cases.c.outcome, reporters.c.bad_faith)
)


class SqlCases(SqlReads):
    """`ledger.Cases` in SQL."""

    async def load_case(self, number: str) -> CaseState | None:
        found = await self._read(load_cases, _ONE, _OF_ONE, {"number": number}) if can_hold(number) else []
        return found[0] if found else None

    async def list_cases(
        self, wanted: CaseFilter, after: tuple[int, str] = (0, ""), limit: int = 100
    ) -> list[CaseState]:
        values = _values(wanted)
        by_due = wanted.due_by is not None
        query, whose = list_statements(frozenset(values), is_open=wanted.is_open, newest=wanted.newest, by_due=by_due)
        if by_due:
            values["due_by"] = wanted.due_by
        values |= {"after_due": after[0], "after_number": after[1], "limit": limit}
        return await self._read(load_cases, query, whose, values)

    async def unsettled_cases(self, closed_before: int, limit: int = 100) -> list[str]:
        rows = await self._ask(_UNSETTLED, closed_before=closed_before, limit=limit)
        return [number for (number,) in rows]

    async def next_dates(self, limit: int) -> list[tuple[int, str, str]]:
        return [(at, kind, key) for at, kind, key in await self._ask(_NEXT_DATES, limit=limit)]

    async def count_overdue(self, now: int) -> dict[str, int]:
        return {kind: count for kind, count in await self._ask(_OVERDUE, now=now) if count}

    async def ended_case_texts(self, now: int, final_before: int, limit: int) -> list[str]:
        rows = await self._ask(_ENDED, now=now, final_before=final_before, limit=limit)
        return [number for (number,) in rows]

    async def case_text(self, number: str) -> str | None:
        found = await self._ask(_TEXT, number=number)
        return str(found[0][0]) if found else None

    async def case_notes(self, number: str) -> list[CaseNote]:
        return [CaseNote(*row) for row in await self._ask(_NOTES, number=number)]

    async def reporter_record(self, user: str, now: int) -> ReporterRecord:
        rows = await self._ask(_RECORD, user=user, since=now - RECORD_MS, today=now - DAY_MS)
        counts: Counter[str] = Counter()
        for outcome, bad_faith, count, *_ in rows:
            # Where others of its reporters did it in bad faith, the report of the one asked about was dismissed.
            spared = Outcome.DISMISSED if outcome == Outcome.BAD_FAITH else outcome
            counts[Outcome.BAD_FAITH if bad_faith else spared] += count
        judged = {name: counts[name] for name in ("upheld", "dismissed", "bad_faith")}
        oldest = min((first for *_, first in rows if first is not None), default=0)
        return ReporterRecord(sum(today for *_, today, _ in rows), oldest, **judged)


def load_cases(main: Connection, query: Statement, whose: Statement, values: dict[str, Any]) -> list[CaseState]:
    """Return the cases of a query, with the reporters that `whose` asks for."""
    found = fetch(main, query, **values)
    by_case: dict[str, dict[str, Reporter]] = {}
    for row in fetch(main, whose, **values) if found else ():
        told = Reporter(row["ts"], row["reason"], bool(row["bad_faith"]))
        by_case.setdefault(row["number"], {})[row["by"]] = told
    return [_case(row, by_case.get(row["number"], {})) for row in found]


def _case(row: dict[str, Any], told: dict[str, Reporter]) -> CaseState:
    values: dict[str, Any] = {name: bool(row[name]) for name in ("is_settled", "of_account")}
    values |= {"kind": CaseKind(row["kind"]), "severity": Severity(row["severity"]), "reporters": told}
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    terms = msgspec.json.decode(row["terms"], type=Terms) if row["terms"] else None
    wish = msgspec.json.decode(row["wish"], type=Wish) if row["wish"] else None
    return CaseState(**row | values | {"outcome": outcome, "terms": terms, "wish": wish})


def _values(wanted: CaseFilter) -> dict[str, Any]:
    """Return what columns must equal, but for whether a case is open."""
    values = {"kind": wanted.kind.value if wanted.kind else None, "seq": wanted.seq}
    values |= {name: getattr(wanted, name) or None for name in ("by", "code", "user", "mediator", "claimed_by")}
    if wanted.thing is not None:
        values |= {"code": wanted.thing.code, "seq": wanted.thing.seq, "user": wanted.thing.user}
        values |= {"reason": wanted.thing.reason or None, "of_account": int(wanted.thing.of_account)}
    return {name: value for name, value in values.items() if value is not None}


def _by() -> Select[Any]:
    """Return the numbers of the cases that somebody has opened or joined."""
    who: BindParameter[str] = bindparam("by")
    return union(
        select(cases.c.number).where(cases.c.by == who), select(reporters.c.number).where(reporters.c.by == who)
    )  # type: ignore[return-value]


NARROW = frozenset({"code", "user", "by", "mediator"})
"""Columns of which one value has few cases."""


def _equals(name: str, *, is_narrow: bool) -> ColumnElement[bool]:
    """Return that a column equals what is bound to its name; `by`: that somebody opened or joined the case."""
    if name == "by":
        return cases.c.number.in_(_by())
    if name == "kind" and is_narrow:
        # No index has this: there is a better one than that of all cases of a kind, which SQLite would take.
        return cases.c.kind.concat(_NONE) == bindparam(name)
    return cases.c[name] == bindparam(name)


@cache
def list_statements(
    names: frozenset[str], *, is_open: bool | None, newest: bool, by_due: bool
) -> tuple[Statement, Statement]:
    """Return the statements for cases whose columns `names` have given values, and for their reporters."""
    query = select(cases)
    if not newest:
        after = tuple_(bindparam("after_due", type_=BigInteger), bindparam("after_number", type_=Text))
        query = query.where(tuple_(cases.c.due_ms, cases.c.number) > after)
    if is_open is not None:
        query = query.where(_OPEN if is_open else _DECIDED)
    if by_due:
        query = query.where(cases.c.due_ms <= bindparam("due_by"))
    is_narrow = bool(names & NARROW)
    for name in sorted(names):
        query = query.where(_equals(name, is_narrow=is_narrow))
    order = (cases.c.opened_ts.desc(), cases.c.number) if newest else (cases.c.due_ms, cases.c.number)
    query = query.order_by(*order).limit(_LIMIT)
    return query, _REPORTERS.where(reporters.c.number.in_(query.with_only_columns(cases.c.number)))
