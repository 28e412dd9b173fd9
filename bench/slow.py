"""Measures what members who stop reading cost the others: a group of 100, 10 of whom post, without and with such.

    python bench/slow.py
    python bench/slow.py --slow 30 --rounds 3

Those who stop take in nothing for the whole measurement. Afterwards they read again, are told what they missed (`lag`),
get it by `history`, and must then have every entry once. Server and clients are kept on a core each.
"""

import argparse
import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop
from visitors import Visitor, beside, post_on, quantile_ms, until

from folkmoot_server.bench.loads import Load, Place
from folkmoot_server.bench.processes import cpu_seconds, memory_bytes
from folkmoot_server.bench.run import seed_places

MEMBERS, POSTERS = 100, 10
RATE, TEXT_BYTES = 100, 3000
"""300 kB a second for each member: after some 4 s more waits for one that does not read than may."""

WARM_UP_S, SECONDS = 6.0, 10.0
Figures = dict[str, Any]


async def measure(url: str, pid: int, places: Sequence[Place], slow: int) -> Figures:
    """Return the figures of one run in which so many stop reading."""
    posters = [await Visitor.open(url, place) for place in places[:POSTERS]]
    stopped = [await Visitor.open(url, place, small=True) for place in places[POSTERS : POSTERS + slow]]
    others = [await Visitor.open(url, place) for place in places[POSTERS + slow :]]
    for one in stopped:
        one.transport.pause_reading()
    before, cpu = memory_bytes(pid), cpu_seconds(pid)
    posting = asyncio.create_task(post_on(posters, RATE, TEXT_BYTES))
    await asyncio.sleep(WARM_UP_S)
    for one in posters:
        one.took.clear()
    await asyncio.sleep(SECONDS)
    took = [seconds for one in posters for seconds in one.took]
    after, spent = memory_bytes(pid), cpu_seconds(pid)
    posting.cancel()
    await until(lambda: not any(one.waiting for one in posters))
    first, last = posters[0].last_seq + 1, max(posters[0].seqs)
    began = time.perf_counter()
    for one in stopped:
        one.transport.resume_reading()
    everybody = posters + stopped + others
    with contextlib.suppress(TimeoutError):
        await until(lambda: not any(one.missing(first, last) for one in everybody))
    assert before is not None and after is not None and cpu is not None and spent is not None
    return {
        "slow": slow,
        "posts": len(took),
        "p50_ms": quantile_ms(took, 0.5),
        "p99_ms": quantile_ms(took, 0.99),
        "max_ms": quantile_ms(took, 1),
        "server_cpu_share": (spent - cpu) / (WARM_UP_S + SECONDS),
        "server_grew_mib": (after - before) / (1 << 20),
        "catch_up_s": time.perf_counter() - began,
        "lag_events": [one.lags for one in stopped],
        "missing_or_doubled": sum(one.missing(first, last) for one in everybody),
        "faults": sorted({fault for one in everybody for fault in one.faults}),
    }


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", type=int, default=30, help="how many stop reading")
    parser.add_argument("--rounds", type=int, default=3, help="runs without and with them, in turn")
    options = parser.parse_args()
    for _ in range(options.rounds):
        for slow in (0, options.slow):
            with tempfile.TemporaryDirectory(prefix="folkmoot-slow-", ignore_cleanup_errors=True) as directory:
                where = Path(directory)
                places = seed_places(where, Load(1, MEMBERS, POSTERS))
                with beside(where) as (url, pid):
                    print(json.dumps(uvloop.run(measure(url, pid, places, slow))), flush=True)


if __name__ == "__main__":
    main()
