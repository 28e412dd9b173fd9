"""Opening the main file: connections, locks. What SQLite is told about durability stands here."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import SQLITE_CORRUPT, SQLITE_NOTADB, connect
from sqlite3 import Connection as RawConnection
from sqlite3 import Error as DriverError

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from ...common.terminal import _
from ..change_set import StorageError
from ..sql.fetch import raw_of

MAIN = "folkmoot.sqlite3"
JOURNAL = "journal"
TEMPORARY = "etilqs_"
"""What SQLite's names of temporary files begin with."""
GONE = ".gone"
"""What the names of files end in that were taken away."""
BUSY_MS = 10_000
NEEDED_BYTES = 1024 * 1024
PIECE = 1024 * 1024

CORRUPT = frozenset({SQLITE_CORRUPT, SQLITE_NOTADB})
"""Codes of SQLite for files that are not as they were written."""

FAILURES = (DriverError, SQLAlchemyError, OSError)
"""What a call may raise when files, disk or SQLite fail it."""

# FULL: a commit that returned survives loss of power, the promise behind every `ok`. A thousand pages, the
# default, would checkpoint every few batches under load.
WRITER_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA main.journal_mode = WAL",
    "PRAGMA main.synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA wal_autocheckpoint = 4000",
)
READER_PRAGMAS = (f"PRAGMA busy_timeout = {BUSY_MS}", "PRAGMA query_only = ON")


def is_corrupt(error: BaseException | None) -> bool:
    """Say whether a failure is that of a damaged file."""
    error = getattr(error, "orig", None) or error
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in CORRUPT


def read_only_uri(path: Path) -> str:
    """Return the name under which SQLite opens a file that is there, for reading alone."""
    return f"{path.absolute().as_uri()}?mode=ro"


def connect_raw(path: Path, *, read_only: bool) -> RawConnection:
    """Open a SQLite file in autocommit mode: transactions begin and end only where we say so."""
    uri = read_only_uri(path) if read_only else f"{path.absolute().as_uri()}?mode=rwc"
    raw = connect(uri, uri=True, isolation_level=None, cached_statements=512)
    for pragma in READER_PRAGMAS if read_only else WRITER_PRAGMAS:
        raw.execute(pragma)
    return raw


def open_main(data_dir: Path, *, read_only: bool) -> Connection:
    """Open the main file through SQLAlchemy, on one raw connection, for use in this thread alone."""
    path = data_dir / MAIN
    raw = connect_raw(path, read_only=read_only)
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    _begin_with(engine, "BEGIN" if read_only else "BEGIN IMMEDIATE")
    return engine.connect()


def close_main(connection: Connection) -> None:
    """Close the connection and the file under it."""
    raw = raw_of(connection)
    connection.close()
    connection.engine.dispose()
    raw.close()


def _begin_with(engine: Engine, statement: str) -> None:
    def begin(connection: Connection) -> None:
        if not raw_of(connection).in_transaction:
            connection.exec_driver_sql(statement)

    event.listen(engine, "begin", begin)


def keep_temporary_files(data_dir: Path) -> None:
    """Remove what a crash has left of files that were to go.

    Have SQLite put what does not fit into memory, as the copy that it rewrites a file from, into a directory and not
    into the system's: texts are in it in plain. It takes such a file's name away as soon as it is open.
    """
    for left in (*data_dir.glob(f"{TEMPORARY}*"), *data_dir.glob(f"*/*{GONE}")):
        left.unlink(missing_ok=True)
    quoted = str(data_dir.absolute()).replace("'", "''")
    with closing(connect(":memory:")) as any_connection:
        # For all connections of the process, and there is no other way that works once SQLite is loaded.
        any_connection.execute(f"PRAGMA temp_store_directory = '{quoted}'")


@contextmanager
def reading(main: Connection) -> Iterator[None]:
    """Hold a transaction for reading. SQLAlchemy's own would cost more than most of what is read in it."""
    raw = raw_of(main)
    raw.execute("BEGIN")
    try:
        yield
    finally:
        if main.in_transaction():
            main.rollback()
        else:
            raw.rollback()


def check_space(data_dir: Path) -> None:
    """Raise StorageError where there is no room for what SQLite keeps in mapped files, be it only to read: a process
    that touches a page of such a file for which there is no room is ended without a word."""
    disk = os.statvfs(data_dir)
    free = disk.f_frsize * (disk.f_bavail if os.geteuid() else disk.f_bfree)
    if free < NEEDED_BYTES:
        said = _("{path} is on a full disk: {need} KiB must be free, {free} are")
        raise StorageError(said.format(path=data_dir, need=NEEDED_BYTES // 1024, free=free // 1024))


def check_writable(data_dir: Path) -> None:
    """Raise StorageError for what of a store this user may not read or write: its files would fail one by one."""
    names = ("*.sqlite3*", "journal", "access", "*/*.sqlite3*", "keys", "keys/*")
    for path in (data_dir, *(path for name in names for path in data_dir.glob(name))):
        mode = os.R_OK if path.parent.name == "keys" else os.R_OK | os.W_OK
        if not os.access(path, mode | (os.X_OK if path.is_dir() else 0)):
            said = _("user {user} may not use {path}: give it to that user, or mount it so that it can be written to")
            raise StorageError(said.format(path=path, user=os.geteuid()))


class DirectoryLock:
    """Holds a data directory for one process: two writers would each number the same entries.

    The directory itself is locked, not a file in it, which somebody might remove.
    """

    def __init__(self, data_dir: Path) -> None:
        check_space(data_dir)
        self._file = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise StorageError(f"another server uses {data_dir}") from error

    def release(self) -> None:
        """Let the next one in."""
        os.close(self._file)


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the data directory while the block runs. Raises StorageError when a server has it, or it is read-only."""
    check_writable(data_dir)
    lock = DirectoryLock(data_dir)
    try:
        yield
    finally:
        lock.release()


def sync_directory(path: Path) -> None:
    """Put a directory's own entries on stable storage: a new file in it must outlive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_log_again(path: Path) -> None:
    """Write the log of a file that nobody has open once more as it is, and sync it.

    What a crash has left there may be in memory alone: the kernel takes for written what a sync that failed should have
    written, and no later sync does so. All that is added behind it would be lost with it when the power goes.
    """
    try:
        log = os.open(f"{path}-wal", os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        place = 0
        while data := os.pread(log, PIECE, place):
            place += os.pwrite(log, data, place)
        os.fsync(log)
    finally:
        os.close(log)
