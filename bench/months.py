"""Measures what months cost: posts while one is sealed, `db verify`, and taking one away. SQLite.

    python bench/months.py 10000 1000000

Each number is of entries in the month; the month is sealed as the job does it, with its rests.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from growth import fill_up, found_groups, now_ms, post
from msgspec.structs import replace

from folkmoot_server.common.i18n import translator
from folkmoot_server.jobs.runner import rest_of
from folkmoot_server.jobs.sealing import make_seal
from folkmoot_server.storage.change_set import NewEntry
from folkmoot_server.storage.check.verify import verify
from folkmoot_server.storage.sql.months import end_of, month_of
from folkmoot_server.storage.sqlite.store import SqliteStore

SECONDS, PAUSE_S = 20.0, 0.005
LATER_MS = 250 * 86_400_000


async def take_posts(store: SqliteStore, codes: list[str], ts: int, seconds: float) -> dict[str, float]:
    """Post into the next month, one after the other; return how long that takes (ms)."""
    took, end, number = list[float](), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        change_set = post(codes[number % len(codes)])
        (new,) = change_set.entries
        change_set.entries = [NewEntry(replace(new.entry, ts=ts + number), nonce=new.nonce)]
        began = time.perf_counter()
        await store.commit([change_set])
        took.append(1000 * (time.perf_counter() - began))
        number += 1
        await asyncio.sleep(PAUSE_S)
    cuts = statistics.quantiles(took, n=100)
    return {"posts": len(took), "p50": round(cuts[49], 2), "p99": round(cuts[98], 2)}


async def measure(data: Path, count: int) -> dict[str, Any]:
    """Return what a month of so many entries costs."""
    month, found = month_of(now_ms()), dict[str, Any](entries=count)
    codes = await found_groups(data)
    await asyncio.to_thread(fill_up, data, codes, count)
    found["MB"] = round(sum(one.stat().st_size for one in (data / "journal").glob(f"{month}*")) / 1e6, 1)
    began = time.perf_counter()
    findings = await asyncio.to_thread(verify, data)
    found["verify_s"], found["findings"] = round(time.perf_counter() - began, 2), len(findings)
    store = await SqliteStore.open(data, say=translator("en"))
    try:
        after = end_of(month) + 1
        found["alone"] = await take_posts(store, codes, after, SECONDS)
        sealing = asyncio.create_task(make_seal(store.journal, month, rest_of))
        found["while_sealed"] = await take_posts(store, codes, after + 10_000_000, SECONDS)
        found["was_done"] = sealing.done()
        sealing.cancel()
        found["alone_again"] = await take_posts(store, codes, after + 20_000_000, SECONDS)
        began, held = time.perf_counter(), list[float]()
        writer, rotate = store._writer, store._writer.rotate

        def timed(*asked: Any) -> Any:
            began = time.perf_counter()
            try:
                return rotate(*asked)
            finally:
                held.append(1000 * (time.perf_counter() - began))

        writer.rotate = timed
        taking = asyncio.create_task(store.journal.rotate(after + LATER_MS, 6))
        taking.add_done_callback(lambda _: found.update(freed_after_s=round(time.perf_counter() - began, 2)))
        found["while_removed"] = await take_posts(store, codes, after + 30_000_000, SECONDS / 4)
        found["removed"], found["remove_ms"] = len(await taking), round(held[0], 1)
    finally:
        await store.close()
    return found


def main() -> None:
    """Print a line of JSON for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="+")
    for count in parser.parse_args().count:
        with tempfile.TemporaryDirectory() as place:
            data = Path(place) / "data"
            data.mkdir()
            print(json.dumps(asyncio.run(measure(data, count))), flush=True)


if __name__ == "__main__":
    main()
