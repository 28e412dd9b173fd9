"""What members of a group see when parts of a cluster fail. Ann is on node A, bob on node B, unless said otherwise."""

import asyncio
import contextlib
import itertools
import os
import signal
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, NamedTuple

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import CloseCode
from folkmoot_protocol.events import GroupEvent, LeftEvent
from folkmoot_protocol.types import Entry
from folkmoot_server.config.documents import load_documents
from folkmoot_server.crypto.passwords import hash_token
from folkmoot_server.crypto.sealing import load_key
from folkmoot_server.storage.change_set import ChangeSet
from folkmoot_server.storage.changes import token_row
from tests.builders.world import World
from tests.cluster.checker import Place, told
from tests.cluster.conftest import StartCluster
from tests.cluster.nemesis import start_again
from tests.cluster.nodes import Cluster, Node
from tests.cluster.polling import until
from tests.integration.wire import PATIENCE_S, Closed, Refused, Wire, bodies, refused

pytestmark = pytest.mark.faults

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")

READY, CUT_OFF = "ready\n", "ready, but cut off from the other nodes' news: they come late\n"
NO_DATABASE = "ready, but the database does not answer: nothing can be posted\n"
JOBS_LOCK = (1, 314_465_706)
"""The advisory lock of the jobs as pg_locks shows it: high and low half."""


class Pair(NamedTuple):
    """Ann, who owns `code`, on node A and bob, a member, on node B."""

    ann: Wire
    bob: Wire
    code: str


@pytest.fixture
async def stack() -> AsyncIterator[contextlib.AsyncExitStack]:
    """Closes connections after the test."""
    async with contextlib.AsyncExitStack() as stack:
        yield stack


async def join_up(cluster: Cluster, stack: contextlib.AsyncExitStack) -> Pair:
    """Sign ann and bob in and bring them together in a group."""
    ann, bob = [await stack.enter_async_context(await Wire.open(node.ws)) for node in cluster.nodes[:2]]
    await ann.register("ann")
    await bob.register("bob")
    code = await ann.create()
    await bob.ask(rq.JoinGroup, group=code)
    await ann.until(lambda: any(told(entry).get("event") == "joined" for entry in ann.entries(code)))
    return Pair(ann, bob, code)


@pytest.fixture
async def pair(cluster: Cluster, stack: contextlib.AsyncExitStack) -> Pair:
    """Ann and bob on the two nodes of `cluster`."""
    return await join_up(cluster, stack)


async def until_ready(node: Node, answer: str) -> None:
    """Ask /readyz until its first line says so; it has no events. Jobs that failed meanwhile stand below."""

    async def says_so() -> bool:
        status, text = await node.get("/readyz")
        return status == 200 and text.startswith(answer)

    await until(says_so)


async def until_stored(wire: Wire, code: str, body: str) -> int:
    """Post under a nonce until it is acknowledged, as a good client does while the service is away."""
    async with asyncio.timeout(2 * PATIENCE_S):
        while True:
            try:
                return await wire.post(code, body, nonce=body)
            except Refused as refusal:
                assert refusal.code == "unavailable", refusal
                await asyncio.sleep(refusal.detail["retry_after_ms"] / 10_000)


async def assert_said(pair: Pair, *expected: str) -> None:
    """Both nodes, and what both heard, agree on what was posted."""
    last = max([(await wire.history(pair.code))[-1].seq for wire in (pair.ann, pair.bob)])
    heard = [await wire.seen(pair.code, last) for wire in (pair.ann, pair.bob)]
    logs = [await wire.history(pair.code) for wire in (pair.ann, pair.bob)]
    assert logs[0] == logs[1]
    assert bodies(logs[0]) == list(expected)
    for entries in heard:
        assert entries == logs[0][entries[0].seq - 1 :]


async def test_without_nats_posts_are_stored_and_arrive_all_the_same(cluster: Cluster, pair: Pair) -> None:
    await asyncio.to_thread(cluster.nats.stop, signal.SIGKILL)
    try:
        seq = await pair.ann.post(pair.code, "without NATS")
        await pair.bob.seen(pair.code, seq)
        for node in cluster.nodes:
            await until_ready(node, CUT_OFF)
        seq = await pair.bob.post(pair.code, "back")
        await pair.ann.seen(pair.code, seq)
    finally:
        await asyncio.to_thread(start_again, cluster.nats)
    for node in cluster.nodes:
        await until_ready(node, READY)
    await pair.ann.post(pair.code, "with NATS")
    await assert_said(pair, "without NATS", "back", "with NATS")


async def test_a_member_who_joins_or_founds_on_one_node_hears_the_group_on_all(
    cluster: Cluster, pair: Pair, stack: contextlib.AsyncExitStack
) -> None:
    """Node B has no reason to follow either group before bob is in it."""
    other = await stack.enter_async_context(await Wire.open(cluster.nodes[0].ws, pair.bob.token))
    founded = await other.create("Founded elsewhere")
    joined = await pair.ann.create("Joined elsewhere")
    await other.ask(rq.JoinGroup, group=joined)
    for code, wire in ((founded, other), (joined, pair.ann)):
        await pair.bob.until(lambda: any(isinstance(one, GroupEvent) and one.group.id == code for one in pair.bob.log))  # noqa: B023
        seq = await wire.post(code, "welcome")
        assert bodies(await pair.bob.seen(code, seq))[-1:] == ["welcome"]


async def test_a_member_who_joins_without_nats_hears_of_it_on_all_nodes(
    cluster: Cluster, pair: Pair, stack: contextlib.AsyncExitStack
) -> None:
    other = await stack.enter_async_context(await Wire.open(cluster.nodes[0].ws, pair.bob.token))
    code = await pair.ann.create("Another")
    await asyncio.to_thread(cluster.nats.stop, signal.SIGKILL)
    try:
        for node in cluster.nodes:
            await until_ready(node, CUT_OFF)
        await other.ask(rq.JoinGroup, group=code)
        await pair.bob.until(lambda: any(isinstance(one, GroupEvent) and one.group.id == code for one in pair.bob.log))
        seq = await pair.ann.post(code, "welcome")
        assert bodies(await pair.bob.seen(code, seq))[-1:] == ["welcome"]
    finally:
        await asyncio.to_thread(start_again, cluster.nats)


async def test_who_joined_elsewhere_without_nats_signs_in_to_all_groups(
    cluster: Cluster, pair: Pair, stack: contextlib.AsyncExitStack
) -> None:
    elsewhere = await stack.enter_async_context(await Wire.open(cluster.nodes[0].ws, pair.bob.token))
    cluster.nodes[1].nats.set("cut")
    await pair.bob.close()  # Node B remembers him all the same, as he was.
    code = await pair.ann.create("Another")
    await elsewhere.ask(rq.JoinGroup, group=code)
    await elsewhere.ask(rq.LeaveGroup, group=pair.code)
    bob = await stack.enter_async_context(await Wire.open(cluster.nodes[1].ws, pair.bob.token))
    assert code in [group.id for group in bob.session.groups]
    await until(partial(is_in, bob, 1))
    seq = await pair.ann.post(code, "welcome")
    assert bodies(await bob.seen(code, seq)) == ["welcome"]


async def test_without_postgresql_posts_are_refused_and_connections_stay(cluster: Cluster, pair: Pair) -> None:
    await asyncio.to_thread(cluster.postgres.stop)
    try:
        for wire in (pair.ann, pair.bob):
            await refused(wire.post(pair.code, "lost"), "unavailable")
            await refused(wire.ask(rq.GetHistory, group=pair.code), "unavailable")
        for node in cluster.nodes:
            await until_ready(node, NO_DATABASE)
            assert "folkmoot_storage_up 0.0" in (await node.get("/metrics"))[1]
    finally:
        await asyncio.to_thread(start_again, cluster.postgres)
    for node in cluster.nodes:
        await until_ready(node, READY)
        assert "folkmoot_storage_up 1.0" in (await node.get("/metrics"))[1]
    for wire, body in ((pair.ann, "a"), (pair.bob, "b")):
        await until_stored(wire, pair.code, body)
        assert wire.close_code is None
    await assert_said(pair, "a", "b")


async def test_clients_of_a_killed_node_go_on_elsewhere_and_nothing_is_lost_or_doubled(
    cluster: Cluster, pair: Pair
) -> None:
    texts = [f"text {number}" for number in range(300)]
    asked = [await pair.ann.send(rq.Post, group=pair.code, body=text, nonce=text) for text in texts[:200]]
    await asked[20]
    # What it gets now it never answers; of what it had, some may be stored and not answered.
    cluster.nodes[0].signal(signal.SIGSTOP)
    asked += [await pair.ann.send(rq.Post, group=pair.code, body=text, nonce=text) for text in texts[200:]]
    await cluster.nodes[0].kill()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, Closed) for answer in answers[200:])
    places = {text: one.seq for text, one in zip(texts, answers, strict=True) if not isinstance(one, BaseException)}
    heard = pair.ann.entries(pair.code)
    async with await Wire.open(cluster.nodes[1].ws, pair.ann.token) as ann:
        given = ann.session.groups[0].last_seq
        assert given is not None
        missed: list[Entry] = []
        while (cursor := (heard + missed)[-1].seq) < given:
            page = await ann.ask(rq.Sync, cursors={pair.code: cursor})
            missed += [entry for entry in page.groups[pair.code].entries if entry.seq <= given]
        for text in texts:
            seq = await until_stored(ann, pair.code, text)
            assert places.setdefault(text, seq) == seq
        await ann.until(lambda: given >= max(places.values()) or ann.entries(pair.code)[-1:] != [])
        log = await ann.history(pair.code)
        if log[-1].seq > given:
            later = await ann.seen(pair.code, log[-1].seq)
            # What node A had shown her without telling of it any more, node B may show her again.
            before = [entry for entry in heard + missed if entry.seq <= given]
            assert before + later == log
            assert heard == log[: len(heard)]
    posts = {entry.body: entry.seq for entry in log if entry.kind == "text"}
    assert posts == places
    assert len(bodies(log)) == len(texts)
    await cluster.nodes[0].come_back()
    async with await Wire.open(cluster.nodes[0].ws, pair.ann.token) as ann:
        assert await ann.history(pair.code) == log


async def test_a_post_repeated_on_another_node_is_the_same_post(
    cluster: Cluster, pair: Pair, stack: contextlib.AsyncExitStack
) -> None:
    other = await stack.enter_async_context(await Wire.open(cluster.nodes[1].ws, pair.ann.token))
    seq = await pair.ann.post(pair.code, "once", nonce="n")
    assert await other.post(pair.code, "once", nonce="n") == seq
    for number in range(20):
        seqs = await asyncio.gather(*(one.post(pair.code, "r", nonce=f"r{number}") for one in (pair.ann, other) * 2))
        assert len(set(seqs)) == 1
    await assert_said(pair, "once", *["r"] * 20)


@pytest.mark.parametrize("mode", ["cut", "hole"])
async def test_a_node_cut_off_from_nats_alone_lags_and_misjudges_nothing(
    cluster: Cluster, pair: Pair, mode: Any
) -> None:
    apart = cluster.nodes[1]
    apart.nats.set(mode)
    said = []
    for number in range(3):
        seq = await pair.ann.post(pair.code, f"a{number}")
        await pair.bob.seen(pair.code, seq)
        seq = await pair.bob.post(pair.code, f"b{number}")
        await pair.ann.seen(pair.code, seq)
        said += [f"a{number}", f"b{number}"]
    await until_ready(apart, CUT_OFF)
    await until_ready(cluster.nodes[0], READY)
    await pair.ann.run("/mute @bob 10m", pair.code)
    await refused(pair.bob.post(pair.code, "muted"), "muted")
    apart.nats.set("open")
    await until_ready(apart, READY)
    await pair.ann.run("/unmute @bob", pair.code)
    await pair.bob.post(pair.code, "again")
    await assert_said(pair, *said, "again")


async def test_a_frozen_node_does_not_hold_up_the_others(cluster: Cluster, pair: Pair) -> None:
    asked = [await pair.ann.send(rq.Post, group=pair.code, body=f"a{number}") for number in range(200)]
    await asked[5]
    cluster.nodes[0].signal(signal.SIGSTOP)
    try:
        await until_stored(pair.bob, pair.code, "meanwhile")
    finally:
        cluster.nodes[0].signal(signal.SIGCONT)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    log = await pair.ann.history(pair.code)
    stored = {entry.body: entry.seq for entry in log if entry.kind == "text"}
    assert len(stored) == len(bodies(log))
    for number, answer in enumerate(answers):
        if isinstance(answer, Refused):
            assert answer.code == "unavailable"
            assert f"a{number}" not in stored
        else:
            assert not isinstance(answer, BaseException), answer
            assert stored[f"a{number}"] == answer.seq
    await assert_said(pair, *bodies(log))


async def register_many(cluster: Cluster, stack: contextlib.AsyncExitStack, count: int) -> list[Wire]:
    """Return connections of so many accounts, on all nodes in turn; written straight into the database."""
    from folkmoot_server.storage.postgres.store import PostgresStore

    key = load_key(cluster.nodes[0].data / "keys" / "journal.key")
    agreement = load_documents(cluster.nodes[0].data).agreement.version
    tokens = {f"guest{number}": f"token of guest {number}" for number in range(count)}
    store = await PostgresStore.open(cluster.database, key=key)
    try:
        await store.commit([registration(user, token, agreement) for user, token in tokens.items()])
    finally:
        await store.close()
    places = itertools.cycle(cluster.nodes)
    return [await stack.enter_async_context(await Wire.open(next(places).ws, token)) for token in tokens.values()]


def registration(user: str, token: str, agreement: str) -> ChangeSet:
    """Return what registering stores, but for a password."""
    change_set = World().register(user, agreement=agreement, password_hash="")
    # Of now: a token that was not used for months has ended.
    change_set.rows = [*change_set.rows, token_row(hash_token(token), user, int(time.time() * 1000))]
    return change_set


async def test_two_hundred_join_at_once_on_two_nodes_and_ten_places_are_taken(
    start_cluster: StartCluster, stack: contextlib.AsyncExitStack
) -> None:
    cluster = await start_cluster(2, policy__grades__standard__up_to_members=11)
    pair = await join_up(cluster, stack)
    await pair.bob.ask(rq.LeaveGroup, group=pair.code)
    guests = await register_many(cluster, stack, 200)
    joins = [await guest.send(rq.JoinGroup, group=pair.code) for guest in guests]
    answers = await asyncio.gather(*joins, return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, Refused)]
    assert {refusal.code for refusal in refusals} <= {"group_full", "conflict"}
    inside = [guest.user for guest, answer in zip(guests, answers, strict=True) if not isinstance(answer, Exception)]
    assert len(inside) == 200 - len(refusals) == 10
    for wire in (pair.ann, guests[answers.index(next(one for one in answers if not isinstance(one, Exception)))]):
        members = (await wire.ask(rq.ListMembers, group=pair.code, limit=100)).members
        assert {member.user for member in members} == {"ann", *inside}


async def test_an_account_is_in_no_more_groups_than_it_may_over_all_nodes(
    start_cluster: StartCluster, stack: contextlib.AsyncExitStack
) -> None:
    cluster = await start_cluster(2, policy__quota__standard__groups_joined=8)
    pair = await join_up(cluster, stack)
    codes = [pair.code] + [await pair.ann.create(f"Group {number}") for number in range(6)]
    lines = [await stack.enter_async_context(await Wire.open(node.ws, pair.bob.token)) for node in cluster.nodes]
    own = [await lines[number % 2].create(f"Own {number}") for number in range(4)]
    joins = [await lines[number % 2].send(rq.JoinGroup, group=code) for number, code in enumerate(codes[1:])]
    answers = await asyncio.gather(*joins, return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, Refused)]
    assert {refusal.code for refusal in refusals} == {"join_quota"}
    assert len(answers) - len(refusals) == 8 - len(own) - 1
    for line in lines:
        await until(partial(is_in, line, 8))


async def is_in(wire: Wire, groups: int) -> bool:
    """Say whether the node that `wire` is connected to counts so many groups of its account."""
    return len((await wire.ask(rq.ListGroups)).groups) == groups


async def test_a_mute_acknowledged_on_one_node_binds_the_others_at_once(cluster: Cluster, pair: Pair) -> None:
    numbers = itertools.count()
    over = asyncio.Event()

    async def chatter() -> None:
        while not over.is_set():
            waiting = [await pair.bob.send(rq.Post, group=pair.code, body=f"b{next(numbers)}") for _ in range(5)]
            await asyncio.gather(*waiting, return_exceptions=True)

    talking = asyncio.create_task(chatter())
    for _ in range(15):
        await pair.ann.run("/mute @bob 10m", pair.code)
        await refused(pair.bob.post(pair.code, "after the mute"), "muted")
        await pair.ann.run("/unmute @bob", pair.code)
        await pair.bob.post(pair.code, "after the unmute")
    await pair.ann.run("/ban @bob 1h", pair.code)
    await refused(pair.bob.post(pair.code, "after the ban"), "not_a_member")
    over.set()
    await talking
    await pair.bob.event(LeftEvent, group=pair.code, reason="banned")
    place = Place()
    log = await pair.ann.history(pair.code)
    assert [breach for entry in log for breach in place.take(entry)] == []
    assert bodies(log).count("after the unmute") == 15


async def test_a_token_revoked_on_one_node_closes_its_connections_on_all(
    cluster: Cluster, stack: contextlib.AsyncExitStack, pair: Pair
) -> None:
    ann = await stack.enter_async_context(await Wire.open(cluster.nodes[1].ws, pair.ann.token))
    await pair.ann.ask(rq.Logout)
    assert await ann.closed() == CloseCode.FORBIDDEN
    for node in cluster.nodes:
        async with await Wire.open(node.ws) as again:
            await refused(again.resume(ann.token), "auth_failed")


async def test_a_token_revoked_without_nats_closes_its_connections_on_all(
    cluster: Cluster, stack: contextlib.AsyncExitStack, pair: Pair
) -> None:
    ann = await stack.enter_async_context(await Wire.open(cluster.nodes[1].ws, pair.ann.token))
    cluster.nodes[1].nats.set("cut")
    await pair.ann.ask(rq.Logout)
    assert await ann.closed() == CloseCode.FORBIDDEN


async def make_administrator(cluster: Cluster) -> None:
    """Make `root`, with the password of all, as `folkmoot init` does."""
    from folkmoot_server.config.settings import load_config
    from folkmoot_server.setup import create_administrator

    node = cluster.nodes[0]
    environment = {name: value for name, value in node.environment.items() if name.startswith("FOLKMOOT_")}
    config = load_config(None, environment, {"server.data_dir": str(node.data), "profile": "open"})
    assert await create_administrator(config, "root", "a good one") is None


async def test_suspending_an_account_closes_its_connections_on_all_nodes(
    cluster: Cluster, stack: contextlib.AsyncExitStack, pair: Pair
) -> None:
    await make_administrator(cluster)
    root = await stack.enter_async_context(await Wire.open(cluster.nodes[0].ws))
    await root.ask(rq.Login, user="root", password="a good one")
    await root.ask(rq.Admin, noun="user", verb="suspend", target="bob", reason="spam", options={"duration": "1h"})
    assert await pair.bob.closed() == CloseCode.FORBIDDEN
    for node in cluster.nodes:
        async with await Wire.open(node.ws) as again:
            await refused(again.resume(pair.bob.token), "account_suspended")


async def test_limits_of_an_account_hold_over_all_nodes_together(
    start_cluster: StartCluster, stack: contextlib.AsyncExitStack
) -> None:
    rate = 20
    cluster = await start_cluster(2, limits__posts_per_second=rate, limits__connections_per_account=2)
    pair = await join_up(cluster, stack)
    ann = await stack.enter_async_context(await Wire.open(cluster.nodes[1].ws, pair.ann.token))
    # The nodes have told each other of ann once both refuse a third connection: there is no event to wait for.
    for node in cluster.nodes:
        await until(partial(is_one_too_many, node, pair.ann.token))
    start = time.monotonic()
    posts = [await wire.send(rq.Post, group=pair.code, body="flood") for _ in range(80) for wire in (pair.ann, ann)]
    answers = await asyncio.gather(*posts, return_exceptions=True)
    allowed = 2 * rate + rate * (time.monotonic() - start) + 1
    assert {answer.code for answer in answers if isinstance(answer, Refused)} == {"rate_limited"}
    assert 0 < sum(not isinstance(answer, Refused) for answer in answers) <= allowed


async def is_one_too_many(node: Node, token: str) -> bool:
    """Say whether a node refuses a connection because the account has enough."""
    async with await Wire.open(node.ws) as wire:
        try:
            await wire.resume(token)
        except Refused as refusal:
            assert refusal.detail.get("rule") == "limits.connections_per_account"
            return True
    return False


async def test_jobs_move_to_another_node_when_theirs_dies(cluster: Cluster) -> None:
    first = await holder(cluster)
    assert first is not None
    await first.kill()

    async def have_moved() -> bool:
        return await holder(cluster) not in (None, first)

    await until(have_moved)


async def test_the_ledger_s_log_has_no_gap_and_nothing_twice_when_the_node_that_makes_it_is_killed(
    cluster: Cluster, stack: contextlib.AsyncExitStack
) -> None:
    """Acts go on at the other node meanwhile; whoever is next goes on where the log ends."""
    from folkmoot_server.storage.check.postgres import verify

    first = await holder(cluster)
    assert first is not None
    other = next(node for node in cluster.nodes if node is not first)
    ann = await stack.enter_async_context(await Wire.open(other.ws))
    await ann.register("ann")
    code = await ann.create()

    async def act(number: int) -> None:
        await ann.run(f"/topic number {number}", code)

    async def is_logged() -> bool:
        return await number_of(cluster, "max(size) FROM checkpoints") >= written

    await act(0)
    written = await number_of(cluster, "max(position) FROM ledger")
    # It has begun, and is killed while it goes on.
    await until(is_logged)
    acts = [asyncio.create_task(act(number)) for number in range(1, 10)]
    await first.kill()
    await asyncio.gather(*acts)
    written = await number_of(cluster, "max(position) FROM ledger")
    await until(is_logged)
    assert await holder(cluster) is other
    size = await number_of(cluster, "max(size) FROM checkpoints")
    assert await number_of(cluster, "count(*) FROM log_hashes WHERE level = 0") == size
    key = load_key(other.data / "keys" / "journal.key")
    assert await verify(cluster.database, key, lambda done, total: None) == []


async def number_of(cluster: Cluster, query: str) -> int:
    """Return a number that the database has."""
    name = os.path.basename(cluster.database)
    return int(await asyncio.to_thread(cluster.postgres.execute, f"SELECT {query}", name) or 0)


async def holder(cluster: Cluster) -> Node | None:
    """Return the node that holds the lock of the jobs."""
    name = os.path.basename(cluster.database)
    query = (
        "SELECT client_port FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted "
        f"AND (classid, objid) = {JOBS_LOCK} AND datname = '{name}'"
    )
    port = await asyncio.to_thread(cluster.postgres.execute, query)
    return next((node for node in cluster.nodes if port and int(port) in node.postgres.ports), None)
