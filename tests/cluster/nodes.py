"""Nodes of a cluster as processes, with the services that they share."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.cluster.proxy import Proxy
from tests.integration.running import RunningServer
from tests.services import Nats, Postgres

PATIENCE_S = 300
"""How long a node may take to come back on a busy machine. Never a measure of speed."""

FAULTS = re.compile(
    r"event='(commit broke|handler failed|could not tell of a stored work|could not take in news|refused news)|"
    r"never retrieved|never awaited|exception in callback",
    re.IGNORECASE,
)
"""What a node logs of mistakes in its own code, whatever is broken around it."""


class Node(RunningServer):
    """A node of a cluster. It keeps its port when it is started again. Its two proxies can cut it off."""

    def __init__(self, number: int, place: Path, nats: Proxy, postgres: Proxy, settings: dict[str, str]) -> None:
        super().__init__(place / f"node{number}", **settings)
        self.number = number
        self.folder.mkdir()
        self.data = place / "data"
        self.nats = nats
        self.postgres = postgres

    def signal(self, which: signal.Signals) -> None:
        """Send a signal to the process, if it runs."""
        if self.is_running:
            assert self.process is not None
            self.process.send_signal(which)

    @property
    def is_running(self) -> bool:
        """Whether there is a process, frozen or not."""
        return self.process is not None and self.process.returncode is None

    async def come_back(self) -> None:
        """Start, again and again while what it needs is away."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(AssertionError, TimeoutError):
                    await self.start()
                    return
                if self.is_running:
                    await self.kill()

    async def get(self, path: str) -> tuple[int, str]:
        """Ask for a page; return status and body."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        try:
            answer = (await reader.read()).decode()
        finally:
            writer.close()
        head, _, body = answer.partition("\r\n\r\n")
        return int(head.split()[1]), body

    def faults(self) -> list[str]:
        """Return what its log has of mistakes in the code, as opposed to services that were away."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return [line for line in lines if FAULTS.search(line)]


class Cluster:
    """Some nodes on one database and one NATS server."""

    def __init__(self, nodes: list[Node], postgres: Postgres, nats: Nats, database: str) -> None:
        self.nodes = nodes
        self.postgres = postgres
        self.nats = nats
        self.database = database

    async def start(self) -> None:
        """Start all nodes at the same time."""
        await asyncio.gather(*(node.come_back() for node in self.nodes))

    async def make_administrator(self, user: str, password: str) -> None:
        """Make an administrator, as `folkmoot init` does."""
        # Where the extra `cluster` is not installed, this file is imported all the same.
        from folkmoot_server.config.settings import load_config
        from folkmoot_server.setup import create_administrator

        node = self.nodes[0]
        environment = {name: value for name, value in node.environment.items() if name.startswith("FOLKMOOT_")}
        config = load_config(None, environment, {"server.data_dir": str(node.data), "profile": "open"})
        assert await create_administrator(config, user, password) is None

    async def stop(self) -> None:
        """End all nodes, whatever state they are in."""
        for node in self.nodes:
            node.signal(signal.SIGCONT)
            if node.is_running:
                await node.kill()
            await node.nats.close()
            await node.postgres.close()

    def end_backends(self) -> int:
        """End every connection that the nodes have to PostgreSQL; return how many."""
        name = self.database.rsplit("/", 1)[1]
        query = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
        return int(self.postgres.execute(query))


@contextlib.asynccontextmanager
async def cluster_of(
    count: int, place: Path, postgres: Postgres, nats: Nats, database: str, **settings: object
) -> AsyncIterator[Cluster]:
    """Run nodes on services that run already; `database` is a URL. `settings` as `limits__posts_per_second`."""
    ours = {f"FOLKMOOT_{name.upper()}": str(value) for name, value in settings.items()}
    nodes = []
    for number in range(count):
        proxies = Proxy(nats.port), Proxy(postgres.port)
        for proxy in proxies:
            await proxy.start()
        there = {
            "FOLKMOOT_CLUSTER__NATS_URL": nats.url.replace(f":{nats.port}", f":{proxies[0].port}"),
            "FOLKMOOT_CLUSTER__DATABASE_URL": database.replace(f":{postgres.port}/", f":{proxies[1].port}/"),
            "FOLKMOOT_CLUSTER__NODE_NAME": f"node{number}",
            "LANGUAGE": "en",
        }
        nodes.append(Node(number, place, *proxies, {**there, **ours}))
    cluster = Cluster(nodes, postgres, nats, database)
    try:
        await cluster.start()
        yield cluster
    except BaseException:
        for node in nodes:
            print(
                f"--- node {node.number}, the end of its log:", node.log.read_text()[-3000:], sep="\n", file=sys.stderr
            )
        raise
    finally:
        await cluster.stop()
        if os.environ.get("FOLKMOOT_KEEP_LOGS"):
            for node in nodes:
                shutil.copy(node.log, Path(os.environ["FOLKMOOT_KEEP_LOGS"]) / f"node{node.number}.log")
