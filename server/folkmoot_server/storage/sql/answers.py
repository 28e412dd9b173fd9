"""What was asked for under a nonce, and how it was answered: `ledger.Answers`."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from ..change_set import Asked, ChangeSet, RowChange
from ..changes import answer_row, shown_media
from .fetch import SqlReads
from .tables import answers

COLUMNS = Asked.__struct_fields__
"""As they stand in the table and in the struct."""

_FIND = select(*(answers.c[name] for name in COLUMNS)).where(
    answers.c.user == bindparam("user"),
    answers.c.code == bindparam("code"),
    answers.c.nonce == bindparam("nonce"),
    answers.c.until_ms > bindparam("now"),
)


def rows_of(change_set: ChangeSet) -> Sequence[RowChange]:
    """Return the row changes of a change set whose entries are numbered, with those of what was asked for under a
    nonce, and of media that its last entry shows."""
    asked, media = change_set.asked, change_set.media
    if asked is None and not media:
        return change_set.rows
    rows = [*change_set.rows, *shown_media(media, change_set)] if media else [*change_set.rows]
    return rows if asked is None else [*rows, answer_row(asked)]


class SqlAnswers(SqlReads):
    """`ledger.Answers` in SQL."""

    async def find_answer(self, user: str, code: str, nonce: str, now: int) -> Asked | None:
        rows = await self._ask(_FIND, user=user, code=code, nonce=nonce, now=now)
        return Asked(*rows[0]) if rows else None
