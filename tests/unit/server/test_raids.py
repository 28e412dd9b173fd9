"""The server holds off raids by itself, on what its own connections and other nodes do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_governance.group.events import MemberJoined
from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import Entry
from folkmoot_server.bus.messages import GroupUpdate
from tests.integration.wire import Wire, refused
from tests.unit.server.stores import Stage, staged

TEXT = "Come over to our channel, all of you"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    groups = "policy__groups__raid_"
    async with staged(tmp_path, **{f"{groups}joins": 4, f"{groups}repeats": 3}) as stage:
        yield stage


async def newcomers(stage: Stage, number: int) -> list[Wire]:
    """Let members of the other groups join the first one."""
    wires = [await stage.connect(seat) for seat in [*stage.seats[1], *stage.seats[2]][:number]]
    for wire in wires:
        await wire.ask(rq.JoinGroup, group=stage.seats[0][0].code)
    return wires


def alarms(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.data and entry.data["event"] == "raid_noticed"]


async def test_the_post_that_makes_it_a_raid_is_refused_already(stage: Stage) -> None:
    code = stage.seats[0][0].code
    fay, fox, _ = await newcomers(stage, 3)
    owner, old = [await stage.connect(seat) for seat in stage.seats[0][:2]]
    await fay.post(code, TEXT)
    await fox.post(code, f"{TEXT}!!!")
    for wire in (fay, fox):
        await refused(wire.post(code, TEXT.upper()), "group_muted", rule="antiraid")
    await old.post(code, TEXT)
    (alarm,) = alarms(await old.history(code))
    assert (alarm.from_.user, alarm.data["cause"]) == ("platform", "text")
    assert "by" not in alarm.data
    late = await stage.connect(stage.seats[2][1])
    assert (await late.ask(rq.JoinGroup, group=code)).state == "pending"
    await owner.run("/antiraid off", code)
    await fay.post(code, "I am sorry")


async def test_a_wave_of_joins_closes_the_open_door(stage: Stage) -> None:
    code = stage.seats[0][0].code
    wires = await newcomers(stage, 4)
    await wires[0].seen(code, 8)
    (alarm,) = alarms(await wires[0].history(code))
    assert alarm.data["cause"] == "joins"
    late = await stage.connect(stage.seats[2][1])
    assert (await late.ask(rq.JoinGroup, group=code)).state == "pending"


async def test_what_happens_on_other_nodes_counts(stage: Stage) -> None:
    code = stage.seats[0][0].code
    fay, fox = await newcomers(stage, 2)
    now = stage.node.clock.now_ms()
    joined = tuple(MemberJoined(at=now, by=user, user=user, via="open") for user in ("elsewhere1", "elsewhere2"))
    stage.node.raids.on_bus_message(GroupUpdate(code, (), 0, joined))
    await refused(fox.post(code, "hello"), "group_muted", rule="antiraid")
    (alarm,) = alarms(await fay.seen(code, 6))
    assert alarm.data["cause"] == "joins"
