"""Reports to the authority, read from their table: `ledger.Filings`."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Text, bindparam, case, func, or_, select, tuple_

from folkmoot_governance.filing import Filing, FilingState
from folkmoot_governance.oversight import Waiting

from .fetch import SqlReads, can_hold, named
from .tables import filings

_ONE = select(filings).where(filings.c.case == bindparam("case"))
_AFTER = tuple_(bindparam("after_ts", type_=BigInteger), bindparam("after_case", type_=Text))
_LIST = (
    select(filings)
    .where(tuple_(filings.c.ts, filings.c.case) > _AFTER)
    .order_by(filings.c.ts, filings.c.case)
    .limit(bindparam("limit"))
)
_OF_STATE = _LIST.where(filings.c.state == bindparam("state"))
_DUE = (
    select(filings)
    .where(filings.c.state == FilingState.APPROVED.value, filings.c.next_ms <= bindparam("now"))
    .order_by(filings.c.next_ms, filings.c.case)
    .limit(bindparam("limit"))
)
_LATE = case((filings.c.ts < bindparam("before", type_=BigInteger), 1))
_UNSENT = select(func.count(), func.count(_LATE), func.coalesce(func.min(filings.c.ts), 0)).where(
    or_(filings.c.state == FilingState.DRAFT.value, filings.c.state == FilingState.APPROVED.value)
)


class SqlFilings(SqlReads):
    """`ledger.Filings` in SQL."""

    async def filing(self, case: str) -> Filing | None:
        found = named(_ONE, await self._ask(_ONE, case=case)) if can_hold(case) else []
        return filing_of(found[0]) if found else None

    async def list_filings(
        self, state: FilingState | None = None, after: tuple[int, str] = (0, ""), limit: int = 100
    ) -> list[Filing]:
        query, more = (_LIST, {}) if state is None else (_OF_STATE, {"state": state.value})
        rows = await self._ask(query, after_ts=after[0], after_case=after[1], limit=limit, **more)
        return [filing_of(row) for row in named(query, rows)]

    async def due_filings(self, now: int, limit: int) -> list[Filing]:
        return [filing_of(row) for row in named(_DUE, await self._ask(_DUE, now=now, limit=limit))]

    async def unsent_filings(self, before: int) -> Waiting:
        return Waiting(*(await self._ask(_UNSENT, before=before))[0])


def filing_of(row: dict[str, Any]) -> Filing:
    """Return the report that a row of the table is."""
    kinds = {"state": FilingState(row["state"]), "identity": bool(row["identity"])}
    return Filing(**row | kinds | {"statement": msgspec.json.decode(row["statement"])})
