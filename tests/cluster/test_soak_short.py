"""The soak in short; the long form: `python -m tests.cluster.soak`."""

import pytest

from tests.cluster.conftest import StartCluster
from tests.cluster.nemesis import KINDS, Strike, schedule
from tests.cluster.soak import SETTINGS, Soak, soak

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")

SEED = 20261122
SECONDS = 24.0

FEW = [
    Strike(1.0, "kill_node", 0, 2.0),
    Strike(3.0, "cut_nats", 1, 2.0),
    Strike(6.0, "end_backends", 0, 0.5),
    Strike(7.0, "hole_nats", 2, 1.0),
    Strike(8.0, "end_backends", 0, 0.5),
]
"""What `make test` has time for."""


def deck(seed: int) -> list[Strike]:
    """Return a schedule with every kind in it, evenly spread over `SECONDS`."""
    strikes = schedule(seed, 10_000, 2, hurt=(0.5, 1.5))[: len(KINDS)]
    return [one._replace(at=SECONDS * (number + 0.5) / len(KINDS)) for number, one in enumerate(strikes)]


def judge(done: Soak, strikes: list[Strike], *, acknowledged: int) -> None:
    """Fail unless all strikes fell, enough went on meanwhile, and every promise was kept."""
    print(done.summary())
    assert done.breaches == []
    assert sum(done.strikes.values()) == len(strikes)
    assert set(done.strikes) - {"skipped"} >= {strike.kind for strike in strikes} or done.strikes["skipped"]
    assert sum(op.outcome == "ok" for op in done.history.ops) > acknowledged
    assert done.reconnects > 0


def test_a_seed_makes_a_schedule_and_every_kind_has_its_turn() -> None:
    assert schedule(7, 100, 3) == schedule(7, 100, 3) != schedule(8, 100, 3)
    assert {strike.kind for strike in deck(SEED)} == set(KINDS)


@pytest.mark.timeout(300)
async def test_all_promises_are_kept_while_a_node_dies_and_connections_break(start_cluster: StartCluster) -> None:
    cluster = await start_cluster(3, **SETTINGS)
    judge(await soak(cluster, FEW, SEED, print, clients=8), FEW, acknowledged=50)


@pytest.mark.faults
@pytest.mark.timeout(300)
async def test_all_promises_are_kept_while_everything_breaks(start_cluster: StartCluster) -> None:
    cluster, strikes = await start_cluster(2, **SETTINGS), deck(SEED)
    judge(await soak(cluster, strikes, SEED, print, clients=10), strikes, acknowledged=100)
