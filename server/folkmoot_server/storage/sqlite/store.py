"""The store on SQLite: one thread writes, two read, the event loop runs on. See `docs/storage.md`."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from sqlite3 import Connection as RawConnection
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from folkmoot_governance.holds import Hold
from folkmoot_governance.notice_entry import Translate
from folkmoot_protocol.types import Entry

from ..api import Found, HeldPiece, Left, Line, Page, Segment, Versions
from ..change_set import ChangeSet, StorageError
from ..channels import ChannelRow, Place, PostPage
from ..search.text import Query
from ..sql.channels import SqlFollows
from ..sql.closed_authors import AuthorTags, without_closed
from ..sql.fetch import raw_of
from ..sql.ledger import SqlLedger
from . import channels as sqlite_channels
from . import heads as sqlite_heads
from . import journal as sqlite_journal
from .access_log import SqliteAccessLog
from .background import Tables
from .database import (
    FAILURES,
    DirectoryLock,
    check_writable,
    close_main,
    is_corrupt,
    keep_temporary_files,
    open_main,
    reading,
)
from .erasing import Rewriter
from .rotation import clear
from .search import SqliteSearch
from .segments import SegmentReader, Segments
from .whole import key_of
from .worker import Worker
from .writer import Writer

READERS = 2

P = ParamSpec("P")
T = TypeVar("T")


class Reader:
    """One thread with connections of its own, for reading beside the writer."""

    def __init__(self, data_dir: Path, segments: Segments, name: str) -> None:
        self._thread = Worker(name)
        self._data_dir = data_dir
        self._main: Connection | None = None
        self._segments = SegmentReader(segments)

    @property
    def waiting(self) -> int:
        """How many calls have not been answered yet."""
        return self._thread.waiting

    @property
    def is_collecting(self) -> bool:
        """Whether this turn of the loop has calls for it already."""
        return self._thread.is_collecting

    def run(self, read: Callable[[Connection, SegmentReader], T]) -> asyncio.Future[T]:
        """Return what `read` will give, called with this thread's connections. It may raise StorageError."""
        return self._thread.run(self._read, read)

    def _read(self, read: Callable[[Connection, SegmentReader], T]) -> T:
        try:
            if self._main is None:
                self._main = open_main(self._data_dir, read_only=True)
            # One transaction: tables read one after the other belong to the same instant.
            self._segments.asked = ""
            with reading(self._main):
                return read(self._main, self._segments)
        except FAILURES as error:
            if is_corrupt(error):
                self._segments.segments.fence(self._segments.asked, error)
            raise StorageError(f"cannot read: {error}") from error

    async def forget(self, months: Collection[str]) -> None:
        """Close the connections to segments that are gone."""
        await self._thread.run(self._segments.forget, months)

    async def close(self) -> None:
        """Finish what runs and close the connections."""
        await self._thread.run(self._close)
        self._thread.shut_down()

    def _close(self) -> None:
        self._segments.close()
        if self._main is not None:
            close_main(self._main)


class Threads:
    """The store's threads: the writer's, and the readers', which take turns."""

    def __init__(self, data_dir: Path, segments: Segments) -> None:
        self.write = Worker("write")
        self.readers = [Reader(data_dir, segments, f"read-{number}") for number in range(READERS)]
        self._reader = self.readers[0]

    async def start_writer(self, data_dir: Path, segments: Segments, say: Translate) -> Writer:
        """Open the writer in its thread; the thread ends if that fails."""
        try:
            return await self.write.run(Writer, data_dir, segments, say)
        except BaseException:
            self.write.shut_down()
            raise

    async def close(self, writer: Writer) -> None:
        """Finish what runs, close all files, the writer's last, and end the threads."""
        for reader in self.readers:
            await reader.close()
        await self.write.run(writer.close)
        self.write.shut_down()

    def _next(self) -> Reader:
        """Return the reader with the least to do; within a turn of the loop always the same."""
        if not self._reader.is_collecting:
            self._reader = min(self.readers, key=lambda reader: reader.waiting)
        return self._reader

    def read_main(
        self, read: Callable[Concatenate[Connection, P], T], /, *args: P.args, **more: P.kwargs
    ) -> asyncio.Future[T]:
        """Return what a function of the main file gives."""
        return self._next().run(lambda main, _: read(main, *args, **more))

    def read_segments(
        self, read: Callable[Concatenate[SegmentReader, P], T], /, *args: P.args, **more: P.kwargs
    ) -> asyncio.Future[T]:
        """Return what a function of the segments gives."""
        return self._next().run(lambda _, segments: read(segments, *args, **more))

    def read_both(
        self,
        read: Callable[Concatenate[RawConnection, SegmentReader, P], T],
        /,
        *args: P.args,
        **more: P.kwargs,
    ) -> asyncio.Future[T]:
        """Return what a function of the main file and the segments gives."""
        return self._next().run(lambda main, segments: read(raw_of(main), segments, *args, **more))


class SqliteLedger(SqlLedger):
    """`api.Ledger` on the main file."""

    def __init__(self, threads: Threads, tables: Tables) -> None:
        super().__init__(threads.read_main, tables.ask)
        self._threads = threads

    async def heads(self, codes: Collection[str]) -> dict[str, tuple[int, int]]:
        return await self._threads.read_both(sqlite_heads.heads, codes)

    async def account_versions(self, users: Collection[str]) -> dict[str, int]:
        return await self._threads.read_main(lambda main: sqlite_heads.account_versions(raw_of(main), users))


class SqliteJournal:
    """`api.Journal` on the segments."""

    def __init__(
        self, threads: Threads, search: SqliteSearch, segments: Segments, writer: Writer, author_tags: AuthorTags
    ) -> None:
        self._author_tags = author_tags
        self._threads = threads
        self._search = search
        self._segments = segments
        self._writer = writer
        self._paging = asyncio.Lock()
        self._rewriter = Rewriter()

    async def last_seqs(self, codes: Collection[str]) -> dict[str, int]:
        return await self._threads.read_both(sqlite_heads.last_seqs, codes)

    async def page(self, code: str, *, before: int | None = None, after: int | None = None, limit: int = 50) -> Page:
        # A page is the longest of what is read. One at a time: threads that are busy all the time keep the one that
        # commits, and the event loop, from the interpreter.
        async with self._paging:
            page = await self._threads.read_both(sqlite_journal.page, code, before, after, limit)
        return Page(await without_closed(page.entries, self._author_tags), page.more)

    async def entry(self, code: str, seq: int) -> Entry | None:
        entry = await self._threads.read_both(sqlite_journal.entry, code, seq)
        return None if entry is None else (await without_closed([entry], self._author_tags))[0]

    async def versions(self, code: str, seqs: Collection[int], *, preserved: bool = False) -> dict[int, Versions]:
        found = await self._threads.read_both(sqlite_journal.versions, code, seqs, preserved)
        entries = [entry for one in found.values() for entry in (one.entry, *one.edits)]
        shown = {entry.seq: entry for entry in await without_closed(entries, self._author_tags)}
        return {
            seq: Versions(shown[one.entry.seq], tuple(shown[edit.seq] for edit in one.edits))
            for seq, one in found.items()
        }

    async def notices_of(self, code: str, versions: Collection[int]) -> dict[int, int]:
        return await self._threads.read_segments(sqlite_journal.notices_of, code, versions)

    async def reactions(self, code: str, seq: int, reaction: str, limit: int) -> list[Entry]:
        return await self._threads.read_both(sqlite_journal.reactions, code, seq, reaction, limit)

    async def find_nonce(self, code: str, user: str, nonce: str, since_ms: int) -> Entry | None:
        return await self._threads.read_segments(sqlite_journal.find_nonce, code, user, nonce, since_ms)

    async def search(self, code: str, query: Query, *, before: int, limit: int) -> Found:
        found = await self._search.find(code, query, before, limit, partial(self.versions, code))
        return Found(await without_closed(found.entries, self._author_tags), found.before)

    async def index(self) -> bool:
        return await self._search.index()

    async def erase(self) -> Left:
        writing = self._threads.write
        left = await writing.run(self._writer.erase)
        if left:
            return left
        month = await writing.run(self._writer.loose)
        if month is None:
            return Left.NOTHING
        try:
            # In a thread of its own: the file is read meanwhile, and nobody else writes to it.
            is_done = await asyncio.to_thread(self._rewriter.rewrite, self._segments.path(month))
        except FAILURES as error:
            raise StorageError(f"cannot rewrite {month}: {error}") from error
        if is_done:
            await writing.run(self._writer.note_rewritten, month)
        return Left.MORE if is_done else Left.NOTHING

    def stop(self) -> None:
        """Break off what takes long: the store is to be closed."""
        self._rewriter.stop()

    async def segments(self) -> list[Segment]:
        return [self._segments.describe(month) for month in self._segments.months]

    async def ends(self, month: str) -> Mapping[int, int]:
        return await self._threads.read_segments(sqlite_journal.ends, month)

    async def lines(self, month: str, after: tuple[int, int], limit: int) -> Sequence[Line]:
        async with self._paging:
            return await self._threads.read_segments(sqlite_journal.lines, month, after, limit)

    async def held(self, month: str, hold: Hold, after: tuple[int, int]) -> HeldPiece:
        return await self._threads.read_segments(sqlite_journal.held, month, hold, after)

    async def rotate(self, now: int, months: int, *, but: Collection[str] = ()) -> list[Segment]:
        removed = await self._threads.write.run(self._writer.rotate, now, months, but)
        gone = [segment.month for segment in removed]
        for reader in self._threads.readers:
            await reader.forget(gone)
        await self._search.forget(gone)
        await asyncio.to_thread(clear, self._segments.directory.parent)
        return removed


class SqliteChannels(SqlFollows):
    """`channels.Channels` on the main file and the segments."""

    def __init__(self, threads: Threads, tables: Tables, author_tags: AuthorTags) -> None:
        super().__init__(threads.read_main, tables.ask)
        self._threads = threads
        self._author_tags = author_tags

    async def channels(self, codes: Collection[str]) -> dict[str, ChannelRow]:
        return await self._threads.read_main(lambda main: sqlite_channels.channels(raw_of(main), codes))

    async def moved(self, since_ms: int) -> dict[str, tuple[int, int]]:
        return await self._threads.read_segments(sqlite_channels.moved, since_ms)

    async def posts_of_month(self, month: str, after: tuple[int, int, int], limit: int) -> list[tuple[int, int, int]]:
        return await self._threads.read_segments(sqlite_channels.posts_of_month, month, after, limit)

    async def home(self, user: str, tops: Mapping[str, int], before: Place, limit: int, now: int) -> PostPage:
        return await self._threads.read_both(sqlite_channels.home, user, tops, before, limit, now)

    async def posts(self, code: str, before: Place, limit: int, now: int) -> PostPage:
        return await self._threads.read_both(sqlite_channels.posts, code, before, limit, now)

    async def posts_at(self, places: Collection[Place], now: int) -> PostPage:
        return await self._threads.read_both(sqlite_channels.posts_at, list(places), now)

    async def reposts(self, code: str, seq: int, before: Place, limit: int, now: int) -> PostPage:
        return await self._threads.read_both(sqlite_channels.reposts, code, seq, before, limit, now)

    async def comments(self, code: str, seq: int, after: int, limit: int) -> list[Entry]:
        found = await self._threads.read_both(sqlite_channels.comments, code, seq, after, limit)
        return await without_closed(found, self._author_tags)

    async def comments_by(self, user: str, before: Place, limit: int) -> list[Place]:
        return await self._threads.read_segments(sqlite_channels.comments_by, user, before, limit)


class SqliteStore:
    """`api.Store` in a data directory: `folkmoot.sqlite3`, `journal/` and `access/` with a file for each month,
    `keys/`, `lock`."""

    def __init__(
        self,
        lock: DirectoryLock,
        threads: Threads,
        tables: Tables,
        search: SqliteSearch,
        segments: Segments,
        writer: Writer,
        access: SqliteAccessLog,
    ) -> None:
        self.access = access
        self._lock = lock
        self._segments = segments
        self._threads = threads
        self._tables = tables
        self._search = search
        self._writer = writer
        self.ledger = SqliteLedger(threads, tables)
        self.journal = SqliteJournal(threads, search, segments, writer, self.ledger.author_tags)
        self.channels = SqliteChannels(threads, tables, self.ledger.author_tags)

    @classmethod
    async def open(cls, data_dir: Path, *, say: Translate) -> "SqliteStore":
        """Open the store in `data_dir`, made, migrated and repaired as need be.

        `say` words the notices that a crash has cut off from their events. Raises StorageError when another
        process has the directory, a newer version has written it, or its files cannot be used.
        """
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = DirectoryLock(data_dir)
        except OSError as error:
            raise StorageError(f"cannot use {data_dir}: {error}") from error
        try:
            check_writable(data_dir)
            return await cls._open(data_dir, lock, say)
        except BaseException:
            lock.release()
            raise

    @classmethod
    async def _open(cls, data_dir: Path, lock: DirectoryLock, say: Translate) -> "SqliteStore":
        try:
            keep_temporary_files(data_dir)
            segments = Segments(data_dir / "journal", key_of(data_dir))
            threads = Threads(data_dir, segments)
            writer = await threads.start_writer(data_dir, segments, say)
            tables = await Tables.open(data_dir)
            search = await SqliteSearch.open(data_dir, segments)
            access = SqliteAccessLog(data_dir)
        except FAILURES as error:
            raise StorageError(f"cannot open {data_dir}: {error}") from error
        return cls(lock, threads, tables, search, segments, writer, access)

    @property
    def damage(self) -> Sequence[str]:
        return list(self._segments.fenced.values())

    async def commit(self, batch: Sequence[ChangeSet]) -> frozenset[str]:
        return await self._threads.write.run(self._writer.commit, batch)

    async def close(self) -> None:
        self.journal.stop()
        await self.access.close()
        await self._tables.close()
        await self._search.close()
        await self._threads.close(self._writer)
        self._lock.release()
