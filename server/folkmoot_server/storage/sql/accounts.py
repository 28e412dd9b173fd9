"""Accounts and their sessions, read from their tables: `ledger.Accounts` and `ledger.Sessions`."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)

from folkmoot_governance import AccountState, PlatformRole
from folkmoot_protocol.types import GroupStatus, Identity, Notify

from ..change_set import MemberSettings, Profile
from ..rows import AccountRow, OtherAccount, SecondFactorRow, SessionRow, StaffRow, StoredAccount
from .fetch import Rows, SqlReads, can_hold, fetch_plain
from .persons import OF_PERSON, OTHER, OWN, bar, is_same, others_of
from .projection import read_charges, read_restrictions
from .tables import (
    accounts,
    groups,
    ignored,
    leaving,
    member_settings,
    members,
    notices,
    profiles,
    read_marks,
    reset_codes,
    second_factors,
    tokens,
)
from .tables import barred_identities as barred

PERSONAL = ("display_name", "password_hash", "language")

_USER: BindParameter[str] = bindparam("user")
_HASH: BindParameter[str] = bindparam("hash")
_AFTER: BindParameter[str] = bindparam("after")
_LIMIT: BindParameter[int] = bindparam("limit")

_SINCE: BindParameter[int] = bindparam("since")
# Nodes of before note the creation alone.
_IN_USE = (tokens.c.seen_ts >= _SINCE) | (tokens.c.created_ts >= _SINCE)
_TOKEN = select(tokens.c.user).where(tokens.c.hash == _HASH, _IN_USE)
_SESSIONS = (
    select(tokens.c.hash, tokens.c.created_ts, tokens.c.seen_ts, tokens.c.device, tokens.c.region)
    .where(tokens.c.user == _USER)
    .order_by(tokens.c.seen_ts.desc(), tokens.c.hash)
)
_ENDED = select(tokens.c.hash).where(tokens.c.seen_ts < _SINCE, tokens.c.created_ts < _SINCE).limit(_LIMIT)
_OLDER = (
    select(tokens.c.hash)
    .where(tokens.c.user == _USER)
    .order_by(tokens.c.created_ts.desc(), tokens.c.hash)
    .offset(bindparam("keep"))
)
_RESET_CODE = select(reset_codes.c.hash).where(reset_codes.c.user == _USER, reset_codes.c.until_ms > bindparam("now"))
_SECOND_FACTOR = select(second_factors).where(second_factors.c.user == _USER)
# In the order in which a state takes its fields: put together by name they would cost as much as all else here.
_FIELDS = AccountState.__struct_fields__
_PROFILED = select(*(accounts.c[name] for name in _FIELDS), *(profiles.c[name] for name in PERSONAL)).select_from(
    accounts.outerjoin(profiles, profiles.c.user == accounts.c.user)
)
_ACCOUNT = _PROFILED.where(accounts.c.user == _USER)
_SESSION = _PROFILED.join(tokens, tokens.c.user == accounts.c.user).where(tokens.c.hash == _HASH, _IN_USE)
_LIST = (
    select(
        accounts.c.user,
        func.coalesce(profiles.c.display_name, ""),
        accounts.c.identity,
        accounts.c.platform,
        accounts.c.suspended_until_ms,
        accounts.c.created_ts,
    )
    .select_from(accounts.outerjoin(profiles))
    .where(accounts.c.user > _AFTER)
    .order_by(accounts.c.user)
    .limit(_LIMIT)
)
_STAFF = (
    select(
        accounts.c.user,
        func.coalesce(profiles.c.display_name, ""),
        accounts.c.platform,
        accounts.c.role_until_ms,
        accounts.c.role_cases,
        accounts.c.restrictions,
        accounts.c.duty_ts,
    )
    .select_from(accounts.outerjoin(profiles))
    .where(accounts.c.platform.is_not(None))
    .order_by(accounts.c.user)
)
_RECOVERING = (
    select(accounts.c.user)
    .where(accounts.c.credit < bindparam("below"), accounts.c.credit_ts <= bindparam("before"))
    .where(accounts.c.user > _AFTER)
    .order_by(accounts.c.user)
    .limit(_LIMIT)
)
_LEAVING = select(leaving.c.user).where(leaving.c.user > _AFTER).order_by(leaving.c.user).limit(_LIMIT)

_RESTRICTED = (
    select(accounts.c.restrictions_until_ms, accounts.c.user)
    .where(accounts.c.restrictions_until_ms > 0)
    .order_by(accounts.c.restrictions_until_ms, accounts.c.user)
    .limit(_LIMIT)
)
_CLOSING = (
    select(accounts.c.user)
    .where(accounts.c.closing_until_ms > 0, accounts.c.closing_until_ms <= bindparam("now"))
    .where(accounts.c.user > _AFTER)
    .order_by(accounts.c.user)
    .limit(_LIMIT)
)

_RENEWING = (
    select(accounts.c.verified_ts, accounts.c.user)
    .where(accounts.c.verified_ts > 0, accounts.c.renewal_told == bindparam("told"))
    .order_by(accounts.c.verified_ts, accounts.c.user)
    .limit(_LIMIT)
)

SIZES = (1, 4, 16, 64, 256)
"""For how many names at once statements are made: few, for each is prepared once."""


def _named(size: int) -> list[BindParameter[str]]:
    return [bindparam(f"name_{number}") for number in range(size)]


def _values(names: Collection[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield names in parts: the size of the statement for each, and the values of `_named`."""
    held = sorted(filter(can_hold, names))
    for start in range(0, len(held), SIZES[-1]):
        asked = held[start : start + SIZES[-1]]
        size = next(size for size in SIZES if size >= len(asked))
        asked += asked[:1] * (size - len(asked))
        yield size, {f"name_{number}": name for number, name in enumerate(asked)}


@cache
def _tags_of(size: int) -> Select[Any]:
    is_asked = accounts.c.user.in_(_named(size))
    return select(accounts.c.user, accounts.c.author_tag).where(accounts.c.author_tag != "", is_asked)


@cache
def _used(size: int) -> Select[Any]:
    return select(tokens.c.hash).where(tokens.c.hash.in_(_named(size)), _IN_USE)


def _of_user(what: str, name: ColumnElement[str], *more: ColumnElement[Any]) -> Select[Any]:
    """Return a branch of `_AROUND`: `what` it tells, a name, a number and two texts."""
    number, nick, notify = more or (literal_column("0"), literal_column("''"), literal_column("''"))
    return select(literal_column(f"'{what}'").label("what"), name.label("name"), number, nick, notify)


# Caps on groups do not count channels.
_COUNTED = groups.c.status != GroupStatus.CLOSED.value, groups.c.form == literal_column("''")
_NO_TEXT: ColumnElement[str] = literal_column("''")
_OTHER = select(
    accounts.c.user,
    accounts.c.suspended_until_ms,
    accounts.c.suspended_reason,
    accounts.c.credit,
    accounts.c.restrictions,
    select(func.count()).where(members.c.user == accounts.c.user).scalar_subquery(),
    select(func.count()).where(groups.c.creator == accounts.c.user, *_COUNTED).scalar_subquery(),
    accounts.c.identity,
    accounts.c.verified_ts,
).order_by(accounts.c.user)
_OTHERS = _OTHER.where(accounts.c.user.in_(others_of(_USER)))
# Of a bot: who answers for it, with all their accounts.
_ANSWERING = _OTHER.where((accounts.c.user == _USER) | accounts.c.user.in_(others_of(_USER)))

# One statement for all that is around an account: each would cost as much as it finds.
_AROUND = union_all(
    _of_user("member", members.c.code, literal_column("0"), members.c.giver, _NO_TEXT).where(members.c.user == _USER),
    _of_user("bot", members.c.user).where(
        members.c.giver != _NO_TEXT, (members.c.giver == _USER) | members.c.giver.in_(others_of(_USER))
    ),
    _of_user("created", groups.c.code).where(groups.c.creator == _USER, *_COUNTED),
    _of_user("read", read_marks.c.code, read_marks.c.seq, _NO_TEXT, _NO_TEXT).where(read_marks.c.user == _USER),
    _of_user(
        "settings", member_settings.c.code, member_settings.c.nick_ts, member_settings.c.nick, member_settings.c.notify
    ).where(member_settings.c.user == _USER),
    _of_user("ignored", ignored.c.whom).where(ignored.c.user == _USER),
    # One row in any case, without a name where there is nothing.
    _of_user("other", OTHER.c.user).where(*is_same(_USER)),
    _of_user("barred", barred.c.entry).where(OWN.c.user == _USER, barred.c.blind == OWN.c.blind),
    _of_user("unread", func.max(notices.c.id)).where(notices.c.user == _USER, notices.c.read_ts == 0),
)


_READERS: list[tuple[int, Callable[[Any], Any]]] = [
    (_FIELDS.index("identity"), Identity),
    (_FIELDS.index("asked"), Identity),
    (_FIELDS.index("platform"), lambda role: PlatformRole(role) if role else None),
    (_FIELDS.index("role_cases"), lambda cases: tuple(cases.split())),
    (_FIELDS.index("charges"), read_charges),
    (_FIELDS.index("restrictions"), read_restrictions),
]
"""Of the fields that columns have as text: where they stand, and what reads them."""


class SqlAccounts(SqlReads):
    """`ledger.Accounts` in SQL, but for where accounts stand, which each database keeps in its own way."""

    async def load_account(self, user: str) -> StoredAccount | None:
        return await self._read(load_account, user) if can_hold(user) else None

    async def list_accounts(self, after: str = "", limit: int = 100) -> list[AccountRow]:
        return [AccountRow(*row) for row in await self._ask(_LIST, after=after, limit=limit)]

    async def author_tags(self, users: Collection[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for size, values in _values(users):
            found |= dict(await self._ask(_tags_of(size), **values))
        return found

    async def list_staff(self) -> list[StaffRow]:
        return [
            StaffRow(user, name, PlatformRole(role), until, tuple(cases.split()), read_restrictions(held), duty)
            for user, name, role, until, cases, held, duty in await self._ask(_STAFF)
        ]

    async def list_leaving(self, after: str = "", limit: int = 100) -> list[str]:
        # Asked for each group that comes into memory, by the hundred when all sign in again.
        return await self._read(list_leaving, after, limit)

    async def closing_accounts(self, now: int, after: str = "", limit: int = 100) -> list[str]:
        return [user for (user,) in await self._ask(_CLOSING, now=now, after=after, limit=limit)]

    async def next_account_ends(self, limit: int) -> list[tuple[int, str]]:
        return [(until_ms, user) for until_ms, user in await self._ask(_RESTRICTED, limit=limit)]

    async def due_for_renewal(self, told: int, limit: int) -> list[tuple[int, str]]:
        return [(at, user) for at, user in await self._ask(_RENEWING, told=told, limit=limit)]

    async def due_for_recovery(self, below: int, before_ms: int, after: str = "", limit: int = 500) -> list[str]:
        rows = await self._ask(_RECOVERING, below=below, before=before_ms, after=after, limit=limit)
        return [user for (user,) in rows]


class SqlSessions(SqlReads):
    """`ledger.Sessions` in SQL. Many sign in at once after a restart: tokens are asked on the hot path."""

    async def find_token(self, token_hash: str, since: int = 0) -> str | None:
        return await self._read(find_token, token_hash, since) if can_hold(token_hash) else None

    async def find_session(self, token_hash: str, since: int = 0) -> StoredAccount | None:
        return await self._read(find_session, token_hash, since) if can_hold(token_hash) else None

    async def list_sessions(self, user: str) -> list[SessionRow]:
        return [SessionRow(*row) for row in await self._ask(_SESSIONS, user=user)]

    async def find_reset_code(self, user: str, now: int) -> str | None:
        rows = await self._ask(_RESET_CODE, user=user, now=now) if can_hold(user) else []
        return str(rows[0][0]) if rows else None

    async def find_second_factor(self, user: str) -> SecondFactorRow | None:
        rows = await self._ask(_SECOND_FACTOR, user=user)
        return SecondFactorRow(*rows[0]) if rows else None

    async def tokens_in_use(self, hashes: Collection[str], since: int) -> set[str]:
        found: set[str] = set()
        for size, values in _values(hashes):
            found |= {token for (token,) in await self._ask(_used(size), **values, since=since)}
        return found

    async def ended_tokens(self, since: int, limit: int) -> list[str]:
        return [token for (token,) in await self._ask(_ENDED, since=since, limit=limit)]

    async def older_tokens(self, user: str, keep: int) -> list[str]:
        return [token for (token,) in await self._ask(_OLDER, user=user, keep=keep)]


def find_token(main: Connection, token_hash: str, since: int) -> str | None:
    """Return the user whose session token has this hash and was used `since`."""
    found = fetch_plain(main, _TOKEN, hash=token_hash, since=since)
    return str(found[0][0]) if found else None


def list_leaving(main: Connection, after: str, limit: int) -> list[str]:
    """Return users whose accounts are closed and who are still members somewhere, by name."""
    return [user for (user,) in fetch_plain(main, _LEAVING, after=after, limit=limit)]


def load_account(main: Connection, user: str) -> StoredAccount | None:
    """Return an account from its projections."""
    return _account(main, fetch_plain(main, _ACCOUNT, user=user))


def find_session(main: Connection, token_hash: str, since: int) -> StoredAccount | None:
    """Return the account whose session token has this hash and was used `since`."""
    return _account(main, fetch_plain(main, _SESSION, hash=token_hash, since=since))


def _account(main: Connection, found: Rows) -> StoredAccount | None:
    if not found:
        return None
    values = list(found[0])
    display_name, password_hash, language = (value or "" for value in values[len(_FIELDS) :])
    del values[len(_FIELDS) :]
    for at, read in _READERS:
        values[at] = read(values[at])
    state = AccountState(*values)
    user = state.user
    around: defaultdict[str, list[tuple[str, int, str, str]]] = defaultdict(list)
    for what, *rest in fetch_plain(main, _AROUND, user=user):
        around[what].append((rest[0], rest[1], rest[2], rest[3]))
    giver = next((text for _, _, text, _ in around["member"]), "") if state.home else ""
    if giver:
        others, bars = fetch_plain(main, _ANSWERING, user=giver), fetch_plain(main, OF_PERSON, user=giver)
    else:
        others = fetch_plain(main, _OTHERS, user=user) if around["other"] else ()
        bars = fetch_plain(main, OF_PERSON, user=user) if around["barred"] else ()
    return StoredAccount(
        state=state,
        profile=Profile(user, display_name, password_hash, language),
        groups=sorted(code for code, *_ in around["member"]),
        created=sorted(code for code, *_ in around["created"]),
        read_seqs={code: seq for code, seq, *_ in around["read"]},
        settings={code: MemberSettings(nick, Notify(notify), ts) for code, ts, nick, notify in around["settings"]},
        ignored=frozenset(whom for whom, *_ in around["ignored"]),
        has_unread=any(last for last, *_ in around["unread"]),
        others=[
            OtherAccount(name, until, why, credit, read_restrictions(held), joined, created, Identity(level), since)
            for name, until, why, credit, held, joined, created, level, since in others
        ],
        barred=[bar(row) for row in bars],
        giver=giver,
        bots=sorted(name for name, *_ in around["bot"]),
    )
