"""Measures the storm after a restart: 5,000 members come back at once with `resume` and `sync` while ten others post.

    python bench/storm.py
    python bench/storm.py --members 1000 --rounds 10

Each round posts to all groups, restarts the server, and then counts: how long posts take from when they are due to
their own entry, before and during the storm, and when everybody is back. Everyone must then have every entry once.
Server and clients are kept on a core each; those who post come before the storm, so that their clock is right.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from visitors import Visitor, beside, post_on, quantile_ms, until

from folkmoot_server.bench.loads import TEXT_BYTES, Load, Place
from folkmoot_server.bench.processes import cpu_seconds, memory_bytes
from folkmoot_server.bench.run import seed_places
from folkmoot_server.main import raise_file_limit

GROUP = 100
POSTERS = 10
RATE = 20
MISSED = 20
"""Entries of each group that those who come back have not seen."""

CALM_S = 5.0
AFTER_S = 1.0
Figures = dict[str, Any]


class Job(msgspec.Struct):
    """What the storm's process is told: who comes back, and the last seq that they have, by the number of the group."""

    url: str
    places: list[Place]
    cursors: dict[int, int]


async def storm(job: Job) -> Figures:
    """Let everybody come back at once; return how long that took and what is missing."""
    began = time.perf_counter()
    took: list[float] = []

    async def come(place: Place) -> Visitor:
        visitor = await Visitor.open(job.url, place, job.cursors[place.group])
        took.append(time.perf_counter() - began)
        return visitor

    visitors = await asyncio.gather(*map(come, job.places))
    say({"back": time.perf_counter() - began})
    await asyncio.sleep(AFTER_S)
    return {
        "missing": sum(
            one.missing(job.cursors[place.group] + 1, max(one.seqs))
            for one, place in zip(visitors, job.places, strict=True)
        ),
        "faults": sorted({fault for one in visitors for fault in one.faults}),
        "back_p50_ms": quantile_ms(took, 0.5),
        "clients_cpu_s": time.process_time(),
    }


def say(line: Figures) -> None:
    print(json.dumps(line), flush=True)


def of_groups(places: Sequence[Place]) -> tuple[list[Place], list[Place]]:
    """Return those who post, one of each of the first groups, and all others."""
    first = {place.group: place for place in reversed(places)}
    posters = [first[group] for group in range(POSTERS)]
    return posters, [place for place in places if place not in posters]


async def fill_groups(url: str, places: Sequence[Place]) -> dict[int, int]:
    """Post what those who come back will have missed; return the seq before it in each group."""
    first = {place.group: place for place in reversed(places)}
    visitors = [await Visitor.open(url, place) for place in first.values()]
    for _ in range(MISSED):
        for visitor in visitors:
            visitor.post("." * TEXT_BYTES)
    await until(lambda: all(len(one.took) == MISSED for one in visitors))
    for visitor in visitors:
        visitor.transport.close()
    return {group: visitor.last_seq for group, visitor in zip(first, visitors, strict=True)}


async def measure(url: str, pid: int, places: Sequence[Place], cursors: dict[int, int]) -> Figures:
    """Return the figures of one storm over a server that has just started."""
    seats, others = of_groups(places)
    posters = [await Visitor.open(url, seat, cursors[seat.group]) for seat in seats]
    posting = asyncio.create_task(post_on(posters, RATE))
    await asyncio.sleep(CALM_S)
    calm = [took for one in posters for took in one.took]
    for one in posters:
        one.took.clear()
    before, memory = cpu_seconds(pid), memory_bytes(pid)
    process = await start_storm(Job(url, others, cursors))
    assert process.stdout is not None
    back = json.loads(await process.stdout.readline())
    after = cpu_seconds(pid)
    # A post that was due during the storm and is not back yet belongs to it.
    posting.cancel()
    await until(lambda: not any(one.waiting for one in posters))
    rough = [took for one in posters for took in one.took]
    grown = memory_bytes(pid)
    found = json.loads(await process.stdout.readline())
    await process.wait()
    assert before is not None and after is not None and memory is not None and grown is not None
    return {
        "members": len(others),
        "calm_p50_ms": quantile_ms(calm, 0.5),
        "calm_p99_ms": quantile_ms(calm, 0.99),
        "posts": len(rough),
        "p50_ms": quantile_ms(rough, 0.5),
        "p99_ms": quantile_ms(rough, 0.99),
        "max_ms": quantile_ms(rough, 1),
        "all_back_s": back["back"],
        "took": rough,
        "server_cpu_us_each": 1e6 * (after - before) / len(others),
        "kib_each": (grown - memory) / 1024 / len(others),
        **found,
    }


async def start_storm(job: Job) -> asyncio.subprocess.Process:
    """Start the process of those who come back."""
    command = [sys.executable, __file__, "--storm"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(job))
    process.stdin.close()
    return process


def rounds(members: int, count: int) -> list[Figures]:
    """Measure a storm so many times, each after a restart of one server."""
    found = []
    with tempfile.TemporaryDirectory(prefix="folkmoot-storm-", ignore_cleanup_errors=True) as directory:
        where = Path(directory)
        places = seed_places(where, Load(members // GROUP, GROUP, POSTERS))
        for _ in range(count):
            # What was missed stays in the journal: the next start finds the groups in no memory.
            with beside(where) as (url, _pid):
                cursors = uvloop.run(fill_groups(url, places))
            with beside(where) as (url, pid):
                found.append(uvloop.run(measure(url, pid, places, cursors)))
                print(json.dumps({name: value for name, value in found[-1].items() if name != "took"}), flush=True)
    return found


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=5000, help="how many come back")
    parser.add_argument("--rounds", type=int, default=5, help="storms")
    parser.add_argument("--storm", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    raise_file_limit()
    if options.storm:
        os.nice(10)
        say(uvloop.run(storm(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))))
        return
    took = [one for found in rounds(options.members, options.rounds) for one in found["took"]]
    p50, p99 = quantile_ms(took, 0.5), quantile_ms(took, 0.99)
    print(f"{len(took)} posts during all storms: p50 {p50:.1f}, p99 {p99:.1f} ms")


if __name__ == "__main__":
    main()
