"""Whether the files that are written to are still where the next start will look for them."""

import os
from pathlib import Path

from ..change_set import StorageError


class Watch:
    """Knows the files that one connection writes to, their logs included, by what the disk calls them."""

    def __init__(self, path: Path) -> None:
        self._files: dict[str, tuple[int, int] | None] = {}
        self._gone = ""
        self.add(path)

    def add(self, path: Path) -> None:
        """Watch a file and its log."""
        for name in (str(path), f"{path}-wal"):
            self._files[name] = None

    def forget(self, path: Path) -> None:
        """Watch them no more."""
        for name in (str(path), f"{path}-wal"):
            self._files.pop(name, None)

    def check(self) -> None:
        """Raise StorageError if one of them was removed or replaced; for ever, for what was written since is lost."""
        for name, known in self._files.items():
            try:
                found = os.stat(name)
            except OSError:
                # The log comes with the first thing that is written.
                if known is None and name.endswith("-wal"):
                    continue
                self._gone = self._gone or name
                break
            if known is None:
                self._files[name] = found.st_dev, found.st_ino
            elif known != (found.st_dev, found.st_ino):
                self._gone = self._gone or name
                break
        if self._gone:
            raise StorageError(f"{self._gone} was removed or replaced under the running server: stop it and restore")
