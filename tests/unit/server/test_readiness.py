"""What /readyz says of a node that is not well."""

import asyncio
import http.client
from pathlib import Path
from urllib.parse import urlsplit

from folkmoot_server.common.background import Loop
from tests.cluster.polling import until
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
