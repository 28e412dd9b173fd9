"""Copying a store while a server writes to it, so that the copy is of one instant, and bringing a copy back.

The main file and each month are files of their own, and SQLite commits one after the other: main file, then newest
month. So a transaction for reading is begun on each, and these are taken only if the newest month has not changed
meanwhile and has all that the main file tells of. Then they are copied as they were then, however long that takes.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from sqlite3 import Connection, OperationalError, connect
from typing import NamedTuple

from folkmoot_governance.notice_entry import is_told

from ...common.private_files import PUBLISHED
from ...common.terminal import _
from ..change_set import StorageError
from ..sql.fetch import raw_of
from ..sqlite.access_log import DIRECTORY as ACCESS
from ..sqlite.database import FAILURES, MAIN, close_main, connect_raw, locked, open_main, sync_directory
from ..sqlite.repair import events_after, last_told_batch
from ..sqlite.segments import Segments
from ..sqlite.whole import IN_USE, RESTORED, marks_of, month_mark
from .verify import check_schema

PAGES = 1000
"""Pages copied at once, before progress is told."""
PATIENCE_S = 20.0
"""How long an instant is looked for at which no commit is between the files."""
PARTIAL = ".part"
OURS = ".folkmoot-copy"
"""Stands in a directory that a copy is being made in: if that is broken off it may be removed, and no other."""
KEYS, JOURNAL_KEY = "keys", "journal.key"
REPLACED = ".replaced"
MEDIA = "media"
"""Where the bytes of media are, unless `media.store` says another place."""
PARTS = (f"{MAIN}*", "journal/*", f"{ACCESS}/*", f"{PUBLISHED}/**/*", f"{MEDIA}/**/*")
"""What belongs to a store but its keys; the search index is made again."""

Progress = Callable[[int, int], None]
"""Told how many pages are done, of how many."""
Check = Callable[[Path, Path], None]
"""Looks at a copy, given where it is and where the keys are."""


class Copied(NamedTuple):
    """What a backup has: files, bytes, and the last position of the ledger."""

    files: int
    size: int
    position: int


def backup(data_dir: Path, target: Path, progress: Progress | None = None) -> Copied:
    """Copy a store to a directory that is not there yet, whether a server runs on it or not; all but its keys. Media
    are in it that are kept in the data directory.

    Raises StorageError, and leaves nothing behind then.
    """
    if not (data_dir / MAIN).exists():
        raise StorageError(_("there is no store in {path}").format(path=data_dir))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StorageError(_("{path} is there already: name a directory that is not").format(path=target))
    partial = target.with_name(target.name + PARTIAL)
    _begin_copy(partial)
    try:
        for name in ("journal", ACCESS):
            (partial / name).mkdir(mode=0o700, parents=True)
        with _instant(data_dir) as files:
            position = files[MAIN].execute("SELECT coalesce(max(position), 0) FROM ledger").fetchone()[0]
            _copy(files, partial, progress or (lambda done, total: None))
        published = data_dir / PUBLISHED
        if published.is_dir():
            shutil.copytree(published, partial / PUBLISHED)
        # After the rows: what these tell of is there already, unless its time is over.
        _copy_media(data_dir / MEDIA, partial / MEDIA)
        for directory in (partial / "journal", partial / ACCESS, partial):
            sync_directory(directory)
        (partial / OURS).unlink()
        partial.rename(target)
        sync_directory(target.parent)
    except FAILURES as error:
        raise StorageError(_("the store cannot be copied: {error}").format(error=error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    copies = [path for path in target.rglob("*") if path.is_file()]
    return Copied(len(copies), sum(path.stat().st_size for path in copies), position)


def _copy_media(source: Path, target: Path) -> None:
    """Copy what people uploaded, where that is kept in the data directory; what is removed or sealed meanwhile is there
    under its other name."""
    copied = None
    while copied is None or copied:
        copied = 0
        for path in sorted(source.glob("????-??/??/*")):
            copy = target / path.relative_to(source)
            if copy.exists():
                continue
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                shutil.copyfile(path, copy)
                copy.chmod(0o600)
                _sync(copy)
                copied += 1
    for directory in {path.parent for path in target.rglob("*")}:
        sync_directory(directory)


def _begin_copy(partial: Path) -> None:
    """Make the directory that a copy is made in, in the place of one that was broken off."""
    if partial.exists():
        if not partial.is_dir() or (any(partial.iterdir()) and not (partial / OURS).exists()):
            raise StorageError(
                _("{path} is there already, and is not a copy that was interrupted").format(path=partial)
            )
        shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(mode=0o700, parents=True)
        (partial / OURS).touch()
    except OSError as error:
        raise StorageError(_("the store cannot be copied: {error}").format(error=error)) from error


def restore(
    source: Path, data_dir: Path, check: Check, keys: Path | None = None, progress: Progress | None = None
) -> Path | None:
    """Put a backup into a data directory that no server uses. `keys`: where its keys are, if not there already.

    `check` is called with the copy and the keys before anything is replaced. What was there, keys aside, is put aside;
    returns where. Raises StorageError, or what `check` raises; what was there is in its place then.
    """
    if not (source / MAIN).exists():
        raise StorageError(_("there is no store in {path}").format(path=source))
    if source.resolve() == data_dir.resolve():
        raise StorageError(_("{path} is the data directory itself: name a backup").format(path=source))
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(data_dir):
        own = data_dir / KEYS
        if keys is None and not (own / JOURNAL_KEY).exists():
            said = _("the keys of the store are not in {path}: name the directory that has them with --keys")
            raise StorageError(said.format(path=own))
        fresh = data_dir / RESTORED
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            _copy_files(source, fresh, progress or (lambda done, total: None))
            if keys is not None:
                _copy_keys(keys, own)
            check(fresh, own)
            return _put_in_place(fresh, data_dir)
        except OSError as error:
            raise StorageError(_("the store cannot be copied: {error}").format(error=error)) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _copy_files(source: Path, target: Path, progress: Progress) -> None:
    """Copy a store that nobody writes to, with the logs that may stand beside its files."""
    found = [path for name in PARTS for path in sorted(source.glob(name)) if path.is_file()]
    done, total = 0, sum(path.stat().st_size for path in found)
    for path in found:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        _sync(copy)
        done += path.stat().st_size
        progress(done, total)
    for directory in {path.parent for path in target.rglob("*")}:
        sync_directory(directory)


def _copy_keys(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700, exist_ok=True)
    for key in sorted(source.glob("*.key")):
        copy = target / key.name
        if copy.exists() and copy.read_bytes() != key.read_bytes():
            raise StorageError(_("{path} is another key: move it away first").format(path=copy))
        shutil.copyfile(key, copy)
        copy.chmod(0o600)
        _sync(copy)
    if not (target / JOURNAL_KEY).exists():
        raise StorageError(_("there are no keys in {path}").format(path=source))
    sync_directory(target)


def _put_in_place(fresh: Path, data_dir: Path) -> Path | None:
    """Move what is in the way aside, then what is new to its place, the main file last: while it is missing, and
    `fresh` is there, nothing starts."""
    aside = data_dir / time.strftime(f"%Y%m%dT%H%M%SZ{REPLACED}", time.gmtime())
    # Media that a backup of before has not are left where they are.
    media = [MEDIA] if (fresh / MEDIA).exists() else []
    for name in (MAIN, f"{MAIN}-wal", f"{MAIN}-shm", "search", "journal", ACCESS, PUBLISHED, *media):
        if (data_dir / name).exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            (data_dir / name).rename(aside / name)
    for name in ("journal", ACCESS, PUBLISHED, *media, f"{MAIN}-wal", MAIN):
        if (fresh / name).exists():
            (fresh / name).rename(data_dir / name)
    sync_directory(data_dir)
    return aside if aside.exists() else None


@contextmanager
def _instant(data_dir: Path) -> Iterator[dict[str, Connection]]:
    """Hold transactions for reading, by the files' names below the data directory, that all see the same instant."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        with ExitStack() as stack:
            files = _begin(data_dir, stack)
            if files is not None:
                yield files
                return
        if time.monotonic() > give_up:
            raise StorageError(
                _("the last commit of {path} is not complete: start the server once, which repairs it").format(
                    path=data_dir
                )
            )


def _begin(data_dir: Path, stack: ExitStack) -> dict[str, Connection] | None:
    """Begin reading all files; None where a commit came between them, or a month has just gone."""
    segments, access = Segments(data_dir / "journal"), Segments(data_dir / ACCESS)
    connections, watched = {}, {}
    try:
        for month in segments.months:
            connections[f"journal/{month}.sqlite3"] = _open(segments.path(month), stack)
            watched[month] = _open(segments.path(month), stack)
        months = frozenset(connections)
        for month in access.months:
            connections[f"{ACCESS}/{month}.sqlite3"] = _open(access.path(month), stack)
    except OperationalError:
        if all(segments.path(month).exists() for month in segments.months):
            raise
        return None
    before = {month: _version(raw) for month, raw in watched.items()}
    for raw in connections.values():
        _begin_reading(raw)
    main = open_main(data_dir, read_only=True)
    stack.callback(close_main, main)
    raw_main = raw_of(main)
    _begin_reading(raw_main)
    unchanged = before == {month: _version(raw) for month, raw in watched.items()}
    check_schema(main)
    known = {name for name, value in marks_of(raw_main).items() if name.startswith("month ") and value == IN_USE}
    if not unchanged or known - {month_mark(month) for month in segments.months}:
        return None
    # As these months were at that instant, not as they are now.
    newest_first = sorted(((name, raw) for name, raw in connections.items() if name in months), reverse=True)
    told = [one for one in events_after(main, last_told_batch(newest_first)) if is_told(one.event)]
    return None if told else {MAIN: raw_main, **connections}


def _open(path: Path, stack: ExitStack) -> Connection:
    raw = connect_raw(path, read_only=True)
    stack.callback(raw.close)
    return raw


def _begin_reading(raw: Connection) -> None:
    # A transaction begins with the first look.
    raw.execute("BEGIN")
    raw.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _version(raw: Connection) -> int:
    """Return a number that is another one after each commit of somebody else."""
    return int(raw.execute("PRAGMA data_version").fetchone()[0])


def _copy(files: dict[str, Connection], target: Path, progress: Progress) -> None:
    sizes = {name: int(raw.execute("PRAGMA page_count").fetchone()[0]) for name, raw in files.items()}
    total, before = sum(sizes.values()), 0
    for name, raw in files.items():

        def tell(_status: int, remaining: int, pages: int, before: int = before) -> None:
            progress(before + pages - remaining, total)

        path = target / name
        copy = connect(path)
        try:
            raw.backup(copy, pages=PAGES, progress=tell)
        finally:
            copy.close()
        path.chmod(0o600)
        _sync(path)
        before += sizes[name]


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
