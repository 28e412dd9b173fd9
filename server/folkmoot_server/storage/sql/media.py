"""Uploads of pictures, sound and films: `ledger.Uploads`."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, Text, and_, bindparam, case, exists, func, literal_column, or_, select, tuple_

from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.media import LEAST_BYTES, REFUSED_BYTES, Media, MediaState

from .fetch import Rows, SqlReads, can_hold
from .tables import held, kept_posts, media, redactions

_FIELDS = Media.__struct_fields__
_COLUMNS = [media.c[name] for name in _FIELDS]
_ONE = select(*_COLUMNS).where(media.c.id == bindparam("id"))
_OF_TOKEN = select(*_COLUMNS).where(media.c.token == bindparam("token"), media.c.token != "")  # no password
_LEAST = case((media.c.state == MediaState.REFUSED, REFUSED_BYTES), else_=LEAST_BYTES)
_COUNTED = case((media.c.sent > _LEAST, media.c.sent), else_=_LEAST)
_BYTES = select(func.coalesce(func.sum(_COUNTED), 0)).where(
    media.c.user == bindparam("user"), media.c.created_ts > bindparam("since")
)
_UNUSED = select(*_COLUMNS).where(media.c.seq == 0).order_by(media.c.until_ms).limit(bindparam("limit"))

_PENDING = (
    select(*_COLUMNS)
    .where(literal_column("seq = 0"), media.c.state == MediaState.PENDING)
    .order_by(media.c.until_ms)
    .limit(bindparam("limit"))
)
_LIST = (
    select(*_COLUMNS)
    .where(tuple_(media.c.created_ts, media.c.id) < tuple_(bindparam("before", type_=BigInteger), bindparam("id")))
    .where(or_(bindparam("user", type_=Text) == "", media.c.user == bindparam("user", type_=Text)))
    .where(or_(bindparam("state", type_=Text) == "", media.c.state == bindparam("state", type_=Text)))
    .order_by(media.c.created_ts.desc(), media.c.id.desc())
    .limit(bindparam("limit"))
)
_REMOVED = and_(redactions.c.code == media.c.code, redactions.c.seq == media.c.seq)
_TO_SEAL = (
    select(*_COLUMNS)
    .join(redactions, _REMOVED)
    .where(media.c.seq > 0, media.c.state == MediaState.POSTED, redactions.c.ts >= bindparam("since"))
    .limit(bindparam("limit"))
)
_TO_UNSEAL = (
    select(*_COLUMNS).where(literal_column("state = 'removed'"), ~exists().where(_REMOVED)).limit(bindparam("limit"))
)
_BEFORE = (
    select(*_COLUMNS)
    .where(media.c.ts > 0, media.c.ts < bindparam("ts"))
    .where(~exists().where(held.c.code == media.c.code, held.c.seq == media.c.seq))
    .where(
        ~exists().where(kept_posts.c.code == media.c.code, kept_posts.c.seq == media.c.seq, kept_posts.c.sealed != "")
    )
    .order_by(media.c.ts, media.c.id)
    .limit(bindparam("limit"))
)


def _media(rows: Rows) -> list[Media]:
    return [_of(dict(zip(_FIELDS, row, strict=True))) for row in rows]


def _of(values: dict[str, Any]) -> Media:
    return Media(**values | {"state": MediaState(values["state"])})


class SqlUploads(SqlReads):
    """`ledger.Uploads` in SQL."""

    async def media(self, ids: Collection[str]) -> list[Media]:
        # Ten at most in a post: a statement for each is kept compiled.
        return [one for id in filter(can_hold, ids) for one in _media(await self._ask(_ONE, id=id))]

    async def media_of_token(self, token: str) -> Media | None:
        return next(iter(_media(await self._ask(_OF_TOKEN, token=token))), None)

    async def uploaded_bytes(self, user: str, since: int) -> int:
        return int((await self._ask(_BYTES, user=user, since=since))[0][0])

    async def list_media(
        self, user: str, state: MediaState | None, before: tuple[int, str] | None, limit: int
    ) -> list[Media]:
        ts, id = before or (FOREVER_MS, "")
        if not (can_hold(user) and can_hold(id)):
            return []
        values = {"user": user, "state": state.value if state else "", "before": ts, "id": id}
        return _media(await self._ask(_LIST, **values, limit=limit))

    async def pending_media(self, limit: int) -> list[Media]:
        return _media(await self._ask(_PENDING, limit=limit))

    async def unused_media(self, limit: int) -> list[Media]:
        return _media(await self._ask(_UNUSED, limit=limit))

    async def media_to_seal(self, since: int, limit: int) -> list[Media]:
        return _media(await self._ask(_TO_SEAL, since=since, limit=limit))

    async def media_to_unseal(self, limit: int) -> list[Media]:
        return _media(await self._ask(_TO_UNSEAL, limit=limit))

    async def media_before(self, ts: int, limit: int) -> list[Media]:
        return _media(await self._ask(_BEFORE, ts=ts, limit=limit))
