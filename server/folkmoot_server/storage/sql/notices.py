"""What single accounts are told: `ledger.Notices`."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import BindParameter, bindparam, or_, select

from folkmoot_governance.personal_notices import PersonalNotice

from ..rows import StoredNotice
from .fetch import Rows, SqlReads
from .tables import notices

LAST = "~"
"""Sorts after each id, which begins with a digit."""

MOST_KINDS = 5
"""Kinds that are asked for at once."""

_LIMIT: BindParameter[int] = bindparam("limit")
_COLUMNS = ("user", "ts", "kind", "case", "code", "data", "read_ts")
_OF_USER = select(*(notices.c[name] for name in _COLUMNS)).where(notices.c.user == bindparam("user")).limit(_LIMIT)
_LIST = _OF_USER.where(notices.c.id < bindparam("before")).order_by(notices.c.id.desc())
_LIST_UNREAD = _LIST.where(notices.c.read_ts == 0)
_OF_KINDS = (
    _OF_USER.where(or_(notices.c.read_ts == 0, notices.c.ts > bindparam("since")))
    .where(notices.c.kind.in_([bindparam(f"kind{number}") for number in range(MOST_KINDS)]))
    .order_by(notices.c.id.desc())
)
_UNREAD = _OF_USER.where(notices.c.read_ts == 0).order_by(notices.c.id)


class SqlNotices(SqlReads):
    """`ledger.Notices` in SQL."""

    async def list_notices(
        self, user: str, before: str = "", limit: int = 50, *, unread: bool = False
    ) -> list[StoredNotice]:
        asked = _LIST_UNREAD if unread else _LIST
        return _stored(await self._ask(asked, user=user, before=before or LAST, limit=limit))

    async def unread_notices(self, user: str, limit: int = 50) -> list[StoredNotice]:
        return _stored(await self._ask(_UNREAD, user=user, limit=limit))

    async def told_of_kinds(self, user: str, kinds: Sequence[str], since_ms: int, limit: int) -> list[StoredNotice]:
        # As many names as there can be, so that it is one statement.
        named = {f"kind{number}": kinds[min(number, len(kinds) - 1)] for number in range(MOST_KINDS)}
        return _stored(await self._ask(_OF_KINDS, user=user, since=since_ms, limit=limit, **named))


def _stored(rows: Rows) -> list[StoredNotice]:
    return [
        StoredNotice(PersonalNotice(user, ts, kind, case, code, msgspec.json.decode(data)), read_ts)
        for user, ts, kind, case, code, data, read_ts in rows
    ]
