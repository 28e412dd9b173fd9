"""The soak in short: each kind of strike once, in half a minute. The long form: `python -m tests.cluster.soak`."""

import pytest

from tests.cluster.conftest import StartCluster
from tests.cluster.nemesis import KINDS, Strike, schedule
from tests.cluster.soak import SETTINGS, soak

pytestmark = pytest.mark.faults

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")

SEED = 20261122
SECONDS = 24.0


def deck(seed: int) -> list[Strike]:
    """Return a schedule with every kind in it, evenly spread over `SECONDS`."""
    strikes = schedule(seed, 10_000, 2, hurt=(0.5, 1.5))[: len(KINDS)]
    return [one._replace(at=SECONDS * (number + 0.5) / len(KINDS)) for number, one in enumerate(strikes)]


def test_a_seed_makes_a_schedule_and_every_kind_has_its_turn() -> None:
    assert schedule(7, 100, 3) == schedule(7, 100, 3) != schedule(8, 100, 3)
    assert {strike.kind for strike in deck(SEED)} == set(KINDS)


@pytest.mark.timeout(300)
async def test_all_promises_are_kept_while_everything_breaks(start_cluster: StartCluster) -> None:
    cluster = await start_cluster(2, **SETTINGS)
    done = await soak(cluster, deck(SEED), SEED, print, clients=10)
    print(done.summary())
    assert done.breaches == []
    struck = set(done.strikes) - {"skipped"}
    assert len(struck) >= len(KINDS) - done.strikes["skipped"]
    assert sum(op.outcome == "ok" for op in done.history.ops) > 100
