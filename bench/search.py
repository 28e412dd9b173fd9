"""Measures search: what indexing a post costs, how large the index is, how long queries take.

    python bench/search.py                            # 100,000 entries on SQLite, in a temporary directory
    python bench/search.py --entries 1000000 --place DIR [--postgres]

With `--place` what was filled is kept there, and measured again the next time (SQLite only).
The entries are of one group, half English and half Chinese, words drawn as languages do (Zipf), over three months.
"""

import argparse
import asyncio
import contextlib
import gc
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from folkmoot_governance import founded
from folkmoot_governance.account import AccountRegistered, registered
from folkmoot_governance.group.events import GroupCreated
from folkmoot_protocol.group_code import make_group_code
from folkmoot_protocol.types import Author, Entry, EntryKind, JoinMode, Role
from folkmoot_server.common.i18n import translator
from folkmoot_server.demo.services import Postgres, running
from folkmoot_server.main import GC_THRESHOLDS, keep_survivors
from folkmoot_server.storage.api import Store
from folkmoot_server.storage.change_set import ChangeSet, NewEntry, account_stream, group_stream
from folkmoot_server.storage.search import text as search_text
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sql.projection import project_account, project_group
from folkmoot_server.storage.sqlite.store import SqliteStore

CODE = make_group_code(123_456_789_01)
AUTHOR = Author("ann", "Ann", Role.OWNER)
START, END = end_of("2025-12"), end_of("2026-03")
BATCH = 2000
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Talk:
    """Texts at random, the same each time."""

    def __init__(self) -> None:
        chance = self._chance = random.Random(1)
        signs = [chr(0x4E00 + number) for number in range(3500)]
        self.english = ["".join(chance.choices(LETTERS, k=chance.randint(2, 9))) for _ in range(40_000)]
        self.chinese = ["".join(chance.choices(signs, cum_weights=zipf(3500), k=2)) for _ in range(30_000)]
        self._weights = {len(words): zipf(len(words)) for words in (self.english, self.chinese)}

    def body(self, number: int) -> str:
        """Return the text of an entry."""
        words, between, most = (self.english, " ", 30) if number % 2 else (self.chinese, "", 20)
        count = self._chance.randint(3, most)
        return between.join(self._chance.choices(words, cum_weights=self._weights[len(words)], k=count))


def zipf(count: int) -> list[float]:
    """Return weights, summed up, of words by their rank."""
    return list(itertools.accumulate(1 / (rank + 2) for rank in range(count)))


@contextlib.asynccontextmanager
async def opened(place: Path, *, postgres: bool) -> AsyncIterator[tuple[Store, str]]:
    """Open a store of either kind; with it comes the URL of its database, empty for SQLite."""
    with contextlib.ExitStack() as stack:
        store: Store
        url = ""
        if postgres:
            from folkmoot_server.storage.postgres.store import PostgresStore

            url = stack.enter_context(running(Postgres)).socket_url()
            store = await PostgresStore.open(url, key=bytes(32))
        else:
            store = await SqliteStore.open(place, say=translator("en"))
        yield store, url
        await store.close()


async def tidy(url: str) -> None:
    """Do at once what PostgreSQL does by itself after so much was written, beside the queries otherwise."""
    from folkmoot_server.storage.postgres.database import connect

    connection = await connect(url, call_s=None)
    await connection.execute("VACUUM (ANALYZE)")
    await connection.execute("CHECKPOINT")
    await connection.close()


async def fill(store: Store, entries: int) -> None:
    """Write a group with so many entries, unless it is there."""
    if await store.ledger.load_group(CODE) is not None:
        return
    account = registered(joined := AccountRegistered(at=START, by="ann", user="ann", agreement="1"))
    values = {"name": "Bench", "category": "general", "topic": "", "join_mode": JoinMode.OPEN, "member_limit": 10}
    group = founded(created := GroupCreated(at=START, by="ann", code=CODE, **values))
    works = [
        ChangeSet(account_stream("ann"), 0, [joined], project_account(account, joined)),
        ChangeSet(group_stream(CODE), 0, [created], project_group(group, created)),
    ]
    talk = Talk()
    for number in range(entries):
        ts = START + (END - START) * number // entries
        entry = Entry(seq=0, ts=ts, kind=EntryKind.TEXT, from_=AUTHOR, body=talk.body(number))
        works.append(ChangeSet(group_stream(CODE), 1, entries=[NewEntry(entry)]))
        if len(works) >= BATCH or number == entries - 1:
            await store.commit(works)
            works = []


async def index(store: Store) -> dict[str, float]:
    """Index everything; return what it took. Nothing else runs in this process meanwhile."""
    cpu, wall, calls = time.process_time(), time.perf_counter(), 0
    while await store.journal.index():
        calls += 1
    return {"index_cpu_s": time.process_time() - cpu, "index_s": time.perf_counter() - wall, "calls": calls}


def queries(talk: Talk, tries: int) -> Iterator[tuple[str, str]]:
    """Yield kinds of queries, and a query."""
    chance = random.Random(2)
    for _ in range(tries):
        yield "frequent word", chance.choice(talk.english[:50])
        yield "rare word", chance.choice(talk.english[20_000:])
        yield "absent word", "".join(chance.choices(LETTERS, k=12))
        yield "two frequent words", " ".join(chance.sample(talk.english[:200], 2))
        yield "three words, seldom together", " ".join(chance.sample(talk.english[200:2000], 3))
        yield "frequent 2 characters", chance.choice(talk.chinese[:50])
        yield "rare 2 characters", chance.choice(talk.chinese[15_000:])
        yield "absent 2 characters", chance.choice(talk.chinese)[::-1]
        yield "1 character", chance.choice(talk.chinese[:5000])[0]
        yield "4 characters", "".join(chance.sample(talk.chinese[:500], 2))


async def ask(store: Store, tries: int) -> dict[str, dict[str, float]]:
    """Time queries; return p50 and p99 in ms, and how many entries came back, by kind of query."""
    times: dict[str, list[float]] = {}
    hits: dict[str, list[int]] = {}
    (last,) = (await store.journal.last_seqs([CODE])).values()
    asked = list(queries(Talk(), tries))
    # As a server that has started: what is there stays, and is not gone through for garbage again and again.
    gc.collect()
    gc.freeze()
    gc.callbacks.append(keep_survivors)
    gc.set_threshold(*GC_THRESHOLDS)
    for kind, text in asked:
        query = search_text.parse_query(text)
        assert query is not None
        begin = time.perf_counter()
        found = await store.journal.search(CODE, query, before=last + 1, limit=20)
        times.setdefault(kind, []).append((time.perf_counter() - begin) * 1000)
        hits.setdefault(kind, []).append(len(found.entries))
    times["all"] = [one for taken in times.values() for one in taken]
    hits["all"] = [one for counts in hits.values() for one in counts]
    return {kind: summary(sorted(taken), hits[kind]) for kind, taken in times.items()}


def summary(taken: list[float], hits: list[int]) -> dict[str, float]:
    """Return the figures of one kind of query; `taken` is sorted."""
    p99 = taken[int(len(taken) * 0.99)]
    return {"p50_ms": statistics.median(taken), "p99_ms": p99, "worst_ms": taken[-1], "hits": statistics.mean(hits)}


def size(path: Path) -> int:
    """Return the bytes of the files in a directory."""
    return sum(file.stat().st_size for file in path.glob("*")) if path.exists() else 0


async def measure(arguments: argparse.Namespace, place: Path) -> dict[str, object]:
    """Fill, index, ask."""
    async with opened(place, postgres=arguments.postgres) as (store, url):
        await fill(store, arguments.entries)
        figures: dict[str, object] = {"entries": arguments.entries, **await index(store)}
        if url:
            await tidy(url)
        figures["queries"] = await ask(store, arguments.tries)
    if not arguments.postgres:
        figures |= {"journal_bytes": size(place / "journal"), "index_bytes": size(place / "search")}
    return figures


def show(figures: dict[str, object]) -> None:
    """Print figures for people."""
    entries = figures["entries"]
    assert isinstance(entries, int)
    for name, value in figures.items():
        if isinstance(value, dict):
            for kind, row in value.items():
                print(f"{kind:32} p50 {row['p50_ms']:8.2f} ms   p99 {row['p99_ms']:8.2f} ms   {row['hits']:5.1f} hits")
        elif isinstance(value, float | int) and name != "entries":
            print(f"{name:32} {value:14.1f}   {value / entries * 1e6:10.2f} per million entries")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--tries", type=int, default=30, help="queries of each kind")
    parser.add_argument("--place", type=Path, help="directory to fill and keep")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("-o", dest="output", choices=["table", "json"], default="table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        figures = asyncio.run(measure(arguments, arguments.place or Path(temporary)))
    if arguments.output == "json":
        json.dump(figures, sys.stdout)
    else:
        show(figures)


if __name__ == "__main__":
    main()
