"""Webhooks that go out, read from their table: `ledger.Hooks`."""

from sqlalchemy import bindparam, func, select

from ..rows import HookRow
from .fetch import SqlReads
from .tables import outgoing_hooks as hooks

_DUE = (
    select(hooks)
    .where(hooks.c.user > bindparam("after"), hooks.c.next_ms <= bindparam("now"))
    .order_by(hooks.c.user)
    .limit(bindparam("limit"))
)
_NEXT = select(func.min(hooks.c.next_ms)).where(hooks.c.next_ms > bindparam("now"))
_OF_GROUP = select(hooks).where(hooks.c.code == bindparam("code")).order_by(hooks.c.user)


class SqlHooks(SqlReads):
    """`ledger.Hooks` in SQL."""

    async def due_hooks(self, now: int, after: str = "", limit: int = 100) -> list[HookRow]:
        return [HookRow(*row) for row in await self._ask(_DUE, now=now, after=after, limit=limit)]

    async def next_hook_ms(self, now: int) -> int | None:
        ((next_ms,),) = await self._ask(_NEXT, now=now)
        return int(next_ms) if next_ms is not None else None

    async def hooks_of(self, code: str) -> list[HookRow]:
        return [HookRow(*row) for row in await self._ask(_OF_GROUP, code=code)]
