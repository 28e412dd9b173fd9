"""`folkmoot db` where `[cluster]` names a database."""

import os
import subprocess
from pathlib import Path

from folkmoot_server.crypto.sealing import load_key
from folkmoot_server.storage.postgres.store import PostgresStore
from folkmoot_server.storage.sql.tables import SCHEMA
from tests import commands
from tests.services import Postgres


def run(database: str, data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of `folkmoot db` on a cluster's database."""
    cluster = {"FOLKMOOT_CLUSTER__DATABASE_URL": database, "FOLKMOOT_CLUSTER__NATS_URL": "nats://127.0.0.1:4222"}
    return commands.run(["db", *arguments, "--data", str(data)], {**os.environ, **cluster, "LANGUAGE": "en"})


def test_migrate_makes_the_tables_of_the_database_and_no_files(postgres: Postgres, tmp_path: Path) -> None:
    postgres.execute("CREATE DATABASE to_migrate")
    done = run(postgres.url("to_migrate"), tmp_path / "data", "migrate")
    assert (done.returncode, f"schema {SCHEMA}," in done.stderr) == (0, True)
    assert postgres.execute("SELECT version_num FROM alembic_version", "to_migrate") == SCHEMA
    assert not (tmp_path / "data").exists()


async def test_seed_writes_into_the_database(database: str, tmp_path: Path) -> None:
    data, tokens = tmp_path / "data", tmp_path / "tokens"
    seed = ("seed", "--groups", "2", "--members", "3", "--tokens", str(tokens))
    done = run(database, data, *seed)
    assert done.returncode == 0, done.stderr
    code = tokens.read_text().splitlines()[-1].split()[-1]
    store = await PostgresStore.open(database, key=load_key(data / "keys" / "journal.key"))
    try:
        group = await store.ledger.load_group(code)
    finally:
        await store.close()
    assert group is not None
    assert sorted(group.members) == ["g1m0", "g1m1", "g1m2"]

    again = run(database, data, *seed)
    assert (again.returncode, again.stderr.strip()) == (1, "the store has been seeded already")


def test_verify_replays_the_ledger_of_the_database(database: str, postgres: Postgres, tmp_path: Path) -> None:
    without_key = run(database, tmp_path / "empty", "verify")
    assert without_key.returncode == 1
    assert "copy it there" in without_key.stderr
    assert not (tmp_path / "empty" / "keys").exists()

    data = tmp_path / "data"
    seeded = run(database, data, "seed", "--groups", "2", "--members", "3", "--tokens", str(tmp_path / "tokens"))
    assert seeded.returncode == 0, seeded.stderr
    sound = run(database, data, "verify")
    assert (sound.returncode, sound.stderr.strip()) == (0, "The store agrees with the ledger.")
    postgres.execute("UPDATE members SET role = 'admin' WHERE \"user\" = 'g1m1'", database.rsplit("/", 1)[1])
    changed = run(database, data, "verify")
    assert changed.returncode == 7
    assert "members" in changed.stderr
