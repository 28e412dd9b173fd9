"""Who follows which channel, in SQL for both databases, and what is the same of pages of posts: `channels.Channels`."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, or_, select

from folkmoot_governance.credentials import CredentialKind
from folkmoot_protocol.types import ChannelForm, CommentPolicy, GroupStatus, Refutation

from ..channels import ChannelRow
from .fetch import can_hold
from .kept_posts import SqlKeptPosts
from .persons import others_of
from .projection import read_credentials
from .tables import follows, groups, reach, reads

CHANNEL_COLUMNS = (
    "code, handle, form, name, topic, category, status, status_until_ms, created_ts, opened_ts, credentials, comments"
)
REFUTED_COLUMNS = 'r.code, r.seq, r.text, r.ts, r."case"'
_USER: BindParameter[str] = bindparam("user")
_CODE: BindParameter[str] = bindparam("code")
_HANDLE = select(groups.c.code).where(groups.c.handle == bindparam("handle"), groups.c.handle != "")
_FOLLOWS = (
    select(follows.c.code)
    .where(follows.c.user == _USER, follows.c.code > bindparam("after"))
    .order_by(follows.c.code)
    .limit(bindparam("limit"))
)
_COUNT = select(func.count()).where(follows.c.user == _USER)
_FOLLOWERS = select(reach.c.followers).where(reach.c.code == _CODE)
_READS = select(reach.c.reads_day).where(reach.c.code == _CODE, reach.c.day == bindparam("day"))
_OLDEST = (
    select(reads.c.day, reads.c.part).where(reads.c.day < bindparam("day")).order_by(reads.c.day, reads.c.part).limit(1)
)
_ONE = select(follows.c.ts).where(follows.c.user == _USER, follows.c.code == _CODE)
_OWNER = groups.c.owner
_SUBJECT = (
    select(groups.c.code)
    .where(or_(_OWNER == _USER, _OWNER.in_(others_of(_USER))), groups.c.form == ChannelForm.PUBLIC.value)
    .where(groups.c.status != GroupStatus.CLOSED.value)
    .order_by(groups.c.code)
)
_BADGED = (
    select(groups.c.code)
    .where(_OWNER == _USER, groups.c.credentials.contains(f'"{CredentialKind.BADGE}"'))
    .order_by(groups.c.code)
)
_PUBLIC = (
    select(*(groups.c[name] for name in CHANNEL_COLUMNS.split(", ")))
    .where(groups.c.form == ChannelForm.PUBLIC.value, groups.c.code > bindparam("after"))
    .order_by(groups.c.code)
    .limit(bindparam("limit"))
)


class SqlFollows(SqlKeptPosts):
    """What of `channels.Channels` is one statement."""

    async def find_channel(self, handle: str) -> str | None:
        rows = await self._ask(_HANDLE, handle=handle) if handle and can_hold(handle) else ()
        return rows[0][0] if rows else None

    async def follows(self, user: str, after: str = "", limit: int = 100) -> list[str]:
        rows = await self._ask(_FOLLOWS, user=user, after=after, limit=limit) if can_hold(after) else ()
        return [code for (code,) in rows]

    async def count_follows(self, user: str) -> int:
        return int((await self._ask(_COUNT, user=user))[0][0])

    async def is_following(self, user: str, code: str) -> bool:
        return bool(await self._ask(_ONE, user=user, code=code))

    async def count_followers(self, code: str) -> int:
        rows = await self._ask(_FOLLOWERS, code=code)
        return int(rows[0][0]) if rows else 0

    async def count_reads(self, code: str, day: int) -> int:
        rows = await self._ask(_READS, code=code, day=day)
        return int(rows[0][0]) if rows else 0

    async def oldest_reads(self, day: int) -> tuple[int, int] | None:
        rows = await self._ask(_OLDEST, day=day)
        return (rows[0][0], rows[0][1]) if rows else None

    async def subject_channels(self, user: str) -> list[str]:
        return [code for (code,) in await self._ask(_SUBJECT, user=user)]

    async def badged_channels(self, user: str) -> list[str]:
        return [code for (code,) in await self._ask(_BADGED, user=user)]

    async def list_public(self, after: str = "", limit: int = 100) -> list[ChannelRow]:
        rows = await self._ask(_PUBLIC, after=after, limit=limit) if can_hold(after) else ()
        return [channel_of(row) for row in rows]


def channel_of(row: Sequence[Any]) -> ChannelRow:
    """Return the channel of a row, whose columns are `CHANNEL_COLUMNS`."""
    code, handle, form, name, topic, category, status, until_ms, created_ts, opened_ts, granted, comments = row
    said, since = (name, topic, category), (until_ms, created_ts, opened_ts)
    standing, held = GroupStatus(status), read_credentials(granted)
    return ChannelRow(code, handle, ChannelForm(form), *said, standing, *since, held, CommentPolicy(comments))


def refuted_of(rows: Iterable[Sequence[Any]]) -> dict[tuple[str, int], Refutation]:
    """Return what the platform says about posts, by the code and the seq; the columns of rows are `REFUTED_COLUMNS`."""
    return {(code, seq): Refutation(text, ts, case) for code, seq, text, ts, case in rows}
