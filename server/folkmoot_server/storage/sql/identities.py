"""Numbers that show who somebody is, sealed, and who asks for a review: `ledger.Identities`."""

from sqlalchemy import BindParameter, bindparam, select

from ..rows import IdentityRow
from .fetch import SqlReads
from .tables import accounts, identities

_LIMIT: BindParameter[int] = bindparam("limit")
_OF_USER = (
    select(identities.c.user, identities.c.identity, identities.c.sealed, identities.c.blind, identities.c.ts)
    .where(identities.c.user == bindparam("user"))
    .order_by(identities.c.identity)
)
_SAME = (
    select(identities.c.user).where(identities.c.blind == bindparam("blind")).order_by(identities.c.user).limit(_LIMIT)
)
_ASKING = (
    select(accounts.c.user, accounts.c.asked, accounts.c.asked_ts)
    .where(accounts.c.asked_ts > 0, accounts.c.user > bindparam("after"))
    .order_by(accounts.c.user)
    .limit(_LIMIT)
)


class SqlIdentities(SqlReads):
    """`ledger.Identities` in SQL."""

    async def list_identities(self, user: str) -> list[IdentityRow]:
        return [IdentityRow(*row) for row in await self._ask(_OF_USER, user=user)]

    async def same_identity(self, blind: str, limit: int = 20) -> list[str]:
        return [user for (user,) in await self._ask(_SAME, blind=blind, limit=limit)]

    async def list_asking(self, after: str = "", limit: int = 100) -> list[tuple[str, str, int]]:
        rows = await self._ask(_ASKING, after=after, limit=limit)
        return [(user, level, since) for user, level, since in rows]
