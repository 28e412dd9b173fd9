"""Numbers that show who somebody is, sealed, and who asks for a review: `ledger.Identities`."""

from sqlalchemy import BindParameter, bindparam, select, union

from ..rows import IdentityRequest, IdentityRow
from .fetch import SqlReads
from .tables import accounts, identities
from .tables import identity_requests as requests

_LIMIT: BindParameter[int] = bindparam("limit")
_OF_USER = (
    select(identities.c.user, identities.c.identity, identities.c.sealed, identities.c.blind, identities.c.ts)
    .where(identities.c.user == bindparam("user"))
    .order_by(identities.c.identity)
)
_REQUEST = select(
    requests.c.user, requests.c.identity, requests.c.sealed, requests.c.blind, requests.c.ts, requests.c.code
).where(requests.c.user == bindparam("user"))
_BOTH = union(
    *(select(table.c.user.label("user")).where(table.c.blind == bindparam("blind")) for table in (identities, requests))
).subquery()
_ANY = select(union(*(select(table.c.user) for table in (identities, requests))).subquery().c.user).limit(1)
_SAME = select(_BOTH.c.user).order_by(_BOTH.c.user).limit(_LIMIT)
_ASKING = (
    select(accounts.c.user, accounts.c.asked, accounts.c.asked_ts)
    .where(accounts.c.asked_ts > 0, accounts.c.code_until_ms == 0, accounts.c.user > bindparam("after"))
    .order_by(accounts.c.user)
    .limit(_LIMIT)
)


class SqlIdentities(SqlReads):
    """`ledger.Identities` in SQL."""

    async def has_identities(self) -> bool:
        return bool(await self._ask(_ANY))

    async def list_identities(self, user: str) -> list[IdentityRow]:
        return [IdentityRow(*row) for row in await self._ask(_OF_USER, user=user)]

    async def identity_request(self, user: str) -> IdentityRequest | None:
        found = await self._ask(_REQUEST, user=user)
        return IdentityRequest(*found[0]) if found else None

    async def same_identity(self, blind: str, limit: int = 20) -> list[str]:
        return [user for (user,) in await self._ask(_SAME, blind=blind, limit=limit)]

    async def list_asking(self, after: str = "", limit: int = 100) -> list[tuple[str, str, int]]:
        rows = await self._ask(_ASKING, after=after, limit=limit)
        return [(user, level, since) for user, level, since in rows]
