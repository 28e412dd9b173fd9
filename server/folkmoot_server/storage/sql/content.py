"""What content rules work with and leave behind: `ledger.Reviews` and `ledger.Words`."""

from sqlalchemy import bindparam, select

from folkmoot_governance.content.kinds import Action
from folkmoot_governance.platform_words import PlatformWord

from ..rows import OpenFlag
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
_FLAGS = (
    select(
        open_flags.c.code,
        open_flags.c.user,
        open_flags.c.nonce,
        open_flags.c.rule,
        open_flags.c.severity,
        open_flags.c.ts,
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

    async def open_flags(self, before: int, limit: int) -> list[OpenFlag]:
        return [OpenFlag(*row) for row in await self._ask(_FLAGS, before=before, limit=limit)]


class SqlWords(SqlReads):
    """`ledger.Words` in SQL."""

    async def platform_words(self) -> list[PlatformWord]:
        return [PlatformWord(word, Action(verdict), by, ts) for word, verdict, by, ts in await self._ask(_WORDS)]
