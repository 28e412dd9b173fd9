"""The journal in PostgreSQL: a partition per month, rows of entries, months made and removed. See `api.Journal`."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import asyncpg

from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.holds import Hold
from folkmoot_protocol.types import Entry

from ..api import Found, HeldPiece, Left, Line, Page, Segment, Versions
from ..change_set import Asked, NewEntry, group_stream
from ..search.text import Query
from ..sql.closed_authors import NAMELESS, AuthorTags, unnamed, without_closed
from ..sql.entry_rows import BODY, DATA, entry_of, row_of
from ..sql.months import end_of, is_due, month_of
from ..sql.removed_texts import RemovedTexts
from ..sql.seals import line_of
from ..sql.search import ReadVersions
from ..sql.sequencer import GROUP, Head, Used, Wanted
from ..sql.versions import arrange, edited_by, latest_about
from .database import Reader
from .kept_posts import kept_posts

PARTITIONED = ("entry", "restricted", "search_chunk", "search_bucket")
"""The tables that have a partition for each month."""

MONTH_LOCK = 4_609_433_001
"""Advisory lock: shared by every batch, so that no month begins or goes in the middle of one."""

HIGHEST = 2**63 - 1
ROTATE_LIMIT = "SET LOCAL statement_timeout = '10min'"

_COLUMNS = 'e.seq, e.ts, e.kind, e."user", e.display_name, e.role, e.tags, e.body, e.reply_to, e.target, e.data'
# Only constants of this module stand in the statements; values are parameters, hence the silenced S608.
# An edit is another text of what it edits: it goes with it.
_GONE = "r.seq = e.seq OR (e.kind = 'edit' AND r.seq = e.target)"
_REDACTED = f"EXISTS (SELECT 1 FROM redactions r WHERE r.code = $2 AND ({_GONE})) AS redacted"  # noqa: S608
_TAG = f'(SELECT {NAMELESS} FROM accounts a WHERE a."user" = e."user") AS tag'  # noqa: S608
# What was removed stands with a blank row, and may not be removed any more.
SEALED = """CASE WHEN e.body = ''::bytea THEN (
    SELECT s.sealed FROM restricted s WHERE s.grp = e.grp AND s.seq = e.seq AND s.month = e.month) END AS sealed"""
READ_COLUMNS = f"{_COLUMNS}, e.grp, e.month, {SEALED}, {_TAG}"
READ = f"SELECT {READ_COLUMNS}, {_REDACTED} FROM entry e WHERE e.grp = $1"  # noqa: S608
_ONE = f"{READ} AND e.seq = $3"
_SOME = f"{READ} AND e.seq = ANY($3::bigint[])"
_EDITS = f"{READ} AND e.target = ANY($3::bigint[]) AND e.kind = 'edit'"
_REACTIONS = f"{READ} AND e.target = $3 AND e.kind = 'reaction' AND e.body = $4 ORDER BY e.seq DESC LIMIT $5"
_BELOW = f"{READ} AND e.seq < $3 ORDER BY e.seq DESC LIMIT $4"
_ABOVE = f"{READ} AND e.seq > $3 ORDER BY e.seq LIMIT $4"
_NOTICES = "SELECT version, seq FROM entry WHERE grp = $1 AND version = ANY($2::bigint[])"
_HEADS = "SELECT stream, version, last_seq FROM heads WHERE stream = ANY($1::text[]) AND version > 0"

# `month` only tells which partitions need not be looked at: an entry is never in one before its own month.
# What was asked for under a nonce otherwise comes with the same round trip, in columns of its own.
_NONCES = f"""
    SELECT w.number, {_COLUMNS}, NULL AS code, NULL AS sealed, NULL::bigint AS until_ms
    FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bigint[])
    WITH ORDINALITY AS w (grp, "user", nonce, since, number), LATERAL (
        SELECT * FROM entry WHERE grp = w.grp AND "user" = w."user" AND nonce = w.nonce AND ts >= w.since
        AND month >= $5 ORDER BY seq DESC LIMIT 1) e
    UNION ALL
    SELECT w.number, {", ".join(["NULL"] * 11)}, a.code, a.sealed, a.until_ms
    FROM unnest($6::text[], $2::text[], $7::text[], $8::bigint[])
    WITH ORDINALITY AS w (code, "user", nonce, now, number), answers a
    WHERE a."user" = w."user" AND a.code = w.code AND a.nonce = w.nonce AND a.until_ms > w.now"""  # noqa: S608

# Heads move on and entries come in with one statement.
_APPEND = """
    WITH moved AS (
        UPDATE heads SET version = new.version, last_seq = new.last_seq, last_ts = new.last_ts
        FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS new (stream, version, last_seq, last_ts)
        WHERE heads.stream = new.stream)
    INSERT INTO entry (month, grp, seq, ts, kind, "user", display_name, role, body, tags, reply_to, target, data, nonce,
        version)
    SELECT $5::integer, * FROM unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::text[],
        $12::text[], $13::bytea[], $14::text[], $15::bigint[], $16::bigint[], $17::text[], $18::bytea[],
        $19::bigint[])"""
_ENTRY_COLUMNS = 14
_BODY, _NONCE = 7, 12

_ERASED = """
    SELECT e.month, e.grp, e.seq, e.body, e.data FROM entry e
    JOIN unnest($1::bigint[], $2::bigint[]) AS gone (grp, seq) ON e.grp = gone.grp AND e.seq = gone.seq
    UNION SELECT e.month, e.grp, e.seq, e.body, e.data FROM entry e
    JOIN unnest($1::bigint[], $2::bigint[]) AS gone (grp, seq) ON e.grp = gone.grp AND e.target = gone.seq
    WHERE e.kind = 'edit'"""
_SEAL = """
    INSERT INTO restricted SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bytea[])
    ON CONFLICT DO NOTHING"""
_BLANK = """
    UPDATE entry e SET body = '', data = NULL FROM unnest($1::bigint[], $2::bigint[]) AS gone (grp, seq)
    WHERE e.grp = gone.grp AND e.seq = gone.seq"""

LINES = """
    SELECT e.grp, e.seq, e.ts, e.kind, e."user", e.display_name, e.role, e.tags, e.body, e.reply_to, e.target, e.data,
        CASE WHEN e.body = ''::bytea THEN (
            SELECT s.sealed FROM restricted s WHERE s.grp = e.grp AND s.seq = e.seq AND s.month = e.month) END AS sealed
    FROM entry e WHERE e.month = $1 AND (e.grp, e.seq) > ($2, $3) ORDER BY e.grp, e.seq LIMIT $4"""

ENDS = """
    WITH RECURSIVE each(grp) AS (
        SELECT min(grp) FROM entry WHERE month = $1
        UNION ALL SELECT (SELECT min(e.grp) FROM entry e WHERE e.month = $1 AND e.grp > each.grp)
        FROM each WHERE each.grp IS NOT NULL)
    SELECT grp, (SELECT max(e.seq) FROM entry e WHERE e.month = $1 AND e.grp = each.grp) AS last
    FROM each WHERE grp IS NOT NULL"""

WINDOW = 20_000
"""Entries that are looked at in one piece for those that a hold names."""

_HELD_COLUMNS = f"""e.grp, {_COLUMNS}, CASE WHEN e.body = ''::bytea THEN (
    SELECT s.sealed FROM restricted s WHERE s.grp = e.grp AND s.seq = e.seq AND s.month = e.month) END AS sealed"""  # noqa: S608
_HELD = f"""
    SELECT {_HELD_COLUMNS} FROM entry e WHERE e.month = $1 AND e.grp = $2
    AND (e.seq = $3 OR (e.target = $3 AND e.kind = 'edit')) ORDER BY e.seq"""  # noqa: S608
_WINDOW = """(SELECT * FROM entry WHERE month = $1 AND (grp, seq) > ($2, $3) AND {which}
    ORDER BY grp, seq LIMIT $5)"""
_OF_GROUP, _OF_ALL = "grp = $4", "$4::bigint = 0"
_LAST_OF = "SELECT grp, seq FROM {window} w ORDER BY grp DESC, seq DESC LIMIT 1"
_HELD_IN = f"""
    SELECT {_HELD_COLUMNS} FROM {{window}} e WHERE e.ts >= $6 AND e.ts < $7
    AND (cardinality($8::text[]) = 0 OR e."user" = ANY($8)) ORDER BY e.grp, e.seq"""  # noqa: S608

MONTHS = """
    SELECT right(c.relname, 6)::integer AS month FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'entry'::regclass ORDER BY 1"""
_SEGMENTS = """
    SELECT month, EXISTS (SELECT 1 FROM entry e WHERE e.month = m.month) AS used,
        coalesce(pg_total_relation_size(to_regclass('entry_' || month)), 0)
        + coalesce(pg_total_relation_size(to_regclass('restricted_' || month)), 0) AS size
    FROM unnest($1::integer[]) AS m (month) ORDER BY month"""
_FORGET = """
    DELETE FROM redactions r WHERE EXISTS (
        SELECT 1 FROM entry e WHERE e.grp = r.code::bigint AND e.seq = r.seq AND e.month = ANY($1::integer[]))
    AND NOT EXISTS (SELECT 1 FROM kept_posts k WHERE k.code = r.code AND k.seq = r.seq)"""
_ADVANCE = "UPDATE counters SET value = greatest(value, $1) WHERE name = 'month'"


class Searching(Protocol):
    """The search side of the journal: `find` as `api.Journal.search`, `index` as `api.Journal.index`."""

    async def find(self, code: str, query: Query, before: int, limit: int, read: ReadVersions) -> Found: ...

    async def index(self) -> bool: ...


class PostgresJournal:
    """`api.Journal` on PostgreSQL."""

    def __init__(self, reader: Reader, search: Searching, author_tags: AuthorTags, removed: RemovedTexts) -> None:
        self._reader = reader
        self._removed = removed
        self._search = search
        self._author_tags = author_tags

    async def last_seqs(self, codes: Collection[str]) -> dict[str, int]:
        found = await heads(self._reader, map(group_stream, codes))
        return {code: found[group_stream(code)].last_seq if group_stream(code) in found else 0 for code in codes}

    async def page(self, code: str, *, before: int | None = None, after: int | None = None, limit: int = 50) -> Page:
        if after is not None:
            rows = await self._reader.rows(_ABOVE, int(code), code, after, limit + 1)
            shown = rows[:limit]
        else:
            bound = HIGHEST if before is None else before
            rows = await self._reader.rows(_BELOW, int(code), code, bound, limit + 1)
            shown = rows[:limit][::-1]
        entries = await without_closed([entry_of_record(row, self._removed) for row in shown], self._author_tags)
        return Page(entries, more=len(rows) > limit)

    async def entry(self, code: str, seq: int) -> Entry | None:
        rows = await self._reader.rows(_ONE, int(code), code, seq)
        found = [entry_of_record(row, self._removed) for row in rows] or await self._kept(code, {seq}, preserved=False)
        return (await without_closed(found, self._author_tags))[0] if found else None

    async def versions(self, code: str, seqs: Collection[int], *, preserved: bool = False) -> dict[int, Versions]:
        asked = await self._some(_SOME, code, set(seqs), preserved)
        entries = asked + await self._some(_SOME, code, edited_by(asked), preserved)
        return arrange(seqs, entries, await self._some(_EDITS, code, {entry.seq for entry in entries}, preserved))

    async def _some(self, query: str, code: str, seqs: set[int], preserved: bool) -> list[Entry]:
        """Return the entries that a query finds for seqs."""
        rows = await self._reader.rows(query, int(code), code, list(seqs)) if seqs else []
        entries = [entry_of_record(row, self._removed, preserved) for row in rows]
        missing = seqs - {entry.seq for entry in entries} if query is _SOME else set[int]()
        if missing:
            entries = [*await self._kept(code, missing, preserved=preserved), *entries]
        return await without_closed(entries, self._author_tags)

    async def _kept(self, code: str, seqs: set[int], *, preserved: bool) -> list[Entry]:
        """Return the posts with these seqs that are kept beyond their month."""
        wanted = [(code, seq) for seq in seqs]
        found = (await kept_posts(self._reader, self._removed, wanted, preserved=preserved)).values()
        return sorted(found, key=lambda entry: entry.seq)

    async def notices_of(self, code: str, versions: Collection[int]) -> dict[int, int]:
        rows = await self._reader.rows(_NOTICES, int(code), list(versions))
        return {row["version"]: row["seq"] for row in rows}

    async def reactions(self, code: str, seq: int, reaction: str, limit: int) -> list[Entry]:
        # A reaction that was restored stands with a blank row.
        bodies = (reaction.encode(), b"")
        rows = [await self._reader.rows(_REACTIONS, int(code), code, seq, body, limit) for body in bodies]
        return latest_about(reaction, [entry_of_record(row, self._removed) for some in rows for row in some], limit)

    async def find_nonce(self, code: str, user: str, nonce: str, since_ms: int) -> Entry | None:
        wanted = (code, user, nonce, since_ms + DAY_MS)
        used = [_used(row, wanted) for row in await self._reader.rows(_NONCES, *_nonce_arguments([wanted]))]
        return next((one for one in used if isinstance(one, Entry)), None)

    async def search(self, code: str, query: Query, *, before: int, limit: int) -> Found:
        found = await self._search.find(code, query, before, limit, partial(self.versions, code))
        return Found(await without_closed(found.entries, self._author_tags), found.before)

    async def index(self) -> bool:
        return await self._search.index()

    async def erase(self) -> Left:
        # `erase` below does it in any month, in the transaction that removes an entry.
        return Left.NOTHING

    async def segments(self) -> list[Segment]:
        months = [row["month"] for row in await self._reader.rows(MONTHS)]
        return [_segment(row) for row in await self._reader.rows(_SEGMENTS, months) if row["used"]]

    async def ends(self, month: str) -> Mapping[int, int]:
        return {row["grp"]: row["last"] for row in await self._reader.rows(ENDS, number_of(month))}

    async def lines(self, month: str, after: tuple[int, int], limit: int) -> Sequence[Line]:
        rows = await self._reader.rows(LINES, number_of(month), *after, limit)
        return [line_of_row(self._removed, month, tuple(row)) for row in rows]

    async def held(self, month: str, hold: Hold, after: tuple[int, int]) -> HeldPiece:
        number, grp = number_of(month), int(hold.code or 0)
        if hold.seq:
            rows, last = await self._reader.rows(_HELD, number, grp, hold.seq), []
        else:
            window, values = _WINDOW.format(which=_OF_GROUP if grp else _OF_ALL), (number, *after, grp, WINDOW)
            last = await self._reader.rows(_LAST_OF.format(window=window), *values)
            more = hold.since_ms, hold.till_ms, list(hold.users)
            rows = await self._reader.rows(_HELD_IN.format(window=window), *values, *more)
        # Thousands of entries, to be decrypted and encoded: not while others wait for the event loop.
        lines = await asyncio.to_thread(lambda: [line_of_row(self._removed, month, tuple(row)) for row in rows])
        return lines, tuple(last[0]) if last else None

    async def rotate(self, now: int, months: int, *, but: Collection[str] = ()) -> list[Segment]:
        async with self._reader.transaction() as connection:
            await connection.execute(f"{ROTATE_LIMIT}; SELECT pg_advisory_xact_lock({MONTH_LOCK})")
            existing = [row["month"] for row in await connection.fetch(MONTHS)]
            rows = await connection.fetch(_SEGMENTS, existing)
            newest = max((row["month"] for row in rows if row["used"]), default=0)
            due = [row for row in rows if row["month"] < newest and name_of(row["month"]) not in but]
            due = [row for row in due if is_due(name_of(row["month"]), now, months)]
            if due:
                await connection.execute(_FORGET, [row["month"] for row in due])
            for row in due:
                tables = ", ".join(f"{parent}_{row['month']}" for parent in PARTITIONED)
                await connection.execute(f"DROP TABLE {tables}")
            return [_segment(row) for row in due if row["used"]]


def line_of_row(removed: RemovedTexts, month: str, found: Sequence[Any]) -> Line:
    """Return the line of a row of `LINES`."""
    grp, *row, sealed = found
    row[BODY] = bytes(row[BODY]).decode()
    return line_of(removed, month, grp, tuple(row), None if sealed is None else bytes(sealed))


def number_of(month: str) -> int:
    """Return a month as the number that its partition has: 202611 for `2026-11`."""
    return int(month.replace("-", ""))


def name_of(number: int) -> str:
    """Return a partition's month as the rest of the world writes it."""
    return f"{number // 100:04}-{number % 100:02}"


def _segment(row: asyncpg.Record) -> Segment:
    return Segment(name_of(row["month"]), row["size"])


def entry_of_record(row: asyncpg.Record, removed: RemovedTexts, preserved: bool = False) -> Entry:
    """Return the entry of a row of `READ`, without content if it is redacted, or author if the account is closed.

    `preserved`: with its content in any case.
    """
    *values, grp, month, sealed, tag, is_redacted = row
    is_redacted = is_redacted and not preserved
    values[BODY] = values[BODY].decode()
    if sealed is not None and not is_redacted:
        values[BODY], values[DATA] = removed.open(name_of(month), grp, values[0], sealed)
    entry = entry_of(tuple(values), {values[0]} if is_redacted else set())
    return unnamed(entry, tag) if tag else entry


async def heads(reader: Reader, streams: Iterable[str]) -> dict[str, Head]:
    """Return where those of `streams` stand that exist."""
    rows = await reader.rows(_HEADS, list(streams))
    return {row["stream"]: Head(row["version"], row["last_seq"]) for row in rows}


async def find_nonces(connection: asyncpg.Connection, wanted: Sequence[Wanted]) -> dict[Wanted, Used]:
    """Return what each nonce was used for in the 24 hours before its time; one query for all."""
    rows = await connection.fetch(_NONCES, *_nonce_arguments(wanted))
    return {wanted[row["number"] - 1]: _used(row, wanted[row["number"] - 1]) for row in rows}


def _used(row: asyncpg.Record, wanted: Wanted) -> Used:
    """Return what a nonce was used for, from a row of `_NONCES`: an entry as the journal has it, or something else."""
    _number, *values, code, sealed, until_ms = row
    if code is not None:
        return Asked(wanted[1], code, wanted[2], sealed, until_ms)
    values[7] = values[7].decode()
    return entry_of(tuple(values), frozenset())


def _nonce_arguments(wanted: Sequence[Wanted]) -> list[Any]:
    codes, users, nonces, times = zip(*wanted, strict=True)
    sinces = [ts - DAY_MS for ts in times]
    oldest = number_of(month_of(max(min(sinces), 0)))
    # Outside of groups there are no entries.
    groups = [int(code or 0) for code in codes]
    return [groups, users, [nonce.encode() for nonce in nonces], sinces, oldest, codes, nonces, times]


async def append(
    connection: asyncpg.Connection,
    month: int,
    moved: Sequence[tuple[str, Head]],
    entries: Sequence[tuple[str, NewEntry]],
) -> None:
    """Move heads on and add the entries (each with its group's stream) to the partition of `month`."""
    rows = [row_of(int(stream.removeprefix(GROUP)), new) for stream, new in entries]
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * _ENTRY_COLUMNS
    columns[_BODY] = [body.encode() for body in columns[_BODY]]
    columns[_NONCE] = [None if nonce is None else nonce.encode() for nonce in columns[_NONCE]]
    streams, positions = [stream for stream, _ in moved], [head for _, head in moved]
    versions, seqs = [head.version for head in positions], [head.last_seq for head in positions]
    times = [head.last_ts for head in positions]
    await connection.execute(_APPEND, streams, versions, seqs, times, month, *columns)


async def erase(connection: asyncpg.Connection, removed: RemovedTexts, gone: Sequence[tuple[str, int]]) -> None:
    """Move the texts of entries (stream, seq) to the restricted part of their segments, sealed."""
    wanted = [int(stream.removeprefix(GROUP)) for stream, _ in gone], [seq for _, seq in gone]
    rows = await connection.fetch(_ERASED, *wanted)
    sealed = [_sealed(removed, row) for row in rows]
    columns = [[row[name] for row in rows] for name in ("month", "grp", "seq")]
    await connection.execute(_SEAL, *columns, sealed)
    await connection.execute(_BLANK, *columns[1:])


def _sealed(removed: RemovedTexts, row: asyncpg.Record) -> bytes:
    return removed.seal(name_of(row["month"]), row["grp"], row["seq"], (row["body"].decode(), row["data"]))


async def open_month(connection: asyncpg.Connection, month: str) -> None:
    """Let entries go to the partition of `month`, and make the next month's ahead.

    A partition is attached rather than made in place: that lets reading go on.
    """
    async with connection.transaction():
        await connection.execute(f"SELECT pg_advisory_xact_lock({MONTH_LOCK})")
        existing = {row["month"] for row in await connection.fetch(MONTHS)}
        for name in (month, month_of(end_of(month))):
            number = number_of(name)
            if number not in existing:
                await _make_partitions(connection, number, number_of(month_of(end_of(name))))
        await connection.execute(_ADVANCE, number_of(month))


async def _make_partitions(connection: asyncpg.Connection, month: int, following: int) -> None:
    for parent in PARTITIONED:
        await connection.execute(f"CREATE TABLE {parent}_{month} (LIKE {parent} INCLUDING ALL)")
        await connection.execute(
            f"ALTER TABLE {parent} ATTACH PARTITION {parent}_{month} FOR VALUES FROM ({month}) TO ({following})"
        )
