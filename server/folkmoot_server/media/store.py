"""Where the bytes of media are kept: a directory, or a bucket of S3, by obstore.

A key is `media/<month>/<2 of the id>/<id>`, with `.small` or `.sealed` behind it. What is stored in a directory is on
the disk, and its name too, when `put` returns; nothing is ever stored under a name that it does not have whole.
"""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

PIECE = 1 << 17
SMALL = ".small"
SEALED = ".sealed"
PARTS = ("", SMALL)
"""What is behind the key of each object of an upload."""

FAILURES = (BaseError, OSError)
"""What the store may raise."""

MOST_TRIES, PATIENCE = 3, timedelta(seconds=20)
"""How often and how long a bucket is tried."""

DAY_S = 86_400


def key_of(month: str, id: str) -> str:
    """Return the key of an upload's bytes."""
    return f"media/{month}/{id[:2]}/{id}"


class MediaStore:
    """Puts, gets and removes objects. Raises `FAILURES`."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self._url = url
        self._opened: ObjectStore | None = None
        parts = urlsplit(url)
        is_here = parts.scheme in ("", "file")
        self._directory = (Path(unquote(parts.path)) if url else data_dir) if is_here else None

    @property
    def _store(self) -> ObjectStore:
        """The store, opened when it is first needed."""
        if self._opened is None:
            if self._directory is None:
                self._opened = from_url(self._url, retry_config={"max_retries": MOST_TRIES, "retry_timeout": PATIENCE})
            else:
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._opened = LocalStore(self._directory)
        return self._opened

    async def put(self, key: str, file: IO[bytes]) -> None:
        """Store a file from its beginning."""
        if self._directory is not None:
            await asyncio.to_thread(put_file, self._directory, key, file)
        else:
            file.seek(0)
            await obstore.put_async(self._store, key, file)

    async def size(self, key: str) -> int | None:
        """Return how many bytes there are, None where there are none."""
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except FileNotFoundError:
            return None

    async def get(self, key: str) -> bytes | None:
        """Return an object whole, None where there is none."""
        try:
            return bytes(await (await obstore.get_async(self._store, key)).bytes_async())
        except FileNotFoundError:
            return None

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield bytes from `start` up to the one before `end`, a piece at a time."""
        for begin in range(start, end, PIECE):
            yield bytes(await obstore.get_range_async(self._store, key, start=begin, end=min(begin + PIECE, end)))

    async def remove(self, keys: Iterable[str]) -> None:
        """Remove what is there of some objects."""
        if self._directory is None:
            await obstore.delete_async(self._store, list(keys))
            return
        for key in keys:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, key)

    async def tidy(self) -> None:
        """Remove what was left half written a day ago or more, and directories with nothing in them."""
        if self._directory is not None:
            await asyncio.to_thread(tidy_directory, self._directory, time.time() - DAY_S)


def put_file(root: Path, key: str, file: IO[bytes]) -> None:
    """Store a file in a directory, whole or not at all."""
    path, partial = root / key, partial_in(root) / secrets.token_hex(8)
    for folder in (partial.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with partial.open("xb") as copy:
            file.seek(0)
            while piece := file.read(PIECE):
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    # The directories that this may have made as well, up to the first that was there.
    for folder in path.relative_to(root).parents:
        sync_folder(root / folder)


def partial_in(root: Path) -> Path:
    """Return where files stand until they are whole: beside the others, on the same disk."""
    return root / "media" / "partial"


def sync_folder(folder: Path) -> None:
    """Have the names in a directory on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def tidy_directory(root: Path, before: float) -> None:
    """Remove what was begun before a time (Unix seconds), and directories of months and of ids that are empty."""
    for file in partial_in(root).glob("*"):
        with suppress(FileNotFoundError):
            if file.stat().st_mtime < before:
                file.unlink()
    for folder in sorted((root / "media").glob("????-??/*"), reverse=True):
        with suppress(OSError):
            folder.rmdir()
    for folder in (root / "media").glob("????-??"):
        with suppress(OSError):
            folder.rmdir()
