"""The one thread that writes: group commit over the main file and the newest segment.

Everything here runs in the writer's thread. SQLite commits attached files in WAL mode one after the other,
the main file first: a crash between the two leaves events in the ledger whose notices are missing from the
journal. `recover` finds and writes them, at the start and after any failure.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.notice_entry import Translate

from ..api import Left, Segment
from ..change_set import ChangeSet, QuotaGuard, Recorded, StorageError
from ..changes import mark
from ..sql.answers import rows_of
from ..sql.entry_rows import Row, row_of
from ..sql.fetch import raw_of
from ..sql.months import end_of, is_due, month_of
from ..sql.row_changes import names
from ..sql.schema import migrate
from ..sql.sequencer import Head, KeptHeads, Used, code_of, is_of_the_day, limits_of, nonce_of, sequence
from ..sql.streams import last_position_and_batch, last_version, ledger_row
from ..sql.tables import ledger
from . import heads
from . import rows as row_changes
from .database import FAILURES, JOURNAL, MAIN, close_main, is_corrupt, open_main, sync_directory, write_log_again
from .erasing import empty_log, erase_in_file, has_log, has_removed, left_of, removals, take_out
from .nonces import Askers, Key, find_asked, find_nonces
from .repair import events_after, last_told_batch, missing_notices
from .rotation import remember_heads, set_aside
from .segments import FORMAT, FROM_OLD_INDEX, OLD_INDEX, SCHEMA, Insert, SegmentReader, Segments, inserts
from .watch import Watch
from .whole import (
    ERASED_MARK,
    GOING,
    IN_USE,
    TOLD_BEFORE_MARK,
    TOLD_MARK,
    Accept,
    adopt,
    check_main,
    findings,
    marks_of,
    month_mark,
    refuse,
    rewritten_mark,
    settle,
    write_marks,
)

T = TypeVar("T")

MANY = 1 << 30
"""More numbers than are needed; SQLite keeps 32 bits of them."""

# Only names of ours stand in the statements of this module, hence each silenced S608; values are parameters.
_TOLD = f"UPDATE {JOURNAL}.segment SET batch = ?"  # noqa: S608
_PERSON = """SELECT ?1 UNION SELECT other.user FROM identities AS own
    JOIN identities AS other ON other.blind = own.blind WHERE own.user = ?1"""
# It has no more in it than the statement above.
_QUOTAS = f"""WITH person (user) AS ({_PERSON})
    SELECT (SELECT count(*) FROM members WHERE user IN (SELECT user FROM person)),
    (SELECT count(*) FROM groups WHERE creator IN (SELECT user FROM person) AND status <> 'closed'
        AND form = ''),
    (SELECT count(*) FROM groups WHERE owner IN (SELECT user FROM person) AND status <> 'closed'
        AND form = 'public')"""  # noqa: S608
_COLUMNS = [column.name for column in ledger.columns]
_INSERT_EVENTS = f"INSERT INTO ledger ({names(_COLUMNS)}) VALUES (:{', :'.join(_COLUMNS)})"  # noqa: S608


class Writer:
    """Owns the only connection that writes."""

    def __init__(self, data_dir: Path, segments: Segments, say: Translate, accept: Accept | None = None) -> None:
        """Open the files, repair what a crash has left, and raise StorageError for what else is lost: see `whole`.

        `accept` takes losses away before they are looked for again.
        """
        check_main(data_dir, segments.months)
        self._segments = segments
        self._say = say
        self._reader = SegmentReader(segments)
        self._heads = KeptHeads(self._load_head)
        self._month: str | None = None
        self._month_end = 0
        self._position = self._batch = self._erased = 0
        self._nonces: dict[Key, Used] = {}
        self._certain = False
        for path in (data_dir / MAIN, *map(segments.path, segments.months)):
            write_log_again(path)
        self._main = open_main(data_dir, read_only=False)
        self._raw = raw_of(self._main)
        self._watch = Watch(data_dir / MAIN)
        try:
            self._begin(data_dir, segments, accept)
        except BaseException:
            self.close()
            raise

    def _begin(self, data_dir: Path, segments: Segments, accept: Accept | None) -> None:
        migrate(self._main)
        with self._transaction():
            adopt(self._raw, segments)
            settle(self._raw, segments)
        if accept is not None:
            accept(self._raw, segments)
        refuse(data_dir, list(findings(self._raw, segments)))
        self._askers = Askers(self._raw)
        self._checkpoint_older()
        self._told = last_told_batch(self._reader.newest_first())
        if segments.months:
            self._attach(segments.months[-1])
        self._recover()

    @property
    def main(self) -> Connection:
        """The connection."""
        return self._main

    def commit(self, batch: Sequence[ChangeSet]) -> frozenset[str]:
        """Store a batch; return the streams in conflict. Raises StorageError: nothing of it is stored."""
        return self._guard(lambda: self._commit(batch))

    def rotate(self, now: int, months: int, but: Collection[str] = ()) -> list[Segment]:
        """Remove the segments that are due, but some and never the newest; return them."""
        due = [month for month in self._segments.months[:-1] if is_due(month, now, months) and month not in but]
        return self._guard(lambda: self._rotate(due))

    def erase(self) -> Left:
        """Take texts that were removed out of the files where they still stand, a bounded piece; say what is left. See
        `erasing`."""
        return self._guard(self._erase_older)

    def loose(self) -> str | None:
        """Return a month that is over and was not rewritten since something was removed from it."""
        return self._guard(self._find_loose)

    def note_rewritten(self, month: str) -> None:
        """Remember that the file of a month was rewritten."""
        self._guard(lambda: self._mark_rewritten(month, 1))

    def close(self) -> None:
        """Checkpoint and let go of the files."""
        self._reader.close()
        close_main(self._main)

    def _guard(self, act: Callable[[], T]) -> T:
        self._segments.check_open(self._month)
        try:
            if not self._certain:
                self._go_on()
            done = self._settled(act)
            # What went into a file that nobody will find again is not stored.
            self._watch.check()
        except FAILURES as error:
            self._certain = False
            if is_corrupt(error):
                self._segments.fence(self._reader.asked or self._month or "", error)
            raise StorageError(f"cannot write: {error}") from error
        return done

    def _settled(self, act: Callable[[], T]) -> T:
        """Return what `act` does. If it fails, what is stored is found out at once: who is told of the failure reads
        that, and it has to last."""
        try:
            return act()
        except FAILURES as error:
            if not is_corrupt(error):
                with suppress(StorageError, *FAILURES):
                    self._go_on()
            raise

    def _commit(self, batch: Sequence[ChangeSet]) -> frozenset[str]:
        self._nonces = self._find_nonces(batch)
        sequenced = sequence(batch, self)
        self._store(sequenced.change_sets)
        self._heads.advance(sequenced.heads)
        return sequenced.conflicts

    def _store(self, change_sets: Sequence[ChangeSet], retold: int = 0) -> None:
        """Write change sets that are known to fit, in one transaction. `retold`: the batch whose notices they make
        good."""
        self._certain = False
        self._cover(change_sets)
        if retold or not all(map(is_mere_post, change_sets)):
            self._store_acts(change_sets, retold)
        else:
            self._store_posts(change_sets)
        self._certain = True

    def _store_posts(self, change_sets: Sequence[ChangeSet]) -> None:
        """Write change sets that are mere posts. Mostly that is one statement, which is a transaction by itself."""
        statements = inserts(_rows(change_sets))
        with self._transaction() if len(statements) > 1 else nullcontext():
            self._append_entries(statements)

    def _store_acts(self, change_sets: Sequence[ChangeSet], retold: int) -> None:
        """Write change sets of which not all are mere posts."""
        rows = [row for change_set in change_sets for row in rows_of(change_set)]
        self._askers.add(change_set.asked.user for change_set in change_sets if change_set.asked)
        with self._transaction():
            appended = self._append_events(change_sets)
            row_changes.execute(self._raw, rows)
            statements = inserts(_rows(change_sets))
            self._append_entries(statements)
            self._erase(change_sets)
            told = retold or (self._batch + 1 if appended and statements else self._told)
            if told != self._told:
                self._raw.execute(_TOLD, (told,))
                if not retold:
                    write_marks(self._raw, mark(TOLD_MARK, told), mark(TOLD_BEFORE_MARK, self._told))
        self._position += appended
        self._batch += bool(appended)
        self._told = told

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Hold a transaction: SQLAlchemy's own would cost a quarter of a small batch of posts."""
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._raw.commit()
        except BaseException:
            self._raw.rollback()
            raise

    def _append_events(self, change_sets: Sequence[ChangeSet]) -> int:
        """Write the events of all change sets with one statement; return how many there were."""
        rows: list[dict[str, Any]] = []
        for change_set in change_sets:
            for number, event in enumerate(change_set.events, 1):
                position = self._position + len(rows) + 1
                version = change_set.version + number
                rows.append(ledger_row(position, self._batch + 1, change_set.stream, version, event))
        if rows:
            self._raw.executemany(_INSERT_EVENTS, rows)
        return len(rows)

    def _append_entries(self, statements: Iterable[Insert]) -> None:
        for statement, values in statements:
            self._raw.execute(statement, values)

    def _erase(self, change_sets: Sequence[ChangeSet]) -> None:
        """Move erased texts of this segment, edits of them included, to its restricted part; `erase` does so in older
        ones, and until then `redactions` hides them."""
        for change_set in change_sets:
            if change_set.erase and self._month is not None:
                grp, removed = _grp(change_set), self._segments.removed
                left = left_of(self._raw, grp, change_set.erase, JOURNAL)
                take_out(self._raw, removed, self._month, grp, left, JOURNAL)

    def _erase_older(self) -> Left:
        gone = removals(self._raw, self._erased, self._position)
        if gone.seqs and not self._erase_all(gone.seqs):
            return Left.WAITING
        self._erased = gone.position
        if gone.seqs and marks_of(self._raw).get(ERASED_MARK, 0) < gone.position:
            with self._transaction():
                write_marks(self._raw, mark(ERASED_MARK, gone.position))
        return Left.MORE if gone.position < self._position else Left.NOTHING

    def _erase_all(self, gone: dict[int, list[int]]) -> bool:
        """Take texts out of every file; say whether none is in any log either."""
        older = [month for month in self._segments.months if month not in (self._month, *self._segments.fenced)]
        done = [self._erase_in(month, gone) for month in older]
        return all(done) and (self._month is None or empty_log(self._raw, JOURNAL))

    def _erase_in(self, month: str, gone: dict[int, list[int]]) -> bool:
        """Take removed texts out of the file of a month that is over, if it still has some."""
        segment, path = self._reader.get(month), self._segments.path(month)
        if segment is None:
            return True
        left = {grp: rows for grp, seqs in gone.items() if (rows := left_of(segment, grp, seqs))}
        if not left and not has_log(path):
            return True
        if left:
            self._mark_rewritten(month, 0)
        return erase_in_file(path, self._segments.removed, month, left)

    def _mark_rewritten(self, month: str, value: int) -> None:
        with self._transaction():
            write_marks(self._raw, mark(rewritten_mark(month), value))

    def _find_loose(self) -> str | None:
        known = marks_of(self._raw)
        for month in self._segments.months:
            if month in (self._month, *self._segments.fenced) or known.get(rewritten_mark(month)):
                continue
            segment = self._reader.get(month)
            if segment is not None and has_removed(segment):
                return month
            self._mark_rewritten(month, 1)
        return None

    def _load_head(self, stream: str) -> Head:
        with self._transaction():
            version = last_version(self._main, stream)
            code = code_of(stream)
            if code is None or not version:
                return Head(version, 0)
            return Head(version, *heads.last_entry(self._raw, self._reader, code))

    def head(self, stream: str) -> Head:
        """See `sequencer.Known`."""
        return self._heads.get(stream)

    def nonce(self, code: str, user: str, nonce: str, ts: int) -> Used | None:
        """See `sequencer.Known`."""
        found = self._nonces.get((code, user, nonce))
        return found if found is not None and is_of_the_day(found, ts) else None

    def _find_nonces(self, batch: Sequence[ChangeSet]) -> dict[Key, Used]:
        """Look the batch's nonces up. The open segment is asked through the connection that writes, for its pages are
        in memory: another connection reads them again after each commit."""
        wanted = [found for change_set in batch if (found := nonce_of(change_set))]
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
        posts = find_nonces(tables, wanted, since)
        asked = self._askers.among(wanted)
        return posts | find_asked(self._raw, asked, since) if asked else posts

    def person(self, user: str) -> Collection[str]:
        """See `sequencer.Known`."""
        return [name for (name,) in self._raw.execute(_PERSON, (user,))]

    def holds(self, quota_guard: QuotaGuard, before: int) -> bool:
        """See `sequencer.Known`."""
        counts = self._raw.execute(_QUOTAS, (quota_guard.user,)).fetchone()
        return all(
            limit is None or have + before < limit for have, limit in zip(counts, limits_of(quota_guard), strict=True)
        )

    def _recover(self) -> None:
        """Find out what is stored, and write the notices that a broken-off commit has left out."""
        self._heads.clear()
        with self._transaction():
            self._position, self._batch = last_position_and_batch(self._main)
            self._told = last_told_batch(self._reader.newest_first())
            self._reader.asked = ""
            torn = events_after(self._main, self._told) if self._told < self._batch else []
        self.retell(torn)
        self._certain = True

    def _go_on(self) -> None:
        """Go on after a failure.

        A commit whose sync failed is not in force, but stands whole in the log, behind the last one that is: SQLite
        would take it for done at the next start, if nothing were written in its place. So something is that means
        nothing.
        """
        if self._raw.in_transaction:
            self._raw.rollback()
        with self._transaction():
            for file in ("main", JOURNAL) if self._month else ("main",):
                (number,) = self._raw.execute(f"PRAGMA {file}.user_version").fetchone()
                self._raw.execute(f"PRAGMA {file}.user_version = {(number + 1) % MANY}")
        self._recover()

    def retell(self, events: Iterable[Recorded]) -> None:
        """Write the notices that the journal lacks of some events."""
        with self._transaction():
            change_sets = missing_notices(self._main, self._reader, events, self._say)
        if change_sets:
            sequenced = sequence(change_sets, self)
            self._store(sequenced.change_sets, retold=self._batch)
            self._heads.advance(sequenced.heads)

    def _cover(self, change_sets: Sequence[ChangeSet]) -> None:
        """Open the segment of the batch's newest entry if that is later than the open one.

        A batch that crosses the border of two months goes into the later one whole: it is one transaction.
        """
        newest = max([new.entry.ts for change_set in change_sets for new in change_set.entries], default=None)
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
        if self._raw.execute(OLD_INDEX.format(db=JOURNAL)).fetchone():
            with self._transaction():
                for statement in FROM_OLD_INDEX:
                    self._raw.execute(statement.format(db=JOURNAL))
        if is_new:
            sync_directory(path.parent)
        if month not in self._segments.months:
            # Once this is stored the file must be there; until then it may be, and is empty.
            with self._transaction():
                write_marks(self._raw, mark(month_mark(month), IN_USE))
        self._watch.add(path)
        self._segments.add(month)
        self._month_end = end_of(month)

    def _detach(self) -> None:
        """Write the open segment's log into it and let it go: nothing writes to it again."""
        if self._month is None:
            return
        self._raw.execute(f"PRAGMA {JOURNAL}.wal_checkpoint(TRUNCATE)")
        self._raw.execute(f"DETACH DATABASE {JOURNAL}")
        self._watch.forget(self._segments.path(self._month))
        self._month, self._month_end = None, 0

    def _checkpoint_older(self) -> None:
        """Write logs that a crash at a month's border has left behind into their segments."""
        for month in self._segments.months[:-1]:
            path = self._segments.path(month)
            if path.with_name(f"{path.name}-wal").exists():
                self._raw.execute(f"ATTACH DATABASE ? AS {JOURNAL}", (str(path.absolute()),))
                self._raw.execute(f"PRAGMA {JOURNAL}.wal_checkpoint(TRUNCATE)")
                self._raw.execute(f"DETACH DATABASE {JOURNAL}")

    def _rotate(self, due: Sequence[str]) -> list[Segment]:
        removed = [self._segments.describe(month) for month in due]
        for month in due:
            segment = self._reader.get(month)
            with self._transaction():
                if segment is not None:
                    remember_heads(self._raw, segment)
                write_marks(self._raw, mark(month_mark(month), GOING))
                self._raw.execute("DELETE FROM marks WHERE name = ?", (rewritten_mark(month),))
        self._segments.drop(due)
        self._reader.forget(due)
        for month in due:
            set_aside(self._segments.path(month))
        with self._transaction():
            settle(self._raw, self._segments)
        return removed


def is_mere_post(change_set: ChangeSet) -> bool:
    """Say whether a change set touches the journal alone."""
    return not (change_set.events or change_set.rows or change_set.erase or change_set.asked or change_set.media)


def _rows(change_sets: Sequence[ChangeSet]) -> list[Row]:
    """Return the rows of the change sets' entries."""
    rows = []
    for change_set in change_sets:
        if change_set.entries:
            grp = _grp(change_set)
            rows += [row_of(grp, new) for new in change_set.entries]
    return rows


def _grp(change_set: ChangeSet) -> int:
    """Return the number under which the journal has the change set's group."""
    code = code_of(change_set.stream)
    assert code is not None, "only a group's work has entries"
    return int(code)
