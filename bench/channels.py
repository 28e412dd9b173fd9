"""Measures what home, a post and live delivery cost where people follow hundreds of channels, one of them a star.

    python bench/channels.py
    python bench/channels.py --channels 50000 --posts 36 --members 200 --followers 1000000 --data DIR

`--data` keeps what is written for it, and uses it again. Server and clients are kept on a core each. CPU is the
server's own, its threads included. Each figure is measured `--rounds` times; the medians come last.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import uvloop
from visitors import Frame, Visitor, beside, quantile_ms, until

from folkmoot_protocol.requests import Follow, GetHome, Post
from folkmoot_server.bench.loads import Place
from folkmoot_server.bench.processes import cpu_seconds
from folkmoot_server.config.documents import load_documents
from folkmoot_server.storage.check.tools import ChannelSeeds, seed

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


def spent(pid: int) -> float:
    """Return the CPU (s) that the server has used."""
    seconds = cpu_seconds(pid)
    assert seconds is not None
    return seconds


async def homes(pid: int, readers: Sequence[Reader], options: argparse.Namespace) -> Figures:
    """Return what a page of home costs, and how long it takes at a rate."""

    async def read(number: int) -> None:
        result = await readers[number % len(readers)].ask(partial(GetHome, limit=20))
        assert len(result["posts"]) == 20, "nothing in home"

    # What is not known yet is asked of every channel, once.
    await paced(options.rate, len(readers), read)
    count = int(options.rate * options.seconds)
    before = spent(pid)
    took = await paced(options.rate, count, read)
    cpu_ms = (spent(pid) - before) * 1000 / count
    return {"home_cpu_ms": cpu_ms, "home_p50_ms": quantile_ms(took, 0.5), "home_p99_ms": quantile_ms(took, 0.99)}


async def posting(pid: int, readers: Sequence[Reader], options: argparse.Namespace) -> Figures:
    """Return what a post costs in the first channel, which has many followers, and in the second."""
    figures: Figures = {}
    for name, one in (("star", readers[0]), ("plain", readers[1])):

        async def post(number: int, one: Reader = one) -> None:
            await one.ask(partial(Post, group=f"@{one.user}", body=f"post {number}", nonce=f"{time.time_ns()}"))

        before = spent(pid)
        took = await paced(options.post_rate, options.own_posts, post)
        figures[f"post_{name}_cpu_ms"] = (spent(pid) - before) * 1000 / options.own_posts
        figures[f"post_{name}_p50_ms"] = quantile_ms(took, 0.5)
    return figures


async def live(pid: int, readers: Sequence[Reader], url: str, places: Sequence[Place], count: int) -> Figures:
    """Return how long it takes until so many who read live have a post of the first channel."""
    star = readers[0]
    listeners = [await Reader.open(url, places[number % len(places)]) for number in range(count)]
    for one in listeners:
        await one.ask(partial(Follow, group=f"@{star.user}"))
        await one.ask(partial(GetHome, limit=1, live=True))
        one.came.clear()
    before, began = spent(pid), time.perf_counter()
    await star.ask(partial(Post, group=f"@{star.user}", body="live", nonce=f"{time.time_ns()}"))
    await until(lambda: all(one.came for one in listeners))
    came = [one.came[0] - began for one in listeners]
    figures = {"live": float(count), "live_last_ms": 1000 * max(came), "live_cpu_ms": 1000 * (spent(pid) - before)}
    for one in listeners:
        one.transport.close()
    return figures


async def settled(pid: int) -> None:
    """Wait until the server does nothing by itself: what was seeded is still to be taken into the index and the log."""
    for _ in range(120):
        before = spent(pid)
        await asyncio.sleep(1)
        if spent(pid) - before < 0.05:
            return


async def measure(url: str, pid: int, places: Sequence[Place], options: argparse.Namespace) -> Figures:
    """Return the figures of one round."""
    readers = [await Reader.open(url, place) for place in places[: options.connections]]
    await settled(pid)
    figures = await homes(pid, readers, options)
    figures |= await posting(pid, readers, options)
    figures |= await live(pid, readers, url, places, options.live)
    for one in readers:
        one.transport.close()
    return figures


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
    options = parser.parse_args()
    found: list[Figures] = []
    kept = nullcontext(str(options.data)) if options.data else tempfile.TemporaryDirectory(prefix="folkmoot-channels-")
    with kept as directory:
        where = Path(directory)
        where.mkdir(exist_ok=True)
        data, tokens = where / "data", where / "tokens"
        if not tokens.exists():
            seeds = ChannelSeeds(options.channels, options.posts, options.follows, options.followers)
            agreement = load_documents(data).agreement.version
            seed(data, 1, options.members, tokens, agreement=agreement, channels=seeds)
        lines = (line.split() for line in tokens.read_text().splitlines())
        places = [Place(int(group), code, token) for group, _number, _user, token, code in lines]
        for _ in range(options.rounds):
            with beside(where) as (url, pid):
                found.append(uvloop.run(measure(url, pid, places, options)))
                print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    print(json.dumps({name: round(statistics.median(one[name] for one in found), 3) for name in found[0]}))


if __name__ == "__main__":
    main()
