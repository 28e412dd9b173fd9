"""Measures of the platform on a node: two administrators, what ends by itself, what is held back meanwhile."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from folkmoot_governance import Actor
from folkmoot_governance.account_commands import GrantRole
from folkmoot_governance.actor import PlatformRole
from folkmoot_governance.case.state import Outcome
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.group_code import show_group_code
from folkmoot_server.common.clock import Clock
from folkmoot_server.jobs.freeing import Freeing
from folkmoot_server.jobs.lapsing import Lapsing
from folkmoot_server.live.accounts import Account
from tests.integration.wire import Wire, refused
from tests.unit.server.stores import Stage, staged


class SetClock(Clock):
    """A clock that a test sets forward."""

    ahead = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.ahead


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def stage(tmp_path: Path, clock: SetClock) -> AsyncIterator[Stage]:
    four_eyes = ("account_manage", "group_suspend")
    async with staged(tmp_path, clock, policy__sanctions__four_eyes=four_eyes) as stage:
        machine = Actor("", platform=PlatformRole.SUPERADMIN)
        service = stage.node.app.account_service
        for seat in stage.seats[2]:
            account = await found(stage, seat.user)
            assert await service.carry_out(account.state, GrantRole(PlatformRole.SUPERADMIN, "x"), machine) is None
        await stage.rest()
        yield stage


async def found(stage: Stage, user: str) -> Account:
    account = await stage.node.app.accounts.load(user)
    assert account is not None
    return account


async def admin(wire: Wire, verb: str, target: str | None = None, **options: Any) -> rs.AdminResult:
    result: rs.AdminResult = await wire.ask(
        rq.Admin, noun="sanction", verb=verb, target=target, reason="r", options=options
    )
    return result


@pytest.mark.parametrize("measure", ["manage", "suspend"])
async def test_two_decide(stage: Stage, measure: str) -> None:
    sue, tom, rea = [await stage.connect(seat) for seat in stage.seats[2]]
    owner = stage.seats[0][0]
    target = owner.code if measure == "suspend" else f"@{owner.user}"
    proposed = (await admin(sue, "create", target, measure=measure)).items[0]
    case = proposed["case"]
    assert (proposed["state"], proposed["by"]) == ("proposed", sue.user)
    assert [one["case"] for one in (await admin(tom, "status")).items] == [case]
    assert (await admin(tom, "show", case)).items[0]["reason"] == "r"
    await refused(admin(sue, "approve", case), "forbidden", rule="policy.sanctions.four_eyes")
    taken = (await admin(tom, "approve", case)).items[0]
    assert taken["state"] == "taken"
    assert (await sue.event(ev.CaseEvent, state="measure_taken")).case == case
    shown = (await admin(rea, "show", taken["answer"])).items[0]
    assert (shown["by"], shown["proposed_by"]) == (tom.user, sue.user)
    assert shown["statement"]["decision_facts"] == "r"
    await refused(admin(rea, "approve", case), "conflict")
    wire = await stage.connect(owner)
    appeal = (await wire.run(f"/appeal {taken['answer']} why")).data["case"]
    for staff in (sue, tom):
        await refused(staff.ask(rq.Admin, noun="appeal", verb="approve", target=appeal, reason="r"), "forbidden")
    await rea.ask(rq.Admin, noun="appeal", verb="approve", target=appeal, reason="r")


async def test_other_ways_to_a_measure_that_takes_two_propose_it_as_well(stage: Stage) -> None:
    sue, tom, _ = [await stage.connect(seat) for seat in stage.seats[2]]
    code = stage.seats[0][0].code
    fields = {"noun": "group", "verb": "suspend", "target": code, "reason": "r", "options": {"duration": "1d"}}
    case = (await sue.ask(rq.Admin, **fields)).items[0]["case"]
    assert case.startswith("p-")
    # It waits on the desk, too.
    (row,) = (await tom.ask(rq.Admin, noun="desk", verb="list")).items
    assert (row["case"], [(way["noun"], way["verb"]) for way in row["ways"]]) == (
        case,
        [("sanction", "approve"), ("sanction", "reject")],
    )
    shown = (await tom.ask(rq.Admin, noun="desk", verb="show", target=case)).text
    assert f"By: @{sue.user}" in shown and f"Group: {show_group_code(code)}" in shown
    await refused(admin(tom, "approve", "p-none"), "no_such_entry")
    await admin(tom, "reject", case)
    assert (await sue.event(ev.CaseEvent, state="measure_refused")).case == case
    await refused(admin(tom, "approve", case), "conflict")
    await (await stage.connect(stage.seats[0][0])).post(code, "nothing has come of it")


async def test_what_nobody_confirms_lapses(stage: Stage, clock: SetClock) -> None:
    sue, tom, _ = [await stage.connect(seat) for seat in stage.seats[2]]
    target = f"@{stage.seats[0][0].user}"
    case = (await admin(sue, "create", target, measure="manage")).items[0]["case"]
    job = stage.job(Lapsing)
    await job.do_round()
    assert job.next_ms > clock.now_ms()
    clock.ahead = DAY_MS + 1
    await refused(admin(tom, "approve", case), "conflict")
    await job.do_round()
    assert (await sue.event(ev.CaseEvent, state="measure_lapsed")).case == case
    state = await stage.store.ledger.load_case(case)
    assert state is not None and state.outcome is Outcome.LAPSED
    assert (await admin(sue, "status")).items == ()


async def test_a_measure_that_was_taken_closes_its_proposal_though_a_crash_came_in_between(
    stage: Stage, clock: SetClock
) -> None:
    sue, tom, _ = [await stage.connect(seat) for seat in stage.seats[2]]
    user = stage.seats[0][0].user
    cases = [(await admin(sue, "create", f"@{user}", measure="manage")).items[0]["case"] for _ in range(2)]
    service, ledger = stage.node.app.cases.sanctions, stage.store.ledger
    loaded = [await ledger.load_case(case) for case in cases]
    assert loaded[0] is not None and loaded[1] is not None
    await admin(tom, "approve", cases[0])
    # As if nobody had closed it: whoever confirms it again takes no second measure.
    before = (await found(stage, user)).state.version
    again = await service.confirm(loaded[0], await found(stage, tom.user))
    assert (await found(stage, user)).state.version == before
    assert again
    await refused(admin(tom, "approve", cases[1]), "conflict", rule="in_force")


async def test_what_is_over_is_told_when_it_is_over(stage: Stage, clock: SetClock) -> None:
    sue = await stage.connect(stage.seats[2][0])
    bob = await stage.connect(stage.seats[0][1])
    code = bob.session.groups[0].id
    await admin(sue, "create", f"@{bob.user}", measure="mute", duration="1h")
    await admin(sue, "create", f"@{bob.user}", measure="join", duration="2h")
    await refused(bob.post(code, "hello"), "muted", rule="measures.account_mute")
    await refused(bob.ask(rq.Edit, group=code, seq=1, body="x"), "forbidden")
    job = stage.job(Freeing)
    await job.do_round()
    assert len((await found(stage, bob.user)).state.restrictions) == 2
    clock.ahead = 3_600_000
    await bob.post(code, "hello again")
    await job.do_round()
    assert (await bob.event(ev.CaseEvent, state="platform_unmuted")).text.startswith("You may post again")
    assert [one.measure for one in (await found(stage, bob.user)).state.restrictions] == ["join"]


async def test_what_a_muted_author_wrote_before_is_not_posted_by_others(stage: Stage) -> None:
    sue = await stage.connect(stage.seats[2][0])
    ann, bob = [await stage.connect(seat) for seat in stage.seats[0][:2]]
    code = stage.seats[0][0].code
    await ann.run("/word add hold snake", code)
    await refused(bob.post(code, "snake oil"), "content_held")
    (item,) = (await ann.run("/queue", code)).data["items"]
    await admin(sue, "create", f"@{bob.user}", measure="mute")
    await refused(ann.run(f"/queue approve {item['number']}", code), "muted", user=bob.user)
    await admin(sue, "restore", f"@{bob.user}", measure="mute")
    await ann.run(f"/queue approve {item['number']}", code)
