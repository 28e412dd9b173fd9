"""Posts that are kept beyond their month, in SQLite: in the main file, asked where the months have no more."""

from collections.abc import Collection, Sequence
from heapq import nlargest
from sqlite3 import Connection

import msgspec

from folkmoot_protocol.types import Entry

from ..channels import HIGHEST, Place
from ..sql.closed_authors import unnamed
from ..sql.kept_posts import without_text
from .segments import SegmentReader

_ANY = "SELECT 1 FROM kept_posts LIMIT 1"
_GONE = "EXISTS (SELECT 1 FROM redactions r WHERE r.code = k.code AND r.seq = k.seq)"
# Only names of ours stand in the statements, hence each silenced S608; values are parameters.
_BELOW = f"""SELECT ts, seq FROM kept_posts k INDEXED BY kept_posts_code_ts_seq
    WHERE code = ? AND (ts, seq) < (?, ?) AND sealed <> '' AND NOT {_GONE}
    ORDER BY ts DESC, seq DESC LIMIT ?"""  # noqa: S608
_AT = f"""SELECT k.code, k.seq, k.sealed, {_GONE} FROM json_each(?) AS pair CROSS JOIN kept_posts k
    ON k.code = json_extract(value, '$[0]') AND k.seq = json_extract(value, '$[1]') WHERE k.sealed <> ''"""  # noqa: S608
_REPEATS = f"""SELECT ts, CAST(code AS INTEGER), seq FROM kept_posts k INDEXED BY kept_posts_repeats
    WHERE of_code <> '' AND of_code = ? AND of_seq = ? AND (ts, CAST(code AS INTEGER), seq) < (?, ?, ?)
    AND sealed <> '' AND NOT {_GONE} ORDER BY ts DESC, 2 DESC, seq DESC LIMIT ?"""  # noqa: S608
_TAGS = """SELECT user, author_tag, names_removed_ms FROM accounts
    WHERE (author_tag <> '' OR names_removed_ms > 0) AND user IN ({})"""


def with_kept(main: Connection, places: list[Place], codes: Sequence[str], before: Place, limit: int) -> list[Place]:
    """Return where the newest `limit` posts of channels below `before` stand, given those of the months that are there.

    A month that is just being kept is in both.
    """
    if main.execute(_ANY).fetchone() is None:
        return places
    found = set(places)
    for code in codes:
        grp = int(code)
        seq = before.seq if grp == before.grp else HIGHEST if grp < before.grp else 0
        found.update(Place(ts, grp, one) for ts, one in main.execute(_BELOW, (code, before.ts, seq, limit)))
    return nlargest(limit, found)


def with_kept_reposts(
    main: Connection, places: list[Place], code: str, seq: int, before: Place, limit: int
) -> list[Place]:
    """As `with_kept`, of the posts that repeat one."""
    rows = main.execute(_REPEATS, (code, seq, before.ts, before.grp, before.seq, limit))
    return nlargest(limit, {*places, *(Place(*row) for row in rows)})


def kept_posts(
    main: Connection, reader: SegmentReader, wanted: Collection[tuple[str, int]], *, preserved: bool = False
) -> dict[tuple[str, int], Entry]:
    """Return those of the posts that are kept, by code and seq; of those that were removed, without `preserved`, that
    they were there."""
    found = {}
    for code, seq, sealed, is_gone in main.execute(_AT, (msgspec.json.encode(list(wanted)).decode(),)):
        post = reader.segments.removed.kept.open(code, seq, sealed)
        if post is not None:
            found[code, seq] = without_text(post) if is_gone and not preserved else post
    names = named(main, {post.from_.user for post in found.values()}) if found else {}
    return {place: as_named(post, names) for place, post in found.items()}


def named(main: Connection, names: Collection[str]) -> dict[str, tuple[str, int]]:
    """Return, of accounts that are closed, the tags; of those whose names were removed, when (Unix ms)."""
    users = list(names)
    found = main.execute(_TAGS.format(", ".join("?" * len(users))), users)
    return {user: (tag, removed_ms) for user, tag, removed_ms in found}


def as_named(entry: Entry, names: dict[str, tuple[str, int]]) -> Entry:
    """Return an entry without a name that is not to be shown any more; as `closed_authors.NAMELESS` says."""
    user = entry.from_.user
    tag, removed_ms = names.get(user, ("", 0))
    return unnamed(entry, tag or user) if tag or entry.ts <= removed_ms else entry
