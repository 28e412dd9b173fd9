"""What content rules work with and leave behind: `ledger.Reviews` and `ledger.Words`."""

from sqlalchemy import BigInteger, Text, bindparam, select, tuple_

from folkmoot_governance.content.kinds import Action
from folkmoot_governance.platform_words import PlatformWord

from ..rows import OpenFlag, QueuedPost
from .fetch import SqlReads
from .tables import held_texts, open_flags, platform_words, reviews

_HELD = (
    select(held_texts.c.number, held_texts.c.sealed)
    .join(reviews, (reviews.c.code == held_texts.c.code) & (reviews.c.number == held_texts.c.number))
    .where(held_texts.c.code == bindparam("code"))
)
_KEPT = select(held_texts.c.sealed).where(
    held_texts.c.code == bindparam("code"), held_texts.c.number == bindparam("number")
)
_QUEUE_FIELDS = ("code", "number", "user", "rule", "severity", "ts", "until_ms", "own_rule", "seq")
_PLACE = (reviews.c.ts, reviews.c.code, reviews.c.number)
_QUEUE = (
    select(*(reviews.c[name] for name in _QUEUE_FIELDS))
    .where(
        reviews.c.staff == 1,
        reviews.c.until_ms > bindparam("now", type_=BigInteger),
        tuple_(*_PLACE)
        > tuple_(
            bindparam("after_ts", type_=BigInteger),
            bindparam("after_code", type_=Text),
            bindparam("after_number", type_=BigInteger),
        ),
    )
    .order_by(*_PLACE)
    .limit(bindparam("limit"))
)
_FLAGS = (
    select(
        open_flags.c.code,
        open_flags.c.user,
        open_flags.c.nonce,
        open_flags.c.rule,
        open_flags.c.severity,
        open_flags.c.ts,
        open_flags.c.staff,
        open_flags.c.own_rule,
    )
    .where(open_flags.c.ts < bindparam("before"))
    .order_by(open_flags.c.ts)
    .limit(bindparam("limit"))
)
_WORDS = select(platform_words.c.word, platform_words.c.verdict, platform_words.c.by, platform_words.c.ts).order_by(
    platform_words.c.word
)


class SqlReviews(SqlReads):
    """`ledger.Reviews` in SQL."""

    async def held_texts(self, code: str) -> dict[int, str]:
        return dict(await self._ask(_HELD, code=code))

    async def held_text(self, code: str, number: int) -> str | None:
        found = await self._ask(_KEPT, code=code, number=number)
        return str(found[0][0]) if found else None

    async def staff_queue(self, now: int, after: tuple[int, str, int], limit: int) -> list[QueuedPost]:
        place = dict(zip(("after_ts", "after_code", "after_number"), after, strict=True))
        return [QueuedPost(*row) for row in await self._ask(_QUEUE, now=now, limit=limit, **place)]

    async def open_flags(self, before: int, limit: int) -> list[OpenFlag]:
        return [OpenFlag(*row) for row in await self._ask(_FLAGS, before=before, limit=limit)]


class SqlWords(SqlReads):
    """`ledger.Words` in SQL."""

    async def platform_words(self) -> list[PlatformWord]:
        return [PlatformWord(word, Action(verdict), by, ts) for word, verdict, by, ts in await self._ask(_WORDS)]
