"""What days give back of a credit: on a real store, with days that pass at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_governance import SERVICE
from folkmoot_governance.account_commands import ChargeCredit
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol import events as ev
from folkmoot_protocol.types import Credit
from folkmoot_server.jobs.recovery import Recovery
from folkmoot_server.live.accounts import Account
from tests.unit.server.stores import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, policy__credit__recover_per_day=30) as stage:
        yield stage


async def charge(stage: Stage, user: str, *cases: str) -> Account:
    account = await stage.node.accounts.load(user)
    assert account is not None
    for case in cases:
        command = ChargeCredit(case, Severity.HIGH, "fraud")
        assert await stage.node.app.account_service.carry_out(account.state, command, SERVICE) is None
    return account


async def test_days_give_back_what_was_taken(stage: Stage) -> None:
    node, recovery = stage.node, stage.job(Recovery)
    now = node.clock.now_ms()
    seat = stage.seats[0][1]
    wire = await stage.connect(seat)
    account = await charge(stage, seat.user, "r-1", "r-2")
    assert (account.state.credit, account.level.name) == (20, "poor")
    told = Credit("poor", 20)
    await wire.until(lambda: any(isinstance(one, ev.AccountEvent) and one.account.credit == told for one in wire.log))
    assert await recovery.sweep(now + DAY_MS // 2) == 0, "no day is over"
    node.clock.now_ms = lambda: now + DAY_MS + 1000  # type: ignore[method-assign]
    assert await recovery.sweep(node.clock.now_ms()) == 1
    assert await recovery.sweep(node.clock.now_ms()) == 0
    assert (account.state.credit, account.level.name) == (50, "limited")
    items = (await wire.run("/credit")).data["items"]
    assert [(item["cause"], item["points"], item["score"]) for item in items] == [
        ("recovered", "+30", 50),
        ("penalty", "-40", 20),
        ("penalty", "-40", 60),
    ]
    node.clock.now_ms = lambda: now + 30 * DAY_MS  # type: ignore[method-assign]
    assert await recovery.sweep(node.clock.now_ms()) == 1
    assert (account.state.credit, account.level.name) == (100, "standard")
    assert await recovery.sweep(node.clock.now_ms() + 30 * DAY_MS) == 0


async def test_a_store_that_fails_puts_it_off(stage: Stage) -> None:
    node, recovery = stage.node, stage.job(Recovery)
    account = await charge(stage, stage.seats[0][1].user, "r-1")
    now = node.clock.now_ms() + 2 * DAY_MS
    node.clock.now_ms = lambda: now  # type: ignore[method-assign]
    stage.store.failures = 1
    assert await recovery.sweep(now) == 0
    assert account.state.credit == 60
    assert await recovery.sweep(now) == 1
    assert account.state.credit == 100
