"""What newer rules meet in older entries: `ledger.Retro`."""

import msgspec
from sqlalchemy import BigInteger, Text, bindparam, select, tuple_

from ..rows import RetroHit, RetroScan
from .fetch import SqlReads
from .tables import retro_hits, retro_scans

_SCAN = select(
    retro_scans.c.rules, retro_scans.c.pending, retro_scans.c.since_ts, retro_scans.c.code, retro_scans.c.before
)
_FIELDS = (*RetroHit.__struct_fields__,)
_HITS = (
    select(*(retro_hits.c[name] for name in _FIELDS))
    .where(
        tuple_(retro_hits.c.code, retro_hits.c.seq)
        > tuple_(bindparam("after_code", type_=Text), bindparam("after_seq", type_=BigInteger))
    )
    .order_by(retro_hits.c.code, retro_hits.c.seq)
    .limit(bindparam("limit"))
)


class SqlRetro(SqlReads):
    """`ledger.Retro` in SQL."""

    async def retro_scan(self) -> RetroScan | None:
        found = await self._ask(_SCAN)
        if not found:
            return None
        rules, pending, *place = found[0]
        names = tuple(msgspec.json.decode(pending, type=list[str]))
        return RetroScan(msgspec.json.decode(rules, type=dict[str, str]), names, *place)

    async def retro_hits(self, after: tuple[str, int], limit: int) -> list[RetroHit]:
        rows = await self._ask(_HITS, after_code=after[0], after_seq=after[1], limit=limit)
        return [RetroHit(*row) for row in rows]
