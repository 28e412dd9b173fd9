"""Measures a cluster: throughput with one, two and three nodes on the same CPU, and what a post costs where.

    python bench/cluster.py --generator ./generator --out results.jsonl
    python bench/cluster.py --report results.jsonl

The whole service (nodes, PostgreSQL, NATS) is kept on one core, the generators on another, so that more nodes never
mean more CPU. Costs are read from the processes' own CPU times: they hardly change when others use the machine too.
What a generator must understand, and what the figures mean, stands in `bench/README.md`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from folkmoot_server.bench.run import NO_LIMITS
from folkmoot_server.common.i18n import translator
from folkmoot_server.config.documents import load_documents
from folkmoot_server.crypto.sealing import load_key
from folkmoot_server.demo.services import Nats, Postgres, running
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.check import seed
from folkmoot_server.storage.postgres.store import PostgresStore
from folkmoot_server.storage.sqlite.store import SqliteStore

WARM_UP_S, MEASURE_S = 2, 5
CONNECT_S = 12
"""How long one generator may post before the last has connected."""
POSTS = "folkmoot_committed_works_total"
PATIENCE_S = 60
DATABASE = "folkmoot"


class ChangeSet(NamedTuple):
    """A load: groups of members, spread evenly over the nodes. `rate` posts/s; 0: each sender has one on its way.

    `at_first`: all senders are on the first node.
    """

    groups: int
    members: int
    senders: int
    rate: int = 0
    at_first: bool = False


WORKS = {
    "one-group": ChangeSet(1, 120, 12),
    "many-groups": ChangeSet(198, 12, 198),
    "one-poster": ChangeSet(1, 3, 1, rate=400, at_first=True),
    "one-writer": ChangeSet(1, 3, 1, at_first=True),
}


class Seat(NamedTuple):
    """A line of the seed: which member of which group somebody is."""

    group: int
    member: int
    user: str
    token: str
    code: str


class Node:
    """`folkmoot serve` as a process on a core."""

    def __init__(self, number: int, place: Path, core: int, settings: dict[str, str]) -> None:
        ready = place / f"ready{number}.json"
        command = [sys.executable, "-m", "folkmoot_server.cli", "serve", "--profile", "open", "--listen", "127.0.0.1:0"]
        command += ["--data", str(place / "data"), "--ready-file", str(ready)]
        environment = {**os.environ, **settings, "FOLKMOOT_CLUSTER__NODE_NAME": f"node{number}"}
        environment |= {f"FOLKMOOT_LIMITS__{name.upper()}": "0" for name in NO_LIMITS}
        with (place / f"node{number}.log").open("wb") as log:
            pinned = ["taskset", "-c", str(core), *command]
            self.process = psutil.Popen(pinned, env=environment, stderr=log)
        until = time.monotonic() + PATIENCE_S
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit((place / f"node{number}.log").read_text())
            time.sleep(0.02)
        self.http: str = json.loads(ready.read_text())["http"]
        self.port = self.http.rpartition(":")[2]

    def metrics(self) -> dict[str, float]:
        """Return the node's figures by name, labels included."""
        with urllib.request.urlopen(f"{self.http}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


class Service:
    """What is measured: nodes, and in a cluster PostgreSQL and NATS."""

    def __init__(self, nodes: list[Node], postgres: Postgres | None, nats: Nats | None) -> None:
        self.nodes = nodes
        self._postgres = postgres
        self._nats = nats

    def sample(self) -> dict[str, float]:
        """Return all counters by name: seconds of CPU, rows, commits, messages; node by node where it matters."""
        taken = {"time": time.monotonic()}
        for number, node in enumerate(self.nodes):
            taken[f"cpu_node{number}"] = cpu_seconds(node.process)
            for name, value in node.metrics().items():
                if name.startswith("folkmoot_"):
                    taken[f"{name}@{number}"] = value
        if self._postgres is not None and self._nats is not None:
            taken["cpu_postgres"] = cpu_seconds(of(self._postgres))
            taken["cpu_nats"] = cpu_seconds(of(self._nats))
            counters = "xact_commit, tup_inserted, tup_updated"
            query = f"SELECT {counters} FROM pg_stat_database WHERE datname = '{DATABASE}'"
            values = self._postgres.execute(query).split("|")
            taken |= {f"pg_{name}": float(value) for name, value in zip(counters.split(", "), values, strict=True)}
        return taken


def of(server: Postgres | Nats) -> psutil.Process:
    assert server.process is not None
    return psutil.Process(server.process.pid)


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time of a process and those it has started, in seconds."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            # The scheduler's own count, in ns; the process's times are in ticks of 10 ms.
            total += sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{one.pid}/task").glob("*/schedstat"))
    return total / 1e9


def pin(process: psutil.Process, core: int, nice: int) -> None:
    """Keep a process and what it starts on a core, with a priority."""
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            one.cpu_affinity([core])
            if nice:
                one.nice(nice)
    if nice:
        # Linux shares the processor between sessions first, by a priority that each session has.
        with contextlib.suppress(OSError):
            Path(f"/proc/{process.pid}/autogroup").write_text(str(nice))


@contextlib.contextmanager
def serving(nodes: int, options: argparse.Namespace, work: ChangeSet) -> Iterator[tuple[Service, list[Seat]]]:
    """Run a seeded service: `nodes` nodes of a cluster, or for 0 a single node on SQLite."""
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="folkmoot-bench-")))
        data = place / "data"
        data.mkdir()
        postgres = nats = None
        settings: dict[str, str] = {}
        if nodes:
            postgres, nats = stack.enter_context(running(Postgres)), stack.enter_context(running(Nats))
            postgres.execute(f"CREATE DATABASE {DATABASE}")
            url = postgres.url(DATABASE)
            settings = {"FOLKMOOT_CLUSTER__DATABASE_URL": url, "FOLKMOOT_CLUSTER__NATS_URL": nats.url}
            pin(of(postgres), options.core, options.nice)
            pin(of(nats), options.core, options.nice)
        seats = asyncio.run(seeded(data, settings.get("FOLKMOOT_CLUSTER__DATABASE_URL"), work))
        started = []
        for number in range(nodes or 1):
            node = Node(number, place, options.core, settings)
            stack.callback(stop, node)
            pin(node.process, options.core, options.nice)
            started.append(node)
        yield Service(started, postgres, nats), seats


def stop(node: Node) -> None:
    """End a node in order."""
    node.process.terminate()
    node.process.wait(PATIENCE_S)


async def seeded(data: Path, database_url: str | None, work: ChangeSet) -> list[Seat]:
    """Write the load's groups and accounts into the store; return who is in them."""
    store: Store
    if database_url:
        store = await PostgresStore.open(database_url, key=load_key(data / "keys" / "journal.key"))
    else:
        store = await SqliteStore.open(data, say=translator("en"))
    tokens = data.with_name("tokens")
    try:
        agreement = load_documents(data).agreement.version
        await seed.fill(store, work.groups, work.members, tokens, agreement=agreement)
    finally:
        await store.close()
    lines = (line.split() for line in tokens.read_text().splitlines())
    return [Seat(int(group), int(member), *rest) for group, member, *rest in lines]


def shares(seats: list[Seat], work: ChangeSet, nodes: int) -> list[str]:
    """Return the generator's token file for each node: every group has an even share of its members on each.

    Groups are counted from another start on each node, for a generator lets the members of the first groups post.
    """
    each = work.members // nodes
    files = []
    for node in range(nodes):
        shift = node * work.groups // nodes
        mine = [seat for seat in seats if seat.member // each == node]
        files.append(
            "".join(
                f"{(seat.group - shift) % work.groups} {seat.member % each} {seat.user} {seat.token} {seat.code}\n"
                for seat in mine
            )
        )
    return files


class Generators:
    """One load generator for each node."""

    def __init__(self, options: argparse.Namespace, service: Service, work: ChangeSet, files: list[str]) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="folkmoot-load-")
        nodes = len(service.nodes)
        self.processes = []
        for number, (node, tokens) in enumerate(zip(service.nodes, files, strict=True)):
            path = Path(self._directory.name) / f"tokens{number}"
            path.write_text(tokens)
            senders = work.senders // nodes if not work.at_first else work.senders * (number == 0)
            command = [str(options.generator), "--dialect", "folkmoot", "--tokens", str(path)]
            command += ["--port", node.port, "--groups", str(work.groups), "--members", str(work.members // nodes)]
            command += ["--senders", str(senders), "--rate", str(work.rate if senders else 0)]
            command += ["--warmup", "0", "--duration", str(WARM_UP_S + MEASURE_S + CONNECT_S), "--drain", "5"]
            command += ["--idle", str(0 if senders else WARM_UP_S + MEASURE_S + 2)]
            process = psutil.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            pin(process, options.generator_core, options.nice)
            self.processes.append(process)

    def results(self) -> list[dict[str, Any]]:
        """Wait for their end; return what they found."""
        try:
            return [json.loads(process.communicate(timeout=PATIENCE_S)[0]) for process in self.processes]
        finally:
            self._directory.cleanup()


def measure(service: Service, options: argparse.Namespace, work: ChangeSet, files: list[str]) -> dict[str, Any]:
    """Run a load once; return the figures of its middle."""
    # Only when all are posting: who is quicker to connect takes the core from the others.
    nodes = service.nodes[:1] if work.at_first else service.nodes
    idle = [node.metrics().get(POSTS, 0) for node in nodes]
    generators = Generators(options, service, work, files)
    while any(node.metrics().get(POSTS, 0) <= before for node, before in zip(nodes, idle, strict=True)):
        time.sleep(0.1)
    time.sleep(WARM_UP_S)
    before = service.sample()
    time.sleep(MEASURE_S)
    after = service.sample()
    found = generators.results()
    grown = {name: value - before.get(name, 0) for name, value in after.items()}
    return {**figures(grown, len(service.nodes)), **faults(found, work)}


def figures(grown: dict[str, float], nodes: int) -> dict[str, Any]:
    """Return what a run is judged by, from how much each counter has grown."""
    seconds = grown.pop("time")
    total: dict[str, float] = defaultdict(float)
    for name, value in grown.items():
        total[re.sub(r"@\d+$", "", name)] += value
    posts = total["folkmoot_committed_works_total"] or 1
    commits = total["folkmoot_commit_seconds_count"] or 1
    cpu = {name.removeprefix("cpu_"): value for name, value in grown.items() if name.startswith("cpu_")}
    result = {
        "posts_per_s": posts / seconds,
        "deliveries_per_s": total["folkmoot_deliveries_total"] / seconds,
        "commits_per_s": commits / seconds,
        "works_per_commit": posts / commits,
        "commit_ms": 1000 * total["folkmoot_commit_seconds_sum"] / commits,
        "cpu_cores": sum(cpu.values()) / seconds,
        "cpu_us_per_post": {name: 1e6 * value / posts for name, value in cpu.items()},
        "holes_per_s": total["folkmoot_holes_total"] / seconds,
    }
    if "pg_xact_commit" in grown:
        result |= {
            "bus_sent_per_post": total['folkmoot_bus_messages_total{direction="sent"}'] / posts,
            "bus_received_per_post": total['folkmoot_bus_messages_total{direction="received"}'] / posts,
            "rows_per_s": (grown["pg_tup_inserted"] + grown["pg_tup_updated"]) / seconds,
            "transactions_per_s": grown["pg_xact_commit"] / seconds,
        }
    return {"nodes": nodes, "seconds": seconds, **result}


def faults(found: list[dict[str, Any]], work: ChangeSet) -> dict[str, Any]:
    """Return what the generators saw that must not be, and how long posts took where they were made."""
    names = ("lost", "dup_late", "gaps", "order_divergent_members", "badframes", "unacked", "lag")
    summed = {name: sum(one.get(name, 0) for one in found) for name in names}
    refused = {code: count for one in found for code, count in one["refused"].items()}
    posting = [one for one in found if one.get("posts")]
    p50 = [one["p50_us"] / 1000 for one in posting]
    p99 = [one["p99_us"] / 1000 for one in posting]
    return {"faults": {**summed, **refused}, "p50_ms": statistics.mean(p50), "p99_ms": max(p99)}


def idle_memory(options: argparse.Namespace) -> dict[str, Any]:
    """Return how much memory an idle connection takes on a node of a cluster."""
    work = ChangeSet(200, 10, 0)
    with serving(1, options, work) as (service, seats):
        node = service.nodes[0]
        before = node.process.memory_info().rss
        generators = Generators(options, service, work, shares(seats, work, 1))
        while node.metrics()["folkmoot_connections"] < work.groups * work.members:
            time.sleep(0.1)
        grown = node.process.memory_info().rss - before
        generators.results()
    return {"work": "idle", "nodes": 1, "kib_per_connection": grown / 1024 / (work.groups * work.members)}


def run(options: argparse.Namespace) -> None:
    """Measure everything; append a line for each run to the file."""
    with options.out.open("a") as out:

        def keep(line: dict[str, Any]) -> None:
            out.write(json.dumps(line) + "\n")
            out.flush()
            print(json.dumps(line), flush=True)

        for name in options.works:
            work = WORKS[name]
            for nodes in options.nodes:
                with serving(nodes, options, work) as (service, seats):
                    files = shares(seats, work, nodes or 1)
                    for _ in range(options.runs):
                        found = measure(service, options, work, files)
                        keep({"work": name, "store": "PostgreSQL" if nodes else "SQLite", **found})
        if options.memory:
            keep(idle_memory(options))


def report(path: Path) -> None:
    """Print the medians as tables."""
    runs: dict[tuple[str, str, int], list[dict[str, Any]]] = defaultdict(list)
    for line in path.read_text().splitlines():
        one = json.loads(line)
        if one["work"] != "idle":
            runs[one["work"], one["store"], one["nodes"]].append(one)
    columns = ("posts_per_s", "deliveries_per_s", "p50_ms", "p99_ms", "commits_per_s", "works_per_commit", "commit_ms")
    more = ("rows_per_s", "bus_sent_per_post", "bus_received_per_post", "holes_per_s", "cpu_cores")
    print("| work | store, nodes | " + " | ".join((*columns, *more)) + " | cpu_us_per_post | faults | runs |")
    print("|---" * (len(columns) + len(more) + 5) + "|")
    for (work, store, nodes), found in runs.items():
        cells = [show([one[name] for one in found if name in one]) for name in (*columns, *more)]
        cpu = {name: show([one["cpu_us_per_post"][name] for one in found]) for name in found[0]["cpu_us_per_post"]}
        wrong = sorted({name for one in found for name, count in one["faults"].items() if count}) or "none"
        print(f"| {work} | {store}, {nodes} | {' | '.join(cells)} | {cpu} | {wrong} | {len(found)} |")


def show(values: list[float]) -> str:
    """Return the median with three digits that count."""
    if not values:
        return "-"
    median = statistics.median(values)
    return f"{median:,.0f}" if median >= 100 else f"{median:.3g}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", type=Path, help="the load generator's program")
    parser.add_argument("--out", type=Path, default=Path("cluster.jsonl"), help="runs are appended here")
    parser.add_argument("--report", type=Path, help="print the medians of such a file instead")
    parser.add_argument("--core", type=int, default=0, help="core for the whole service")
    parser.add_argument("--generator-core", type=int, default=1, help="core for the generators")
    parser.add_argument("--nice", type=int, default=0, help="priority of what is measured, where others are at work")
    parser.add_argument("--nodes", type=int, nargs="+", default=[0, 1, 2, 3], help="sizes; 0 is a node on SQLite")
    parser.add_argument("--works", nargs="+", default=list(WORKS), choices=WORKS, help="loads")
    parser.add_argument("--runs", type=int, default=3, help="runs of each")
    parser.add_argument("--memory", action="store_true", help="measure the memory of an idle connection too")
    options = parser.parse_args()
    if options.report:
        report(options.report)
    elif options.generator:
        # So that SIGTERM, like Ctrl-C, ends what was started and removes its files.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        run(options)
    else:
        parser.error("--generator is needed")


if __name__ == "__main__":
    main()
