"""Clusters for tests: nodes of one's own on the services that all tests share."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.cluster.nodes import Cluster, cluster_of
from tests.services import Nats, Postgres

StartCluster = Callable[..., Awaitable[Cluster]]
"""`await start_cluster(2, limits__posts_per_second=5)` runs nodes until the test ends."""


@pytest.fixture
async def start_cluster(tmp_path: Path, postgres: Postgres, nats: Nats, database: str) -> AsyncIterator[StartCluster]:
    """Starts nodes; at the end their logs must be free of mistakes of the code."""
    async with contextlib.AsyncExitStack() as stack:
        started: list[Cluster] = []

        async def start(count: int = 2, **settings: object) -> Cluster:
            cluster = await stack.enter_async_context(cluster_of(count, tmp_path, postgres, nats, database, **settings))
            started.append(cluster)
            return cluster

        yield start
        assert not [fault for cluster in started for node in cluster.nodes for fault in node.faults()]


@pytest.fixture
async def cluster(start_cluster: StartCluster) -> Cluster:
    """Two nodes."""
    return await start_cluster()
