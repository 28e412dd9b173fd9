"""Whose accounts are one person's: those that were verified with one number, found by its blind index
(G8.1), and the blacklist by such indexes (G11.3)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, Select, Table, bindparam, select, union_all

from folkmoot_governance.restrictions import Held, Measure, Power, Restriction

from .fetch import SqlReads
from .projection import read_restrictions
from .tables import accounts, groups, identities
from .tables import barred_identities as barred

OWN, OTHER = identities.alias("own"), identities.alias("other")


def is_same(user: BindParameter[str] | ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    """Return what holds of `OTHER.c.user` where that account is the same person's as `user`, and another one."""
    return OWN.c.user == user, OTHER.c.blind == OWN.c.blind, OTHER.c.user != OWN.c.user


def others_of(user: BindParameter[str] | ColumnElement[str]) -> Select[tuple[str]]:
    """Return the statement for the other accounts of the same person."""
    return select(OTHER.c.user).where(*is_same(user))


def shut_out(since: BindParameter[int]) -> Select[tuple[str, int]]:
    """Return the statement for (user, until_ms) of accounts whose person is suspended until `since` or later."""
    until, lasts = accounts.c.suspended_until_ms.label("until_ms"), since <= accounts.c.suspended_until_ms
    return union_all(
        select(accounts.c.user.label("user"), until).where(lasts),
        select(OWN.c.user.label("user"), until).where(OTHER.c.user == accounts.c.user, lasts, *is_same(OWN.c.user)),
    )  # type: ignore[return-value]  # a compound select is as good


ENTRY = (barred.c.entry, barred.c.until_ms, barred.c.reason, barred.c.scopes)
_BLIND: BindParameter[str] = bindparam("blind")
_LIMIT: BindParameter[int] = bindparam("limit")
OF_PERSON = (
    select(*ENTRY)
    .distinct()
    .where(barred.c.blind.in_(select(identities.c.blind).where(identities.c.user == bindparam("user"))))
    .order_by(barred.c.until_ms, barred.c.entry)
)
"""What the blacklist has against the identity of an account."""
_OF_NUMBER = select(*ENTRY).where(barred.c.blind == _BLIND).order_by(barred.c.until_ms, barred.c.entry)
_ENTRIES = select(*ENTRY).distinct().where(barred.c.entry > bindparam("after")).order_by(barred.c.entry).limit(_LIMIT)
_BLINDS = select(barred.c.blind).where(barred.c.entry == bindparam("entry"))


def _listed(table: Table, key: Column[str]) -> Select[tuple[str, str]]:
    """Return the statement for what is on the blacklist in a table of accounts or groups."""
    is_listed = table.c.restrictions.contains('"blacklist"')
    return select(key, table.c.restrictions).where(is_listed, key > bindparam("after")).order_by(key).limit(_LIMIT)


_LISTED = {"account": _listed(accounts, accounts.c.user), "group": _listed(groups, groups.c.code)}


def bar(row: Sequence[Any]) -> Restriction:
    """Return an entry of the blacklist as a restriction; its case is the entry's own name."""
    entry, until_ms, reason, scopes = row
    return Restriction(Measure.BLACKLIST, entry, until_ms, reason, tuple(map(Power, scopes.split())), entry)


class SqlBlacklist(SqlReads):
    """`ledger.Blacklist` in SQL."""

    async def bars_of(self, blind: str) -> list[Restriction]:
        return [bar(row) for row in await self._ask(_OF_NUMBER, blind=blind)]

    async def barred_numbers(self, entry: str) -> list[str]:
        return [blind for (blind,) in await self._ask(_BLINDS, entry=entry)]

    async def list_bars(self, after: str = "", limit: int = 100) -> list[Restriction]:
        return [bar(row) for row in await self._ask(_ENTRIES, after=after, limit=limit)]

    async def list_blacklisted(self, kind: str, after: str = "", limit: int = 100) -> list[tuple[str, Held]]:
        rows = await self._ask(_LISTED[kind], after=after, limit=limit)
        return [(key, read_restrictions(held)) for key, held in rows]
