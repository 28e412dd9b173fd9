"""Uploads of pictures, sound and films: `ledger.Uploads`."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, case, func, select

from folkmoot_governance.media import LEAST_BYTES, REFUSED_BYTES, Media, MediaState

from .fetch import Rows, SqlReads
from .tables import media

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


def _media(rows: Rows) -> list[Media]:
    return [_of(dict(zip(_FIELDS, row, strict=True))) for row in rows]


def _of(values: dict[str, Any]) -> Media:
    return Media(**values | {"state": MediaState(values["state"])})


class SqlUploads(SqlReads):
    """`ledger.Uploads` in SQL."""

    async def media(self, ids: Collection[str]) -> list[Media]:
        # Ten at most in a post: a statement for each is kept compiled.
        return [one for id in ids for one in _media(await self._ask(_ONE, id=id))]

    async def media_of_token(self, token: str) -> Media | None:
        return next(iter(_media(await self._ask(_OF_TOKEN, token=token))), None)

    async def uploaded_bytes(self, user: str, since: int) -> int:
        return int((await self._ask(_BYTES, user=user, since=since))[0][0])

    async def unused_media(self, limit: int) -> list[Media]:
        return _media(await self._ask(_UNUSED, limit=limit))
