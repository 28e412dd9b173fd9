"""Files that nobody but their owner may read: what the process makes, and what it finds."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

OTHERS = 0o077

PUBLISHED = "documents"
"""What a data directory has that everybody is to read."""


def make_new_files_private() -> None:
    """See to it that whatever is made from now on, by libraries too, is its owner's alone: 0600, directories 0700."""
    os.umask(OTHERS)


def make_private(data_dir: Path) -> Iterator[Path]:
    """Make a data directory and what the server has in it its owner's alone; yield what could not be made so."""
    for path in (data_dir, *data_dir.rglob("*")):
        if path.relative_to(data_dir).parts[:1] != (PUBLISHED,) and is_readable_for_others(path, OTHERS):
            try:
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)
            except OSError:
                yield path


def is_readable_for_others(path: Path, who: int = stat.S_IRWXO) -> bool:
    """Say whether others than owner and group (`who`, as bits of a mode) may do anything with a file."""
    try:
        return bool(path.stat().st_mode & who)
    except OSError:
        return False
