"""Who of the staff is on duty, and what of their work goes over to others."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from folkmoot_governance import PlatformRole
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol import requests as rq
from folkmoot_server.jobs.dates import Dates
from folkmoot_server.storage.change_set import account_stream, case_stream
from tests.integration.wire import Wire, refused
from tests.unit.server.stores import Stage, staged
from tests.unit.server.test_dates import told
from tests.unit.server.test_inspector import grant, report
from tests.unit.server.test_sanctions import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def stage(tmp_path: Path, clock: SetClock) -> AsyncIterator[Stage]:
    async with staged(tmp_path, clock) as stage:
        await stage.rest()
        yield stage


async def ask(wire: Wire, noun: str, verb: str, target: str = "", **options: Any) -> Any:
    return await wire.ask(rq.Admin, noun=noun, verb=verb, target=target or None, options=options)


async def test_the_board_and_the_reminders_go_by_who_is_on_duty(stage: Stage, clock: SetClock) -> None:
    (rea, mia, tom), sue = stage.seats[0], stage.seats[1][0]
    for seat in (rea, sue):
        await grant(stage, seat.user, PlatformRole.REVIEWER)
    await report(stage, await stage.connect(mia), tom.user)
    wire, other = await stage.connect(rea), await stage.connect(sue)

    async def board() -> tuple[str, str]:
        found = await ask(wire, "duty", "show")
        return next(item["state"] for item in found.items if item["duty"] == "on_duty"), found.text

    assert await board() == ("due", "On duty: –")
    await ask(other, "duty", "on")
    assert await board() == ("met", f"On duty: @{sue.user}")
    await refused(ask(other, "duty", "on"), "conflict", help="duty off")
    listed = {item["user"]: bool(item["on_duty_ts"]) for item in (await ask(wire, "role", "list")).items}
    assert listed == {rea.user: False, sue.user: True}
    clock.ahead = 3 * DAY_MS
    job = stage.job(Dates)
    while await job.do_round() == 0:
        pass
    assert "case_overdue" in await told(stage, sue.user)
    assert "case_overdue" not in await told(stage, rea.user)
    kinds = [one.event.__struct_config__.tag for one in await stage.store.ledger.events(account_stream(sue.user))]
    assert kinds[-1] == "duty_begun"


async def test_claims_go_over_one_by_one_and_all_at_the_end_of_duty(stage: Stage) -> None:
    (rea, mia, tom), (sue, bob, _), vic = stage.seats[0], stage.seats[1], stage.seats[2][0]
    for seat in (rea, sue):
        await grant(stage, seat.user, PlatformRole.REVIEWER)
    await grant(stage, vic.user, PlatformRole.VIEWER)
    reporter = await stage.connect(mia)
    first, second, third = [await report(stage, reporter, user) for user in (tom.user, bob.user, sue.user)]
    wire = await stage.connect(rea)
    for number in (first, second, third):
        await ask(wire, "case", "claim", number)
    await refused(ask(wire, "case", "give", first, to=vic.user), "forbidden")
    await refused(ask(wire, "case", "give", first, to="nobody"), "forbidden", user="nobody")
    assert (await ask(wire, "case", "give", first, to=f"@{sue.user}")).items[0]["claimed_by"] == sue.user
    assert await told(stage, sue.user) == ["role_given", "claim_given"]
    await ask(wire, "duty", "on")
    # The third is about her: as that cannot go over, nothing does.
    await refused(ask(wire, "duty", "off", to=sue.user), "forbidden", case=third)
    assert await claims(stage, second, third) == [rea.user] * 2
    await ask(wire, "case", "release", third)
    done = await ask(wire, "duty", "off", to=sue.user)
    assert ([item["case"] for item in done.items], done.changed) == ([second], 2)
    assert await claims(stage, first, second, third) == [sue.user, sue.user, ""]
    kinds = [one.event.__struct_config__.tag for one in await stage.store.ledger.events(case_stream(second))]
    assert kinds[-1] == "claim_given"
    await refused(ask(wire, "duty", "off"), "conflict", help="duty on")


async def claims(stage: Stage, *numbers: str) -> list[str]:
    found = [await stage.store.ledger.load_case(number) for number in numbers]
    return [case.claimed_by if case else "?" for case in found]
