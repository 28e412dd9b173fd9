"""The ledger as a transparency log: `ledger.EventLog`."""

from sqlalchemy import bindparam, select

from folkmoot_governance.store_acts import Part

from ..rows import LedgerRow, SignedCheckpoint
from .fetch import SqlReads, can_hold
from .tables import accounts, checkpoints, ledger, log_hashes, logged_ranges

_EVENT = select(*(ledger.c[name] for name in LedgerRow.__struct_fields__))
_EVENTS = _EVENT.where(ledger.c.position > bindparam("after")).order_by(ledger.c.position).limit(bindparam("limit"))
_ONE = _EVENT.where(ledger.c.stream == bindparam("stream"), ledger.c.version == bindparam("version"))
_OF_STREAM = (
    _EVENT.where(ledger.c.stream == bindparam("stream"), ledger.c.version > bindparam("after"))
    .order_by(ledger.c.version)
    .limit(bindparam("limit"))
)
_HASHES = (
    select(log_hashes.c.hash)
    .where(
        log_hashes.c.level == bindparam("level"),
        log_hashes.c.number >= bindparam("first"),
        log_hashes.c.number < bindparam("end"),
    )
    .order_by(log_hashes.c.number)
)
_NEWEST = (
    select(*(checkpoints.c[name] for name in SignedCheckpoint.__struct_fields__))
    .order_by(checkpoints.c.size.desc())
    .limit(1)
)
_CLOSED_SINCE = select(accounts.c.user).where(accounts.c.closed_ts >= bindparam("since")).limit(1)
_WORDS_OF_CLOSED = (
    _EVENT.join(accounts, accounts.c.user == ledger.c.actor)
    .where(
        ledger.c.position > bindparam("after"),
        ledger.c.type == bindparam("kind"),
        ledger.c.data.like('%"bound":%'),
        accounts.c.closed_ts > 0,
    )
    .order_by(ledger.c.position)
    .limit(bindparam("limit"))
)
_MONTHS = select(logged_ranges.c.part, logged_ranges.c.month).distinct()
_RANGES = (
    select(logged_ranges.c.ranges)
    .where(logged_ranges.c.part == bindparam("part"), logged_ranges.c.month == bindparam("month"))
    .order_by(logged_ranges.c.number)
)


class SqlEventLog(SqlReads):
    """`ledger.EventLog` in SQL."""

    async def ledger_rows(self, after: int, limit: int) -> list[LedgerRow]:
        return [LedgerRow(*row) for row in await self._ask(_EVENTS, after=after, limit=limit)]

    async def ledger_row(self, stream: str, version: int) -> LedgerRow | None:
        rows = await self._ask(_ONE, stream=stream, version=version) if can_hold(stream) else []
        return LedgerRow(*rows[0]) if rows else None

    async def stream_rows(self, stream: str, after: int, limit: int) -> list[LedgerRow]:
        rows = await self._ask(_OF_STREAM, stream=stream, after=after, limit=limit) if can_hold(stream) else []
        return [LedgerRow(*row) for row in rows]

    async def is_closed_since(self, since: int) -> bool:
        return bool(await self._ask(_CLOSED_SINCE, since=since))

    async def words_of_closed(self, kind: str, after: int, limit: int) -> list[LedgerRow]:
        asked = {"kind": kind, "after": after, "limit": limit}
        return [LedgerRow(*row) for row in await self._ask(_WORDS_OF_CLOSED, **asked)]

    async def log_hashes(self, level: int, first: int, end: int) -> list[bytes]:
        return [bytes.fromhex(one) for (one,) in await self._ask(_HASHES, level=level, first=first, end=end)]

    async def checkpoint(self) -> SignedCheckpoint | None:
        rows = await self._ask(_NEWEST)
        return SignedCheckpoint(*rows[0]) if rows else None

    async def logged_months(self) -> list[tuple[Part, str]]:
        return [(part, month) for part, month in await self._ask(_MONTHS)]

    async def logged_ranges(self, part: Part, month: str) -> list[str]:
        return [ranges for (ranges,) in await self._ask(_RANGES, part=part, month=month)]
