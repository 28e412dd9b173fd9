"""The journal's files: one SQLite file per month, how an entry stands in it, and connections to read it.

`Segments` is the list of files, shared by all threads; `SegmentReader` holds one thread's connections to
them.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import compress
from pathlib import Path
from sqlite3 import Connection, OperationalError
from typing import Any

import structlog

from folkmoot_protocol.types import EntryKind

from ..api import Segment
from ..change_set import StorageError
from ..sql.entry_rows import ALWAYS, SOMETIMES, Row
from ..sql.months import NAME
from ..sql.removed_texts import RemovedTexts
from .database import JOURNAL, MAIN, connect_raw

log = structlog.get_logger()

OPEN_SEGMENTS = 8
FORMAT = 1

REPEATS, REPEATS_SEQ = "json_extract(data, '$.repost.group')", "json_extract(data, '$.repost.seq')"
"""What a post repeats."""

# The key is the table: a page of history is one run over neighbouring rows. Posts pay for one index more, and
# only if they carry a nonce; the index on versions holds notices alone, that on targets edits, reactions, redactions.
# `segment.batch` is the last batch of the ledger whose notices are all in the journal.
SCHEMA = (
    """CREATE TABLE IF NOT EXISTS {db}.entry (
        grp INTEGER NOT NULL, seq INTEGER NOT NULL, ts INTEGER NOT NULL, kind TEXT NOT NULL, user TEXT NOT
        NULL, display_name TEXT NOT NULL, role TEXT NOT NULL, tags TEXT, body TEXT NOT NULL, reply_to INTEGER,
        target INTEGER, data TEXT, nonce TEXT, version INTEGER, PRIMARY KEY (grp, seq)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS {db}.entry_nonce ON entry (grp, user, nonce) WHERE nonce IS NOT NULL",
    "CREATE UNIQUE INDEX IF NOT EXISTS {db}.entry_version ON entry (grp, version) WHERE version IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS {db}.entry_target ON entry (grp, target) WHERE target IS NOT NULL",
    # Of channels alone. Months from before there were any have none of these. With `kind` in it the first is all
    # that is read of posts until it is known which ones are wanted.
    "CREATE INDEX IF NOT EXISTS {db}.entry_post ON entry (grp, ts, seq, kind) WHERE kind = 'post'",
    "CREATE INDEX IF NOT EXISTS {db}.entry_comment ON entry (grp, target, seq) WHERE kind = 'comment'",
    "CREATE INDEX IF NOT EXISTS {db}.entry_edit ON entry (grp, target) WHERE kind = 'edit'",
    "CREATE INDEX IF NOT EXISTS {db}.entry_commenter ON entry (user, ts, grp, seq) WHERE kind = 'comment'",
    # What an index on `entry` would hold that looks into `data`. But a statement that inserts many rows keeps copies of
    # the pages it changes as soon as an index calls a function, which may fail: that doubles what is written.
    """CREATE TABLE IF NOT EXISTS {db}.repost (
        of_grp INTEGER NOT NULL, of_seq INTEGER NOT NULL, ts INTEGER NOT NULL, grp INTEGER NOT NULL, seq INTEGER NOT
        NULL, PRIMARY KEY (of_grp, of_seq, ts, grp, seq)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS {db}.restricted (
        grp INTEGER NOT NULL, seq INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (grp, seq)) WITHOUT
        ROWID""",
    """CREATE TABLE IF NOT EXISTS {db}.segment (
        month TEXT NOT NULL, format INTEGER NOT NULL, batch INTEGER NOT NULL)""",
    "INSERT INTO {db}.segment SELECT :month, :format, :batch WHERE NOT EXISTS (SELECT 1 FROM {db}.segment)",
)

_HAS_POSTS = "SELECT 1 FROM sqlite_schema WHERE name = 'entry_post'"

_NOTE_REPOSTS = f"""INSERT OR IGNORE INTO {{db}}.repost SELECT {REPEATS}, {REPEATS_SEQ}, ts, grp, seq FROM {{db}}.entry
    WHERE kind = 'post' AND data IS NOT NULL AND {REPEATS} IS NOT NULL"""  # noqa: S608
_NOTE_REPOST = f"{_NOTE_REPOSTS.format(db=JOURNAL)} AND grp = ? AND seq = ?"

OLD_INDEX = "SELECT 1 FROM {db}.sqlite_schema WHERE name = 'entry_repost'"
"""Whether a month has the index that was there before the table `repost`."""
FROM_OLD_INDEX = (_NOTE_REPOSTS, "DROP INDEX {db}.entry_repost")
"""How its table is filled, once."""

MAX_ROWS = 128
"""Rows inserted by one statement."""

Insert = tuple[str, list[Any]]
"""A statement that inserts rows, and the values of them all."""

_FIRST = len(ALWAYS)
_NOTHING = (None,) * len(SOMETIMES)
_GRP, _SEQ, _KIND, _DATA = map((*ALWAYS, *SOMETIMES).index, ("grp", "seq", "kind", "data"))
_POST = EntryKind.POST.value


def inserts(rows: Iterable[Row]) -> list[Insert]:
    """Return statements that insert rows, each with its values: one for all rows that have the same columns, as a rule.

    Columns that would be NULL are left out: the driver takes a microsecond for each None. And while one statement runs
    for many rows, the event loop runs too; one for each row would ask for Python's lock each time.
    """
    alike: defaultdict[tuple[bool, ...], list[Any]] = defaultdict(list)
    noted: list[Insert] = []
    for row in rows:
        rest = row[_FIRST:]
        if rest == _NOTHING:
            alike[()] += row[:_FIRST]
        else:
            present = tuple([value is not None for value in rest])
            values = alike[present]
            values += row[:_FIRST]
            values += compress(rest, present)
            if row[_KIND] == _POST and '"repost"' in (row[_DATA] or ""):
                noted.append((_NOTE_REPOST, [row[_GRP], row[_SEQ]]))
    found = []
    for present, values in alike.items():
        width = _FIRST + sum(present)
        for start in range(0, len(values), MAX_ROWS * width):
            some = values[start : start + MAX_ROWS * width]
            found.append((_insert(present, len(some) // width), some))
    return found + noted


@lru_cache(maxsize=1024)
def _insert(present: tuple[bool, ...], rows: int) -> str:
    """Return a statement for so many rows. ROLLBACK (no row causes it) spares SQLite a journal of the half done."""
    names = (*ALWAYS, *compress(SOMETIMES, present))
    places = f"({', '.join('?' * len(names))})"
    # Only names of ours stand in the statement, hence the silenced check; values are parameters.
    into = f"{JOURNAL}.entry ({', '.join(names)})"
    return f"INSERT OR ROLLBACK INTO {into} VALUES {', '.join([places] * rows)}"  # noqa: S608


class Segments:
    """The journal's directory and the months that have a file in it, oldest first.

    `months` is replaced as a whole, never changed: threads read it without a lock. `fenced` has what was met while
    running, by month: a file that is damaged, and is asked nothing any more. `key`: the journal's, for removed texts.
    """

    def __init__(self, directory: Path, key: bytes = b"") -> None:
        self.directory = directory
        self.removed = RemovedTexts(key)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = (path.name.removesuffix(".sqlite3") for path in directory.glob("*.sqlite3"))
        self.months = tuple(sorted(month for month in found if NAME.fullmatch(month)))
        self.fenced: dict[str, str] = {}

    def path(self, month: str) -> Path:
        """Return the file of a month."""
        return self.directory / f"{month}.sqlite3"

    def add(self, month: str) -> None:
        """List a month whose file is ready."""
        self.months = tuple(sorted({*self.months, month}))

    def drop(self, months: Iterable[str]) -> None:
        """List months no more whose files are about to go."""
        gone = set(months)
        self.months = tuple(month for month in self.months if month not in gone)

    def fence(self, month: str, error: object) -> None:
        """Ask a month's file nothing any more."""
        file = self.path(month) if month else self.directory.parent / MAIN
        if month not in self.fenced:
            self.fenced[month] = f"{file} is damaged ({error}): restore it"
            log.critical("a file is damaged, and is not used any more", file=str(file), cause=str(error))

    def check_open(self, month: str | None) -> None:
        """Raise StorageError if a month's file, or the main one (the month ""), is fenced."""
        for one in ("", month):
            if one is not None and one in self.fenced:
                raise StorageError(self.fenced[one])

    def describe(self, month: str) -> Segment:
        """Return month and size of a segment, what waits in its log included."""
        files = (self.path(month), self.path(month).with_name(f"{month}.sqlite3-wal"))
        return Segment(month, sum(file.stat().st_size for file in files if file.exists()))


class SegmentReader:
    """One thread's read-only connections to segments; the least recently used are closed."""

    def __init__(self, segments: Segments) -> None:
        self.segments = segments
        self._open: OrderedDict[str, Connection] = OrderedDict()
        self._with_posts: dict[str, bool] = {}
        self._begun: dict[str, Connection] | None = None
        self.asked = ""

    def newest_first(self) -> Iterator[tuple[str, Connection]]:
        """Go through the segments, newest first. One that rotation takes away meanwhile is left out."""
        return self._each(reversed(self.segments.months))

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Read in one transaction of each file that `with_posts` comes to: many small statements cost half."""
        self._begun = {}
        try:
            yield
        finally:
            begun, self._begun = self._begun, None
            for connection in begun.values():
                connection.execute("COMMIT")

    def with_posts(self) -> Iterator[tuple[str, Connection]]:
        """Go through the segments that may have posts of channels, newest first."""
        for month, connection in self.newest_first():
            if month not in self._with_posts:
                self._with_posts[month] = connection.execute(_HAS_POSTS).fetchone() is not None
            if self._with_posts[month]:
                if self._begun is not None and month not in self._begun:
                    connection.execute("BEGIN")
                    self._begun[month] = connection
                yield month, connection

    def oldest_first(self) -> Iterator[tuple[str, Connection]]:
        """Go through the segments, oldest first."""
        return self._each(self.segments.months)

    def _each(self, months: Iterable[str]) -> Iterator[tuple[str, Connection]]:
        for month in months:
            connection = self.get(month)
            if connection is not None:
                yield month, connection

    def get(self, month: str) -> Connection | None:
        """Return a connection to a month's segment, None if there is no such file any more. Raises StorageError where
        it is fenced. `asked` is the month that was asked for last."""
        self.segments.check_open(month)
        self.asked = month
        connection = self._open.get(month)
        if connection is None:
            connection = self._connect(month)
            if connection is None:
                return None
            self._open[month] = connection
        self._open.move_to_end(month)
        if len(self._open) > OPEN_SEGMENTS:
            oldest, gone = self._open.popitem(last=False)
            gone.close()
            if self._begun is not None:
                self._begun.pop(oldest, None)
        return connection

    def _connect(self, month: str) -> Connection | None:
        path = self.segments.path(month)
        try:
            return connect_raw(path, read_only=True)
        except OperationalError:
            if path.exists():
                raise
            return None

    def forget(self, months: Iterable[str]) -> None:
        """Close the connections to `months`, so that the space of removed files comes free."""
        for month in months:
            self._with_posts.pop(month, None)
            connection = self._open.pop(month, None)
            if connection is not None:
                connection.close()

    def close(self) -> None:
        """Close all connections."""
        self.forget(list(self._open))
