"""Posts that are kept beyond their month, in PostgreSQL: a table of its own, asked where the months have no more."""

from collections.abc import Collection, Sequence

import asyncpg

from folkmoot_protocol.types import Entry

from ..channels import HIGHEST, Place
from ..sql.closed_authors import unnamed
from ..sql.kept_posts import without_text
from ..sql.removed_texts import RemovedTexts
from .database import Reader

_ANY = "SELECT 1 FROM kept_posts LIMIT 1"
_GONE = "EXISTS (SELECT 1 FROM redactions r WHERE r.code = k.code AND r.seq = k.seq)"
# Only names of ours stand in the statements, hence each silenced S608; values are parameters.
_BELOW = f"""
    SELECT asked.code, found.ts, found.seq
    FROM unnest($1::text[], $2::bigint[]) AS asked (code, seq), LATERAL (
        SELECT k.ts, k.seq FROM kept_posts k
        WHERE k.code = asked.code AND (k.ts, k.seq) < ($3, asked.seq) AND k.sealed <> '' AND NOT {_GONE}
        ORDER BY k.ts DESC, k.seq DESC LIMIT $4) AS found"""  # noqa: S608
_AT = f"""SELECT k.code, k.seq, k.sealed, {_GONE} AS gone
    FROM unnest($1::text[], $2::bigint[]) AS pair (code, seq)
    JOIN kept_posts k ON k.code = pair.code AND k.seq = pair.seq WHERE k.sealed <> ''"""  # noqa: S608
_REPEATS = f"""SELECT ts, code::bigint AS grp, seq FROM kept_posts k
    WHERE of_code <> '' AND of_code = $1 AND of_seq = $2 AND (ts, code::bigint, seq) < ($3, $4, $5)
    AND sealed <> '' AND NOT {_GONE} ORDER BY ts DESC, grp DESC, seq DESC LIMIT $6"""  # noqa: S608
_TAGS = """SELECT "user", author_tag, names_removed_ms FROM accounts
    WHERE (author_tag <> '' OR names_removed_ms > 0) AND "user" = ANY($1::text[])"""


async def with_kept(
    reader: Reader, places: list[Place], codes: Sequence[str], before: Place, limit: int
) -> list[Place]:
    """As that of SQLite."""
    if not await reader.rows(_ANY):
        return places
    starts = [before.seq if (grp := int(code)) == before.grp else HIGHEST if grp < before.grp else 0 for code in codes]
    rows = await reader.rows(_BELOW, list(codes), starts, before.ts, limit)
    found = {*places, *(Place(row["ts"], int(row["code"]), row["seq"]) for row in rows)}
    return sorted(found, reverse=True)[:limit]


async def with_kept_reposts(
    reader: Reader, places: list[Place], code: str, seq: int, before: Place, limit: int
) -> list[Place]:
    """As that of SQLite."""
    rows = await reader.rows(_REPEATS, code, seq, before.ts, before.grp, before.seq, limit)
    return sorted({*places, *(Place(row["ts"], row["grp"], row["seq"]) for row in rows)}, reverse=True)[:limit]


async def kept_posts(
    reader: Reader, removed: RemovedTexts, wanted: Collection[tuple[str, int]], *, preserved: bool = False
) -> dict[tuple[str, int], Entry]:
    """As that of SQLite."""
    found = {}
    for row in await reader.rows(_AT, [code for code, _seq in wanted], [seq for _code, seq in wanted]):
        code, seq = row["code"], row["seq"]
        post = removed.kept.open(code, seq, row["sealed"])
        if post is not None:
            found[code, seq] = without_text(post) if row["gone"] and not preserved else post
    users = {post.from_.user for post in found.values()}
    tags = {row["user"]: row for row in await reader.rows(_TAGS, list(users))} if users else {}
    return {place: _as_named(post, tags.get(post.from_.user)) for place, post in found.items()}


def _as_named(post: Entry, account: asyncpg.Record | None) -> Entry:
    """Return a post without a name that is not to be shown any more; as `closed_authors.NAMELESS` says."""
    if account is None or not (account["author_tag"] or post.ts <= account["names_removed_ms"]):
        return post
    return unnamed(post, account["author_tag"] or post.from_.user)
