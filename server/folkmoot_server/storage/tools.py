"""What `folkmoot db` does with a store that no server has open."""

from pathlib import Path

from . import schema
from .database import close_main, locked, open_main
from .seed import seed
from .verify import verify

__all__ = ["migrate", "seed", "verify"]


def migrate(data_dir: Path) -> str:
    """Bring the store to this version's schema, making it if there is none; return the revision it has then.

    Raises StorageError when a server has it open or a newer version has written it.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(data_dir):
        main = open_main(data_dir, read_only=False)
        try:
            return schema.migrate(main)
        finally:
            close_main(main)
