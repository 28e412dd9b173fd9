"""Bots, and the webhooks that go out for them: `ledger.Hooks`."""

from sqlalchemy import bindparam, case, func, literal_column, select

from ..rows import BotRow, HookRow
from .fetch import SqlReads
from .tables import members
from .tables import outgoing_hooks as hooks

_DUE = (
    select(hooks)
    .where(hooks.c.user > bindparam("after"), hooks.c.next_ms <= bindparam("now"))
    .order_by(hooks.c.user)
    .limit(bindparam("limit"))
)
_NEXT = select(func.min(hooks.c.next_ms)).where(hooks.c.next_ms > bindparam("now"))
_OF_GROUP = select(hooks).where(hooks.c.code == bindparam("code")).order_by(hooks.c.user)
_BOTS = (
    select(
        members.c.user,
        members.c.code,
        members.c.giver,
        case((hooks.c.user.is_not(None), 1), else_=0),
        members.c.joined_ts,
    )
    .select_from(members.outerjoin(hooks, hooks.c.user == members.c.user))
    .where(members.c.giver != literal_column("''"), members.c.user > bindparam("after"))
    .order_by(members.c.user)
    .limit(bindparam("limit"))
)


class SqlHooks(SqlReads):
    """`ledger.Hooks` in SQL."""

    async def due_hooks(self, now: int, after: str = "", limit: int = 100) -> list[HookRow]:
        return [HookRow(*row) for row in await self._ask(_DUE, now=now, after=after, limit=limit)]

    async def next_hook_ms(self, now: int) -> int | None:
        ((next_ms,),) = await self._ask(_NEXT, now=now)
        return int(next_ms) if next_ms is not None else None

    async def list_bots(self, after: str = "", limit: int = 100) -> list[BotRow]:
        return [BotRow(*row) for row in await self._ask(_BOTS, after=after, limit=limit)]

    async def hooks_of(self, code: str) -> list[HookRow]:
        return [HookRow(*row) for row in await self._ask(_OF_GROUP, code=code)]
