"""Whether the files are whole: compared with what the main file remembers of them, before anything is done with them.

Two things are remembered, as marks: each month that has a file, and the last batch whose notices the journal must have
(and the one before, for a crash may take the last one from the journal: see `repair`). A file that is lost, emptied, or
an old copy is found by these. What is found is said, and nobody goes on before it is restored or the loss accepted.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from sqlite3 import Connection, DatabaseError

from ...common.terminal import _
from ...crypto.sealing import load_key
from ..change_set import StorageError, Upsert
from ..changes import mark
from . import rows
from .database import MAIN, connect_raw
from .log_file import has_lost_commits
from .repair import last_told_batch
from .rotation import set_aside
from .segments import SegmentReader, Segments

TOLD_MARK, TOLD_BEFORE_MARK = "told", "told before"
"""The last batches of the ledger that have notices, and the one before it."""
ERASED_MARK = "erased"
"""The position of the ledger up to which every text that was removed is out of all files."""
ADOPTED_MARK = "adopted"
"""There once every month that had a file before there were marks has one."""
Accept = Callable[[Connection, Segments], None]
RESTORED = "restored.part"
"""The directory that a backup is copied to before it takes the place of what was there."""
IN_USE, GOING = 1, 2
"""What the mark of a month says: it has a file, or that is being removed."""
MAGIC = b"SQLite format 3\0"


def month_mark(month: str) -> str:
    """Return the name of a month's mark."""
    return f"month {month}"


def rewritten_mark(month: str) -> str:
    """Return the name of what says whether a month's file was rewritten since something was removed from it."""
    return f"rewritten {month}"


def gap_mark(code: str, first: int) -> str:
    """Return the name of what says up to which seq a group's entries from `first` on were lost."""
    return f"gap {code} {first}"


def marks_of(main: Connection) -> dict[str, int]:
    """Return all marks."""
    return dict(main.execute("SELECT name, value FROM marks"))


def write_marks(main: Connection, *changed: Upsert) -> None:
    """Write marks, in the caller's transaction."""
    rows.execute(main, changed)


def has_header(path: Path) -> bool:
    """Say whether a file begins as those of SQLite do. One that does not would keep SQLite trying for a while."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def check_main(data_dir: Path, months: tuple[str, ...]) -> None:
    """Raise StorageError if there is no main file where there is a journal, or it is none of SQLite's."""
    path = data_dir / MAIN
    if not path.exists() and (data_dir / RESTORED).exists():
        said = _("a restore into {path} was interrupted: run folkmoot db restore once more")
        raise StorageError(said.format(path=data_dir))
    if not path.exists() or not path.stat().st_size:
        if months:
            said = _("{path} is missing or empty, and with it groups, accounts and the record: restore it")
            raise StorageError(said.format(path=path))
    elif not has_header(path):
        raise StorageError(_("{path} is damaged: restore it").format(path=path))
    elif _has_torn_log(path):
        # What else is there rests on it: to go on without it would leave notices of what never was.
        raise StorageError(_("{said}: restore the store from a backup").format(said=torn_log(path)))


def key_of(data_dir: Path) -> bytes:
    """Return the journal's key, made where there is no store yet. Raises StorageError where there is one without it: a
    new key would open nothing that was sealed, and go unnoticed."""
    key = data_dir / "keys" / "journal.key"
    if not key.exists() and _has_events(data_dir / MAIN):
        raise lost_key(key)
    return load_key(key)


def _has_events(path: Path) -> bool:
    """Say whether anything was ever done in a store; what cannot be read is told of by who opens it."""
    if not path.exists() or not path.stat().st_size or not has_header(path):
        return False
    raw = connect_raw(path, read_only=True)
    try:
        return bool(raw.execute("SELECT 1 FROM ledger LIMIT 1").fetchone())
    except DatabaseError:
        return False
    finally:
        raw.close()


def lost_key(path: Path) -> StorageError:
    """Return the error of a store whose key is not there."""
    said = _("{path} is missing, and with it all that is sealed in this store: put the copy back that was kept apart")
    return StorageError(said.format(path=path))


def adopt(main: Connection, segments: Segments) -> None:
    """Take the months of a store that was made before there were marks as they are; in the caller's transaction."""
    if ADOPTED_MARK not in marks_of(main):
        write_marks(main, mark(ADOPTED_MARK, 1), *(mark(month_mark(month), IN_USE) for month in segments.months))


def leave_aside(main: Connection, segments: Segments) -> list[str]:
    """List no more the files that no entry has come to yet, and those that are being removed; return a sentence for
    each that is none of this store's."""
    known, foreign = marks_of(main), []
    for month in segments.months:
        path, value = segments.path(month), known.get(month_mark(month))
        if value is None and has_entries(path):
            foreign.append(_("{path} does not belong to this store: move it away").format(path=path))
        if value != IN_USE:
            segments.drop([month])
    return foreign


def settle(main: Connection, segments: Segments) -> None:
    """Finish the removal of months that a crash broke off, and leave aside files that no entry has come to yet.

    Raises StorageError where a file is none of this store's.
    """
    foreign = leave_aside(main, segments)
    if foreign:
        raise StorageError("; ".join(foreign))
    for name, value in marks_of(main).items():
        if name.startswith("month ") and value == GOING:
            set_aside(segments.path(name.removeprefix("month ")))
            main.execute("DELETE FROM marks WHERE name = ?", (name,))


def has_entries(path: Path) -> bool:
    """Say whether a month's file holds anything, or cannot be read."""
    if not path.stat().st_size:
        return False
    if not has_header(path):
        return True
    raw = connect_raw(path, read_only=True)
    try:
        tables = raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'entry'").fetchone()
        return bool(tables and raw.execute("SELECT 1 FROM entry LIMIT 1").fetchone())
    except DatabaseError:
        return True
    finally:
        raw.close()


def findings(main: Connection, segments: Segments) -> Iterator[tuple[str, str]]:
    """Yield what is lost or damaged: the month (empty: of no file by itself), and a sentence."""
    known = marks_of(main)
    path = segments.directory.parent / MAIN
    if has_lost_commits(path):
        yield "", torn_log(path)
    months = sorted(name.removeprefix("month ") for name, value in known.items() if name.startswith("month "))
    broken = False
    for month in months:
        path = segments.path(month)
        sentence = _look(path, is_newest=month == months[-1])
        if sentence:
            broken = True
            yield month, sentence
        elif _has_torn_log(path):
            # The file itself is whole, and stays.
            broken = True
            yield "", torn_log(path)
    if not broken:
        yield from _old_copy(known, segments)


def torn_log(path: Path) -> str:
    """Return what there is to say of a log that is damaged."""
    return _("{path}-wal is damaged, and what was stored behind that place is lost").format(path=path)


def _has_torn_log(path: Path) -> bool:
    if not path.with_name(f"{path.name}-wal").exists():
        return False
    raw = connect_raw(path, read_only=True)
    try:
        # SQLite goes through the log when it is first asked for something.
        raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return has_lost_commits(path)
    finally:
        raw.close()


def _look(path: Path, *, is_newest: bool) -> str | None:
    """Return what is wrong with a month's file; all pages are looked at in the newest, which is written to."""
    if not path.exists():
        return _("{path} is missing").format(path=path)
    if not path.stat().st_size:
        return _("{path} is empty").format(path=path)
    damaged = _("{path} is damaged").format(path=path)
    if not has_header(path):
        return damaged
    try:
        raw = connect_raw(path, read_only=True)
        try:
            if not raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'segment'").fetchone():
                return _("{path} is empty").format(path=path)
            if is_newest and (found := raw.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                return f"{damaged} ({found})"
        finally:
            raw.close()
    except DatabaseError as error:
        return f"{damaged} ({error})"
    return None


def _old_copy(known: dict[str, int], segments: Segments) -> Iterator[tuple[str, str]]:
    """Yield a finding when the journal ends before the ledger does, by more than a crash takes."""
    if TOLD_MARK not in known or not segments.months:
        return
    reader = SegmentReader(segments)
    try:
        told = last_told_batch(reader.newest_first())
    finally:
        reader.close()
    if told < known.get(TOLD_BEFORE_MARK, 0):
        path = segments.path(segments.months[-1])
        yield (
            "",
            _("{path} is older than {main}: what was posted after it was copied is missing").format(
                path=path, main=MAIN
            ),
        )


def refuse(data_dir: Path, found: list[tuple[str, str]]) -> None:
    """Raise StorageError for what was found, saying what can be done."""
    if found:
        lost = "; ".join(sentence for _month, sentence in found)
        ways = _("restore it from a backup, or go on without it: folkmoot db accept-loss --data {path} --reason …")
        raise StorageError(f"{lost}: {ways.format(path=data_dir)}")
