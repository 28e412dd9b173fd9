"""Reading ledger and projections through SQLAlchemy, and the rows of an event. See `api.Ledger`."""

from collections import defaultdict
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    union_all,
)

from folkmoot_governance import (
    AccountState,
    Ban,
    GroupState,
    JoinRequest,
    Member,
    Mute,
    Permission,
    PlatformRole,
    case_number,
)
from folkmoot_governance.account_events import AnyAccountEvent
from folkmoot_governance.case.state import AnyCaseEvent
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.group.events import GroupEvent
from folkmoot_governance.group.state import InviteCode, Pinned, Review, Wait, Warned, Word
from folkmoot_protocol.types import GroupStatus, Identity, JoinMode, LinkRule, Notify, Role

from ..api import AccountRow, GroupRow, Measure, Note, StoredAccount
from ..change_set import AnyEvent, MemberSettings, Profile, QuotaGuard, Recorded
from .fetch import fetch, fetch_plain
from .projection import read_charges
from .tables import (
    accounts,
    bans,
    groups,
    held_texts,
    ignored,
    invitations,
    invite_codes,
    join_requests,
    join_waits,
    ledger,
    member_settings,
    members,
    mutes,
    notes,
    pins,
    profiles,
    read_marks,
    reviews,
    tokens,
    warnings,
    words,
)

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(GroupEvent | AnyAccountEvent | AnyCaseEvent).decode

_VERSION = select(func.max(ledger.c.version)).where(ledger.c.stream == bindparam("stream"))
_TOKEN = select(tokens.c.user).where(tokens.c.hash == bindparam("hash"))


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
        "data": _encode(event).decode(),
    }


def last_version(main: Connection, stream: str) -> int:
    """Return the version that a stream is at, 0 where there is none."""
    return main.execute(_VERSION, {"stream": stream}).scalar() or 0


def last_position_and_batch(main: Connection) -> tuple[int, int]:
    """Return the highest position and batch number of the ledger, 0 and 0 when it is empty."""
    query = select(ledger.c.position, ledger.c.batch).order_by(ledger.c.position.desc()).limit(1)
    row = main.execute(query).first()
    return (row.position, row.batch) if row else (0, 0)


def events_of_batch(main: Connection, batch: int) -> list[Recorded]:
    """Return the events that were committed last, when `batch` is the last one's number."""
    query = select(ledger).order_by(ledger.c.position.desc())
    found = []
    for row in main.execute(query):
        if row.batch != batch:
            break
        found.append(recorded(row))
    return found[::-1]


def events(main: Connection, stream: str, after: int, limit: int) -> list[Recorded]:
    """Return a stream's events with versions above `after`, oldest first."""
    query = (
        select(ledger)
        .where(ledger.c.stream == stream, ledger.c.version > after)
        .order_by(ledger.c.version)
        .limit(limit)
    )
    return [recorded(row) for row in main.execute(query)]


def scan(main: Connection, after: int, limit: int) -> list[Recorded]:
    """Return events of all streams with positions above `after`, oldest first."""
    query = select(ledger).where(ledger.c.position > after).order_by(ledger.c.position).limit(limit)
    return [recorded(row) for row in main.execute(query)]


def recorded(row: Row[Any]) -> Recorded:
    """Return the event of a row of the ledger. Raises msgspec's errors where its data is none."""
    return Recorded(row.position, row.stream, row.version, _decode(row.data))


def own_fields(main: Connection, code: str) -> dict[str, Any] | None:
    """Return the fields of a group's state that its own row has, None where there is no such group."""
    found = fetch(main, _OF_GROUP[groups], code=code)
    return _own_fields(found[0]) if found else None


def _own_fields(row: dict[str, Any]) -> dict[str, Any]:
    kinds = {"join_mode": JoinMode, "status": GroupStatus, "links": LinkRule}
    return row | {name: kind(row[name]) for name, kind in kinds.items()}


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
        requests={one["user"]: JoinRequest(**one) for one in parts[join_requests]},
        waits={one["user"]: Wait(**one) for one in parts[join_waits]},
        invite_codes={one["code_id"]: InviteCode(**one) for one in parts[invite_codes]},
        reviews={one["number"]: _review(one) for one in parts[reviews]},
        words={one["word"]: _word(one) for one in parts[words]},
        invitations={one["user"]: one["until_ms"] for one in parts[invitations]},
    )


def _of_group(table: Table) -> Select[Any]:
    return select(table).where(table.c.code == _CODE).order_by(*table.primary_key)


def _has(table: Table) -> str:
    return f"has_{table.name}"


_CODE: BindParameter[str] = bindparam("code")
_PARTS = (members, bans, mutes, warnings, pins, join_requests, join_waits, invite_codes, invitations, reviews, words)
_OF_GROUP = {table: _of_group(table) for table in (groups, *_PARTS)}
# Most groups have few of these, and a statement for each would cost more than all that there is to read.
_GROUP = select(groups, *(exists().where(table.c.code == _CODE).label(_has(table)) for table in _PARTS)).where(
    groups.c.code == _CODE
)


def _rows(main: Connection, table: Table, code: str) -> list[dict[str, Any]]:
    rows = fetch(main, _OF_GROUP[table], code=code)
    for row in rows:
        del row["code"]
    return rows


def _member(row: dict[str, Any]) -> Member:
    permissions = frozenset(Permission(name) for name in row["permissions"].split())
    return Member(row["user"], Role(row["role"]), row["joined_ts"], permissions, row["tag"])


def _review(row: dict[str, Any]) -> Review:
    return Review(**row | {"severity": Severity(row["severity"])})


def _word(row: dict[str, Any]) -> Word:
    return Word(row["word"], Action(row["verdict"]), row["by"])


def find_held_texts(main: Connection, code: str) -> dict[int, str]:
    """Return the sealed texts of a group's held posts by number."""
    query = select(held_texts.c.number, held_texts.c.sealed).where(held_texts.c.code == code)
    return {row.number: row.sealed for row in main.execute(query)}


PERSONAL = ("display_name", "password_hash", "language")
_USER: BindParameter[str] = bindparam("user")
_PROFILED = select(accounts, profiles.c.display_name, profiles.c.password_hash, profiles.c.language).select_from(
    accounts.outerjoin(profiles, profiles.c.user == accounts.c.user)
)
_ACCOUNT = _PROFILED.where(accounts.c.user == _USER)
_SESSION = _PROFILED.join(tokens, tokens.c.user == accounts.c.user).where(tokens.c.hash == bindparam("hash"))
_CREATED = (
    select(groups.c.code)
    .where(groups.c.creator == _USER, groups.c.status != GroupStatus.CLOSED.value)
    .order_by(groups.c.code)
)


def _of_user(what: str, name: Column[str], *more: ColumnElement[Any]) -> Select[Any]:
    """Return a branch of `_AROUND`: `what` it tells, a name, a number and two texts."""
    number, nick, notify = more or (literal_column("0"), literal_column("''"), literal_column("''"))
    return select(literal_column(f"'{what}'").label("what"), name.label("name"), number, nick, notify)


_NO_TEXT: ColumnElement[str] = literal_column("''")
# One statement for all that is around an account: each would cost as much as it finds.
_AROUND = union_all(
    _of_user("member", members.c.code).where(members.c.user == _USER),
    _of_user("created", groups.c.code).where(groups.c.creator == _USER, groups.c.status != GroupStatus.CLOSED.value),
    _of_user("read", read_marks.c.code, read_marks.c.seq, _NO_TEXT, _NO_TEXT).where(read_marks.c.user == _USER),
    _of_user(
        "settings", member_settings.c.code, literal_column("0"), member_settings.c.nick, member_settings.c.notify
    ).where(member_settings.c.user == _USER),
    _of_user("ignored", ignored.c.whom).where(ignored.c.user == _USER),
)


def load_account(main: Connection, user: str) -> StoredAccount | None:
    """Return an account from its projections."""
    return _account(main, fetch(main, _ACCOUNT, user=user))


def find_session(main: Connection, token_hash: str) -> StoredAccount | None:
    """Return the account whose session token has this hash."""
    return _account(main, fetch(main, _SESSION, hash=token_hash))


def _account(main: Connection, found: list[dict[str, Any]]) -> StoredAccount | None:
    if not found:
        return None
    row = found[0]
    user: str = row["user"]
    display_name, password_hash, language = (row.pop(name) or "" for name in PERSONAL)
    kinds = {
        "identity": Identity(row["identity"]),
        "asked": Identity(row["asked"]),
        "platform": PlatformRole(row["platform"]) if row["platform"] else None,
        "charges": read_charges(row["charges"]),
    }
    around: defaultdict[str, list[tuple[str, int, str, str]]] = defaultdict(list)
    for what, *rest in fetch_plain(main, _AROUND, user=user):
        around[what].append((rest[0], rest[1], rest[2], rest[3]))
    return StoredAccount(
        state=AccountState(**row | kinds),
        profile=Profile(user, display_name, password_hash, language),
        groups=sorted(code for code, *_ in around["member"]),
        created=sorted(code for code, *_ in around["created"]),
        read_seqs={code: seq for code, seq, *_ in around["read"]},
        settings={code: MemberSettings(nick, Notify(notify)) for code, _, nick, notify in around["settings"]},
        ignored=frozenset(whom for whom, *_ in around["ignored"]),
    )


def list_measures(main: Connection, user: str, now: int) -> list[Measure]:
    """Return what is in force against `user` at `now`, in all groups, by group."""
    found = [
        Measure(kind, row.code, row.until_ms, row.reason, row.case)
        for kind, table in (("ban", bans), ("mute", mutes))
        for row in main.execute(select(table).where(table.c.user == user, table.c.until_ms > now))
    ]
    in_force = select(warnings).where(warnings.c.user == user, warnings.c.until_ms > now)
    for row in main.execute(in_force):
        found.append(Measure("warning", row.code, row.until_ms, row.reason, case_number(row.code, row.number)))
    return sorted(found, key=lambda one: (one.code, one.until_ms))


def holds(main: Connection, quota_guard: QuotaGuard, before: int) -> bool:
    """Say whether a claim holds after `before` others by the same user that are on their way."""
    joined = main.execute(select(func.count()).where(members.c.user == quota_guard.user)).scalar_one()
    if joined + before >= quota_guard.groups_joined:
        return False
    return (
        quota_guard.groups_created is None
        or len(_created(main, quota_guard.user)) + before < quota_guard.groups_created
    )


def _created(main: Connection, user: str) -> list[str]:
    """Return the codes of the groups that `user` created and that are still alive."""
    return [one["code"] for one in fetch(main, _CREATED, user=user)]


def find_token(main: Connection, token_hash: str) -> str | None:
    """Return the user whose session token has this hash."""
    found = fetch(main, _TOKEN, hash=token_hash)
    return found[0]["user"] if found else None


def older_tokens(main: Connection, user: str, keep: int) -> list[str]:
    """Return the hashes of an account's session tokens but for the newest `keep`."""
    newest = tokens.c.created_ts.desc(), tokens.c.hash
    return list(
        main.execute(select(tokens.c.hash).where(tokens.c.user == user).order_by(*newest).offset(keep)).scalars()
    )


def list_members(main: Connection, code: str, after: str, limit: int) -> dict[str, str]:
    """Return display names of a group's members by user name, from the one after `after`."""
    found = members.outerjoin(profiles, profiles.c.user == members.c.user)
    own = (member_settings.c.code == members.c.code) & (member_settings.c.user == members.c.user)
    name = func.coalesce(func.nullif(member_settings.c.nick, ""), profiles.c.display_name, "")
    query = select(members.c.user, name).select_from(found.outerjoin(member_settings, own))
    page = query.where(members.c.code == code, members.c.user > after).order_by(members.c.user).limit(limit)
    return {row[0]: row[1] for row in main.execute(page)}


def list_notes(main: Connection, code: str, user: str, limit: int) -> list[Note]:
    """Return the notes about `user` in a group, newest first."""
    about = (notes.c.code == code, notes.c.user == user)
    query = select(notes.c.by, notes.c.ts, notes.c.text).where(*about).order_by(notes.c.version.desc()).limit(limit)
    return [Note(*row) for row in main.execute(query)]


def absent_owners(main: Connection, since_ms: int, after: str, limit: int) -> list[tuple[str, str, int]]:
    """Return (code, owner, end) of living groups whose owner is shut out until `since_ms` or later, by code."""
    end = accounts.c.suspended_until_ms
    query = select(groups.c.code, groups.c.owner, end).join(accounts, accounts.c.user == groups.c.owner)
    absent = query.where(end >= since_ms, groups.c.status != GroupStatus.CLOSED.value, groups.c.code > after)
    return [(row[0], row[1], row[2]) for row in main.execute(absent.order_by(groups.c.code).limit(limit))]


def list_groups(main: Connection, after: str, limit: int) -> list[GroupRow]:
    """Return groups by code, from the one after `after`."""
    count = select(func.count()).where(members.c.code == groups.c.code).scalar_subquery()
    query: Select[Any] = select(
        groups.c.code, groups.c.name, groups.c.owner, groups.c.status, count, groups.c.created_ts, groups.c.asked_limit
    )
    page = query.where(groups.c.code > after).order_by(groups.c.code).limit(limit)
    return [GroupRow(*row) for row in main.execute(page)]


def list_accounts(main: Connection, after: str, limit: int) -> list[AccountRow]:
    """Return accounts by user name, from the one after `after`."""
    query: Select[Any] = select(
        accounts.c.user,
        func.coalesce(profiles.c.display_name, ""),
        accounts.c.identity,
        accounts.c.platform,
        accounts.c.suspended_until_ms,
        accounts.c.created_ts,
    ).select_from(accounts.outerjoin(profiles))
    page = query.where(accounts.c.user > after).order_by(accounts.c.user).limit(limit)
    return [AccountRow(*row) for row in main.execute(page)]
