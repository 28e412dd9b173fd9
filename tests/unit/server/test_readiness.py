"""What /readyz says of a node that is not well."""

import asyncio
import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from folkmoot_server.common.background import Loop
from tests.cluster.polling import until
from tests.integration.wire import Refused, refused
from tests.unit.server.stores import Stage, staged


async def ask(stage: Stage) -> tuple[int, list[str]]:
    """Return status and lines."""

    def fetch() -> tuple[int, list[str]]:
        connection = http.client.HTTPConnection(urlsplit(stage.url).netloc, timeout=30)
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        lines = response.read().decode().splitlines()
        connection.close()
        return response.status, lines

    return await asyncio.to_thread(fetch)


async def fail() -> None:
    raise ZeroDivisionError


async def test_what_is_amiss_is_told_and_clients_still_come(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        node = stage.node
        assert await ask(stage) == (200, ["ready"])
        node.background.start([Loop("made to fail", fail, 1000)])

        async def has_failed() -> bool:
            return bool(node.background.failing())

        await until(has_failed)
        assert await ask(stage) == (200, ["ready", "job made to fail: its latest round failed"])
        node.catch_up.can_read = False
        status, (first, _) = await ask(stage)
        assert (status, first) == (200, "ready, but the database does not answer: nothing can be posted")
        node.app.stopping = True
        assert await ask(stage) == (503, ["stopping"])


async def test_a_node_that_cannot_store_is_not_ready_until_it_can(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        node, ann = stage.node, stage.seats[0][0]
        stage.store.failures = 10**6
        wire = await stage.connect(ann)
        await refused(wire.post(ann.code, "hello"), "unavailable")
        assert await ask(stage) == (503, ["not ready, nothing can be posted: the disk is full"])
        # The storage of a cluster is as full for every other node.
        node.in_cluster = True
        status, (first, *_) = await ask(stage)
        assert (status, first) == (200, "ready, but the database does not answer: nothing can be posted")
        node.in_cluster = False
        stage.store.failures = 0

        async def is_ready() -> bool:
            return await ask(stage) == (200, ["ready"])

        await until(is_ready)
        await wire.post(ann.code, "again")


async def test_a_damaged_month_is_named(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        months = [one.month for one in await stage.store.journal.segments()]
        path = stage.node.app.config.server.data_dir / "journal" / f"{months[0]}.sqlite3"
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(bytes(size - 4096))
        with pytest.raises(Refused, match="unavailable"):
            await stage.connect(stage.seats[0][0])

        async def is_named() -> bool:
            return any(f"{path} is damaged" in line for line in (await ask(stage))[1])

        await until(is_named)
