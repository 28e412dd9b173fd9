"""A disk that fails, and loses power: what was never synced may be lost, block by block.

The server runs in a Python that writes down what SQLite does to files: `tests/bad_disk`. The model is the worst that
POSIX allows. A block that was written and not synced since holds what it held at the last sync, or what was written. So
does one that was written before a sync that failed, even if a later one did not: the kernel takes such a block for
clean. Files that were made or removed are so for sure once their folder is synced.
"""

import json
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.integration.server import OwnPython

BLOCK = 4096
FOLDER = Path(__file__).parents[1] / "bad_disk"

Blocks = dict[str, dict[int, bytes]]
"""What blocks of files held when they were last known to be on the disk."""


class FailingDisk(OwnPython):
    """A server on such a disk."""

    def __init__(self, place: Path, settings: dict[str, object]) -> None:
        self.home = place / "disk"
        self.home.mkdir()
        super().__init__(place, settings, FOLDER, {"BAD_DISK": str(self.home)})
        self._log = self.home / "log"
        self.plan()

    def plan(self, **plan: Any) -> None:
        """Say what fails from now on: `sync`, `write`, `read` and `full` (no room) are probabilities, `of` is how the
        names of the files end, `seed` starts the dice anew, `slow_s` is how long a sync takes."""
        fresh = self.home / "plan.new"
        fresh.write_text(json.dumps(plan))
        fresh.rename(self.home / "plan")

    @property
    def faults(self) -> int:
        """How often something has failed."""
        path = self.home / "hits"
        return path.stat().st_size if path.exists() else 0

    def cut_power(self, random: Random | None = None) -> None:
        """End the server as a loss of power does, and take from the disk what may be lost: all of it, or by chance."""
        self.kill()
        unsure = Unsure()
        for record in self._records():
            unsure.take(*record)
        unsure.lose(random)
        for path in self.data.rglob("*-shm"):
            path.unlink()
        self.forget()

    def forget(self) -> None:
        """Take all that was written for safe."""
        for path in self.home.glob("deleted-*"):
            path.unlink()
        self._log.unlink()

    def _records(self) -> Iterator[tuple[str, str, int, bytes, str]]:
        data, at = self._log.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<I", data, at)
            what, path, block, size, name = json.loads(data[at + 4 : at + 4 + length])
            at += 4 + length
            yield what, path, block, data[at : at + max(0, size)], name
            at += max(0, size)


class Unsure:
    """What is not known to be on the disk."""

    def __init__(self) -> None:
        self._written: Blocks = defaultdict(dict)
        self._taken_for_clean: Blocks = defaultdict(dict)
        self._made: set[str] = set()
        self._removed: dict[str, str] = {}

    def take(self, what: str, path: str, block: int, old: bytes, name: str) -> None:
        """Go on by one record of what was done."""
        written, clean = self._written[path], self._taken_for_clean[path]
        match what:
            case "block":
                written.setdefault(block, clean.pop(block, old))
            case "synced":
                written.clear()
            case "failed":
                clean.update({block: old for block, old in written.items() if block not in clean})
                written.clear()
            case "create":
                self._made.add(path)
            case "delete":
                self._removed[path] = name
                for blocks in (self._written, self._taken_for_clean):
                    blocks[name] = blocks.pop(path, {})
            case "folder":
                self._made = {made for made in self._made if str(Path(made).parent) != path}
                self._removed = {gone: kept for gone, kept in self._removed.items() if str(Path(gone).parent) != path}
            case _:
                raise AssertionError(what)

    def lose(self, random: Random | None) -> None:
        """Take all of it from the disk, or some."""
        for path in sorted({*self._written, *self._taken_for_clean}):
            blocks = {**self._written[path], **self._taken_for_clean[path]}
            # All, none or some of them: each is what a disk does.
            share = random.choice((0.0, 1.0, random.random())) if random else 1.0
            lost = {block: old for block, old in sorted(blocks.items()) if not random or random.random() < share}
            if Path(path).is_file():
                put_back(Path(path), lost)
        for path in sorted(self._made):
            if not random or random.random() < 0.5:
                Path(path).unlink(missing_ok=True)
        for path, kept in sorted(self._removed.items()):
            if (not random or random.random() < 0.5) and not Path(path).exists():
                Path(kept).rename(path)


def put_back(path: Path, blocks: dict[int, bytes]) -> None:
    """Let a file hold what these blocks held before; what was beyond its end reads as zeros, or is cut off."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        for block, old in blocks.items():
            file.seek(block * BLOCK)
            there = max(0, min(BLOCK, size - block * BLOCK))
            file.write(old + bytes(max(0, there - len(old))))
        end = file.seek(0, 2)
        while end and (block := (end - 1) // BLOCK) in blocks and end > block * BLOCK + len(blocks[block]):
            end = block * BLOCK + len(blocks[block])
            file.truncate(end)
