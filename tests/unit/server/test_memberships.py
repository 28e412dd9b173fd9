"""What a connection hears, and what a member is shown, as people come, go, and change who is signed in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_governance import Actor
from folkmoot_governance.group.commands import SetTopic
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from tests.integration.wire import refused
from tests.unit.server.stores import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


async def test_a_member_is_shown_its_own_fields(stage: Stage) -> None:
    owner, member, _ = stage.seats[0]
    ann, bob = await stage.connect(owner), await stage.connect(member)
    await bob.ask(rq.MarkRead, group=owner.code, seq=2)
    await bob.run("/notify mentions", owner.code)
    await ann.run(f"/mute @{bob.user} 1h", owner.code)
    seen = await bob.group(owner.code)
    assert (seen.role, seen.last_seq, seen.read_seq, seen.notify) == ("member", 4, 2, "mentions")
    assert seen.muted_until_ms > stage.node.clock.now_ms()
    theirs = await ann.group(owner.code)
    # What tells of one's own act one has read.
    assert (theirs.role, theirs.last_seq, theirs.read_seq, theirs.notify) == ("owner", 4, 4, "on")
    assert theirs.muted_until_ms == 0


async def test_a_stranger_is_shown_no_members_fields(stage: Stage) -> None:
    eve = await stage.connect(stage.seats[1][0])
    seen = await eve.group(stage.seats[0][0].code)
    assert (seen.role, seen.last_seq, seen.read_seq, seen.muted_until_ms) == (None, None, None, None)


async def test_what_one_posts_by_me_counts_in_slow_mode_when_the_group_is_read_again(stage: Stage) -> None:
    owner, member, third = stage.seats[0]
    ann, bob, cat = [await stage.connect(seat) for seat in (owner, member, third)]
    await ann.run("/slow 6h", owner.code)
    await bob.run("/me waves", owner.code)
    await refused(bob.run("/me waves again", owner.code), "slow_mode")
    await stage.store.act_elsewhere(owner.code, SetTopic("Tea"), Actor(owner.user))
    # Only now this node finds out that the group has moved on, and reads it again.
    await cat.post(owner.code, "me too")
    await refused(bob.post(owner.code, "hello"), "slow_mode")


async def test_who_joins_hears_all_from_the_answer_on_even_while_the_group_is_read_again(stage: Stage) -> None:
    seat, stranger = stage.seats[0][0], stage.seats[1][0]
    eve = await stage.connect(stranger)

    async def another_node_changes_the_topic() -> None:
        stage.node.bus.publish(await stage.store.act_elsewhere(seat.code, SetTopic("Tea"), Actor(seat.user)))

    stage.store.before_return = another_node_changes_the_topic
    joined = (await eve.ask(rq.JoinGroup, group=seat.code)).group
    assert joined.last_seq == 3
    assert await eve.post(seat.code, "hello") == 6
    assert [entry.seq for entry in await eve.seen(seat.code, 6)] == [4, 5, 6]
    assert (await eve.group(seat.code)).topic == "Tea"


async def test_who_signs_in_after_somebody_else_listens_to_none_of_their_groups(stage: Stage) -> None:
    first, second = stage.seats[0][1], stage.seats[1][1]
    wire, ann = await stage.connect(first), await stage.connect(stage.seats[0][0])
    await wire.ask(rq.Logout)
    await wire.resume(second.token)
    (session,) = stage.node.audience.sessions_of(stage.node.accounts.get(second.user))
    assert [room.state.code for room in session.rooms] == [second.code]
    await ann.post(first.code, "is she gone?")
    await wire.post(second.code, "she is")
    assert [entry.body for entry in await wire.seen(second.code, 4)] == ["she is"]
    assert {frame.group for frame in wire.log if isinstance(frame, ev.EntryEvent)} == {second.code}
