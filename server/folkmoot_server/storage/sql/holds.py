"""What holds keep of months that are gone: `ledger.Holds`."""

from hashlib import sha256

import msgspec
from sqlalchemy import Integer, bindparam, func, or_, select, tuple_

from folkmoot_governance.case.state import CaseState
from folkmoot_governance.store_acts import Part

from ..rows import HeldRow
from .cases import APPEALED, load_cases
from .fetch import SqlReads
from .tables import cases, held, reporters

_COUNTS = select(held.c.hold, func.count()).group_by(held.c.hold).order_by(held.c.hold)
_PLACE = tuple_(held.c.month, held.c.code, held.c.seq)
_AFTER = tuple_(bindparam("month"), bindparam("code"), bindparam("seq", type_=Integer))
_ROWS = (
    select(*(held.c[name] for name in HeldRow._fields))
    .where(held.c.hold == bindparam("hold"), _PLACE > _AFTER)
    .order_by(held.c.month, held.c.code, held.c.seq)
    .limit(bindparam("limit"))
)
_CASES = (
    select(cases)
    .where(or_(cases.c.outcome == "", cases.c.closed_ts > bindparam("since"), APPEALED))
    .where(cases.c.number > bindparam("after"))
    .order_by(cases.c.number)
    .limit(bindparam("limit"))
)
_REPORTERS = select(reporters).where(reporters.c.number.in_(_CASES.with_only_columns(cases.c.number)))


class HeldTally:
    """Counts and hashes what is kept of a part of a month for a hold, in the order of its places."""

    def __init__(self) -> None:
        self.entries = 0
        self._hash = sha256()

    def add(self, part: Part, text: bytes | None) -> None:
        """Take in what was sealed in the next row; None for what does not open. Of the access log it is records."""
        if text is not None:
            self.entries += 1 if part == "journal" else len(msgspec.json.decode(text))
            self._hash.update(text + b"\n")

    def result(self) -> tuple[int, str]:
        """Return how many entries these are, and SHA-256 over them in hexadecimal."""
        return self.entries, self._hash.hexdigest()


class SqlHolds(SqlReads):
    """`ledger.Holds` in SQL."""

    async def held_counts(self) -> dict[str, int]:
        return dict(map(tuple, await self._ask(_COUNTS)))

    async def held_rows(self, hold: str, after: tuple[str, str, int], limit: int) -> list[HeldRow]:
        month, code, seq = after
        rows = await self._ask(_ROWS, hold=hold, month=month, code=code, seq=seq, limit=limit)
        return [HeldRow(*row) for row in rows]

    async def holding_cases(self, since: int, after: str, limit: int) -> list[CaseState]:
        values = {"since": since, "after": after, "limit": limit}
        return await self._read(load_cases, _CASES, _REPORTERS, values)
