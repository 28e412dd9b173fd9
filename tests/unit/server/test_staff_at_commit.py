"""What staff decides is stored only while they still have the role: it may be taken on another node at that moment."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from folkmoot_governance import Actor, PlatformRole
from folkmoot_governance.account import RoleGranted
from folkmoot_governance.account_commands import GrantRole
from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import GroupStatus
from folkmoot_server.storage.change_set import ChangeSet, account_stream
from tests.integration.wire import Refused
from tests.unit.server.stores import Stage, staged

WEEK = {"duration": "7d"}


async def dismissed_meanwhile(stage: Stage, **fields: Any) -> str:
    """Let staff ask for something while another node takes the role away; return the code of the refusal."""
    seat = stage.seats[2][0]
    account = await stage.node.accounts.load(seat.user)
    assert account is not None
    grant, machine = GrantRole(PlatformRole.SAFETY_OFFICER, "x"), Actor("", platform=PlatformRole.SUPERADMIN)
    assert await stage.node.app.account_service.carry_out(account.state, grant, machine) is None
    officer = await stage.connect(seat)
    stage.store.gate.clear()
    asked = asyncio.create_task(officer.ask(rq.Admin, reason="seen", **fields))
    await stage.store.waiting.wait()
    taken = RoleGranted(at=1, by="root", role=None, reason="left us")
    assert not await stage.store.commit_elsewhere(ChangeSet(account_stream(seat.user), account.state.version, [taken]))
    stage.store.gate.set()
    with pytest.raises(Refused) as refused:
        await asked
    return refused.value.code


async def test_a_measure_against_a_group_is_void(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.rest()
        code = stage.seats[0][0].code
        await dismissed_meanwhile(stage, noun="group", verb="suspend", target=code, options=WEEK)
        stored = await stage.store.ledger.load_group(code)
        assert stored is not None
        assert stored.status is GroupStatus.ACTIVE


async def test_a_decision_on_a_case_is_void(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.rest()
        one, other = stage.seats[0][:2]
        wire = await stage.connect(one)
        case = (await wire.run(f"/report @{other.user} spam", one.code)).data["case"]
        await dismissed_meanwhile(stage, noun="case", verb="claim", target=case)
        stored = await stage.store.ledger.load_case(case)
        assert stored is not None
        assert stored.claimed_by == ""


async def test_a_measure_against_an_account_is_void(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.rest()
        user = stage.seats[0][1].user
        await dismissed_meanwhile(stage, noun="user", verb="suspend", target=user, options=WEEK)
        stored = await stage.store.ledger.load_account(user)
        assert stored is not None
        assert stored.state.suspended_until_ms == 0
