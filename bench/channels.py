"""Measures what home, a post and live delivery cost where people follow hundreds of channels, one of them a star.

    python bench/channels.py
    python bench/channels.py --channels 50000 --posts 36 --members 200 --followers 1000000 --data DIR
    python bench/channels.py --postgres

`--data` keeps what is written for it, and uses it again. Server and clients are kept on a core each, PostgreSQL with
the clients. CPU is the server's own, its threads included; that of PostgreSQL comes beside it. Each figure is measured
`--rounds` times; the medians come last.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import uvloop
from cluster import cpu_seconds as of_tree
from visitors import Frame, Visitor, beside, post_on, quantile_ms, until

from folkmoot_protocol.requests import Follow, GetHome, Post
from folkmoot_server.bench.loads import Place
from folkmoot_server.bench.processes import cpu_seconds
from folkmoot_server.config.documents import load_documents
from folkmoot_server.crypto.sealing import load_key
from folkmoot_server.demo.services import Nats, Postgres, running
from folkmoot_server.storage.check.tools import ChannelSeeds, seed, seed_cluster

DATABASE = "folkmoot"
CHAT_RATE = 50
"""Posts a second in a group, for what home does to them."""

Figures = dict[str, float]


class Reader(Visitor):
    """A member that reads home. `came` has when (`time.perf_counter`) each live post did."""

    def __init__(self, place: Place, cursor: int | None = None) -> None:
        super().__init__(place, cursor)
        self.user = ""
        self.came: list[float] = []

    def _take(self, opcode: int, payload: bytes) -> None:
        if payload[1:11] == b"\xa4type\xa4post":
            self.came.append(time.perf_counter())
        else:
            super()._take(opcode, payload)

    def _signed_in(self, result: Frame) -> None:
        self.user = result["account"]["user"]
        super()._signed_in(result)

    async def ask(self, request: Callable[..., Any]) -> Frame:
        """Send a request; return its result."""
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._ask(request, answer.set_result)
        return await asyncio.wait_for(answer, 60)


async def paced(rate: float, count: int, act: Callable[[int], Awaitable[Any]]) -> list[float]:
    """Begin so many acts at a rate (1/s); return how long (s) each took from when it was due."""
    due = time.perf_counter()
    took: list[float] = []

    async def one(number: int, began: float) -> None:
        await act(number)
        took.append(time.perf_counter() - began)

    tasks = []
    for number in range(count):
        due += 1 / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    return took


class Served(NamedTuple):
    """The server that is measured: its process, and that of its PostgreSQL, 0 where it has none."""

    pid: int
    database: int = 0

    def spent(self) -> tuple[float, float]:
        """Return the CPU (s) that the server, and its database, have used."""
        seconds = cpu_seconds(self.pid)
        assert seconds is not None
        return seconds, of_tree(psutil.Process(self.database)) if self.database else 0.0


def costs(name: str, before: tuple[float, float], after: tuple[float, float], count: int) -> Figures:
    """Return the CPU (ms) that each of so many acts took of the server, and of its database if it has one."""
    server, database = ((end - begin) * 1000 / count for begin, end in zip(before, after, strict=True))
    return {f"{name}_cpu_ms": server} | ({f"{name}_database_ms": database} if database else {})


async def homes(served: Served, readers: Sequence[Reader], options: argparse.Namespace) -> Figures:
    """Return what a page of home costs, and how long it takes at a rate, and posts of a group beside it."""

    async def read(number: int) -> None:
        result = await readers[number % len(readers)].ask(partial(GetHome, limit=20))
        assert len(result["posts"]) == 20, "nothing in home"

    # What is not known yet is asked of every channel, once.
    await paced(options.rate, len(readers), read)
    count = int(options.rate * options.seconds)
    before = served.spent()
    took = await paced(options.rate, count, read)
    figures = costs("home", before, served.spent(), count)
    figures |= {"home_p50_ms": quantile_ms(took, 0.5), "home_p99_ms": quantile_ms(took, 0.99)}
    for name, meanwhile in (("alone", asyncio.sleep(options.seconds)), ("beside", paced(options.rate, count, read))):
        talking = asyncio.create_task(post_on(readers[:2], CHAT_RATE))
        await meanwhile
        talking.cancel()
        said = [seconds for one in readers[:2] for seconds in one.took]
        figures[f"chat_{name}_p99_ms"] = quantile_ms(said, 0.99)
        for one in readers[:2]:
            one.took.clear()
    return figures


async def posting(served: Served, readers: Sequence[Reader], options: argparse.Namespace) -> Figures:
    """Return what a post costs in the first channel, which has many followers, and in the second."""
    figures: Figures = {}
    for name, one in (("star", readers[0]), ("plain", readers[1])):

        async def post(number: int, one: Reader = one) -> None:
            await one.ask(partial(Post, group=f"@{one.user}", body=f"post {number}", nonce=f"{time.time_ns()}"))

        before = served.spent()
        took = await paced(options.post_rate, options.own_posts, post)
        figures |= costs(f"post_{name}", before, served.spent(), options.own_posts)
        figures[f"post_{name}_p50_ms"] = quantile_ms(took, 0.5)
    return figures


async def live(served: Served, readers: Sequence[Reader], url: str, places: Sequence[Place], count: int) -> Figures:
    """Return how long it takes until so many who read live have a post of the first channel."""
    star = readers[0]
    listeners = [await Reader.open(url, places[number % len(places)]) for number in range(count)]
    for one in listeners:
        await one.ask(partial(Follow, group=f"@{star.user}"))
        await one.ask(partial(GetHome, limit=1, live=True))
        one.came.clear()
    before, began = served.spent(), time.perf_counter()
    await star.ask(partial(Post, group=f"@{star.user}", body="live", nonce=f"{time.time_ns()}"))
    await until(lambda: all(one.came for one in listeners))
    came = [one.came[0] - began for one in listeners]
    figures = {"live": float(count), "live_last_ms": 1000 * max(came)} | costs("live", before, served.spent(), 1)
    for one in listeners:
        one.transport.close()
    return figures


async def settled(served: Served) -> None:
    """Wait until the server does nothing by itself: what was seeded is still to be taken into the index and the log."""
    for _ in range(120):
        before = sum(served.spent())
        await asyncio.sleep(1)
        if sum(served.spent()) - before < 0.05:
            return


async def measure(url: str, served: Served, places: Sequence[Place], options: argparse.Namespace) -> Figures:
    """Return the figures of one round."""
    readers = [await Reader.open(url, place) for place in places[: options.connections]]
    await settled(served)
    figures = await homes(served, readers, options)
    figures |= await posting(served, readers, options)
    figures |= await live(served, readers, url, places, options.live)
    for one in readers:
        one.transport.close()
    return figures


@contextmanager
def cluster() -> Iterator[tuple[Postgres, Mapping[str, str]]]:
    """Run PostgreSQL and NATS; give the one, and the settings of a server that uses them."""
    with running(Postgres) as postgres, running(Nats) as nats:
        postgres.execute(f"CREATE DATABASE {DATABASE}")
        urls = {"DATABASE_URL": postgres.url(DATABASE), "NATS_URL": nats.url}
        yield postgres, {f"FOLKMOOT_CLUSTER__{name}": url for name, url in urls.items()}


def seeded(where: Path, options: argparse.Namespace, postgres: Postgres | None) -> list[Place]:
    """Write channels, accounts and who follows what into the store, if they are not there yet; return who there is."""
    data, tokens = where / "data", where / "tokens"
    if not tokens.exists():
        seeds = ChannelSeeds(options.channels, options.posts, options.follows, options.followers)
        agreement = load_documents(data).agreement.version
        if postgres is None:
            seed(data, 1, options.members, tokens, agreement=agreement, channels=seeds)
        else:
            url, key = postgres.url(DATABASE), load_key(data / "keys" / "journal.key")
            seed_cluster(url, key, 1, options.members, tokens, agreement=agreement, channels=seeds)
    lines = (line.split() for line in tokens.read_text().splitlines())
    return [Place(int(group), code, token) for group, _number, _user, token, code in lines]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (
        *(("channels", 2000), ("posts", 20), ("members", 100), ("follows", 300), ("followers", 10_000)),
        *(("connections", 50), ("rate", 200), ("seconds", 10), ("own-posts", 500), ("post-rate", 100), ("live", 500)),
        ("rounds", 3),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--postgres", action="store_true", help="a node of a cluster, instead of SQLite")
    options = parser.parse_args()
    found: list[Figures] = []
    kept = nullcontext(str(options.data)) if options.data else tempfile.TemporaryDirectory(prefix="folkmoot-channels-")
    served_by: AbstractContextManager[tuple[Postgres | None, Mapping[str, str]]] = nullcontext((None, {}))
    with kept as directory, cluster() if options.postgres else served_by as (postgres, more):
        where = Path(directory)
        where.mkdir(exist_ok=True)
        places = seeded(where, options, postgres)
        for _ in range(options.rounds):
            with beside(where, more=more) as (url, pid):
                served = Served(pid, postgres.process.pid if postgres is not None and postgres.process else 0)
                found.append(uvloop.run(measure(url, served, places, options)))
                print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    print(json.dumps({name: round(statistics.median(one[name] for one in found), 3) for name in found[0]}))


if __name__ == "__main__":
    main()
