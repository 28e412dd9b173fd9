"""Caps hold when everyone comes at once (G8.1): what is counted moves with the decision, not with the disk."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable
from typing import Any

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol.group_code import show_group_code
from tests.integration.server import Launch, Seat, Server
from tests.integration.wire import Refused, Wire

JOINERS, PLACES = 200, 10


async def outcomes(requests: Iterable[Coroutine[Any, Any, Any]]) -> Counter[str]:
    """Run requests at the same time; return how many were done, and how many refused by code."""
    results = await asyncio.gather(*requests, return_exceptions=True)
    for one in results:
        assert not isinstance(one, BaseException) or isinstance(one, Refused), one
    return Counter(one.code if isinstance(one, Refused) else "done" for one in results)


@pytest.fixture
def crowd(launch: Launch) -> Server:
    """A server with a group of 201, where an account may be in 6 groups and create 4."""
    return launch(
        groups=1,
        members=JOINERS + 1,
        limits__connections_per_address=0,
        limits__requests_per_second=0,
        policy__quota__standard__groups_joined=6,
        policy__quota__standard__groups_created=4,
    )


async def test_ten_places_let_in_exactly_ten(crowd: Server) -> None:
    seats = crowd.seats[0]
    async with await crowd.connect(seats[0]) as ann:
        code = await ann.create("Small")
        await ann.run(f"/limit {PLACES + 1}", code)
        wires = await asyncio.gather(*(crowd.connect(seat) for seat in seats[1:]))
        counted = await outcomes(wire.ask(rq.JoinGroup, group=code) for wire in wires)
        assert counted == {"done": PLACES, "group_full": JOINERS - PLACES}
        assert (await ann.group(code)).members == PLACES + 1
        # A place that is given up goes to exactly one other.
        inside = [wire for wire in wires if code in {one.id for one in (await wire.ask(rq.ListGroups)).groups}]
        await inside[0].ask(rq.LeaveGroup, group=code)
        outside = [wire for wire in wires if wire.user not in {one.user for one in inside}]
        assert (await outcomes(wire.ask(rq.JoinGroup, group=code) for wire in outside))["done"] == 1
        assert (await ann.group(code)).members == PLACES + 1
        await asyncio.gather(*(wire.close() for wire in wires))


async def devices(server: Server, seat: Seat, number: int) -> list[Wire]:
    return [await server.connect(seat) for _ in range(number)]


async def test_an_account_joins_no_more_groups_than_it_may(crowd: Server) -> None:
    """Twenty groups at once, from ten devices, as requests and as commands; there is room for five beside its own."""
    owners = [await crowd.connect(seat) for seat in crowd.seats[0][1:6]]
    codes = [await owner.create(f"Group {number}") for owner in owners for number in range(4)]
    wires = await devices(crowd, crowd.seats[0][20], 10)
    requests = [
        wires[number % 10].ask(rq.JoinGroup, group=code)
        if number % 2
        else wires[number % 10].run(f"/join {show_group_code(code)}")
        for number, code in enumerate(codes)
    ]
    assert await outcomes(requests) == {"done": 5, "join_quota": len(codes) - 5}
    groups = (await wires[0].ask(rq.ListGroups)).groups
    assert len(groups) == 6
    assert sum([(await owners[0].group(code)).members - 1 for code in codes]) == 5
    # It counts the same after a restart, and a group that one leaves makes room for one.
    await asyncio.gather(*(wire.close() for wire in [*wires, *owners]))
    crowd.restart()
    async with await crowd.connect(crowd.seats[0][20]) as wire:
        joined = [group.id for group in groups if group.id in codes]
        missing = [code for code in codes if code not in joined]
        assert await outcomes(wire.ask(rq.JoinGroup, group=code) for code in missing) == {"join_quota": len(missing)}
        await wire.ask(rq.LeaveGroup, group=joined[0])
        assert (await outcomes(wire.ask(rq.JoinGroup, group=code) for code in missing))["done"] == 1


async def test_an_account_creates_no_more_groups_than_it_may(crowd: Server) -> None:
    seat = crowd.seats[0][30]
    wires = await devices(crowd, seat, 10)
    requests = [
        wire.ask(rq.CreateGroup, name=f"Group {number}") if number % 2 else wire.run(f"/create Group {number}")
        for number in range(3)
        for wire in wires
    ]
    assert await outcomes(requests) == {"done": 4, "group_quota": 26}
    codes = [group.id for group in (await wires[0].ask(rq.ListGroups)).groups if group.owner == seat.user]
    assert len(codes) == 4
    # A group that was dissolved makes room for exactly one.
    await wires[0].run(f"/dissolve {codes[0]}", codes[0])
    assert (await outcomes(wire.ask(rq.CreateGroup, name="Another") for wire in wires))["done"] == 1
    await asyncio.gather(*(wire.close() for wire in wires))


async def test_two_transfers_and_a_dissolution_leave_one_owner_or_no_group(crowd: Server) -> None:
    """Acts that exclude each other, sent at once: one is done, the others are refused by what it left behind."""
    ann, bob, carol = [await crowd.connect(seat) for seat in crowd.seats[0][50:53]]
    code = await ann.create("Contested")
    for wire in (bob, carol):
        await wire.ask(rq.JoinGroup, group=code)
    await ann.run(f"/transfer @{bob.user}", code)
    counted = await outcomes(
        [
            bob.run("/transfer accept", code),
            ann.run("/transfer cancel", code),
            ann.run(f"/kick @{bob.user}", code),
            ann.run(f"/transfer @{carol.user}", code),
            carol.run("/transfer accept", code),
        ]
    )
    assert sum(counted.values()) == 5
    members = (await ann.ask(rq.ListMembers, group=code)).members
    assert [member.role for member in members].count("owner") == 1
    owner = next(member.user for member in members if member.role == "owner")
    assert (await ann.group(code)).owner == owner
    await asyncio.gather(*(wire.close() for wire in (ann, bob, carol)))
