"""The one thread that writes: group commit over the main file and the newest segment.

Everything here runs in the writer's thread. SQLite commits attached files in WAL mode one after the other,
the main file first: a crash between the two leaves events in the ledger whose notices are missing from the
journal. `recover` finds and writes them, at the start and after any failure.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import insert

from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.notice_entry import Teller

from ...crypto.sealing import Sealer
from ..api import Segment
from ..change_set import Claim, StorageError, Work
from ..sql import ledger as ledger_tables
from ..sql import row_changes
from ..sql.entry_rows import Row, row_of
from ..sql.fetch import raw_of
from ..sql.months import end_of, is_due, month_of
from ..sql.schema import migrate
from ..sql.sequencer import Head, KeptHeads, admit, code_of, nonce_of
from ..sql.tables import ledger
from . import journal as sqlite_journal
from .database import FAILURES, JOURNAL, close_main, open_main, sync_directory
from .nonces import Key, find_nonces
from .repair import last_told_batch, missing_notices
from .rotation import remember_heads, unlink
from .segments import FORMAT, SCHEMA, Insert, SegmentReader, Segments, inserts

T = TypeVar("T")

# Only names of ours stand in the statements of this module, hence each silenced S608; values are parameters.
_TOLD = f"UPDATE {JOURNAL}.segment SET batch = ?"  # noqa: S608
_INSERT_EVENTS = insert(ledger)


class Writer:
    """Owns the only connection that writes. `key` is the journal's, for the texts of erased entries."""

    def __init__(self, data_dir: Path, segments: Segments, key: bytes, say: Teller) -> None:
        self._segments = segments
        self._key = key
        self._say = say
        self._reader = SegmentReader(segments)
        self._heads = KeptHeads(self._load_head)
        self._month: str | None = None
        self._month_end = 0
        self._position = self._batch = 0
        self._nonces: dict[Key, tuple[int, int]] = {}
        self._certain = False
        self._main = open_main(data_dir, read_only=False)
        self._raw = raw_of(self._main)
        migrate(self._main)
        self._settle_older()
        self._told = last_told_batch(self._reader)
        if segments.months:
            self._attach(segments.months[-1])
        self._recover()

    def commit(self, batch: Sequence[Work]) -> frozenset[str]:
        """Store a batch; return the streams in conflict. Raises StorageError: nothing of it is stored."""
        return self._guard(lambda: self._commit(batch))

    def rotate(self, now: int, months: int) -> list[Segment]:
        """Remove the segments that are due, but never the newest; return them."""
        return self._guard(lambda: self._rotate(now, months))

    def close(self) -> None:
        """Checkpoint and let go of the files."""
        self._reader.close()
        close_main(self._main)

    def _guard(self, act: Callable[[], T]) -> T:
        try:
            if not self._certain:
                self._recover()
            return act()
        except FAILURES as error:
            self._certain = False
            raise StorageError(f"cannot write: {error}") from error

    def _commit(self, batch: Sequence[Work]) -> frozenset[str]:
        self._nonces = self._find_nonces(batch)
        admission = admit(batch, self)
        self._store(admission.works)
        self._heads.advance(admission.heads)
        return admission.conflicts

    def _store(self, works: Sequence[Work], retold: int = 0) -> None:
        """Write works that are known to fit, in one transaction. `retold`: the batch whose notices they make good."""
        self._certain = False
        self._cover(works)
        if retold or any(work.events or work.rows or work.erase for work in works):
            self._store_acts(works, retold)
        else:
            self._store_posts(works)
        self._certain = True

    def _store_posts(self, works: Sequence[Work]) -> None:
        """Write works that are mere posts. Mostly that is one statement, which is a transaction by itself."""
        statements = inserts(_rows(works))
        with self._posting() if len(statements) > 1 else nullcontext():
            self._append_entries(statements)

    def _store_acts(self, works: Sequence[Work], retold: int) -> None:
        """Write works of which not all are mere posts."""
        rows = [row for work in works for row in work.rows]
        with self._main.begin():
            appended = self._append_events(works)
            row_changes.execute(self._main, rows)
            statements = inserts(_rows(works))
            self._append_entries(statements)
            self._erase(works)
            told = retold or (self._batch + 1 if appended and statements else self._told)
            if told != self._told:
                self._raw.execute(_TOLD, (told,))
        self._position += appended
        self._batch += bool(appended)
        self._told = told

    @contextmanager
    def _posting(self) -> Iterator[None]:
        """Hold a transaction for posts alone: SQLAlchemy's own would cost a quarter of a small batch."""
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._raw.commit()
        except BaseException:
            self._raw.rollback()
            raise

    def _append_events(self, works: Sequence[Work]) -> int:
        """Write the events of all works with one statement; return how many there were."""
        rows: list[dict[str, Any]] = []
        for work in works:
            for number, event in enumerate(work.events, 1):
                position = self._position + len(rows) + 1
                version = work.version + number
                rows.append(ledger_tables.ledger_row(position, self._batch + 1, work.stream, version, event))
        if rows:
            self._main.execute(_INSERT_EVENTS, rows)
        return len(rows)

    def _append_entries(self, statements: Iterable[Insert]) -> None:
        for statement, values in statements:
            self._raw.execute(statement, values)

    def _erase(self, works: Sequence[Work]) -> None:
        """Move erased texts of this segment, edits of them included, to its restricted part; of older ones `redactions`
        hides them."""
        for work in works:
            for seq in work.erase:
                if self._month is not None:
                    sealer = Sealer(self._key, self._month)
                    for one in (seq, *self._edits(_grp(work), seq)):
                        self._seal(_grp(work), one, sealer)

    def _edits(self, grp: int, seq: int) -> list[int]:
        """Return the seqs of the edits of an entry in this segment."""
        table = f"{JOURNAL}.entry INDEXED BY entry_target"
        query = f"SELECT seq FROM {table} WHERE grp = ? AND target = ? AND kind = 'edit'"  # noqa: S608
        return [row[0] for row in self._raw.execute(query, (grp, seq))]

    def _seal(self, grp: int, seq: int, sealer: Sealer) -> None:
        query = f"SELECT body, data FROM {JOURNAL}.entry WHERE grp = ? AND seq = ?"  # noqa: S608
        row = self._raw.execute(query, (grp, seq)).fetchone()
        if row is None:
            return
        sealed = sealer.seal(grp, seq, msgspec.json.encode(row))
        add = f"INSERT INTO {JOURNAL}.restricted VALUES (?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608
        self._raw.execute(add, (grp, seq, sealed))
        blank = f"UPDATE {JOURNAL}.entry SET body = '', data = NULL WHERE grp = ? AND seq = ?"  # noqa: S608
        self._raw.execute(blank, (grp, seq))

    def _load_head(self, stream: str) -> Head:
        with self._main.begin():
            version = ledger_tables.last_version(self._main, stream)
            code = code_of(stream)
            if code is None or not version:
                return Head(version, 0)
            return Head(version, sqlite_journal.last_seqs(self._main, self._reader, [code])[code])

    def head(self, stream: str) -> Head:
        """See `heads.Known`."""
        return self._heads.get(stream)

    def nonce(self, code: str, user: str, nonce: str, ts: int) -> tuple[int, int] | None:
        """See `heads.Known`."""
        found = self._nonces.get((code, user, nonce))
        return found if found is not None and found[1] >= ts - DAY_MS else None

    def _find_nonces(self, batch: Sequence[Work]) -> dict[Key, tuple[int, int]]:
        """Look the batch's nonces up. The open segment is asked through the connection that writes, for its pages are
        in memory: another connection reads them again after each commit."""
        wanted = [found for work in batch if (found := nonce_of(work))]
        if not wanted:
            return {}
        since = min(ts for *_, ts in wanted) - DAY_MS
        tables = []
        for month in reversed(self._segments.months):
            if end_of(month) <= since:
                break
            if month == self._month:
                tables.append((self._raw, f"{JOURNAL}.entry"))
            elif (segment := self._reader.get(month)) is not None:
                tables.append((segment, "entry"))
        return find_nonces(tables, wanted, since)

    def holds(self, claim: Claim, before: int) -> bool:
        """See `heads.Known`."""
        with self._main.begin():
            return ledger_tables.holds(self._main, claim, before)

    def _recover(self) -> None:
        """Find out what is stored, and write the notices that a broken-off commit has left out."""
        self._heads.clear()
        if self._raw.in_transaction:
            self._raw.rollback()
        with self._main.begin():
            self._position, self._batch = ledger_tables.last_position_and_batch(self._main)
            self._told = last_told_batch(self._reader)
            torn = ledger_tables.events_of_batch(self._main, self._batch) if self._told < self._batch else []
            works = missing_notices(self._main, self._reader, torn, self._say)
        if works:
            admission = admit(works, self)
            self._store(admission.works, retold=self._batch)
            self._heads.advance(admission.heads)
        self._certain = True

    def _cover(self, works: Sequence[Work]) -> None:
        """Open the segment of the batch's newest entry if that is later than the open one.

        A batch that crosses the border of two months goes into the later one whole: it is one transaction.
        """
        newest = max([new.entry.ts for work in works for new in work.entries], default=None)
        if newest is not None and newest >= self._month_end:
            self._detach()
            self._attach(month_of(newest))

    def _attach(self, month: str) -> None:
        path = self._segments.path(month)
        is_new = not path.exists()
        self._raw.execute(f"ATTACH DATABASE ? AS {JOURNAL}", (str(path.absolute()),))
        # From here on a second attempt must first detach, whatever fails.
        self._month, self._month_end = month, 0
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._raw.execute(f"PRAGMA {JOURNAL}.{pragma}")
        values = {"month": month, "format": FORMAT, "batch": self._told}
        for statement in SCHEMA:
            self._raw.execute(statement.format(db=JOURNAL), values)
        if is_new:
            sync_directory(path.parent)
        self._segments.add(month)
        self._month_end = end_of(month)

    def _detach(self) -> None:
        """Write the open segment's log into it and let it go: nothing writes to it again."""
        if self._month is None:
            return
        self._raw.execute(f"PRAGMA {JOURNAL}.wal_checkpoint(TRUNCATE)")
        self._raw.execute(f"DETACH DATABASE {JOURNAL}")
        self._month, self._month_end = None, 0

    def _settle_older(self) -> None:
        """Write logs that a crash at a month's border has left behind into their segments."""
        for month in self._segments.months[:-1]:
            path = self._segments.path(month)
            if path.with_name(f"{path.name}-wal").exists():
                self._raw.execute(f"ATTACH DATABASE ? AS {JOURNAL}", (str(path.absolute()),))
                self._raw.execute(f"PRAGMA {JOURNAL}.wal_checkpoint(TRUNCATE)")
                self._raw.execute(f"DETACH DATABASE {JOURNAL}")

    def _rotate(self, now: int, months: int) -> list[Segment]:
        due = [month for month in self._segments.months[:-1] if is_due(month, now, months)]
        removed = [self._segments.describe(month) for month in due]
        for month in due:
            segment = self._reader.get(month)
            if segment is not None:
                with self._main.begin():
                    remember_heads(self._main, segment)
        self._segments.drop(due)
        self._reader.forget(due)
        for month in due:
            unlink(self._segments.path(month))
        return removed


def _rows(works: Sequence[Work]) -> list[Row]:
    """Return the rows of the works' entries."""
    rows = []
    for work in works:
        if work.entries:
            grp = _grp(work)
            rows += [row_of(grp, new) for new in work.entries]
    return rows


def _grp(work: Work) -> int:
    """Return the number under which the journal has the work's group."""
    code = code_of(work.stream)
    assert code is not None, "only a group's work has entries"
    return int(code)
