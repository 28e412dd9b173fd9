"""An inspector reads the cases that were named, until the role ends, and nothing else; each reading is on record."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from folkmoot_governance import Actor, PlatformRole
from folkmoot_governance.account_commands import GrantRole
from folkmoot_governance.case.state import CaseRead
from folkmoot_governance.duration import HOUR_MS
from folkmoot_protocol import requests as rq
from folkmoot_protocol.admin.registry import VERBS
from folkmoot_server.jobs.freeing import Freeing
from folkmoot_server.storage.change_set import case_stream
from tests.integration.wire import Refused, Wire, refused
from tests.unit.server.stores import Stage, staged
from tests.unit.server.test_dates import told
from tests.unit.server.test_sanctions import SetClock

OPENS = {(noun, verb) for noun in ("case", "appeal", "application") for verb in ("show", "log")}
ANONYMOUS = {("case", "sample")}
"""What tells of cases without names."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


async def grant(stage: Stage, user: str, role: PlatformRole, *cases: str) -> None:
    account = await stage.node.accounts.load(user)
    assert account is not None
    machine = Actor("", platform=PlatformRole.SUPERADMIN)
    command = GrantRole(role, "letter", cases, HOUR_MS if cases else 0)
    assert await stage.node.app.account_service.carry_out(account.state, command, machine) is None


async def report(stage: Stage, wire: Wire, user: str) -> str:
    number = (await wire.run(f"/report @{user} spam he sells things", stage.seats[0][0].code)).data["case"]
    assert isinstance(number, str)
    return number


async def readings(stage: Stage, number: str, by: str) -> int:
    events = await stage.store.ledger.events(case_stream(number))
    return sum(isinstance(one.event, CaseRead) and one.event.by == by for one in events)


async def test_an_inspector_reads_the_cases_that_were_named_and_nothing_else(stage: Stage) -> None:
    one, other, *_ = stage.seats[0]
    eve = stage.seats[2][0]
    wire = await stage.connect(one)
    named, secret = await report(stage, wire, other.user), await report(stage, wire, stage.seats[1][0].user)
    await grant(stage, eve.user, PlatformRole.INSPECTOR, named)
    asking = await stage.connect(eve)

    async def ask(noun: str, verb: str, target: str, **more: Any) -> Any:
        return await asking.ask(rq.Admin, noun=noun, verb=verb, target=target, reason="x", **more)

    shown = (await ask("case", "show", named)).items[0]
    assert (shown["text"], await readings(stage, named, eve.user)) == ("he sells things", 1)
    acts = (await ask("case", "log", named)).items
    assert [act["what"] for act in acts] == ["case_read", "case_read", "report_opened"]
    assert await readings(stage, named, eve.user) == 2
    for noun, verb in VERBS:
        if (noun, verb) in OPENS:
            await refused(ask(noun, verb, secret), "no_such_entry")
        elif (noun, verb) in ANONYMOUS:
            assert (await asking.ask(rq.Admin, noun=noun, verb=verb)).items == ()
        else:
            # Neither by what it is about nor by any option: the role does not cover it.
            await refused(ask(noun, verb, named), "forbidden", rule="platform_roles")
    assert await readings(stage, secret, eve.user) == 0
    with pytest.raises(Refused):
        await asking.ask(rq.GetHistory, group=one.code)


async def test_when_the_role_is_over_nothing_opens_and_that_is_told(tmp_path: Path) -> None:
    clock = SetClock()
    async with staged(tmp_path, clock) as stage:
        await stage.rest()
        eve, one, other = stage.seats[2][0], *stage.seats[0][:2]
        named = await report(stage, await stage.connect(one), other.user)
        await grant(stage, eve.user, PlatformRole.INSPECTOR, named)
        asking = await stage.connect(eve)
        await asking.ask(rq.Admin, noun="case", verb="show", target=named)
        clock.ahead = HOUR_MS
        await refused(asking.ask(rq.Admin, noun="case", verb="show", target=named), "forbidden", act="read_case")
        await stage.job(Freeing).do_round()
        assert await stage.store.ledger.list_staff() == []
        assert await told(stage, eve.user) == ["inspection_given", "role_ended"]
        shown = (await asking.ask(rq.GetNotices)).notices
        assert f": {named}" in shown[1].text


async def test_a_case_opens_to_staff_with_a_second_factor_alone_where_that_is_asked_for(tmp_path: Path) -> None:
    async with staged(tmp_path, staff__require_otp=True) as stage:
        one, other = stage.seats[0][:2]
        number = await report(stage, await stage.connect(one), other.user)
        rea = stage.seats[2][0]
        await grant(stage, rea.user, PlatformRole.REVIEWER)
        wire = await stage.connect(rea)
        for verb in ("show", "log"):
            asked = wire.ask(rq.Admin, noun="case", verb=verb, target=number)
            await refused(asked, "forbidden", rule="staff.require_otp")
        assert await readings(stage, number, rea.user) == 0
