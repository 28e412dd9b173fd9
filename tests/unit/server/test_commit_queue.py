"""When storing fails, exactly what was not stored is refused, nobody hears of it, and the next one works."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_governance import Actor, GroupState
from folkmoot_governance.group.commands import Dissolve, JoinGroup, MuteMember, SetTopic
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_server.live import commit_queue
from folkmoot_server.live.pending import PendingCommit
from folkmoot_server.storage.api import StoredAccount
from folkmoot_server.storage.change_set import StorageError
from tests.integration.wire import PATIENCE_S, Refused, Wire, bodies, refused
from tests.unit.server.stores import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    quota = "policy__quota__standard__groups_"
    async with staged(tmp_path, **{f"{quota}joined": 2, f"{quota}created": 2}) as stage:
        yield stage


async def until_taken_in(*wires: Wire) -> None:
    """Wait until all that was sent is decided and queued: a connection's requests are taken in order."""
    for wire in wires:
        await wire.ask(rq.ListGroups)


async def test_exactly_the_batch_fails(stage: Stage) -> None:
    first, second, third = [seats[0] for seats in stage.seats]
    ann, bob, cat = [await stage.connect(seat) for seat in (first, second, third)]
    listener = await stage.connect(stage.seats[0][1])
    stage.store.gate.clear()
    doomed = await ann.send(rq.Post, group=first.code, body="doomed")
    async with asyncio.timeout(PATIENCE_S):
        await stage.store.waiting.wait()
    # Behind it: one of the same room, which rests on what fails now, and two of other rooms.
    behind = await ann.send(rq.Post, group=first.code, body="behind")
    others = [await bob.send(rq.Post, group=second.code, body="b"), await cat.send(rq.Post, group=third.code, body="c")]
    await until_taken_in(ann, bob, cat)
    stage.store.failures = 1
    stage.store.gate.set()
    for future in (doomed, behind):
        refusal = await refused(future, "unavailable")
        assert refusal.detail["retry_after_ms"] > 0
    assert [result.seq for result in await asyncio.gather(*others)] == [4, 4]

    assert await ann.post(first.code, "next") == 4
    assert bodies(await listener.seen(first.code, 4)) == ["next"]
    assert bodies(await listener.history(first.code)) == ["next"]


async def test_a_failed_post_may_be_repeated_by_its_nonce(stage: Stage) -> None:
    seat = stage.seats[0][0]
    ann = await stage.connect(seat)
    stage.store.failures = 1
    await refused(ann.post(seat.code, "once", nonce="n"), "unavailable")
    seq = await ann.post(seat.code, "once", nonce="n")
    assert await ann.post(seat.code, "once", nonce="n") == seq == 4


async def test_a_failed_act_is_not_in_force(stage: Stage) -> None:
    owner, member, _ = stage.seats[0]
    ann, bob = await stage.connect(owner), await stage.connect(member)
    stage.store.failures = 1
    await refused(ann.run(f"/mute @{bob.user} 1h", owner.code), "unavailable")
    await bob.post(owner.code, "not muted")
    assert (await ann.run("/mutes", owner.code)).data["items"] == []
    done = await ann.run(f"/mute @{bob.user} 1h", owner.code)
    # The case numbers go on as if nothing had been: three events of seeding, then this one.
    assert done.data["case"] == f"{owner.code}-4"
    await refused(bob.post(owner.code, "muted"), "muted")
    events = [entry.data["event"] for entry in await bob.history(owner.code) if entry.data]
    assert events == ["created", "joined", "joined", "muted"]
    assert not [frame for frame in bob.log if isinstance(frame, ev.LeftEvent)]


async def test_a_failed_join_counts_for_nobody(stage: Stage) -> None:
    joiner = stage.seats[0][1]
    bob = await stage.connect(joiner)
    full, other = stage.seats[1][0].code, stage.seats[2][0].code
    stage.store.failures = 1
    await refused(bob.ask(rq.JoinGroup, group=full), "unavailable")
    assert [group.id for group in (await bob.ask(rq.ListGroups)).groups] == [joiner.code]
    assert (await bob.group(full)).members == 3
    # Two groups are allowed and it is in one: it may join one more, and not two.
    assert (await bob.ask(rq.JoinGroup, group=other)).state == "member"
    await refused(bob.ask(rq.JoinGroup, group=full), "join_quota", current=2, limit=2)


async def test_who_is_told_of_a_failure_and_asks_what_is_so_hears_what_storage_has(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit may fail when its governance is stored already: it must not look undone and then be done."""
    bob, ann = await stage.connect(stage.seats[0][1]), await stage.connect(stage.seats[0][0])
    code, gate, asked = stage.seats[1][0].code, asyncio.Event(), asyncio.Event()
    load = stage.store.ledger.load_account

    async def load_slowly(user: str) -> StoredAccount | None:
        asked.set()
        await gate.wait()
        return await load(user)

    async def fail() -> None:
        raise StorageError("the journal's sync failed")

    monkeypatch.setattr(stage.store.ledger, "load_account", load_slowly)
    stage.store.before_return = fail
    joining = await bob.send(rq.JoinGroup, group=code)
    async with asyncio.timeout(PATIENCE_S):
        await asked.wait()
    await ann.ask(rq.ListGroups)
    assert not joining.done()
    gate.set()
    await refused(joining, "unavailable")
    assert code in [group.id for group in (await bob.ask(rq.ListGroups)).groups]
    await refused(bob.ask(rq.JoinGroup, group=code), "already_member")


async def test_a_failure_is_told_in_time_though_storage_does_not_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat, gate = stage.seats[0][1], asyncio.Event()
    bob, load = await stage.connect(seat), stage.store.ledger.load_group
    await bob.post(seat.code, "first")

    async def load_slowly(code: str) -> GroupState | None:
        await gate.wait()
        return await load(code)

    monkeypatch.setattr(stage.store.ledger, "load_group", load_slowly)
    monkeypatch.setattr(commit_queue, "READY_S", 0.01)
    stage.store.failures = 1
    await refused(bob.post(seat.code, "second"), "unavailable")
    gate.set()


async def test_a_failure_is_told_though_reading_again_breaks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    seat = stage.seats[0][1]
    bob = await stage.connect(seat)

    async def breaks(user: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(commit_queue, "READY_S", 10**6)
    monkeypatch.setattr(stage.node.accounts, "reread", breaks)
    stage.store.failures = 1
    await refused(bob.ask(rq.LeaveGroup, group=seat.code), "unavailable")


async def test_a_failed_leave_leaves_one_in(stage: Stage) -> None:
    member = stage.seats[0][1]
    bob = await stage.connect(member)
    stage.store.failures = 1
    await refused(bob.ask(rq.LeaveGroup, group=member.code), "unavailable")
    await bob.post(member.code, "still here")
    await bob.seen(member.code, 4)
    await bob.ask(rq.JoinGroup, group=stage.seats[1][0].code)
    await refused(bob.ask(rq.JoinGroup, group=stage.seats[2][0].code), "join_quota")


async def test_a_failed_founding_leaves_nothing(stage: Stage) -> None:
    bob = await stage.connect(stage.seats[0][1])
    stage.store.failures = 1
    await refused(bob.create("Lost"), "unavailable")
    code = await bob.create("Found")
    assert [group.name for group in (await bob.ask(rq.ListGroups)).groups if group.owner == bob.user] == ["Found"]
    assert await bob.post(code, "first") == 2
    await refused(bob.create("Too many"), "join_quota")


async def test_many_failures_in_a_row_are_outlived(stage: Stage) -> None:
    seat = stage.seats[0][0]
    ann = await stage.connect(seat)
    # The node tries by itself meanwhile, and fails as well.
    stage.store.failures = 10**6
    for _ in range(5):
        await refused(ann.post(seat.code, "no"), "unavailable")
    stage.store.failures = 0
    assert await ann.post(seat.code, "yes") == 4


async def test_what_waits_is_committed_together(stage: Stage) -> None:
    seat = stage.seats[0][0]
    ann = await stage.connect(seat)
    stage.store.gate.clear()
    futures = [await ann.send(rq.Post, group=seat.code, body="first")]
    async with asyncio.timeout(PATIENCE_S):
        await stage.store.waiting.wait()
    futures += [await ann.send(rq.Post, group=seat.code, body=f"line {number}") for number in range(100)]
    await until_taken_in(ann)
    stage.store.sizes.clear()
    stage.store.gate.set()
    assert [result.seq for result in await asyncio.gather(*futures)] == list(range(4, 105))
    assert stage.store.sizes == [100]


async def test_while_a_group_gets_several_posts_at_once_few_wait_for_what_the_next_turn_brings(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = [await stage.connect(seat) for seat in stage.seats[0][:2]]
    code, queue, loop = stage.seats[0][0].code, stage.node.commit_queue, asyncio.get_running_loop()
    await stage.rest()
    put, kept = queue.put, list[PendingCommit]()
    comes = [put, put, put, lambda pending: loop.call_soon(put, pending)]

    def put_in_pairs(pending: PendingCommit) -> None:
        kept.append(pending)
        if len(kept) == 2:
            for one in kept:
                comes.pop(0)(one)
            kept.clear()

    monkeypatch.setattr(queue, "put", put_in_pairs)
    stage.store.sizes.clear()
    assert sorted(await asyncio.gather(first.post(code, "one"), second.post(code, "two"))) == [4, 5]
    assert sorted(await asyncio.gather(first.post(code, "three"), second.post(code, "four"))) == [6, 7]
    assert stage.store.sizes == [2, 2]


async def test_a_post_is_judged_again_when_another_node_was_first(stage: Stage) -> None:
    owner, member, _ = stage.seats[0]
    bob = await stage.connect(member)
    await stage.store.act_elsewhere(owner.code, SetTopic("Tea"), Actor(owner.user))
    # Entry 4 is the other node's notice.
    assert await bob.post(owner.code, "about tea") == 5
    assert (await bob.group(owner.code)).topic == "Tea"
    await stage.store.act_elsewhere(owner.code, MuteMember(member.user, 3_600_000, "noise"), Actor(owner.user))
    await refused(bob.post(owner.code, "but"), "muted", reason="noise")


async def test_an_act_is_decided_again_when_another_node_was_first(stage: Stage) -> None:
    owner, member, stranger = stage.seats[0][0], stage.seats[0][1], stage.seats[1][0]
    ann = await stage.connect(owner)
    await stage.store.act_elsewhere(owner.code, JoinGroup(), Actor(stranger.user, groups_joined=1))
    done = await ann.run("/rename Tea room", owner.code)
    assert done.data["case"] == f"{owner.code}-5"
    assert (await ann.group(owner.code)).members == 4
    await stage.store.act_elsewhere(owner.code, Dissolve(owner.code), Actor(owner.user))
    await refused(ann.run(f"/kick @{member.user}", owner.code), "group_closed")
    await refused(ann.post(owner.code, "anyone?"), "group_closed")


async def test_many_are_overtaken_at_once(stage: Stage) -> None:
    owner, member, _ = stage.seats[0]
    ann, bob = await stage.connect(owner), await stage.connect(member)
    await stage.store.act_elsewhere(owner.code, SetTopic("Tea"), Actor(owner.user))
    futures = [await wire.send(rq.Post, group=owner.code, body="hello") for wire in (ann, bob) for _ in range(20)]
    futures.append(await ann.send(rq.RunCommand, group=owner.code, line="/topic Coffee"))
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert not [one for one in results if isinstance(one, Refused)]
    # What this node has missed is read a moment after the answers, and history ends at what was delivered.
    await bob.seen(owner.code, 45)
    entries = await bob.history(owner.code)
    assert [entry.seq for entry in entries] == list(range(1, 46))
    assert (await bob.group(owner.code)).topic == "Coffee"
