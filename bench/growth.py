"""Measures what grows when something else does, and draws it. One kind of growth after the other, or single points:

    python bench/growth.py --out growth.jsonl group-size groups members
    python bench/growth.py --out growth.jsonl --at 10 --at 100 group-size
    python bench/growth.py --out growth.jsonl --data DIR journal      # DIR keeps the journal from one size to the next
    python bench/growth.py --draw docs/images growth.jsonl

Costs are CPU times, of the server's process or of a process that calls the store: others may use the machine.
`docs/performance.md` says what follows from them.
"""

import argparse
import asyncio
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from curves import Chart, Curve

from folkmoot_client.sdk import Client
from folkmoot_protocol.requests import ListMembers
from folkmoot_protocol.results import MembersResult
from folkmoot_protocol.types import Author, Entry, EntryKind, Role
from folkmoot_server.bench.loads import Load
from folkmoot_server.bench.processes import cpu_seconds
from folkmoot_server.bench.run import measure_one, seed_places, serving
from folkmoot_server.common.i18n import translator
from folkmoot_server.main import raise_file_limit
from folkmoot_server.storage.change_set import ChangeSet, NewEntry, group_stream
from folkmoot_server.storage.check.seed import fill
from folkmoot_server.storage.sqlite.store import SqliteStore

SECONDS = 5.0
SENDERS = 10
Point = dict[str, Any]


# Group size, and number of groups: `folkmoot bench` in other shapes.


def group_size(members: int, _data: Path | None) -> Point:
    """Return what a delivery costs in one group of so many, all of them connected, 10 posting."""
    return under(Load(1, members, min(SENDERS, members)))


def groups(count: int, _data: Path | None) -> Point:
    """Return what a post costs in one of so many groups, each with one member, who is connected; 10 of them post."""
    return under(Load(count, 1, SENDERS))


def under(load: Load) -> Point:
    found = measure_one(load, SECONDS, lambda elapsed_s: None)
    assert not found.faults, found
    names = ("server_cpu_us", "server_cpu_share", "deliveries_per_s", "p50_ms", "p99_ms", "kib_per_connection")
    return {name: getattr(found, name) for name in names}


# Members of a group: coming in, going out, being listed.

VISITORS, ROUNDS, PAGES = 20, 10, 100


def members(count: int, _data: Path | None) -> Point:
    """Return what it costs that members of a group of `count` leave and come back, one at a time, and list a page."""
    with tempfile.TemporaryDirectory(prefix="folkmoot-growth-") as directory:
        where = Path(directory)
        places = seed_places(where, Load(1, count, 1))
        code = places[0].code
        tokens = [place.token for place in random.sample(places[1:], VISITORS)]
        with serving(where) as (url, pid):
            return asyncio.run(visit(url, pid, code, tokens))


async def visit(url: str, pid: int, code: str, tokens: Sequence[str]) -> Point:
    began = time.perf_counter()
    clients = [Client(url, token=token) for token in tokens[:1]]
    await clients[0].__aenter__()
    first_s = time.perf_counter() - began
    for token in tokens[1:]:
        clients.append(await Client(url, token=token).__aenter__())

    async def leave_and_join(client: Client) -> None:
        await client.leave(code)
        await client.join(code)

    async def list_members(client: Client) -> None:
        # There are always a hundred members after these, in a group of a thousand or more.
        after = f"g0m{random.randrange(1, 9)}"
        await client.ask(ListMembers, MembersResult, group=code, after=after, limit=100)

    found = {"first_sign_in_ms": 1000 * first_s}
    await asyncio.gather(*map(leave_and_join, clients))
    found |= await cost(pid, "leave_and_join", leave_and_join, clients * ROUNDS)
    found |= await cost(pid, "page", list_members, clients * (PAGES // VISITORS) * 4)
    for client in clients:
        await client.close()
    return found


async def cost(pid: int, name: str, act: Callable[[Client], Awaitable[None]], clients: Sequence[Client]) -> Point:
    """Return the server's CPU for an act (µs) and how long it takes (ms), done by one client after the other."""
    took = []
    before = cpu_seconds(pid)
    for client in clients:
        began = time.perf_counter()
        await act(client)
        took.append(time.perf_counter() - began)
    after = cpu_seconds(pid)
    assert before is not None and after is not None, "growth is measured where there is /proc"
    return {f"{name}_cpu_us": 1e6 * (after - before) / len(clients), f"{name}_ms": 1000 * statistics.median(took)}


# The journal: entries in one month's file.

JOURNAL_GROUPS = 100
CALLS = 300
BODY = "." * 100
FILL = """
    WITH RECURSIVE number(seq) AS (SELECT :first UNION ALL SELECT seq + 1 FROM number WHERE seq < :last)
    INSERT INTO entry SELECT :grp, seq, :ts, 'text', 'g0m0', 'G0m0', 'member', NULL, :body, NULL, NULL, NULL,
        lower(hex(randomblob(8))), NULL FROM number"""


def journal(count: int, data: Path | None) -> Point:
    """Fill the journal in `data` up to so many entries; return what appending to it and reading from it takes."""
    if data is None:
        raise SystemExit("journal needs --data DIR")
    return asyncio.run(measure_journal(data, count))


async def measure_journal(data: Path, count: int) -> Point:
    codes = await found_groups(data)
    await asyncio.to_thread(fill_up, data, codes, count)
    store = await SqliteStore.open(data, say=translator("en"))
    try:
        return await call_journal(store, codes)
    finally:
        await store.close()


async def found_groups(data: Path) -> list[str]:
    """Return the codes of the journal's groups, founded if need be."""
    tokens = data / "tokens"
    if not tokens.exists():
        store = await SqliteStore.open(data, say=translator("en"))
        try:
            await fill(store, JOURNAL_GROUPS, 1, tokens)
        finally:
            await store.close()
    return [line.split()[4] for line in tokens.read_text().splitlines()]


def fill_up(data: Path, codes: Sequence[str], count: int) -> None:
    """Write posts into the journal's file until it has so many, evenly in all groups.

    SQLite makes the rows itself, the same as the store's: ten million come in minutes.
    """
    (file,) = (data / "journal").glob("*.sqlite3")
    with closing(sqlite3.connect(file, isolation_level=None)) as journal:
        for pragma in ("synchronous = OFF", "cache_size = -1000000"):
            journal.execute(f"PRAGMA {pragma}")
        for code in codes:
            (last,) = journal.execute("SELECT max(seq) FROM entry WHERE grp = ?", (int(code),)).fetchone()
            if last < count // JOURNAL_GROUPS:
                values = {"grp": int(code), "first": last + 1, "last": count // JOURNAL_GROUPS, "ts": now_ms()}
                journal.execute(FILL, values | {"body": BODY})
        journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def post(code: str) -> ChangeSet:
    """Return the work of a post by a group's only member, under the version that its founding gave it."""
    author = Author("g0m0", "G0m0", Role.MEMBER)
    entry = Entry(seq=0, ts=now_ms(), kind=EntryKind.TEXT, from_=author, body=BODY)
    return ChangeSet(group_stream(code), 1, entries=[NewEntry(entry, nonce=f"{random.getrandbits(64):016x}")])


async def call_journal(store: SqliteStore, codes: Sequence[str]) -> Point:
    """Return the CPU that calls take, all threads together, and the time, in the median of many (µs).

    Each is for a group drawn at random.
    """
    last = await store.journal.last_seqs(codes)
    page = store.journal.page
    calls: dict[str, Callable[[str], Awaitable[Any]]] = {
        "newest_page": partial(page, limit=50),
        "middle_page": lambda code: page(code, before=last[code] // 2, limit=50),
        "random_page": lambda code: page(code, before=random.randrange(51, last[code]), limit=50),
        "append_1": lambda code: store.commit([post(code)]),
        "append_100": lambda code: store.commit([post(code) for _ in range(100)]),
        "append_100_groups": lambda code: store.commit([post(other) for other in codes]),
    }
    found = {}
    for name, call in calls.items():
        spent, took = [], []
        for _ in range(CALLS):
            code = random.choice(codes)
            before, began = time.process_time(), time.perf_counter()
            await call(code)
            spent.append(time.process_time() - before)
            took.append(time.perf_counter() - began)
        found |= {f"{name}_cpu_us": 1e6 * statistics.median(spent), f"{name}_us": 1e6 * statistics.median(took)}
    return found


GROWTHS: dict[str, tuple[Callable[[int, Path | None], Point], Sequence[int]]] = {
    "group-size": (group_size, (10, 100, 1_000, 3_000, 10_000)),
    "groups": (groups, (10, 100, 1_000, 5_000, 19_000)),
    "members": (members, (1_000, 10_000, 50_000)),
    "journal": (journal, (10_000, 100_000, 1_000_000, 10_000_000)),
}

CHARTS = {
    "group-size": Chart(
        "CPU of the server for one delivery, by members of the group",
        "members, all connected",
        "µs",
        (Curve("server_cpu_us", "a delivery"),),
    ),
    "groups": Chart(
        "CPU of the server for one post, by groups in memory",
        "groups, each with one connected member",
        "µs",
        (Curve("server_cpu_us", "a post"),),
    ),
    "members": Chart(
        "CPU of the server for one act, by members of the group",
        "members",
        "µs",
        (Curve("leave_and_join_cpu_us", "leave and join"), Curve("page_cpu_us", "a page of 100 members")),
    ),
    "journal": Chart(
        "CPU of a call, by entries in the journal",
        "entries in one month's file",
        "µs",
        (
            Curve("append_100_groups_cpu_us", "append 100 entries, each to another group"),
            Curve("append_1_cpu_us", "append one entry"),
            Curve("newest_page_cpu_us", "the newest page of 50"),
            Curve("middle_page_cpu_us", "a page of 50 from the middle"),
        ),
    ),
}


def draw(lines: Path, images: Path) -> None:
    """Draw each growth that has been measured, medians where a point was measured more than once."""
    measured: dict[str, dict[int, list[Point]]] = {}
    for line in map(json.loads, lines.read_text().splitlines()):
        measured.setdefault(line["growth"], {}).setdefault(line["at"], []).append(line)
    for name, points in measured.items():
        chart = CHARTS[name]
        values = {
            curve.label: [
                (at, statistics.median(point[curve.field] for point in several))
                for at, several in sorted(points.items())
            ]
            for curve in chart.curves
        }
        (images / f"growth-{name}.svg").write_text(chart.draw(values), encoding="utf-8")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("growths", nargs="+", help=f"any of {', '.join(GROWTHS)}; with --draw, the file of results")
    parser.add_argument("--out", type=Path, default=Path("growth.jsonl"), help="a line for each point is appended here")
    parser.add_argument("--at", type=int, action="append", help="sizes, in place of the growth's own")
    parser.add_argument("--data", type=Path, help="directory of the journal that is filled")
    parser.add_argument("--draw", type=Path, metavar="DIR", help="draw the results instead")
    options = parser.parse_args()
    if options.draw:
        draw(Path(options.growths[0]), options.draw)
        return
    raise_file_limit()
    for name in options.growths:
        measure, sizes = GROWTHS[name]
        for at in options.at or sizes:
            line = {"growth": name, "at": at, **measure(at, options.data)}
            print(json.dumps(line), flush=True)
            with options.out.open("a") as out:
                out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
