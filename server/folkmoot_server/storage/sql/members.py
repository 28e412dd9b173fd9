"""People in groups, read from their tables: `ledger.Members`."""

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from folkmoot_governance import case_number

from ..rows import Measure, Note
from .fetch import SqlReads, can_hold
from .kept_rows import OF_PEOPLE
from .tables import (
    accounts,
    bans,
    invitations,
    join_requests,
    kept,
    member_settings,
    members,
    mutes,
    notes,
    profiles,
    warnings,
)

_USER: BindParameter[str] = bindparam("user")
_CODE: BindParameter[str] = bindparam("code")
_LIMIT: BindParameter[int] = bindparam("limit")

_OWN = (member_settings.c.code == members.c.code) & (member_settings.c.user == members.c.user)
_REMOVED = accounts.c.names_removed_ms
# A name that the platform has removed is not shown: see `live.accounts.Account.name_in`.
_NICK = case((or_(_REMOVED == 0, member_settings.c.nick_ts > _REMOVED), func.nullif(member_settings.c.nick, "")))
_CHOSEN = case((_REMOVED == 0, profiles.c.display_name), else_=members.c.user)
_NAME = func.coalesce(_NICK, _CHOSEN, "")
_PEOPLE = (
    members.join(accounts, accounts.c.user == members.c.user)
    .outerjoin(profiles, profiles.c.user == members.c.user)
    .outerjoin(member_settings, _OWN)
)
_LIST = (
    select(members.c.user, _NAME)
    .select_from(_PEOPLE)
    .where(members.c.code == _CODE, members.c.user > bindparam("after"), accounts.c.author_tag == "")
    .order_by(members.c.user)
    .limit(_LIMIT)
)
_CALLED = (
    select(members.c.user)
    .select_from(_PEOPLE)
    .where(members.c.code == _CODE, bindparam("name") == _NAME)
    .order_by(members.c.user)
    .limit(_LIMIT)
)
_NOTES = (
    select(notes.c.by, notes.c.ts, notes.c.text)
    .where(notes.c.code == _CODE, notes.c.user == _USER)
    .order_by(notes.c.version.desc())
    .limit(_LIMIT)
)


def _in_force(kind: str, table: Table) -> Select[Any]:
    """Return what is in force of a table: kind, code, end, reason, and its case or, of a warning, the number of one."""
    case: ColumnElement[str] = table.c.case if "case" in table.c else literal_column("''")
    number: ColumnElement[int] = table.c.number if "number" in table.c else literal_column("0")
    what: ColumnElement[str] = literal_column(f"'{kind}'")
    query = select(what.label("kind"), table.c.code, table.c.until_ms, table.c.reason, case, number.label("number"))
    return query.where(table.c.user == _USER, table.c.until_ms > bindparam("now"))


_MEASURES = union_all(*(_in_force(*one) for one in (("ban", bans), ("mute", mutes), ("warning", warnings))))
_PLACES = union(
    *(select(table.c.code).where(table.c.user == _USER) for table in (members, join_requests, invitations)),
    select(kept.c.code).where(kept.c.key == _USER, or_(*(kept.c.part == part for part in OF_PEOPLE))),
)


class SqlMembers(SqlReads):
    """`ledger.Members` in SQL."""

    async def list_members(self, code: str, after: str = "", limit: int = 100) -> dict[str, str]:
        rows = await self._ask(_LIST, code=code, after=after, limit=limit) if can_hold(after) else ()
        return dict(rows)

    async def members_called(self, code: str, name: str, limit: int = 10) -> list[str]:
        rows = await self._ask(_CALLED, code=code, name=name, limit=limit) if can_hold(name) else ()
        return [user for (user,) in rows]

    async def list_notes(self, code: str, user: str, limit: int = 50) -> list[Note]:
        return [Note(*row) for row in await self._ask(_NOTES, code=code, user=user, limit=limit)]

    async def list_measures(self, user: str, now: int) -> list[Measure]:
        found = [
            Measure(kind, code, until_ms, reason, case or case_number(code, number))
            for kind, code, until_ms, reason, case, number in await self._ask(_MEASURES, user=user, now=now)
        ]
        return sorted(found, key=lambda one: (one.code, one.until_ms))

    async def places_of(self, user: str) -> list[str]:
        return sorted(code for (code,) in await self._ask(_PLACES, user=user))
