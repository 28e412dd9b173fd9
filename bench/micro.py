"""What the parts of a post's path cost, each alone: codec, decision, fan-out, commit; and what reading from disk costs.

    python bench/micro.py [codec] [decide] [fan-out] [commit] [read] [-o json]

Times are CPU time of this thread (commits and reads: time on the clock, for they wait for threads and the disk), the
best of several rounds, because others may use the machine. `content.py` does the same for content rules.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import uvloop

from folkmoot_governance import Actor, GroupState, Policy, apply, check_post, decide, founded
from folkmoot_governance.group.commands import MuteMember
from folkmoot_governance.group.events import GroupCreated, MemberJoined
from folkmoot_protocol.codec import CODECS, MSGPACK, Codec
from folkmoot_protocol.events import EntryEvent, Ok
from folkmoot_protocol.group_code import FIRST_NUMBER, make_group_code
from folkmoot_protocol.requests import Post
from folkmoot_protocol.results import PostResult
from folkmoot_protocol.types import Author, Entry, EntryKind, Identity, JoinMode, Role
from folkmoot_server.common.clock import Clock
from folkmoot_server.common.deadlines import Deadlines
from folkmoot_server.common.i18n import translator
from folkmoot_server.config.settings import load_config
from folkmoot_server.crypto.passwords import hash_token
from folkmoot_server.delivery.audience import Audience
from folkmoot_server.delivery.hub import Hub
from folkmoot_server.delivery.session import Session
from folkmoot_server.live.rooms import Room, Stored
from folkmoot_server.storage.api import ActFilter, CaseFilter
from folkmoot_server.storage.change_set import ChangeSet, NewEntry, group_stream
from folkmoot_server.storage.check.seed import fill
from folkmoot_server.storage.sqlite.store import SqliteStore

ROUNDS, ROUND_S = 7, 0.05
COMMITS = 60
READS, READ_ROUNDS = 40, 75
CODE = make_group_code(FIRST_NUMBER)
NOW = 1_800_000_000_000
BODY = "Has anybody seen how the second part of the ordinary meeting went? I could not come, was late again."


class Cost(NamedTuple):
    """What something costs each time (µs)."""

    name: str
    us: float


def best(act: Callable[[], object]) -> float:
    """Return the CPU time that an act takes in the best round (µs)."""
    times, took = 1, 0.0
    while took < ROUND_S:
        times *= 2
        took = run(act, times)
    return 1e6 * min(took, *(run(act, times) for _ in range(ROUNDS))) / times


def run(act: Callable[[], object], times: int) -> float:
    began = time.thread_time()
    for _ in range(times):
        act()
    return time.thread_time() - began


def entry(seq: int) -> Entry:
    author = Author("ada", "Ada Lovelace", Role.MEMBER)
    return Entry(seq=seq, ts=NOW, kind=EntryKind.TEXT, from_=author, body=BODY)


def measure_codec() -> Iterator[Cost]:
    """One frame of each kind that a post needs."""
    for codec in CODECS:
        name = codec.subprotocol.rpartition(".")[2]
        request = codec.encode(Post(id=7, group=CODE, body=BODY, nonce="9f3a"))
        event, reply = EntryEvent(group=CODE, entry=entry(7)), Ok(re=7, result=PostResult(seq=7, ts=NOW))
        yield Cost(f"decode a post, {name}", best(lambda codec=codec, data=request: codec.decode_request(data)))
        yield Cost(f"encode its ok, {name}", best(lambda codec=codec, frame=reply: codec.encode(frame)))
        yield Cost(f"encode its entry, {name}", best(lambda codec=codec, frame=event: codec.encode(frame)))


def group(members: int) -> GroupState:
    """Return a group of m0, its owner, and m1, m2, ..."""
    state = founded(
        GroupCreated(
            at=NOW,
            by="m0",
            code=CODE,
            name="Micro",
            category="general",
            topic="",
            join_mode=JoinMode.OPEN,
            member_limit=members,
        )
    )
    for number in range(1, members):
        apply(state, MemberJoined(at=NOW, by=f"m{number}", user=f"m{number}", via="open"))
    return state


def measure_decide() -> Iterator[Cost]:
    """The rules, for members of groups of two sizes."""
    policy = Policy()
    for members in (100, 10_000):
        state = group(members)
        judge = partial(check_post, state, "m7", Identity.PERSON, NOW, 0, policy)
        mute = partial(decide, state, MuteMember("m7", 600_000, "noise"), Actor("m0"), NOW, policy)
        yield Cost(f"may this member post? ({members:,} members)", best(judge))
        yield Cost(f"decide a mute ({members:,} members)", best(mute))


class Sink:
    """A connection, and its transport, that takes what it is given: what is left is our own work for a delivery."""

    is_open, is_backed_up = True, False

    def __init__(self) -> None:
        self.transport = self
        self.taken = 0

    def write(self, data: bytes) -> None:
        """Count it."""
        self.taken += len(data)


def measure_fan_out() -> Iterator[Cost]:
    """From committed entries to the outboxes, ten entries in one turn of the loop, without the system calls."""
    for members in (10, 100, 1_000):
        yield asyncio.run(fan_out(members, MSGPACK))


async def fan_out(members: int, codec: Codec) -> Cost:
    # Delivering asks for who wrote, among the accounts in memory: nobody here.
    hub, deadlines = Hub(cast(Any, {}), Audience(), Clock()), Deadlines(30)
    room = Room(Stored(group(2), 0, {}))
    limits = load_config(None, {}, {}).limits
    sinks = [Sink() for _ in range(members)]
    for sink in sinks:
        hub.subscribe(room, Session(cast(Any, sink), codec, hub, limits, deadlines, address="", language="en"))
    entries = [entry(seq) for seq in range(1, 11)]
    costs = []
    for _ in range(max(50, 20_000 // members)):
        began = time.thread_time()
        for one in entries:
            hub.deliver(room, (one,))
        await asyncio.sleep(0)
        costs.append(time.thread_time() - began)
    assert all(sink.taken for sink in sinks), "everybody hears"
    return Cost(f"a delivery to one of {members:,} members", 1e6 * min(costs) / members / len(entries))


def measure_commit() -> Iterator[Cost]:
    """Posts on stable storage: the whole way through the store, to its thread and back."""
    with tempfile.TemporaryDirectory(prefix="folkmoot-micro-") as directory:
        yield from asyncio.run(commit(Path(directory)))


async def commit(place: Path) -> Sequence[Cost]:
    store = await SqliteStore.open(place, say=translator("en"))
    try:
        await fill(store, 1, 1, place / "tokens")
        code = (place / "tokens").read_text().split()[4]
        return [await commit_batches(store, code, size) for size in (1, 10, 100, 1_000)]
    finally:
        await store.close()


async def commit_batches(store: SqliteStore, code: str, size: int) -> Cost:
    took = []
    for batch in range(COMMITS):
        works = [
            ChangeSet(group_stream(code), 1, entries=[NewEntry(entry(0), nonce=f"{size}-{batch}-{number}")])
            for number in range(size)
        ]
        began = time.perf_counter()
        await store.commit(works)
        took.append(time.perf_counter() - began)
    return Cost(f"store a post in a batch of {size:,}", 1e6 * statistics.median(took) / size)


def measure_read() -> Iterator[Cost]:
    """What is not in memory, read by the store: the whole way to a thread, to the disk's cache and back."""
    with tempfile.TemporaryDirectory(prefix="folkmoot-micro-") as directory:
        yield from uvloop.run(read(Path(directory)))


async def read(place: Path) -> Sequence[Cost]:
    store = await SqliteStore.open(place, say=translator("en"))
    try:
        await fill(store, 1, 12, place / "tokens")
        _, _, user, token, code = (place / "tokens").read_text().splitlines()[1].split()
        posts = [NewEntry(entry(0), nonce=f"read-{number}") for number in range(1_000)]
        await store.commit([ChangeSet(group_stream(code), 12, entries=posts)])
        ledger, journal, hashed = store.ledger, store.journal, hash_token(token)
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "history, a page of 50": lambda: journal.page(code, before=700, limit=50),
            "one entry": lambda: journal.entry(code, 700),
            "an account by its token": lambda: ledger.find_session(hashed),
            "whose token it is": lambda: ledger.find_token(hashed),
            "a group of 12": lambda: ledger.load_group(code),
            "where a group stands": lambda: ledger.heads([code]),
            "a page of its members": lambda: ledger.list_members(code),
            "a page of all groups": ledger.list_groups,
            "an account's cases": lambda: ledger.list_cases(CaseFilter(by=user, newest=True)),
            "a group's record": lambda: ledger.acts(group_stream(code), ActFilter(user=user), 20),
        }
        return [Cost(name, await best_wait(act)) for name, act in acts.items()]
    finally:
        await store.close()


async def best_wait(act: Callable[[], Awaitable[object]]) -> float:
    """Return the time on the clock that an act takes, one after the other, in the best round (µs)."""
    rounds = []
    for _ in range(READ_ROUNDS):
        began = time.perf_counter()
        for _ in range(READS):
            await act()
        rounds.append(time.perf_counter() - began)
    return 1e6 * min(rounds) / READS


PARTS: dict[str, Callable[[], Iterator[Cost]]] = {
    "codec": measure_codec,
    "decide": measure_decide,
    "fan-out": measure_fan_out,
    "commit": measure_commit,
    "read": measure_read,
}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="parts to measure; all if none is named")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help="form of the result")
    options = parser.parse_args()
    found = {part: list(PARTS[part]()) for part in options.parts or PARTS}
    if options.output == "json":
        print(json.dumps({part: {cost.name: cost.us for cost in costs} for part, costs in found.items()}, indent=2))
        return
    for part, costs in found.items():
        for cost in costs:
            print(f"{part:8} {cost.name:45} {cost.us:9.2f} µs")


if __name__ == "__main__":
    main()
