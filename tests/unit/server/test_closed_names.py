"""Whose account is closed is named nowhere, not live either, however long ago that was and whoever is in memory."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import Entry
from folkmoot_server.common.clock import Clock
from folkmoot_server.jobs.expiry import Expiry
from folkmoot_server.jobs.succession import Succession
from tests.integration.wire import Wire, refused
from tests.unit.server.stores import Stage, staged


class Time:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now_s = time.time()


@pytest.fixture
def hours() -> Time:
    return Time()


@pytest.fixture
async def stage(tmp_path: Path, hours: Time) -> AsyncIterator[Stage]:
    async with staged(tmp_path, clock=Clock(lambda: hours.now_s)) as stage:
        await stage.rest()
        yield stage


async def close(stage: Stage, number: int) -> None:
    """Let a member of the first group close the account."""
    seat = stage.seats[0][number]
    wire = await stage.connect(seat)
    await wire.run(f"/account close {seat.user}")
    assert await wire.closed() == 4403


def forget(stage: Stage, hours: Time) -> None:
    """Forget whoever is not connected, and the groups that nobody listens to, as a node does after a while."""
    hours.now_s += 3600
    stage.node.accounts.forget_idle()
    stage.node.rooms.forget_idle()


async def told(wire: Wire, code: str, event: str) -> Entry:
    """Return the notice of an event, as it was heard."""

    def heard() -> list[Entry]:
        return [one for one in wire.entries(code) if one.data and one.data.get("event") == event]

    await wire.until(lambda: bool(heard()))
    return heard()[0]


@pytest.mark.parametrize("is_listening", [True, False])
@pytest.mark.parametrize(("line", "event"), [("/mute @{} 2h", "mutes_ended"), ("/ban @{} 2h", "bans_ended")])
async def test_the_end_of_a_measure_names_nobody(
    stage: Stage, hours: Time, line: str, event: str, is_listening: bool
) -> None:
    owner, member, _ = stage.seats[0]
    ann = await stage.connect(owner)
    await ann.run(line.format(member.user), owner.code)
    await close(stage, 1)
    await stage.job(Succession).do_round()
    if not is_listening:
        await stage.hang_up()
    forget(stage, hours)
    forget(stage, hours)
    assert stage.node.accounts.get(member.user) is None
    assert (stage.node.rooms.find(owner.code) is not None) == is_listening
    if not is_listening:
        ann = await stage.connect(owner)
    await stage.job(Expiry).do_round()
    notice = await told(ann, owner.code, event)
    assert member.user not in repr(notice)
    (tag,) = (notice.data or {})["users"]
    assert tag.startswith("~")


async def test_the_departure_names_nobody_though_the_account_is_not_in_memory(stage: Stage, hours: Time) -> None:
    owner, member, _ = stage.seats[0]
    await close(stage, 1)
    forget(stage, hours)
    assert stage.node.rooms.find(owner.code) is None
    ann = await stage.connect(owner)
    assert stage.node.accounts.get(member.user) is None
    await stage.job(Succession).do_round()
    notice = await told(ann, owner.code, "departed")
    assert member.user not in repr(notice)


async def test_members_are_listed_without_whoever_is_about_to_depart(stage: Stage) -> None:
    owner, member, third = stage.seats[0]
    ann = await stage.connect(owner)
    await close(stage, 1)
    assert member.user in stage.node.rooms.find(owner.code).state.members  # type: ignore[union-attr]
    listed = await ann.ask(rq.ListMembers, group=owner.code)
    assert [one.user for one in listed.members] == [owner.user, third.user]
    first = await ann.ask(rq.ListMembers, group=owner.code, limit=1)
    assert ([one.user for one in first.members], first.more) == ([owner.user], True)
    rest = await ann.ask(rq.ListMembers, group=owner.code, limit=1, after=owner.user)
    assert ([one.user for one in rest.members], rest.more) == ([third.user], False)


async def test_an_owner_who_stays_until_somebody_is_fit_is_listed_no_more(stage: Stage) -> None:
    owner, member, _ = stage.seats[0]
    bob = await stage.connect(member)
    await close(stage, 0)
    await stage.job(Succession).do_round()
    listed = await bob.ask(rq.ListMembers, group=owner.code)
    assert owner.user not in repr(listed)
    shown = await bob.group(owner.code)
    assert shown.owner.startswith("~") or shown.owner == member.user


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/warn @{} late", "/unwarn @{}"),
        ("/mute @{} 2h late", "/unmute @{}"),
        ("/ban @{} 2h late", "/unban @{}"),
        ("/note @{} late", "/note @{} clear"),
    ],
)
async def test_what_stands_against_a_closed_account_is_read_and_lifted_by_its_tag(
    stage: Stage, before: str, after: str
) -> None:
    owner, member, _ = stage.seats[0]
    ann = await stage.connect(owner)
    await ann.run("/warn @" + member.user, owner.code)
    await ann.run(before.format(member.user), owner.code)
    await close(stage, 1)
    await stage.job(Succession).do_round()
    tag = (await ann.run("/warns", owner.code)).data["items"][0]["user"]
    since = len(ann.log)
    acts = (await ann.run(f"/log @{tag}", owner.code)).data["acts"]
    assert {one["user"] for one in acts} == {tag}
    undone = next((one.get("undo", "") for one in acts if one["event"] == LOGGED.get(before.split()[0])), "")
    assert len((await ann.run(f"/warns @{tag}", owner.code)).data["items"]) == 1 + before.startswith("/warn")
    lifted = await ann.run(undone or after.format(tag), owner.code)
    assert lifted.data["user"] == tag
    for line in ("/unmute @{}", "/unban @{}"):
        await refused(ann.run(line.format(tag), owner.code), "conflict", user=tag)
    assert member.user not in repr(ann.log[since:])
    await refused(ann.run(after.format(member.user), owner.code), "no_such_user", user=member.user)


LOGGED = {"/warn": "warned", "/mute": "muted", "/ban": "banned"}
