"""Groups, read from their tables: `ledger.Groups`."""

from typing import Any

from sqlalchemy import BindParameter, Connection, Select, Table, bindparam, exists, func, or_, select, union

from folkmoot_governance import Ban, GroupState, JoinRequest, Member, Mute, Permission, case_number
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.group.state import Invitation, InviteCode, Pinned, Refuted, Review, Wait, Warned, Word
from folkmoot_protocol.types import ChannelForm, CommentPolicy, GroupStatus, JoinMode, LinkRule, Role

from ..rows import ActivityRow, GroupRow, GroupSummary, WarningRow
from .ends import NEXT_ENDS
from .fetch import SqlReads, can_hold, fetch, named
from .kept_rows import read_kept
from .persons import shut_out
from .projection import read_credentials, read_restrictions, read_threads
from .tables import (
    activity,
    bans,
    groups,
    invitations,
    invite_codes,
    join_requests,
    join_waits,
    kept,
    members,
    mutes,
    pins,
    reach,
    refutations,
    reviews,
    warnings,
    words,
)

_CODE: BindParameter[str] = bindparam("code")
_PARTS = (
    *(members, bans, mutes, warnings, pins, refutations, join_requests),
    *(join_waits, invite_codes, invitations, reviews, words, kept),
)


def _of_group(table: Table) -> Select[Any]:
    return select(table).where(table.c.code == _CODE).order_by(*table.primary_key)


def _has(table: Table) -> str:
    return f"has_{table.name}"


_OF_GROUP = {table: _of_group(table) for table in _PARTS}
# Most groups have few of these, and a statement for each would cost more than all that there is to read.
_GROUP = select(groups, *(exists().where(table.c.code == _CODE).label(_has(table)) for table in _PARTS)).where(
    groups.c.code == _CODE
)
_MEMBERS = select(func.count()).where(members.c.code == groups.c.code).scalar_subquery()
_SUMMARY = select(groups, _MEMBERS.label("members")).where(groups.c.code == _CODE)
_AFTER = groups.c.code > bindparam("after")
_LIVING = groups.c.status != GroupStatus.CLOSED.value


def _page(query: Select[Any]) -> Select[Any]:
    """Return a page of a list of groups: by code, from the one after `after`."""
    return query.where(_AFTER).order_by(groups.c.code).limit(bindparam("limit"))


_LIST = _page(
    select(
        groups.c.code,
        groups.c.name,
        groups.c.owner,
        groups.c.status,
        _MEMBERS,
        groups.c.created_ts,
        groups.c.asked_limit,
    )
)
_LOOKED = func.coalesce(activity.c.ts, groups.c.created_ts)
_DUE = _page(
    select(
        groups.c.code,
        groups.c.category,
        groups.c.grade,
        _MEMBERS,
        _LOOKED,
        func.coalesce(activity.c.seq, 0),
        func.coalesce(activity.c.entries_per_day, 0),
        func.coalesce(reach.c.followers, 0),
    )
    .select_from(
        groups.outerjoin(activity, activity.c.code == groups.c.code).outerjoin(reach, reach.c.code == groups.c.code)
    )
    .where(_LIVING, bindparam("looked_before") > _LOOKED)
)
_LONG = shut_out(bindparam("since")).subquery()
_ABSENT = _page(
    select(groups.c.code, groups.c.owner, func.max(_LONG.c.until_ms))
    .join(_LONG, _LONG.c.user == groups.c.owner)
    .where(_LIVING)
    .group_by(groups.c.code, groups.c.owner)
)
_SHUT = shut_out(bindparam("after_now")).subquery()


def _by_suspended(table: Table) -> Select[Any]:
    """Return (code, user) of what suspended accounts have given."""
    return select(table.c.code, _SHUT.c.user).where(_SHUT.c.user == table.c.by)


_OFFERS = union(
    _by_suspended(invitations),
    _by_suspended(invite_codes),
    select(groups.c.code, _SHUT.c.user).where(_SHUT.c.user == groups.c.owner, groups.c.heir != "", _LIVING),
).subquery()
_OFFERED = (
    select(_OFFERS)
    .where(
        or_(
            _OFFERS.c.code > bindparam("code"),
            (_OFFERS.c.code == bindparam("code")) & (_OFFERS.c.user > bindparam("user")),
        )
    )
    .order_by(_OFFERS.c.code, _OFFERS.c.user)
    .limit(bindparam("limit"))
)
_WARNINGS = _page(
    select(
        groups.c.code,
        groups.c.rectify_case,
        groups.c.name,
        groups.c.owner,
        groups.c.rectify_reason,
        groups.c.rectify_until_ms,
        groups.c.rectified_ms,
        groups.c.rectified_text,
        groups.c.inspect_until_ms,
    ).where(groups.c.rectify_case > 0)
)


class SqlGroups(SqlReads):
    """`ledger.Groups` in SQL, but for where groups stand, which each database keeps in its own way."""

    async def load_group(self, code: str) -> GroupState | None:
        return await self._read(load_group, code) if can_hold(code) else None

    async def group_summary(self, code: str) -> GroupSummary | None:
        found = named(_SUMMARY, await self._ask(_SUMMARY, code=code)) if can_hold(code) else []
        if not found:
            return None
        count = found[0].pop("members")
        return GroupSummary(GroupState(**_own_fields(found[0])), count)

    async def list_groups(self, after: str = "", limit: int = 100) -> list[GroupRow]:
        return [GroupRow(*row) for row in await self._ask(_LIST, after=after, limit=limit)]

    async def list_warnings(self, after: str = "", limit: int = 100) -> list[WarningRow]:
        rows = await self._ask(_WARNINGS, after=after, limit=limit)
        return [WarningRow(case_number(code, number), code, *rest) for code, number, *rest in rows]

    async def due_for_grading(self, looked_before: int, after: str = "", limit: int = 500) -> list[ActivityRow]:
        rows = await self._ask(_DUE, looked_before=looked_before, after=after, limit=limit)
        return [ActivityRow(*row) for row in rows]

    async def absent_owners(self, since_ms: int, after: str = "", limit: int = 100) -> list[tuple[str, str, int]]:
        rows = await self._ask(_ABSENT, since=since_ms, after=after, limit=limit)
        return [(code, owner, until_ms) for code, owner, until_ms in rows]

    async def offers_of_suspended(
        self, now: int, after: tuple[str, str] = ("", ""), limit: int = 100
    ) -> list[tuple[str, str]]:
        rows = await self._ask(_OFFERED, after_now=now + 1, code=after[0], user=after[1], limit=limit)
        return [(code, user) for code, user in rows]

    async def next_ends(self, limit: int) -> list[tuple[int, str]]:
        return [(until_ms, code) for until_ms, code in await self._ask(NEXT_ENDS, limit=limit)]


def load_group(main: Connection, code: str) -> GroupState | None:
    """Return a group from its projections."""
    found = fetch(main, _GROUP, code=code)
    if not found:
        return None
    row = found[0]
    parts = {table: _rows(main, table, code) if row.pop(_has(table)) else [] for table in _PARTS}
    return GroupState(
        **_own_fields(row),
        members={one["user"]: _member(one) for one in parts[members]},
        bans={one["user"]: Ban(**one) for one in parts[bans]},
        mutes={one["user"]: Mute(**one) for one in parts[mutes]},
        warnings={one["number"]: Warned(**one) for one in parts[warnings]},
        pins={one["seq"]: Pinned(**one) for one in parts[pins]},
        refutations={one["seq"]: Refuted(**one) for one in parts[refutations]},
        requests={one["user"]: JoinRequest(**one) for one in parts[join_requests]},
        waits={one["user"]: Wait(**one) for one in parts[join_waits]},
        invite_codes={one["code_id"]: InviteCode(**one) for one in parts[invite_codes]},
        reviews={one["number"]: _review(one) for one in parts[reviews]},
        words={one["word"]: _word(one) for one in parts[words]},
        invitations={one["user"]: Invitation(**one) for one in parts[invitations]},
        kept=read_kept(parts[kept]),
    )


def _own_fields(row: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a group's state that its own row has."""
    kinds = {"join_mode": JoinMode, "status": GroupStatus, "links": LinkRule, "comments": CommentPolicy}
    own = row | {name: kind(row[name]) for name, kind in kinds.items()}
    # Of what is in force: for whoever asks what ends next.
    del own["restrictions_until_ms"], own["credentials_until_ms"]
    form = ChannelForm(row["form"]) if row["form"] else None
    more = {"threads": read_threads(row["threads"]), "restrictions": read_restrictions(row["restrictions"])}
    more["credentials"] = read_credentials(row["credentials"])
    return own | {"form": form, **more}


def _rows(main: Connection, table: Table, code: str) -> list[dict[str, Any]]:
    rows = fetch(main, _OF_GROUP[table], code=code)
    for row in rows:
        del row["code"]
    return rows


def _member(row: dict[str, Any]) -> Member:
    permissions = frozenset(Permission(name) for name in row["permissions"].split())
    return Member(row["user"], Role(row["role"]), row["joined_ts"], permissions, row["tag"], row["giver"])


def _review(row: dict[str, Any]) -> Review:
    return Review(**row | {"severity": Severity(row["severity"]), "staff": bool(row["staff"])})


def _word(row: dict[str, Any]) -> Word:
    return Word(row["word"], Action(row["verdict"]), row["by"])
