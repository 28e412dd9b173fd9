"""Posts of channels that are kept beyond their month (`[retention] posts = "keep"`, P16, W16): `channels.KeptPosts`.

Before a month goes, each post of it that stands is sealed into a row, as it stands then, with the editor who wrote it.
The rows of a month are on record like what a hold keeps (`EntriesHeld` for `HOLD`): how many, and a hash over the
hashes of what was sealed. So a text can be taken out of its row, when the post was removed, and the record still tells
whether anything else was changed.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec
from msgspec.structs import replace
from sqlalchemy import Integer, and_, bindparam, exists, or_, select, tuple_

from folkmoot_protocol.types import Entry, GroupStatus

from ...crypto.cipher import Sealed
from ..rows import KEPT_PURPOSE, KeptPost
from .fetch import SqlReads
from .tables import groups, kept, kept_posts, redactions

HOLD = "posts"
"""The hold for which they are kept, as the record names it."""

COLUMNS = ", ".join(KeptPost._fields)
_decode = msgspec.json.Decoder(Entry).decode

_PLACE = tuple_(kept_posts.c.code, kept_posts.c.seq)
_AFTER = tuple_(bindparam("code"), bindparam("seq", type_=Integer))
_OF_MONTH = (
    select(*(kept_posts.c[name] for name in KeptPost._fields))
    .where(kept_posts.c.month == bindparam("month"), _PLACE > _AFTER)
    .order_by(kept_posts.c.code, kept_posts.c.seq)
    .limit(bindparam("limit"))
)
_OF_CHANNEL = (
    select(kept_posts.c.seq)
    .where(kept_posts.c.code == bindparam("code"), kept_posts.c.seq > bindparam("after"), kept_posts.c.sealed != "")
    .order_by(kept_posts.c.seq)
    .limit(bindparam("limit"))
)
_REMOVED = exists().where(
    redactions.c.code == kept_posts.c.code,
    redactions.c.seq == kept_posts.c.seq,
    redactions.c.ts < bindparam("since"),
)
_CLOSED = exists().where(
    and_(groups.c.code == kept_posts.c.code, groups.c.status == GroupStatus.CLOSED.value),
    ~exists().where(kept.c.code == kept_posts.c.code),
)
_ENDED = (
    select(kept_posts.c.code, kept_posts.c.seq)
    .where(kept_posts.c.sealed != "", or_(_REMOVED, _CLOSED))
    .limit(bindparam("limit"))
)


class KeptTexts:
    """Seals posts, each bound to its place, and opens them."""

    def __init__(self, sealed: Sealed) -> None:
        self._sealed = sealed

    @classmethod
    def of_key(cls, key: bytes) -> "KeptTexts":
        """Return that of the journal's key."""
        return cls(Sealed(None, KEPT_PURPOSE, key))

    def seal(self, month: str, code: str, post: Entry) -> KeptPost:
        """Return the row of a post as it stands."""
        sealed = self._sealed.seal(msgspec.json.encode(post), bound_to(code, post.seq))
        return KeptPost(code, post.seq, post.ts, month, sealed, digest_of(post.ts, sealed), *repeated_by(post))

    def open(self, code: str, seq: int, sealed: str) -> Entry | None:
        """Return a post; None where it is not what was sealed under this key."""
        try:
            found = self._sealed.open(sealed, bound_to(code, seq))
        except ValueError:
            # No base64 at all.
            return None
        return None if found is None else _decode(found)


def repeated_by(post: Entry) -> tuple[str, int]:
    """Return the code and the seq of the post that one repeats, empty and 0 for none."""
    repeated = (post.data or {}).get("repost")
    return (repeated["group"], repeated["seq"]) if repeated else ("", 0)


def without_text(post: Entry) -> Entry:
    """Return a post that was removed as it is shown: that it was there."""
    return replace(post, body="", data=None, redacted=True)


def bound_to(code: str, seq: int) -> bytes:
    """Return what the text of a post is sealed with."""
    return f"{code} {seq}".encode()


def digest_of(ts: int, sealed: str) -> str:
    """Return what stays of what was sealed when it is taken out."""
    return sha256(f"{ts} {sealed}".encode()).hexdigest()


def tally(digests: Iterable[str]) -> tuple[int, str]:
    """Return how many posts these are, in the order of their places, and SHA-256 over them, for the record."""
    count, over = 0, sha256()
    for one in digests:
        count += 1
        over.update(f"{one}\n".encode())
    return count, over.hexdigest()


class SqlKeptPosts(SqlReads):
    """What of `channels.KeptPosts` is one statement."""

    async def kept_of_month(self, month: str, after: tuple[str, int], limit: int) -> list[KeptPost]:
        code, seq = after
        return [KeptPost(*row) for row in await self._ask(_OF_MONTH, month=month, code=code, seq=seq, limit=limit)]

    async def kept_of_channel(self, code: str, after: int, limit: int) -> list[int]:
        return [seq for (seq,) in await self._ask(_OF_CHANNEL, code=code, after=after, limit=limit)]

    async def ended_kept(self, since_ms: int, limit: int) -> Sequence[tuple[str, int]]:
        return [(code, seq) for code, seq in await self._ask(_ENDED, since=since_ms, limit=limit)]
