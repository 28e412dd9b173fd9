"""What `verify` reads of a cluster's database: one instant of it, so nodes may go on meanwhile."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from ...common.terminal import _
from ..postgres.database import connect, failing
from ..postgres.journal import HIGHEST, LINES, MONTHS, line_of_row, name_of
from ..rows import AccessBlock, Line
from ..sql.months import month_of
from ..sql.removed_texts import RemovedTexts
from ..sql.sequencer import code_of
from ..sql.tables import ledger
from .journal import Range
from .verify import Progress, check_schema, compare, readable

UNHURRIED = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}

_RANGES = text("SELECT grp, min(seq), max(seq), count(*) FROM entry WHERE month = :month GROUP BY grp")
_COUNT = text("SELECT count(*) FROM entry WHERE month = :month")
_LATEST = text("SELECT max(ts) FROM entry WHERE month = :month")
_SEALED = text("SELECT grp, seq, sealed FROM restricted WHERE month = :month")
_SEQS = "ANY(CAST(:seqs AS bigint[]))"
# Only constants stand in these statements, hence the silenced S608; values are parameters.
_LEFT = text(f"""
    SELECT e.seq, e.body = ''::bytea AND e.data IS NULL FROM entry e WHERE e.month = :month AND e.grp = :grp
    AND (e.seq = {_SEQS} OR (e.kind = 'edit' AND e.target = {_SEQS}))
    AND (e.body <> ''::bytea OR e.data IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM restricted s WHERE s.grp = e.grp AND s.seq = e.seq AND s.month = e.month))""")  # noqa: S608
_TARGETS = text(f"SELECT seq, target FROM entry WHERE month = :month AND grp = :grp AND seq = {_SEQS}")  # noqa: S608
_NOTICES = text("SELECT version, data FROM entry WHERE grp = :grp AND version IS NOT NULL")
_ACCESS_MONTHS = text(
    "SELECT right(c.relname, 6)::integer FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'access_blocks'::regclass ORDER BY 1"
)
# Names beside no block come as well: those of one that is gone.
_BLOCKS = text("""
    SELECT number, coalesce(b.first_ts, 0), coalesce(b.last_ts, 0), coalesce(b.node, ''), coalesce(b.records, 0),
        coalesce(b.sealed, ''::bytea), coalesce(u.users, '{}')
    FROM (SELECT * FROM access_blocks WHERE month = :month) b FULL JOIN (
        SELECT number, array_agg("user") AS users FROM access_users WHERE month = :month GROUP BY number) u
    USING (number) ORDER BY number""")
_KEPT = text("SELECT grp, min(seq), max(seq) FROM entry GROUP BY grp")
_HEADS = text("SELECT stream, version, last_seq FROM heads WHERE version > 0")
_COUNTERS = text("SELECT name, value FROM counters")
_VERSIONS = select(ledger.c.stream, func.max(ledger.c.version)).group_by(ledger.c.stream)
_BEGINNINGS = select(ledger.c.stream, ledger.c.ts).where(ledger.c.version == 1)


async def verify(database_url: str, key: bytes, progress: Progress, copies: Sequence[str] = ()) -> list[str]:
    """As `verify.verify`, for PostgreSQL. Raises StorageError when the database cannot be read."""
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: connect(database_url, call_s=None, **UNHURRIED),
        isolation_level="REPEATABLE READ",
    )
    try:
        with failing("cannot read"):
            async with engine.connect() as connection:
                return await connection.run_sync(lambda main: list(readable(problems(main, key, progress, copies))))
    finally:
        await engine.dispose()


def problems(main: Connection, key: bytes, progress: Progress, copies: Sequence[str] = ()) -> Iterator[str]:
    """Yield what is wrong in a cluster's database, a sentence each."""
    check_schema(main)
    rows = PartitionRows(main)
    kept = {str(grp): (first, last) for grp, first, last in main.execute(_KEPT)}
    heads = {stream: (version, last_seq) for stream, version, last_seq in main.execute(_HEADS)}
    removed = {}
    for stream, founded_ts in main.execute(_BEGINNINGS):
        code = code_of(stream)
        # Only of a group that is older than the oldest month there is can entries have been removed.
        if code is not None and (not rows.months or month_of(founded_ts) < rows.months[0]):
            removed[code] = kept[code][0] - 1 if code in kept else heads.get(stream, (0, 0))[1]
    lasts = {code: kept[code][1] if code in kept else removed.get(code, 0) for code in kept | removed}
    yield from _check_heads(main, heads, lasts)
    yield from _check_counters(main, rows)
    yield from compare(main, rows, PartitionBlocks(main), removed, key, progress, copies)


class PartitionRows:
    """`verify_journal.JournalRows` of partitions."""

    def __init__(self, main: Connection) -> None:
        self._main = main
        self._numbers = {name_of(month): month for month in main.execute(text(MONTHS)).scalars()}
        self.months = tuple(self._numbers)

    def ranges(self, month: str) -> Iterator[Range]:
        found = self._main.execute(_RANGES, {"month": self._numbers[month]})
        return (Range(str(grp), *numbers) for grp, *numbers in found)

    def entries(self, month: str) -> int:
        entries: int = self._main.execute(_COUNT, {"month": self._numbers[month]}).scalar_one()
        return entries

    def latest(self, month: str) -> int | None:
        latest: int | None = self._main.execute(_LATEST, {"month": self._numbers[month]}).scalar()
        return latest

    def sealed(self, month: str) -> Iterator[tuple[int, int, bytes]]:
        return (tuple(row) for row in self._main.execute(_SEALED, {"month": self._numbers[month]}))

    def lines(self, month: str, removed: RemovedTexts) -> Iterator[Line]:
        for row in self._main.exec_driver_sql(LINES, (self._numbers[month], -1, -1, HIGHEST)):
            yield line_of_row(removed, month, tuple(row))

    def left(self, month: str, code: str, seqs: Collection[int]) -> Iterator[tuple[int, bool]]:
        which = {"month": self._numbers[month], "grp": int(code), "seqs": list(seqs)}
        return (tuple(row) for row in self._main.execute(_LEFT, which))

    def targets(self, month: str, code: str, seqs: Collection[int]) -> Iterator[tuple[int, int | None]]:
        which = {"month": self._numbers[month], "grp": int(code), "seqs": list(seqs)}
        return (tuple(row) for row in self._main.execute(_TARGETS, which))

    def notices(self, code: str) -> Iterator[tuple[int, str | None]]:
        return (tuple(row) for row in self._main.execute(_NOTICES, {"grp": int(code)}))


class PartitionBlocks:
    """`months.AccessRows` of partitions."""

    def __init__(self, main: Connection) -> None:
        self._main = main
        self._numbers = {name_of(month): month for month in main.execute(_ACCESS_MONTHS).scalars()}
        self.months = tuple(self._numbers)

    def blocks(self, month: str) -> Iterator[AccessBlock]:
        for number, first, last, node, records, sealed, users in self._main.execute(
            _BLOCKS, {"month": self._numbers[month]}
        ):
            yield AccessBlock(first, last, node, records, sorted(users), bytes(sealed), number)


def _check_heads(main: Connection, heads: dict[str, tuple[int, int]], lasts: dict[str, int]) -> Iterator[str]:
    """Each stream's head stands at its last event and, of a group's, at its last entry."""
    versions = dict(map(tuple, main.execute(_VERSIONS)))
    for stream in sorted(heads.keys() | versions.keys()):
        wanted = versions.get(stream, 0), lasts.get(code_of(stream) or "", 0)
        if heads.get(stream) != wanted:
            differs = _("{stream}: its head is {found}, its last event and entry are {wanted}")
            yield differs.format(stream=stream, found=heads.get(stream), wanted=wanted)


def _check_counters(main: Connection, rows: PartitionRows) -> Iterator[str]:
    """The counters are not behind: what they number next must be new."""
    counters = dict(map(tuple, main.execute(_COUNTERS)))
    last = main.execute(select(func.max(ledger.c.position))).scalar() or 0
    if counters.get("position") != last:
        yield _("counters: the position is {found}, the ledger's last is {wanted}").format(
            found=counters.get("position"), wanted=last
        )
    newest = max((month for month in rows.months if rows.latest(month) is not None), default="")
    if newest > name_of(counters.get("month", 0)):
        yield _("counters: the month is {found}, the journal's newest is {wanted}").format(
            found=counters.get("month"), wanted=newest
        )
