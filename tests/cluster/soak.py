"""A long run of clients on all nodes of a cluster while a nemesis breaks it, and the verdict on what they saw.

    python -m tests.cluster.soak --minutes 10 --seed 1 [--nodes 3]

The seed makes the schedule of the nemesis and what the clients choose to do; which of it meets is up to the machine.
"""

import argparse
import asyncio
import itertools
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_server.crypto.sealing import load_key
from folkmoot_server.storage.change_set import Recorded
from tests.builders.measuring import GRADES
from tests.cluster.checker import check
from tests.cluster.history import History
from tests.cluster.nemesis import Nemesis, Strike, schedule
from tests.cluster.nodes import Cluster, cluster_of
from tests.cluster.officer import PASSWORD, Officer
from tests.cluster.polling import until
from tests.cluster.roamer import Roamer
from tests.cluster.stored import check_store, steps_of, whole_ledger
from tests.integration.wire import Wire
from tests.services import Missing, Nats, Postgres, running

CLIENTS, GROUPS, OFFICERS = 16, 5, 6
MEMBERS, JOINED = 8, 3
"""Caps: more want in than may."""

BUSY_S = 0.12
"""The mean pause of a client between two acts."""

QUIET_S = 2.0
BOUND_S = 90.0
"""How long the cluster has to come to rest once all is mended."""

HALL = {name: value for name, value in GRADES.items() if "hall" in name}
"""A grade that owners can ask for, beside the one that they have."""

SETTINGS = {
    "policy__grades__standard__up_to_members": MEMBERS,
    "policy__quota__standard__groups_joined": JOINED,
    # Everybody comes from one address, and staff comes anew for each act.
    "limits__sign_ins_per_minute": 0,
    "limits__acts_per_minute": 0,
    **HALL,
}

Translate = Callable[[str], None]


class Soak(Struct):
    """What a run was and what came of it."""

    history: History
    strikes: Counter[str]
    breaches: list[str]
    reconnects: int
    seconds: float
    staff: Counter[str]

    def summary(self) -> str:
        """Return the run in some lines."""
        ops = self.history.ops
        outcomes = Counter((op.kind, op.outcome) for op in ops)
        refusals = Counter(op.code for op in ops if op.outcome == "refused")
        entries = sum(len(self.history.log(code)) for code in self.history.groups())
        stored = {entry.body for code in self.history.groups() for entry in self.history.log(code)}
        late = sum(op.key in stored for op in ops if op.kind == "post" and op.outcome == "unknown")
        totals = Counter(op.outcome for op in ops)
        unavailable = sum(op.was_unavailable for op in ops if op.kind == "post")
        lines = [
            f"ran {self.seconds:.0f} s; {len(ops)} ops: {listed(totals)}",
            "by kind: " + listed({f"{kind} {outcome}": number for (kind, outcome), number in outcomes.items()}),
            f"refusals: {listed(refusals)}",
            f"posts answered `unavailable` at least once: {unavailable}",
            f"posts of unknown outcome that are there: {late}",
            f"entries: {entries} in {len(self.history.groups())} groups; heard by clients: "
            f"{sum(len(run.items) for run in self.history.runs)}, by sync: "
            f"{sum(len(run.caught) for run in self.history.runs)}, over {self.reconnects} reconnections",
            f"acts of staff: {listed(self.staff)}",
            f"strikes: {listed(self.strikes)}",
            *self.breaches[:40],
            f"verdict: {'all promises kept' if not self.breaches else f'{len(self.breaches)} BREACHES'}",
        ]
        return "\n".join(lines)


def listed(counts: Mapping[Any, int]) -> str:
    """Return counts in one line, by name."""
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "none"


async def soak(cluster: Cluster, strikes: Sequence[Strike], seed: int, say: Translate, clients: int = CLIENTS) -> Soak:
    """Let clients act while the strikes fall, then mend, wait until all is quiet, and judge."""
    history = History(groups_joined=JOINED)
    roamers = await calm_down(cluster, history, random.Random(seed), clients)
    officers = await appoint(cluster, seed)
    nemesis = Nemesis(cluster, say)
    start = time.monotonic()
    tasks = [asyncio.create_task(roamer.roam()) for roamer in roamers]
    working = [asyncio.create_task(officer.work()) for officer in officers]
    progress = asyncio.create_task(report(history, start, say))
    striking = asyncio.create_task(nemesis.run(list(strikes)))
    breaches = []
    try:
        done, _ = await asyncio.wait((striking, *tasks), return_when=asyncio.FIRST_COMPLETED)
        # Nobody is done before the nemesis, unless the harness itself is at fault.
        for one in done:
            one.result()
        say("all is mended")
        for officer in officers:
            officer.rest()
        await asyncio.gather(*working)
        for roamer in roamers:
            roamer.rest()
        if not await come_to_rest(cluster, roamers):
            breaches.append(f"rest: not quiet within {BOUND_S} s")
        for roamer in roamers:
            roamer.stop()
        await asyncio.gather(*tasks)
    finally:
        progress.cancel()
        for task in (*tasks, striking, *working):
            task.cancel()
        await asyncio.gather(*tasks, striking, *working, progress, return_exceptions=True)
    for op in history.ops:
        if op.outcome == "open":
            op.outcome = "unknown"
    seconds = time.monotonic() - start
    breaches += await collect(cluster, history, roamers)
    breaches += check(history)
    reconnects = sum(roamer.reconnects for roamer in roamers)
    staff = sum((officer.done for officer in officers), Counter[str]())
    return Soak(history, nemesis.done, breaches, reconnects, seconds, staff)


async def calm_down(cluster: Cluster, history: History, rng: random.Random, clients: int) -> list[Roamer]:
    """Register the accounts and found the groups, their owners the first accounts."""
    urls = [node.ws for node in cluster.nodes]
    roamers: list[Roamer] = []
    groups: list[str] = []
    for number in range(clients):
        async with await Wire.open(urls[number % len(urls)]) as wire:
            await wire.register(f"user{number}")
            roamer = Roamer(wire.user, wire.token, urls, history, random.Random(rng.random()), BUSY_S)
            if number < GROUPS:
                roamer.owned.append(await wire.create(f"Group {number}"))
                groups += roamer.owned
            roamers.append(roamer)
    for roamer in roamers:
        roamer.groups = groups
        roamer.users = [other.user for other in roamers if other is not roamer]
    return roamers


async def appoint(cluster: Cluster, seed: int) -> list[Officer]:
    """Make two administrators, and those who act for them."""
    tokens = []
    for name in ("root", "judge"):
        await cluster.make_administrator(name, PASSWORD)
        async with await Wire.open(cluster.nodes[0].ws) as wire:
            tokens.append((await wire.ask(rq.Login, user=name, password=PASSWORD)).token)
    urls = [one.ws for one in cluster.nodes]
    return [Officer(tokens, urls, seed + number) for number in range(OFFICERS)]


async def report(history: History, start: float, say: Translate) -> None:
    """Say every now and then how it goes."""
    for minute in itertools.count(1):
        await asyncio.sleep(30)
        unknown = sum(op.outcome == "unknown" for op in history.ops)
        acknowledged = sum(op.outcome == "ok" for op in history.ops)
        say(f"{30 * minute} s: {len(history.ops)} ops, {acknowledged} acknowledged, {unknown} unknown")


async def last_seqs(cluster: Cluster) -> dict[str, int]:
    """Return how far each group has come, from the database."""
    rows = await asyncio.to_thread(
        cluster.postgres.execute,
        "SELECT stream, last_seq FROM heads WHERE stream LIKE 'group:%'",
        cluster.database.rsplit("/", 1)[1],
    )
    return {stream.removeprefix("group:"): int(seq) for stream, _, seq in (row.partition("|") for row in rows.split())}


async def come_to_rest(cluster: Cluster, roamers: Sequence[Roamer]) -> bool:
    """Wait until nothing happens any more and everybody has heard all; say whether that came about in time."""

    async def are_done() -> bool:
        return all(roamer.is_done for roamer in roamers)

    async def is_quiet() -> bool:
        # What a node still had to write when it was thawed may come after its client has given up on it.
        before = await last_seqs(cluster)
        await asyncio.sleep(QUIET_S)
        return await last_seqs(cluster) == before

    async def have_heard() -> bool:
        lasts = await last_seqs(cluster)
        return all(roamer.has_heard(lasts) for roamer in roamers)

    try:
        for condition in (are_done, is_quiet, have_heard):
            await until(condition, BOUND_S)
    except TimeoutError:
        return False
    return True


async def collect(cluster: Cluster, history: History, roamers: Sequence[Roamer]) -> list[str]:
    """Fill in what each node says of each group, and the ledger; return what is wrong in the database itself."""
    from folkmoot_server.storage.check.postgres import verify
    from folkmoot_server.storage.postgres.store import PostgresStore

    owners = {code: roamer for roamer in roamers for code in roamer.owned}
    lasts = await last_seqs(cluster)
    for node in cluster.nodes:
        history.logs[node.number] = {}
        for code, owner in owners.items():
            async with await Wire.open(node.ws, owner.token) as wire:
                # A group that nobody on this node listened to may be behind, until the node looks.
                await until(partial(has_all, wire, code, lasts[code]))
                history.logs[node.number][code] = await wire.history(code)
    key = load_key(cluster.nodes[0].data / "keys" / "journal.key")
    store = await PostgresStore.open(cluster.database, key=key)
    try:
        after = await whole_ledger(store)
        ledger: list[Recorded] = []
        breaches: list[str] = []
        # The nodes go on, and end what has run out: a comparison is of an instant if nothing was stored meanwhile.
        while len(after) != len(ledger):
            ledger = after
            breaches = [f"store: {breach}" async for breach in check_store(store, ledger)]
            after = await whole_ledger(store)
        history.steps = steps_of(ledger)
    finally:
        await store.close()
    breaches += [f"db verify: {problem}" for problem in await verify(cluster.database, key, lambda done, total: None)]
    faults = [f"log of node {node.number}: {line}" for node in cluster.nodes for line in node.faults()]
    return breaches + faults


async def has_all(wire: Wire, code: str, last: int) -> bool:
    """Say whether the node gives a group's history up to `last`."""
    page: rs.HistoryResult = await wire.ask(rq.GetHistory, group=code, after=last - 1)
    return bool(page.entries)


async def run(seed: int, minutes: float, nodes: int, say: Translate) -> Soak:
    """Start everything, soak, stop everything. Raises Missing."""
    strikes = schedule(seed, minutes * 60, nodes)
    say(f"seed {seed}, {nodes} nodes, {len(strikes)} strikes:")
    for strike in strikes:
        say(f"  at {strike.at:7.2f} s: {strike.kind}, node {strike.node}, {strike.seconds} s")
    with tempfile.TemporaryDirectory() as place, running(Postgres) as postgres, running(Nats) as nats:
        postgres.execute("CREATE DATABASE soak")
        async with cluster_of(nodes, Path(place), postgres, nats, postgres.url("soak"), **SETTINGS) as cluster:
            return await soak(cluster, strikes, seed, say)


def main() -> int:
    """Run from the command line; exit 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description="Clients on all nodes of a cluster while a nemesis breaks it.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nodes", type=int, default=3)
    chosen = parser.parse_args()
    start = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - start:7.1f}] {text}", flush=True)

    try:
        done = asyncio.run(run(chosen.seed, chosen.minutes, chosen.nodes, say))
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    print(done.summary())
    return 1 if done.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
