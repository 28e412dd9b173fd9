"""Planted identities are found nowhere in a cluster: the database's files, its write-ahead log, a dump, nodes' logs."""

import asyncio
from pathlib import Path

import pytest

from folkmoot_protocol import requests as rq
from tests.cluster.nodes import cluster_of
from tests.integration.planting import COUNT, UNLIMITED, find_planted, take_out, try_out
from tests.integration.wire import Wire
from tests.services import Nats, Postgres, running

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")
pytestmark = pytest.mark.faults

AT_ONCE = 5
PASSWORD = "a good one"


@pytest.mark.timeout(300)
async def test_planted_identities_are_nowhere_in_the_database_nor_its_dump(tmp_path: Path) -> None:
    with running(Postgres) as postgres, running(Nats) as nats:
        postgres.execute("CREATE DATABASE planted")
        settings = {**UNLIMITED, "server__log_level": "debug"}
        async with cluster_of(2, tmp_path, postgres, nats, postgres.url("planted"), **settings) as cluster:
            urls, turns, said = [node.ws for node in cluster.nodes], asyncio.Semaphore(AT_ONCE), list[str]()
            await cluster.make_administrator("root", PASSWORD)
            async with await Wire.open(urls[0]) as root:
                await root.ask(rq.Login, user="root", password=PASSWORD)

                async def plant(number: int) -> None:
                    async with turns, await Wire.open(urls[number % 2]) as wire:
                        await wire.register(f"planted{number}", PASSWORD)
                        said.extend(await try_out(wire, root, wire.user, number))

                await asyncio.gather(*map(plant, range(COUNT)))
                said += await take_out(root)
            said += [str(await node.get(path)) for node in cluster.nodes for path in ("/metrics", "/readyz")]
        assert sum("verified" in one for one in said) > COUNT
        (tmp_path / "said").write_text("\n".join(said), "utf-8")
        (tmp_path / "dump").write_text(postgres.dump("planted"), "utf-8")
        (tmp_path / "copied").write_text(postgres.dump("planted", "--inserts"), "utf-8")
        postgres.execute("CHECKPOINT")
        database = [path for path in postgres.place.rglob("*") if path.is_file()]
        assert [path for path in database if path.parent.name == "pg_wal"]
        ours = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "keys"]
        assert find_planted([*ours, *database]) == {}
