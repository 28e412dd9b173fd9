"""Where the bytes of media are kept: a directory, or a bucket of S3, by obstore.

A key is `media/<month>/<2 of the id>/<id>`, with `.small` or `.sealed` behind it. What is stored in a directory is on
the disk, and its name too, when `put` returns; nothing is ever stored under a name that it does not have whole.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

PIECE = 1 << 17
SMALL = ".small"
SEALED = ".sealed"

FAILURES = (BaseError, OSError)
"""What the store may raise."""


def key_of(month: str, id: str) -> str:
    """Return the key of an upload's bytes."""
    return f"media/{month}/{id[:2]}/{id}"


class MediaStore:
    """Puts, gets and removes objects. Raises `FAILURES`."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self._url, self._data_dir = url, data_dir
        self._opened: ObjectStore | None = None
        parts = urlsplit(url)
        is_here = parts.scheme in ("", "file")
        self._directory = (Path(unquote(parts.path)) if url else data_dir) if is_here else None

    @property
    def _store(self) -> ObjectStore:
        """The store, opened when it is first needed."""
        if self._opened is None:
            if self._directory is None:
                self._opened = from_url(self._url)
            else:
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._opened = LocalStore(self._directory)
        return self._opened

    async def put(self, key: str, file: IO[bytes]) -> None:
        """Store a file from its beginning."""
        if self._directory is not None:
            await asyncio.to_thread(put_file, self._directory / key, file)
        else:
            file.seek(0)
            await obstore.put_async(self._store, key, file)

    async def size(self, key: str) -> int | None:
        """Return how many bytes there are, None where there are none."""
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except FileNotFoundError:
            return None

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield bytes from `start` up to the one before `end`, a piece at a time."""
        for begin in range(start, end, PIECE):
            yield bytes(await obstore.get_range_async(self._store, key, start=begin, end=min(begin + PIECE, end)))

    async def remove(self, keys: Iterable[str]) -> None:
        """Remove what is there of some objects."""
        for key in keys:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, key)


def put_file(path: Path, file: IO[bytes]) -> None:
    """Store a file in a directory, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}#{os.getpid()}")
    try:
        with partial.open("wb") as copy:
            file.seek(0)
            while piece := file.read(PIECE):
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    for folder in (path.parent, path.parent.parent):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
