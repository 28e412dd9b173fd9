"""The nemesis: breaks nodes and services to a schedule that a seed makes, and mends them again."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.cluster.nodes import Cluster
from tests.services import Service

KINDS = (
    "kill_node",
    "freeze_node",
    "kill_nats",
    "freeze_nats",
    "end_backends",
    "stop_postgres",
    "kill_postgres",
    "freeze_postgres",
    "cut_nats",
    "hole_nats",
    "cut_postgres",
    "hole_postgres",
)
"""`cut` and `hole` are between one node and the service; see `proxy.Proxy`."""

START_TRIES = 20
OVERLAP = 0.3


class Strike(NamedTuple):
    """Break `kind` at `at` seconds from the start, for `seconds`; `node` where it is about one."""

    at: float
    kind: str
    node: int
    seconds: float


def schedule(
    seed: int, seconds: float, nodes: int, pause: tuple[float, float] = (0.5, 4), hurt: tuple[float, float] = (1, 8)
) -> list[Strike]:
    """Return strikes for so many seconds, each kind as often as the others; now and then two at once."""
    rng = random.Random(seed)
    strikes: list[Strike] = []
    deck: list[str] = []
    at = rng.uniform(*pause)
    while at < seconds:
        if not deck:
            deck = rng.sample(KINDS, len(KINDS))
        strike = Strike(round(at, 2), deck.pop(), rng.randrange(nodes), round(rng.uniform(*hurt), 2))
        strikes.append(strike)
        at += rng.uniform(*pause) + (0 if rng.random() < OVERLAP else strike.seconds)
    return strikes


class Nemesis:
    """Carries strikes out. `done` counts them by kind; one whose target is broken already is `skipped`."""

    def __init__(self, cluster: Cluster, say: Callable[[str], None]) -> None:
        self.done: Counter[str] = Counter()
        self._cluster = cluster
        self._say = say
        self._busy: set[object] = set()

    async def run(self, strikes: list[Strike]) -> None:
        """Carry out a schedule; return when all is mended."""
        start = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for strike in strikes:
                await asyncio.sleep(start + strike.at - asyncio.get_running_loop().time())
                group.create_task(self.strike(strike))

    async def strike(self, strike: Strike) -> None:
        """Break one thing, wait, mend it."""
        what, _, where = strike.kind.partition("_")
        node = self._cluster.nodes[strike.node]
        alone = what in ("cut", "hole")
        target = (strike.node, where) if alone or where == "node" else where
        if target in self._busy:
            self.done["skipped"] += 1
            return
        self._busy.add(target)
        self.done[strike.kind] += 1
        self._say(f"{strike.kind} node {strike.node} for {strike.seconds} s" if "_node" in strike.kind or alone
                  else f"{strike.kind} for {strike.seconds} s")  # fmt: skip
        try:
            if alone:
                proxy = node.nats if where == "nats" else node.postgres
                proxy.set("cut" if what == "cut" else "hole")
                await asyncio.sleep(strike.seconds)
                proxy.set("open")
            else:
                await self._acts()[strike.kind](strike)
        finally:
            self._busy.discard(target)

    def _acts(self) -> dict[str, Callable[[Strike], Awaitable[None]]]:
        postgres, nats = self._cluster.postgres, self._cluster.nats
        return {
            "kill_node": self._kill_node,
            "freeze_node": self._freeze_node,
            "end_backends": self._end_backends,
            "kill_nats": lambda strike: self._stop(nats, signal.SIGKILL, strike.seconds),
            "stop_postgres": lambda strike: self._stop(postgres, signal.SIGINT, strike.seconds),
            "kill_postgres": lambda strike: self._stop(postgres, signal.SIGKILL, strike.seconds),
            "freeze_nats": lambda strike: self._freeze(nats, strike.seconds),
            "freeze_postgres": lambda strike: self._freeze(postgres, strike.seconds),
        }

    async def _kill_node(self, strike: Strike) -> None:
        node = self._cluster.nodes[strike.node]
        await node.kill()
        await asyncio.sleep(strike.seconds / 2)
        await node.come_back()

    async def _freeze_node(self, strike: Strike) -> None:
        node = self._cluster.nodes[strike.node]
        node.signal(signal.SIGSTOP)
        await asyncio.sleep(strike.seconds)
        node.signal(signal.SIGCONT)

    async def _end_backends(self, strike: Strike) -> None:
        if "postgres" not in self._busy:
            await asyncio.to_thread(self._cluster.end_backends)

    async def _stop(self, service: Service, how: signal.Signals, seconds: float) -> None:
        await asyncio.to_thread(service.stop, how)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(start_again, service)

    async def _freeze(self, service: Service, seconds: float) -> None:
        service.signal_all(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        service.signal_all(signal.SIGCONT)


def start_again(service: Service) -> None:
    """Start a service where it was. After SIGKILL, PostgreSQL's children may keep its memory for a moment."""
    for left in reversed(range(START_TRIES)):
        try:
            service.start()
            return
        except RuntimeError:
            if not left:
                raise
