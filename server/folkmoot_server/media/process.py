"""Having files made anew, each by a process of its own: see `worker`."""

import asyncio
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
from msgspec import Struct

from ..config.media import MediaSettings

REST_S = 10
"""How long a worker may take besides its time on the processor, which it may have to wait for."""
WAITS = 6
"""How many times its time on the processor a worker may wait for that: others are served first."""
ANSWER_BYTES = 1 << 16
PIECE = 1 << 18
WRITTEN = 3
"""How many times as large as the largest upload a file may be that is made anew."""

FILM_PIXELS = 3840 * 2160
"""Pixels of a film's pictures: browsers play no more."""

TYPES = frozenset(
    {
        *("image/jpeg", "image/png", "image/webp", "video/mp4", "video/webm"),
        *("audio/mp4", "audio/webm", "audio/ogg", "audio/mpeg", "audio/flac"),
    }
)
"""What may be served as what: a worker that was taken over could say anything."""


class Answer(Struct, frozen=True):
    """What a worker says: `bad`, why the file is not taken, or what it is now."""

    bad: str = ""
    type: str = ""
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    likeness: str = ""


class Files(NamedTuple):
    """A file as it came, made anew, and small. They have no name: whoever ends, they are gone."""

    source: IO[bytes]
    main: IO[bytes]
    small: IO[bytes]


class Made(NamedTuple):
    """A file made anew: what a worker says of it, its size in bytes and SHA-256 in hexadecimal."""

    answer: Answer
    size: int
    sha256: str


class Workshop:
    """Has files made anew, a few at a time."""

    def __init__(self, settings: MediaSettings, place: Path) -> None:
        self._settings = settings
        self._place = place
        self._slots = asyncio.Semaphore(settings.workers)

    @contextmanager
    def files(self) -> Iterator[Files]:
        """Have three files without a name on the disk of the data directory. Raises OSError."""
        self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as stack:
            yield Files(*(stack.enter_context(tempfile.TemporaryFile(dir=self._place)) for _ in range(3)))

    async def make(self, files: Files) -> Made:
        """Have a file made anew. Raises OSError where there is no room for it, or no process."""
        async with self._slots:
            answer = await asyncio.to_thread(self._run, files)
        if answer.bad:
            return Made(answer, 0, "")
        if answer.type not in TYPES:
            return Made(Answer(bad="damaged"), 0, "")
        return Made(answer, *await asyncio.to_thread(sum_of, files.main))

    def _run(self, files: Files) -> Answer:
        settings = self._settings
        bounds = {
            "seconds": settings.worker_seconds,
            "memory": settings.worker_bytes,
            "written": WRITTEN * settings.max_bytes,
            "pictures": {
                "pixels": settings.pixels,
                "frames": settings.frames,
                "side": settings.side,
                "thumbnail": settings.thumbnail,
            },
            "films": {
                "pixels": FILM_PIXELS,
                "seconds": settings.seconds,
                "thumbnail": settings.thumbnail,
            },
        }
        files.source.seek(0)
        with tempfile.TemporaryFile(dir=self._place) as said, tempfile.TemporaryFile(dir=self._place) as told:
            told.write(json.dumps(bounds).encode())
            told.seek(0)
            return self._start(files, said, told)

    def _start(self, files: Files, said: IO[bytes], told: IO[bytes]) -> Answer:
        command = [sys.executable, "-I", "-m", f"{__package__}.worker"]
        handles = (files.main.fileno(), files.small.fileno(), told.fileno())
        command += map(str, handles)
        timeout = WAITS * self._settings.worker_seconds + REST_S
        try:
            done = subprocess.run(
                command,
                stdin=files.source,
                stdout=said,
                stderr=subprocess.DEVNULL,
                pass_fds=handles,
                env={},
                cwd="/",
                start_new_session=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(bad="heavy")
        said.seek(0)
        try:
            return msgspec.json.decode(said.read(ANSWER_BYTES), type=Answer)
        except msgspec.MsgspecError as error:
            if done.returncode < 0:
                # Ended by one of its bounds, or by what it looked at.
                return Answer(bad="heavy")
            raise OSError(f"a worker could not work: it ended with {done.returncode}") from error


def sum_of(file: IO[bytes]) -> tuple[int, str]:
    """Return size and SHA-256 of a file."""
    file.seek(0)
    sha256, size = hashlib.sha256(), 0
    while piece := file.read(PIECE):
        sha256.update(piece)
        size += len(piece)
    return size, sha256.hexdigest()
