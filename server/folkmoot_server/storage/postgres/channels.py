"""Channels in PostgreSQL: see `channels.Channels`. A page of posts is merged here from what a few statements bring."""

from bisect import insort
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import asyncpg
from msgspec.structs import replace

from folkmoot_governance.group.edit import as_it_stands
from folkmoot_protocol.types import Entry, EntryKind, Refutation

from ..channels import HIGHEST, NEWEST, ChannelRow, Place, PostPage, end_of_page
from ..sql.channels import CHANNEL_COLUMNS, REFUTED_COLUMNS, SqlFollows, channel_of, refuted_of
from ..sql.closed_authors import AuthorTags, without_closed
from ..sql.fetch import Ask, Read
from ..sql.removed_texts import RemovedTexts
from .database import Reader
from .journal import READ_COLUMNS, entry_of_record, number_of
from .kept_posts import kept_posts, with_kept, with_kept_reposts

FIRST = 4
"""Posts of each that are looked for first: most channels of a page have few in it."""
ASKED_AT_ONCE = 20
"""Channels that one statement looks into at least: a page has its posts from hardly more than it has posts."""

# Only constants of ours stand in the statements, hence the silenced S608; values are parameters.
_FOLLOWED = 'SELECT code FROM follows WHERE "user" = $1'
_CHANNELS = f"""SELECT {CHANNEL_COLUMNS} FROM groups
    WHERE form <> '' AND code = ANY($1::text[])"""  # noqa: S608
_GONE = "EXISTS (SELECT 1 FROM redactions r WHERE r.code = e.grp::text AND r.seq = {seq})"
_ASKED = "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS asked (grp, ts, seq)"
_FOUND = f"""LATERAL (
        SELECT e.ts, e.seq FROM entry e
        WHERE e.kind = 'post' AND e.grp = asked.grp AND (e.ts, e.seq) < (asked.ts, asked.seq)
        AND NOT {_GONE.format(seq="e.seq")} ORDER BY e.ts DESC, e.seq DESC LIMIT $5) AS found"""  # noqa: S608
_BELOW = f"""SELECT asked.grp, found.ts, found.seq, NULL::bigint AS top {_ASKED}, {_FOUND}
    ORDER BY found.ts DESC, asked.grp DESC, found.seq DESC LIMIT $4"""
_FROM_TOP = f"""({_BELOW}) UNION ALL
    SELECT asked.grp, NULL, NULL, coalesce(
        (SELECT max(e.ts) FROM entry e WHERE e.kind = 'post' AND e.grp = asked.grp), 0) {_ASKED}"""  # noqa: S608
_MOVED = "SELECT grp, max(ts) AS ts, max(seq) AS seq FROM entry WHERE kind = 'post' AND ts > $1 GROUP BY grp"
_IN_MONTH = """SELECT grp, ts, seq FROM entry
    WHERE kind = 'post' AND month = $1 AND (grp, ts, seq) > ($2, $3, $4) ORDER BY grp, ts, seq LIMIT $5"""
_PAIRS = "FROM unnest($1::bigint[], $2::bigint[]) AS pair (grp, seq) JOIN entry e ON e.grp = pair.grp"
_ROWS = f"""SELECT {READ_COLUMNS}, {_GONE.format(seq="e.seq")} {_PAIRS} AND e.seq = pair.seq UNION ALL
    SELECT {READ_COLUMNS}, {_GONE.format(seq="e.target")} {_PAIRS} AND e.target = pair.seq AND e.kind = 'edit'"""
_REFUTED = f"""SELECT {REFUTED_COLUMNS} FROM unnest($1::text[], $2::bigint[]) AS pair (code, seq)
    JOIN refutations r ON r.code = pair.code AND r.seq = pair.seq"""  # noqa: S608
_REPOSTS = """SELECT ts, grp, seq FROM entry
    WHERE kind = 'post' AND data IS NOT NULL AND (data::jsonb #>> '{repost,group}') = $1
    AND (data::jsonb #>> '{repost,seq}')::bigint = $2 AND (ts, grp, seq) < ($3, $4, $5)
    ORDER BY ts DESC, grp DESC, seq DESC LIMIT $6"""
_COMMENTS = f"""SELECT {READ_COLUMNS}, {_GONE.format(seq="e.seq")} FROM entry e
    WHERE e.kind = 'comment' AND e.grp = $1 AND e.target = $2 AND e.seq > $3 ORDER BY e.seq LIMIT $4"""  # noqa: S608

_EDITS = f"""SELECT {READ_COLUMNS}, {_GONE.format(seq="e.seq")} FROM entry e
    WHERE e.kind = 'edit' AND e.grp = $1 AND e.target = ANY($2::bigint[]) ORDER BY e.seq"""  # noqa: S608

_COMMENTER = """SELECT ts, grp, seq FROM entry
    WHERE kind = 'comment' AND "user" = $1 AND (ts, grp, seq) < ($2, $3, $4)
    ORDER BY ts DESC, grp DESC, seq DESC LIMIT $5"""


class PostgresChannels(SqlFollows):
    """`channels.Channels` on a PostgreSQL database."""

    def __init__(self, read: Read, ask: Ask, reader: Reader, removed: RemovedTexts, author_tags: AuthorTags) -> None:
        super().__init__(read, ask)
        self._reader = reader
        self._removed = removed
        self._author_tags = author_tags

    async def channels(self, codes: Collection[str]) -> dict[str, ChannelRow]:
        rows = await self._reader.rows(_CHANNELS, list(codes))
        return {row["code"]: channel_of(tuple(row)) for row in rows}

    async def moved(self, since_ms: int) -> dict[str, tuple[int, int]]:
        return {str(row["grp"]): (row["ts"], row["seq"]) for row in await self._reader.rows(_MOVED, since_ms)}

    async def posts_of_month(self, month: str, after: tuple[int, int, int], limit: int) -> list[tuple[int, int, int]]:
        return [tuple(row) for row in await self._reader.rows(_IN_MONTH, number_of(month), *after, limit)]

    async def home(self, user: str, tops: Mapping[str, int], before: Place, limit: int, now: int) -> PostPage:
        followed = [row["code"] for row in await self._reader.rows(_FOLLOWED, user)]
        return await self._page([(tops.get(code, HIGHEST), code) for code in followed], before, limit, now)

    async def posts(self, code: str, before: Place, limit: int, now: int) -> PostPage:
        return await self._page([(HIGHEST, code)], before, limit, now)

    async def posts_at(self, places: Collection[Place], now: int) -> PostPage:
        rows = await self.channels({str(place.grp) for place in places})
        there = [place for place in places if str(place.grp) in rows and rows[str(place.grp)].is_readable(now)]
        found = await self._entries(there)
        posts = [one for one in found if one[1].kind is EntryKind.POST]
        return await _shown(PostPage(posts, rows, None, {}, await self._refuted(posts)), self._author_tags)

    async def reposts(self, code: str, seq: int, before: Place, limit: int, now: int) -> PostPage:
        asked = code, seq, before.ts, before.grp, before.seq, limit + 1
        places = [Place(row["ts"], row["grp"], row["seq"]) for row in await self._reader.rows(_REPOSTS, *asked)]
        if len(places) <= limit:
            places = await with_kept_reposts(self._reader, places, code, seq, before, limit + 1)
        page = await self.posts_at(places[:limit], now)
        return replace(page, end=end_of_page(places, limit))

    async def comments(self, code: str, seq: int, after: int, limit: int) -> list[Entry]:
        rows = await self._reader.rows(_COMMENTS, int(code), seq, after, limit)
        comments = [self._entry(row) for row in rows]
        edits: dict[int | None, list[Entry]] = defaultdict(list)
        for row in await self._reader.rows(_EDITS, int(code), [one.seq for one in comments]) if comments else ():
            edit = self._entry(row)
            edits[edit.target].append(edit)
        standing = [as_it_stands(one, edits.get(one.seq, ())) for one in comments]
        return await without_closed(standing, self._author_tags)

    async def comments_by(self, user: str, before: Place, limit: int) -> list[Place]:
        rows = await self._reader.rows(_COMMENTER, user, before.ts, before.grp, before.seq, limit)
        return [Place(row["ts"], row["grp"], row["seq"]) for row in rows]

    async def _page(self, bounds: Sequence[tuple[int, str]], before: Place, limit: int, now: int) -> PostPage:
        while True:
            places, learnt = await self._merge(bounds, before, limit + 1)
            if len(places) <= limit:
                places = await with_kept(self._reader, places, [code for _top, code in bounds], before, limit + 1)
            rows = await self.channels({str(place.grp) for place in places})
            if all(row.is_readable(now) for row in rows.values()):
                break
            # All at once: somebody may follow a thousand that nobody may read.
            rows = await self.channels([code for _top, code in bounds])
            bounds = [(top, code) for top, code in bounds if code in rows and rows[code].is_readable(now)]
        found = await self._entries(places[:limit])
        page = PostPage(found, rows, end_of_page(places, limit), learnt, await self._refuted(found))
        return await _shown(page, self._author_tags)

    async def _refuted(self, posts: Sequence[tuple[Place, Entry]]) -> dict[tuple[str, int], Refutation]:
        """Return what the platform says about posts."""
        pairs = [str(place.grp) for place, _entry in posts], [place.seq for place, _entry in posts]
        return refuted_of(await self._reader.rows(_REFUTED, *pairs)) if posts else {}

    async def _merge(
        self, bounds: Sequence[tuple[int, str]], before: Place, limit: int
    ) -> tuple[list[Place], dict[str, int]]:
        """As that of SQLite, but for so many channels at once."""
        newest_first = sorted(((min(top, before.ts), code) for top, code in bounds), reverse=True)
        found: list[Place] = []
        learnt: dict[str, int] = {}
        count = max(limit, ASKED_AT_ONCE)
        for start in range(0, len(newest_first), count):
            some = newest_first[start : start + count]
            if len(found) == limit and some[0][0] < found[0].ts:
                break
            starts = {int(code): HIGHEST if int(code) < before.grp else 0 for _top, code in some}
            below = {grp: (before.ts, before.seq if grp == before.grp else seq) for grp, seq in starts.items()}
            learnt |= await self._take_in(found, below, limit, from_top=before == NEWEST)
        return found[::-1], learnt

    async def _take_in(
        self, found: list[Place], below: dict[int, tuple[int, int]], limit: int, *, from_top: bool
    ) -> dict[str, int]:
        """Take posts of channels into the newest `limit`; return the tops that were learnt. `below`: a time and a seq
        for each channel."""
        learnt: dict[str, int] = {}
        statement, each = _FROM_TOP if from_top else _BELOW, FIRST if len(below) > 1 else limit
        while below:
            asked = zip(*((grp, ts, seq) for grp, (ts, seq) in below.items()), strict=True)
            came: dict[int, list[Place]] = defaultdict(list)
            for grp, ts, seq, top in await self._reader.rows(statement, *map(list, asked), limit, each):
                if seq is None:
                    learnt[str(grp)] = top
                else:
                    came[grp].append(Place(ts, grp, seq))
                    insort(found, came[grp][-1])
            del found[:-limit]
            # There may be more of those of whom all that was asked for is wanted.
            ends = {grp: min(places) for grp, places in came.items() if len(places) == each}
            below = {grp: (end.ts, end.seq) for grp, end in ends.items() if end >= found[0]}
            statement, each = _BELOW, limit
        return learnt

    async def _entries(self, places: Sequence[Place]) -> list[tuple[Place, Entry]]:
        pairs = [place.grp for place in places], [place.seq for place in places]
        if not places:
            return []
        found = [(row["grp"], self._entry(row)) for row in await self._reader.rows(_ROWS, *pairs)]
        edits: dict[tuple[int, int | None], list[Entry]] = defaultdict(list)
        for grp, entry in found:
            if entry.kind is EntryKind.EDIT:
                insort(edits[grp, entry.target], entry, key=lambda edit: edit.seq)
        shown_of = {
            (grp, entry.seq): as_it_stands(entry, edits.get((grp, entry.seq), ()))
            for grp, entry in found
            if entry.kind is not EntryKind.EDIT and not entry.redacted
        }
        missing = [(str(place.grp), place.seq) for place in places if (place.grp, place.seq) not in shown_of]
        kept = await kept_posts(self._reader, self._removed, missing) if missing else {}
        shown_of |= {(int(code), seq): post for (code, seq), post in kept.items() if not post.redacted}
        return [(place, shown_of[place.grp, place.seq]) for place in places if (place.grp, place.seq) in shown_of]

    def _entry(self, row: asyncpg.Record) -> Entry:
        return entry_of_record(row, self._removed)


async def _shown(page: PostPage, author_tags: AuthorTags) -> PostPage:
    """Return a page without the names of who has closed the account."""
    entries = await without_closed([entry for _place, entry in page.posts], author_tags)
    places = [place for place, _entry in page.posts]
    return replace(page, posts=list(zip(places, entries, strict=True)))
