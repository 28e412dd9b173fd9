"""Two nodes on one database: what each promises alone, they promise together."""

import asyncio
import importlib
import random
from collections.abc import AsyncIterator
from copy import deepcopy
from itertools import pairwise

import pytest
from msgspec.structs import asdict

from folkmoot_governance.group.events import MemberJoined, TopicSet
from folkmoot_governance.store_acts import HandleTaken
from folkmoot_protocol.types import ChannelForm, Entry
from folkmoot_server.storage.api import IdentityRow, Store
from folkmoot_server.storage.change_set import (
    Asked,
    ChangeSet,
    QuotaGuard,
    RowChange,
    Upsert,
    account_stream,
    group_stream,
    handle_stream,
)
from folkmoot_server.storage.changes import Read, follow_row, read_mark_row, read_row, unfollow
from folkmoot_server.storage.sql.months import end_of
from folkmoot_server.storage.sql.sequencer import GROUP
from tests.builders.world import DAY, START, Group, World

pytest.importorskip("asyncpg", reason="asyncpg is not installed")
postgres = importlib.import_module("folkmoot_server.storage.postgres.store")

KEY = bytes(range(32))
ROUNDS = 40
PEOPLE = ("alice", "bob", "carol", "dave")


@pytest.fixture
async def nodes(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Store]]:
    # No second try: a deadlock must not happen, rather than be survived.
    monkeypatch.setattr("folkmoot_server.storage.postgres.writer.TRIES", 1)
    stores = [await postgres.PostgresStore.open(database, key=KEY) for _ in range(2)]
    yield stores
    for store in stores:
        await store.close()


@pytest.fixture
async def world(nodes: list[Store]) -> World:
    world = World()
    await nodes[0].commit([world.register(user) for user in ("alice", "bob", "carol", "dave")])
    return world


@pytest.fixture
async def groups(nodes: list[Store], world: World) -> list[Group]:
    groups = [world.group() for _ in range(6)]
    await nodes[0].commit([group.found() for group in groups])
    return groups


async def journal(store: Store, group: Group) -> list[Entry]:
    return (await store.journal.page(group.code, after=0, limit=10_000)).entries


async def test_posts_of_two_nodes_have_one_order_without_holes(nodes: list[Store], groups: list[Group]) -> None:
    numbered: dict[str, list[tuple[int, str]]] = {group.code: [] for group in groups}

    async def run(node: int) -> None:
        chance = random.Random(node)
        for number in range(ROUNDS):
            some = [chance.choice(groups) for _ in range(8)]
            change_sets = [group.post(body=f"{node} {number} {at}") for at, group in enumerate(some)]
            marks = [read_mark_row(group.code, user, number) for group in some for user in ("alice", "bob")]
            chance.shuffle(marks)
            assert await nodes[node].commit([*change_sets, ChangeSet(rows=marks)]) == frozenset()
            for group, change_set in zip(some, change_sets, strict=True):
                (new,) = change_set.entries
                numbered[group.code].append((new.entry.seq, new.entry.body))

    await asyncio.gather(run(0), run(1))
    for group in groups:
        entries = await journal(nodes[0], group)
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert [(entry.seq, entry.body) for entry in entries[1:]] == sorted(numbered[group.code])
        assert await journal(nodes[1], group) == entries


async def test_of_two_decisions_on_one_version_one_is_in_conflict(nodes: list[Store], groups: list[Group]) -> None:
    topics: dict[str, int] = {group.code: 0 for group in groups}

    async def run(node: int) -> int:
        conflicts = 0
        chance = random.Random(node)
        for number in range(ROUNDS):
            some = chance.sample(groups, 3)
            change_sets = []
            for group in some:
                state = await nodes[node].ledger.load_group(group.code)
                assert state is not None
                group.state = state
                change_sets.append(group.act(TopicSet(at=START, by="alice", topic=f"{node} {number}")))
            lost = await nodes[node].commit(change_sets)
            conflicts += len(lost)
            for change_set in change_sets:
                if change_set.stream not in lost:
                    topics[change_set.stream.removeprefix(GROUP)] += 1
        return conflicts

    conflicts = await asyncio.gather(run(0), run(1))
    assert sum(conflicts) > 0
    assert sum(topics.values()) == 2 * ROUNDS * 3 - sum(conflicts)
    for group in groups:
        events = await nodes[0].ledger.events(group_stream(group.code))
        assert [one.version for one in events] == list(range(1, topics[group.code] + 2))
        entries = await journal(nodes[1], group)
        assert [entry.seq for entry in entries] == list(range(1, topics[group.code] + 2))


async def test_a_post_decided_before_a_measure_is_in_conflict(nodes: list[Store], groups: list[Group]) -> None:
    group = groups[0]
    late = group.post(body="late")
    await nodes[1].commit([group.act(TopicSet(at=START, by="alice", topic="t"))])
    assert await nodes[0].commit([late]) == {late.stream}
    assert [entry.body for entry in await journal(nodes[0], group) if entry.body == "late"] == []


async def test_positions_once_passed_never_appear_later(nodes: list[Store], groups: list[Group]) -> None:
    done = asyncio.Event()

    async def write(node: int) -> None:
        mine = groups[node::2]
        for number in range(ROUNDS):
            change_sets = [group.act(TopicSet(at=START, by="alice", topic=str(number))) for group in mine]
            assert await nodes[node].commit(change_sets) == frozenset()

    async def follow() -> list[int]:
        positions: list[int] = []
        while True:
            ended = done.is_set()
            found = await nodes[0].ledger.scan(after=positions[-1] if positions else 0)
            positions += [one.position for one in found]
            if ended and not found:
                return positions

    following = asyncio.create_task(follow())
    await asyncio.gather(write(0), write(1))
    done.set()
    positions = await following
    assert all(one + 1 == other for one, other in pairwise(positions))
    assert len(positions) == 4 + len(groups) * (1 + ROUNDS)


async def test_claims_hold_whichever_node_grants_them(nodes: list[Store], groups: list[Group]) -> None:
    async def join_all(node: int, user: str) -> int:
        granted = 0
        for group in groups[node::2]:
            attempt = deepcopy(group)
            change_set = attempt.act(MemberJoined(at=START, by=user, user=user, via="open"))
            change_set.quota_guards = [QuotaGuard(user, groups_joined=2)]
            if not await nodes[node].commit([change_set]):
                granted += 1
                groups[groups.index(group)] = attempt
        return granted

    for user in ("bob", "carol", "dave"):
        granted = await asyncio.gather(join_all(0, user), join_all(1, user))
        account = await nodes[1].ledger.load_account(user)
        assert account is not None
        assert sum(granted) == len(account.groups) == 2


async def test_followers_and_readers_are_counted_however_two_nodes_cross(nodes: list[Store], world: World) -> None:
    """Two nodes change rows of the same channels at once, in whatever order."""
    channels = [world.group() for _ in range(4)]
    await nodes[0].commit([channel.open(by) for channel, by in zip(channels, PEOPLE, strict=True)])
    codes = [channel.code for channel in channels]
    followed: set[tuple[str, str]] = set()

    async def change(node: int) -> None:
        dice = random.Random(node)
        mine = PEOPLE[node * 2 : node * 2 + 2]
        for number in range(ROUNDS):
            pairs = {(dice.choice(mine), dice.choice(codes)) for _ in range(4)}
            rows: list[RowChange] = []
            for user, code in pairs:
                rows.append(unfollow(user, code) if (user, code) in followed else follow_row(user, code, START))
                followed.symmetric_difference_update({(user, code)})
            reader = f"{node}{number:031x}"
            rows += [read_row(Read(code, 7, reader)) for code in dice.sample(codes, 2)]
            assert await nodes[node].commit([ChangeSet(rows=rows)]) == frozenset()

    await asyncio.gather(change(0), change(1))
    for code in codes:
        assert await nodes[1].channels.count_followers(code) == sum(code == one for _user, one in followed)
    assert sum([await nodes[0].channels.count_reads(code, 7) for code in codes]) == 2 * 2 * ROUNDS


async def test_a_nonce_stores_a_post_once_whichever_node_it_comes_to(nodes: list[Store], groups: list[Group]) -> None:
    async def run(node: int) -> list[ChangeSet]:
        change_sets = [
            group.post(body=f"{node} {number}", nonce=f"n{number}") for number in range(ROUNDS) for group in groups
        ]
        for start in range(0, len(change_sets), 10):
            assert await nodes[node].commit(change_sets[start : start + 10]) == frozenset()
        return change_sets

    for pair in zip(*await asyncio.gather(run(0), run(1)), strict=True):
        stored, again = pair if pair[0].repeated is None else pair[::-1]
        (new,) = stored.entries
        assert stored.repeated is None
        assert isinstance(again.repeated, Entry)
        assert (again.repeated.seq, again.repeated.ts) == (new.entry.seq, new.entry.ts)
    assert [len(await journal(nodes[0], group)) for group in groups] == [1 + ROUNDS] * len(groups)


async def test_a_name_and_a_code_are_given_once(nodes: list[Store], world: World) -> None:
    for number in range(10):
        user, code = f"user{number}", world.group().code
        change_sets = [[World().register(user), Group(code).found()] for _ in nodes]
        conflicts = await asyncio.gather(
            *(node.commit(change_set) for node, change_set in zip(nodes, change_sets, strict=True))
        )
        assert sorted(one for lost in conflicts for one in lost) == [account_stream(user), group_stream(code)]
        assert await nodes[0].ledger.account_versions([user]) == {user: 1}
        assert await nodes[1].ledger.heads([code]) == {code: (1, 1)}


async def test_a_group_that_was_not_founded_leaves_its_code_free(nodes: list[Store], world: World) -> None:
    group = world.group()
    refused = group.found()
    refused.quota_guards = [QuotaGuard("alice", groups_joined=0)]
    assert await nodes[0].commit([refused]) == {refused.stream}
    assert await nodes[1].ledger.heads([group.code]) == {}
    assert await nodes[1].commit([Group(group.code).found("bob")]) == frozenset()


async def test_a_month_that_one_node_opens_is_open_for_all(nodes: list[Store], groups: list[Group]) -> None:
    february = end_of("2026-01")
    one, other = groups[:2]
    await nodes[0].commit([one.post(ts=february)])
    await nodes[1].commit([other.post(ts=february - 1)])
    before = await nodes[0].journal.segments()
    rotated = await asyncio.gather(*(node.journal.rotate(end_of("2026-07"), 6) for node in nodes))
    assert sorted(rotated) == [[], before[:1]]
    assert [entry.ts for entry in await journal(nodes[0], other)] == [february - 1]
    assert await nodes[1].commit([other.post(ts=february), one.post(ts=february)]) == frozenset()
    assert [entry.seq for entry in await journal(nodes[0], other)] == [2, 3]


async def test_what_is_asked_for_under_a_nonce_is_done_once_whichever_node_it_comes_to(
    nodes: list[Store], world: World
) -> None:
    """Founding a group: two streams that nobody else knows, and still one account that asks."""
    now = START + DAY
    pairs = [(world.group(), world.group()) for _ in range(ROUNDS)]

    async def run(node: int) -> list[bool]:
        done = []
        for number, pair in enumerate(pairs):
            change_set = pair[node].found()
            change_set.asked = Asked("alice", "", f"n{number}", "sealed", now)
            done.append(await nodes[node].commit([change_set]) == frozenset())
        return done

    done = await asyncio.gather(run(0), run(1))
    assert [sum(pair) for pair in zip(*done, strict=True)] == [1] * ROUNDS
    groups = [await nodes[0].ledger.load_group(group.code) for pair in pairs for group in pair]
    assert sum(group is not None for group in groups) == ROUNDS


async def test_a_name_is_a_handle_or_an_account_whichever_node_takes_it(nodes: list[Store], world: World) -> None:
    """Registering rests on there being no such handle, opening on there being no such account."""
    for number in range(ROUNDS):
        name, group = f"name{number}", world.group()
        account = world.register(name)
        account.rests_on = handle_stream(name), 0
        opening = group.open("alice", handle=name, form=ChannelForm.PUBLIC)
        taken = ChangeSet(handle_stream(name), events=[HandleTaken(at=START, by="alice", handle=name, code=group.code)])
        taken.rests_on = account_stream(name), 0
        opening.also = [taken]
        first, second = (account, opening) if number % 2 else (opening, account)
        conflicts = await asyncio.gather(nodes[0].commit([first]), nodes[1].commit([second]))
        assert sorted(map(bool, conflicts)) == [False, True], number
        found = await nodes[0].ledger.load_account(name), await nodes[1].channels.find_channel(name)
        assert [one is None for one in found].count(True) == 1
        # Nothing is left of what one rested on: the ledger's heads are those of streams that have begun.
        for node in nodes:
            assert await node.ledger.events(handle_stream(name), 0, 2) == [] or found[1] is not None


async def test_one_person_opens_one_public_account_whichever_node_grants_it(nodes: list[Store], world: World) -> None:
    await nodes[0].commit(
        [
            ChangeSet(rows=[Upsert("identities", asdict(IdentityRow(user, "person", "s", "same", START)))])
            for user in ("alice", "bob")
        ]
    )
    for _ in range(5):
        tries = [
            world.group().open(user, handle=f"paper{number}", form=ChannelForm.PUBLIC)
            for number, user in enumerate(("alice", "bob") * 5)
        ]
        for one, user in zip(tries, ("alice", "bob") * 5, strict=True):
            one.quota_guards = [QuotaGuard(user, channels=1)]
        await asyncio.gather(*(nodes[number % 2].commit([one]) for number, one in enumerate(tries)))
        for user in ("alice", "bob"):
            assert len(await nodes[1].channels.subject_channels(user)) == 1
