"""That the services of the demo and of these tests let nobody in without the password."""

import importlib
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.services import Nats, Postgres

asyncpg: Any = pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")
nats_client = importlib.import_module("nats.aio.client")
nats_errors = importlib.import_module("nats.errors")


async def test_postgresql_lets_in_nobody_without_the_password(postgres: Postgres) -> None:
    for url in (postgres.url(), postgres.socket_url()):
        connection = await asyncpg.connect(url)
        await connection.close()
        for password in ("", ":wrong"):
            with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
                await asyncpg.connect(url.replace(f":{postgres.password}", password), passfile="/nowhere")
    rules = postgres.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules")
    assert rules == "scram-sha-256"


async def test_nats_lets_in_nobody_without_the_password(nats: Nats) -> None:
    for url in (f"nats://127.0.0.1:{nats.port}", f"nats://folkmoot:wrong@127.0.0.1:{nats.port}"):
        client = nats_client.Client()
        with pytest.raises(nats_errors.Error):
            await client.connect(url, allow_reconnect=False, connect_timeout=5)
        await client.close()


@pytest.mark.parametrize("kind", ["postgres", "nats"])
def test_no_password_stands_where_others_read(kind: str, request: pytest.FixtureRequest) -> None:
    service: Postgres | Nats = request.getfixturevalue(kind)
    assert service.process is not None
    started = psutil.Process(service.process.pid)
    assert not [one for one in (started, *started.children()) if service.password in " ".join(one.cmdline())]
    holding = [path for path in Path(service.place).glob("*") if path.is_file() and service.password in read(path)]
    assert [path.stat().st_mode & 0o077 for path in holding] == [0] * len(holding)


def read(path: Path) -> str:
    return path.read_text(errors="replace")
