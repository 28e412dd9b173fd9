"""What `folkmoot db` does with a store: files that no server has open, or a cluster's database."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ...crypto.sealing import load_key
from ..change_set import StorageError
from ..sql import schema
from ..sql.fetch import raw_of
from ..sqlite.database import close_main, locked, open_main
from ..sqlite.segments import Segments
from ..sqlite.whole import adopt
from .backup import backup
from .backup import restore as put_back
from .event_log import read_copies, read_directory
from .seed import NO_CHANNELS, Progress, Then, fill, seed
from .seed_channels import ChannelSeeds
from .verify import key_missing, verify

__all__ = [
    "ChannelSeeds",
    "backup",
    "migrate",
    "migrate_cluster",
    "read_copies",
    "read_directory",
    "restore",
    "seed",
    "seed_cluster",
    "verify",
    "verify_cluster",
]


def migrate(data_dir: Path) -> str:
    """Bring the store to this version's schema, making it if there is none; return the revision it has then.

    Raises StorageError when a server has it open or a newer version has written it.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(data_dir):
        main = open_main(data_dir, read_only=False)
        try:
            revision = schema.migrate(main)
            raw = raw_of(main)
            with raw:
                raw.execute("BEGIN IMMEDIATE")
                adopt(raw, Segments(data_dir / "journal"))
            return revision
        finally:
            close_main(main)


class NotSoundError(StorageError):
    """A backup was not restored: `problems` are what is wrong with it, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def restore(
    source: Path,
    data_dir: Path,
    keys: Path | None = None,
    progress: Progress | None = None,
    copies: Sequence[str] = (),
    *,
    anyway: bool = False,
) -> tuple[Path | None, list[str]]:
    """Restore a backup as `backup.restore` does, if it is sound and not older than checkpoints (`copies`) that were
    kept, or `anyway`; return where what was there is, and what is wrong with it. Raises StorageError."""
    problems: list[str] = []

    def check(fresh: Path, own: Path) -> None:
        # As the first start would, so that a backup of an earlier version can be looked at.
        migrate(fresh)
        problems.extend(verify(fresh, progress, own, copies))
        if problems and not anyway:
            raise NotSoundError(problems)

    return put_back(source, data_dir, check, keys, progress), problems


def migrate_cluster(database_url: str) -> str:
    """As `migrate`, for PostgreSQL; nodes may be running. Raises StorageError."""
    try:
        from ..postgres.database import migrate
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
    channels: ChannelSeeds = NO_CHANNELS,
    then: Then | None = None,
) -> None:
    """As `seed`, for PostgreSQL; `key` is the journal's. Raises StorageError."""
    try:
        from ..postgres.store import PostgresStore
    except ModuleNotFoundError as error:
        raise extra_missing(error) from error

    async def write() -> None:
        store = await PostgresStore.open(database_url, key=key)
        try:
            await fill(store, groups, members, tokens, progress, agreement=agreement, channels=channels, then=then)
        finally:
            await store.close()

    asyncio.run(write())


def verify_cluster(
    database_url: str, key_file: Path, progress: Progress | None = None, copies: Sequence[str] = ()
) -> list[str]:
    """As `verify`, for PostgreSQL; nodes may be running. Raises StorageError, also when there is no journal's key."""
    try:
        from . import postgres as verify_postgres
    except ModuleNotFoundError as error:
        raise extra_missing(error) from error
    if not key_file.exists():
        raise key_missing(key_file)
    return asyncio.run(
        verify_postgres.verify(database_url, load_key(key_file), progress or (lambda done, total: None), copies)
    )


def extra_missing(error: ModuleNotFoundError) -> StorageError:
    """Return the error of a cluster without the packages that it needs."""
    return StorageError(f"a cluster needs the extra folkmoot[cluster]: {error}")
