"""Channels in SQLite: see `channels.Channels`. A page of posts is merged here, in the reader's thread, in one go."""

from bisect import insort
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import repeat
from sqlite3 import Connection
from typing import Any

import msgspec
from msgspec.structs import replace

from folkmoot_governance.closed_names import hide_in_entry
from folkmoot_governance.group.edit import as_it_stands
from folkmoot_protocol.types import Entry, EntryKind, Refutation

from ..channels import HIGHEST, NEWEST, ChannelRow, Place, PostPage, end_of_page
from ..sql.channels import CHANNEL_COLUMNS, REFUTED_COLUMNS, channel_of, refuted_of
from ..sql.closed_authors import names_in_entries
from ..sql.entry_rows import COLUMNS, Row
from ..sql.months import end_of
from .journal import TARGET, as_they_stand, entries_of, entries_that_stand, nameless
from .kept_posts import kept_posts, with_kept, with_kept_reposts
from .segments import OLD_INDEX, REPEATS, REPEATS_SEQ, SegmentReader

FIRST, MORE = 4, 50
"""Posts of a channel that are looked at first, and then at once: most channels of a page have few in it."""

# Only names of ours stand in the statements of this module, hence each silenced S608; values are parameters.
_FOLLOWED = 'SELECT code FROM follows WHERE "user" = ?'
_CHANNELS = f"""SELECT {CHANNEL_COLUMNS} FROM groups
    WHERE form <> '' AND code IN (SELECT value FROM json_each(?))"""  # noqa: S608
_BELOW = """SELECT ts, seq FROM entry INDEXED BY entry_post
    WHERE kind = 'post' AND grp = ? AND (ts, seq) < (?, ?) ORDER BY ts DESC, seq DESC LIMIT ?"""
_GONE = "SELECT seq FROM redactions WHERE code = ? AND seq BETWEEN ? AND ?"
_MOVED = "SELECT grp, max(ts), max(seq) FROM entry INDEXED BY entry_post WHERE kind = 'post' AND ts > ? GROUP BY grp"
_PAIRS = "(SELECT json_extract(value, '$[0]') AS g, json_extract(value, '$[1]') AS s FROM json_each(?)) AS pair"
_GONE_AT = f"SELECT code, seq FROM {_PAIRS} CROSS JOIN redactions r ON r.code = CAST(g AS TEXT) AND r.seq = s"  # noqa: S608
_CLOSED = "SELECT user, author_tag FROM accounts WHERE author_tag <> '' AND user IN (SELECT value FROM json_each(?))"
_REFUTED = f"SELECT {REFUTED_COLUMNS} FROM {_PAIRS} CROSS JOIN refutations r ON r.code = CAST(g AS TEXT) AND r.seq = s"  # noqa: S608
_REPOSTS = """SELECT ts, grp, seq FROM repost WHERE of_grp = ? AND of_seq = ? AND (ts, grp, seq) < (?, ?, ?)
    ORDER BY ts DESC, grp DESC, seq DESC LIMIT ?"""
_OLD_REPOSTS = f"""SELECT ts, grp, seq FROM entry INDEXED BY entry_repost
    WHERE kind = 'post' AND data IS NOT NULL AND {REPEATS} = ? AND {REPEATS_SEQ} = ?
    AND (ts, grp, seq) < (?, ?, ?) ORDER BY ts DESC, grp DESC, seq DESC LIMIT ?"""  # noqa: S608
_NAMES = ", ".join(f"e.{name}" for name in COLUMNS.split(", "))
_ROWS = f"SELECT e.grp, {_NAMES} FROM {_PAIRS} CROSS JOIN entry e ON e.grp = g AND e.seq = s"  # noqa: S608
_EDITS = f"""SELECT e.grp, {_NAMES} FROM {_PAIRS} CROSS JOIN entry e INDEXED BY entry_edit
    ON e.grp = g AND e.target = s AND e.kind = 'edit'"""  # noqa: S608
_IN_MONTH = """SELECT grp, ts, seq FROM entry INDEXED BY entry_post
    WHERE kind = 'post' AND (grp, ts, seq) > (?, ?, ?) ORDER BY grp, ts, seq LIMIT ?"""
_COMMENTS = f"""SELECT {COLUMNS} FROM entry INDEXED BY entry_comment
    WHERE kind = 'comment' AND grp = ? AND target = ? AND seq > ? ORDER BY seq LIMIT ?"""  # noqa: S608

_COMMENTER = """SELECT ts, grp, seq FROM entry
    WHERE kind = 'comment' AND user = ? AND (ts, grp, seq) < (?, ?, ?) ORDER BY ts DESC, grp DESC, seq DESC LIMIT ?"""


def channels(main: Connection, codes: Collection[str]) -> dict[str, ChannelRow]:
    """Return channels by code."""
    return {row[0]: channel_of(row) for row in main.execute(_CHANNELS, (_json(list(codes)),))}


def posts_of_month(
    reader: SegmentReader, month: str, after: tuple[int, int, int], limit: int
) -> list[tuple[int, int, int]]:
    """Return where the posts of a month stand."""
    segment = reader.get(month)
    return [] if segment is None else segment.execute(_IN_MONTH, (*after, limit)).fetchall()


def moved(reader: SegmentReader, since_ms: int) -> dict[str, tuple[int, int]]:
    """Return the channels with posts later than a time."""
    found: dict[str, tuple[int, int]] = {}
    for month, segment in reader.with_posts():
        found = {str(grp): (ts, seq) for grp, ts, seq in segment.execute(_MOVED, (since_ms,))} | found
        if end_of(month) <= since_ms:
            break
    return found


def home(
    main: Connection, reader: SegmentReader, user: str, tops: Mapping[str, int], before: Place, limit: int, now: int
) -> PostPage:
    """Return a page of the posts of the channels that `user` follows."""
    followed = [code for (code,) in main.execute(_FOLLOWED, (user,))]
    with reader.at_once():
        return _page(main, reader, followed, tops, before, limit, now)


def posts(main: Connection, reader: SegmentReader, code: str, before: Place, limit: int, now: int) -> PostPage:
    """Return a page of the posts of one channel."""
    with reader.at_once():
        return _page(main, reader, [code], {}, before, limit, now)


def posts_at(main: Connection, reader: SegmentReader, places: Sequence[Place], now: int) -> PostPage:
    """Return those of the posts that are there."""
    rows = channels(main, {str(place.grp) for place in places})
    gone = set(main.execute(_GONE_AT, (_json([(place.grp, place.seq) for place in places]),)))
    there = [
        place
        for place in places
        if (code := str(place.grp)) in rows and rows[code].is_readable(now) and (code, place.seq) not in gone
    ]
    found = _entries(main, reader, there)
    posts = [one for one in found if one[1].kind is EntryKind.POST]
    return PostPage(posts, rows, None, {}, _refuted(main, posts))


def reposts(
    main: Connection, reader: SegmentReader, code: str, seq: int, before: Place, limit: int, now: int
) -> PostPage:
    """Return a page of the posts that repeat one."""
    places: list[Place] = []
    for _month, segment in reader.with_posts():
        is_old = segment.execute(OLD_INDEX.format(db="main")).fetchone()
        asked = (code if is_old else int(code), seq, before.ts, before.grp, before.seq, limit + 1 - len(places))
        places += [Place(*row) for row in segment.execute(_OLD_REPOSTS if is_old else _REPOSTS, asked)]
        if len(places) > limit:
            break
    else:
        places = with_kept_reposts(main, places, code, seq, before, limit + 1)
    return replace(posts_at(main, reader, places[:limit], now), end=end_of_page(places, limit))


def _page(
    main: Connection,
    reader: SegmentReader,
    codes: Sequence[str],
    tops: Mapping[str, int],
    before: Place,
    limit: int,
    now: int,
) -> PostPage:
    """Merge the newest posts of channels; those that nobody may read now are left out."""
    bounds = list(zip(map(tops.get, codes, repeat(HIGHEST)), codes, strict=True))
    while True:
        places, learnt = _merge(main, reader, bounds, before, limit + 1)
        if len(places) <= limit:
            places = with_kept(main, places, [code for _top, code in bounds], before, limit + 1)
        rows = channels(main, {str(place.grp) for place in places})
        if all(row.is_readable(now) for row in rows.values()):
            break
        # All at once: somebody may follow a thousand that nobody may read.
        rows = channels(main, [code for _top, code in bounds])
        bounds = [(top, code) for top, code in bounds if code in rows and rows[code].is_readable(now)]
    found = _entries(main, reader, places[:limit])
    return PostPage(found, rows, end_of_page(places, limit), learnt, _refuted(main, found))


def _refuted(main: Connection, posts: Sequence[tuple[Place, Entry]]) -> dict[tuple[str, int], Refutation]:
    """Return what the platform says about posts."""
    return refuted_of(main.execute(_REFUTED, (_json([(place.grp, place.seq) for place, _entry in posts]),)))


def _merge(
    main: Connection, reader: SegmentReader, bounds: Sequence[tuple[int, str]], before: Place, limit: int
) -> tuple[list[Place], dict[str, int]]:
    """Return where the newest `limit` posts below `before` stand, the newest first, and the tops that were learnt.

    Channels are asked in the order of their tops, until no other can have a post as new as those that were found.
    """
    if before != NEWEST:
        bounds = [(min(top, before.ts), code) for top, code in bounds]
    newest_first = sorted(bounds, reverse=True)
    found: list[Place] = []
    learnt: dict[str, int] = {}
    for top, code in newest_first:
        if len(found) == limit and top < found[0].ts:
            break
        if before == NEWEST:
            learnt[code] = 0
        for place in _newest(main, reader, code, before, learnt):
            if len(found) == limit:
                if place < found[0]:
                    break
                del found[0]
            insort(found, place)
    return found[::-1], learnt


def _newest(
    main: Connection, reader: SegmentReader, code: str, before: Place, learnt: dict[str, int]
) -> Iterator[Place]:
    """Go through the posts of a channel below `before`, the newest first, without those that were removed. The time of
    the first, removed or not, comes to `learnt` where that has 0 for the channel."""
    grp, count = int(code), FIRST
    ts, seq = before.ts, before.seq if grp == before.grp else HIGHEST if grp < before.grp else 0
    for _month, segment in reader.with_posts():
        while rows := segment.execute(_BELOW, (grp, ts, seq, count)).fetchall():
            if learnt.get(code) == 0:
                learnt[code] = rows[0][0]
            ts, seq = rows[-1]
            gone = main.execute(_GONE, (code, seq, rows[0][1])).fetchall()
            for row in rows:
                if not gone or (row[1],) not in gone:
                    yield Place(row[0], grp, row[1])
            if len(rows) < count:
                break
            count = MORE


def _entries(main: Connection, reader: SegmentReader, places: Sequence[Place]) -> list[tuple[Place, Entry]]:
    """Return posts as they stand."""
    pairs = _json([(place.grp, place.seq) for place in places])
    rows: dict[tuple[int, int], Row] = {}
    edits: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for _month, segment in reader.with_posts():
        rows |= {(grp, row[0]): tuple(row) for grp, *row in segment.execute(_ROWS, (pairs,))}
        for grp, *row in segment.execute(_EDITS, (pairs,)):
            edits[grp, row[TARGET]].append(tuple(row))
        # Edits come later than what they edit.
        if len(rows) == len(places):
            break
    kept = {}
    if len(rows) < len(places):
        kept = kept_posts(main, reader, [(str(place.grp), place.seq) for place in places])
    names = nameless(main, rows.values())
    found: list[tuple[Place, Entry]] = []
    for place in places:
        key = place.grp, place.seq
        if key in rows:
            (entry,) = entries_that_stand(reader, str(place.grp), [rows[key]], names)
            later = entries_that_stand(reader, str(place.grp), sorted(edits[key]), names) if key in edits else ()
            found.append((place, as_it_stands(entry, later)))
        elif (post := kept.get((str(place.grp), place.seq))) is not None and not post.redacted:
            found.append((place, post))
    return _without_closed(main, found)


def _without_closed(main: Connection, posts: list[tuple[Place, Entry]]) -> list[tuple[Place, Entry]]:
    """Return posts that name nobody who is closed in what they say, as `closed_authors.without_closed` does: here it
    needs no other turn of the reader's thread."""
    named = names_in_entries(entry for _place, entry in posts)
    tags: dict[str, str] = dict(main.execute(_CLOSED, (_json(list(named)),))) if named else {}
    return [(place, hide_in_entry(entry, tags)) for place, entry in posts] if tags else posts


def comments(main: Connection, reader: SegmentReader, code: str, seq: int, after: int, limit: int) -> list[Entry]:
    """Return comments on a post as they stand."""
    rows: list[Row] = []
    for _month, segment in sorted(reader.with_posts()):
        rows += segment.execute(_COMMENTS, (int(code), seq, after, limit - len(rows))).fetchall()
        if len(rows) >= limit:
            break
    return as_they_stand(main, reader, code, entries_of(main, reader, code, rows))


def comments_by(reader: SegmentReader, user: str, before: Place, limit: int) -> list[Place]:
    """Return where the comments of an account stand."""
    places: list[Place] = []
    for _month, segment in reader.with_posts():
        asked = user, before.ts, before.grp, before.seq, limit - len(places)
        places += [Place(*row) for row in segment.execute(_COMMENTER, asked)]
        if len(places) >= limit:
            break
    return places


def _json(values: Sequence[Any]) -> str:
    return msgspec.json.encode(values).decode()
