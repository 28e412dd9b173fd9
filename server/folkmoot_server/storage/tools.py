"""What `folkmoot db` does with a store: files that no server has open, or a cluster's database."""

import asyncio
from pathlib import Path

from . import schema
from .api import StorageError
from .database import close_main, locked, open_main
from .seed import Progress, fill, seed
from .verify import verify

__all__ = ["migrate", "migrate_cluster", "seed", "seed_cluster", "verify"]


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


def migrate_cluster(database_url: str) -> str:
    """As `migrate`, for PostgreSQL; nodes may be running. Raises StorageError."""
    try:
        from .postgres_database import migrate
    except ModuleNotFoundError as error:
        raise extra_missing(error) from error
    return asyncio.run(migrate(database_url))


def seed_cluster(
    database_url: str,
    key: bytes,
    groups: int,
    members: int,
    tokens: Path,
    progress: Progress | None = None,
    *,
    agreement: str = "1",
) -> None:
    """As `seed`, for PostgreSQL; `key` is the journal's. Raises StorageError."""
    try:
        from .postgres import PostgresStore
    except ModuleNotFoundError as error:
        raise extra_missing(error) from error

    async def write() -> None:
        store = await PostgresStore.open(database_url, key=key)
        try:
            await fill(store, groups, members, tokens, progress, agreement=agreement)
        finally:
            await store.close()

    asyncio.run(write())


def extra_missing(error: ModuleNotFoundError) -> StorageError:
    """Return the error of a cluster without the packages that it needs."""
    return StorageError(f"a cluster needs the extra folkmoot[cluster]: {error}")
