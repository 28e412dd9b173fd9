"""The ledger itself: the rows of events, and `ledger.Streams`."""

from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, or_, select

from folkmoot_governance.account_events import AnyAccountEvent
from folkmoot_governance.case.state import AnyCaseEvent
from folkmoot_governance.group.events import GroupEvent
from folkmoot_governance.store_acts import AnyStoreEvent

from ...crypto.words import bind
from ..change_set import AnyEvent, Recorded
from ..rows import ActFilter
from .fetch import SqlReads, Statement, fetch_plain
from .tables import ledger, marks

NEVER = 2**62
"""A version, or a time, that nothing reaches."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(GroupEvent | AnyAccountEvent | AnyCaseEvent | AnyStoreEvent).decode

_EVENT = select(ledger.c.position, ledger.c.stream, ledger.c.version, ledger.c.data)
_OF_STREAM = ledger.c.stream == bindparam("stream")
EVENTS = (
    _EVENT.where(_OF_STREAM, ledger.c.version > bindparam("after")).order_by(ledger.c.version).limit(bindparam("limit"))
)
"""A stream's events above a version, oldest first: rows for `recorded`."""
_SCAN = _EVENT.where(ledger.c.position > bindparam("after")).order_by(ledger.c.position).limit(bindparam("limit"))
_VERSION = select(func.max(ledger.c.version)).where(_OF_STREAM)
_LATEST = select(ledger.c.ts).order_by(ledger.c.position.desc()).limit(1)
_LAST = select(ledger.c.position, ledger.c.batch).order_by(ledger.c.position.desc()).limit(1)


def ledger_row(position: int, batch: int, stream: str, version: int, event: AnyEvent) -> dict[str, Any]:
    """Return the row of an event."""
    return {
        "position": position,
        "batch": batch,
        "stream": stream,
        "version": version,
        "ts": event.at,
        "type": event.__struct_config__.tag,
        "actor": event.by,
        "data": bind(_encode(event)).decode(),
    }


def recorded(position: int, stream: str, version: int, data: str) -> Recorded:
    """Return the event of a row of the ledger. Raises msgspec's errors where its data is none."""
    return Recorded(position, stream, version, _decode(data))


def last_version(main: Connection, stream: str) -> int:
    """Return the version that a stream is at, 0 where there is none."""
    return fetch_plain(main, _VERSION, stream=stream)[0][0] or 0


def last_position_and_batch(main: Connection) -> tuple[int, int]:
    """Return the highest position and batch number of the ledger, 0 and 0 when it is empty."""
    found = fetch_plain(main, _LAST)
    return (found[0][0], found[0][1]) if found else (0, 0)


class SqlStreams(SqlReads):
    """`ledger.Streams` in SQL."""

    async def events(self, stream: str, after: int = 0, limit: int = 1000) -> list[Recorded]:
        return [recorded(*row) for row in await self._ask(EVENTS, stream=stream, after=after, limit=limit)]

    async def acts(self, stream: str, wanted: ActFilter, limit: int) -> list[Recorded]:
        values: dict[str, Any] = {f"kind_{number}": kind for number, kind in enumerate(wanted.kinds)}
        if wanted.user is not None:
            values |= {"user": wanted.user, "named": f'%"{_literally(wanted.user)}"%'}
        before = NEVER if wanted.before is None else wanted.before
        query = _acts(len(wanted.kinds), of_user=wanted.user is not None)
        rows = await self._ask(query, stream=stream, since=wanted.since_ms, before=before, limit=limit, **values)
        return [recorded(*row) for row in rows]

    async def latest_ts(self) -> int:
        rows = await self._ask(_LATEST)
        return int(rows[0][0]) if rows else 0

    async def marks(self) -> dict[str, int]:
        return dict(map(tuple, await self._ask(_MARKS)))

    async def scan(self, after: int = 0, limit: int = 1000) -> list[Recorded]:
        return [recorded(*row) for row in await self._ask(_SCAN, after=after, limit=limit)]


_MARKS = select(marks.c.name, marks.c.value)


@cache
def _acts(kinds: int, *, of_user: bool) -> Statement:
    """Return the statement for acts of so many kinds, or of all where it is 0."""
    query = _EVENT.where(_OF_STREAM, ledger.c.ts >= bindparam("since"), ledger.c.version < bindparam("before"))
    if kinds:
        query = query.where(ledger.c.type.in_([bindparam(f"kind_{number}") for number in range(kinds)]))
    if of_user:
        # The data is JSON that we wrote. What has the name as a value of something else is for the caller to drop.
        aimed_at = ledger.c.data.like(bindparam("named"), escape="/")
        query = query.where(or_(ledger.c.actor == bindparam("user"), aimed_at))
    return query.order_by(ledger.c.version.desc()).limit(bindparam("limit"))


def _literally(text: str) -> str:
    """Return a text in which `LIKE` finds no wildcards."""
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")
