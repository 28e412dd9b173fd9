"""Accounts that the platform closes: erased when their time is over, and not while an appeal waits."""

from pathlib import Path

from folkmoot_governance import Actor, PlatformRole
from folkmoot_governance.account_commands import CloseForOther
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.duration import DAY_MS, MINUTE_MS
from folkmoot_server.jobs.closing import Closing
from tests.unit.server.stores import Stage, staged

STAFF = Actor("staff", platform=PlatformRole.SUPERADMIN)


async def test_accounts_are_erased_when_nobody_can_appeal_any_more(tmp_path: Path) -> None:
    async with staged(tmp_path, policy__sanctions__appeal_days=2) as stage:
        await stage.rest()
        node, (ann, bob, cat) = stage.node, stage.seats[0]
        now = node.clock.now_ms()
        node.clock.now_ms = lambda: now  # type: ignore[method-assign]
        for seat in (ann, bob):
            account = await node.accounts.load(seat.user)
            assert account is not None
            assert await node.app.account_service.carry_out(account.state, CloseForOther("fraud"), STAFF) is None
        account = await node.accounts.load(bob.user)
        assert account is not None
        assert isinstance(await node.app.cases.appeals.open(account, "", "not me"), CaseState)
        await stage.job(Closing).do_round()
        assert await closed(stage) == {ann.user: False, bob.user: False, cat.user: False}
        later = now + 2 * DAY_MS + MINUTE_MS
        node.clock.now_ms = lambda: later  # type: ignore[method-assign]
        await stage.job(Closing).do_round()
        assert await closed(stage) == {ann.user: True, bob.user: False, cat.user: False}
        stored = await stage.store.ledger.load_account(ann.user)
        assert stored is not None
        assert stored.state.author_tag.startswith("~")
        assert await stage.store.ledger.list_leaving() == [ann.user]


async def closed(stage: Stage) -> dict[str, bool]:
    """Return who of the first group has been erased."""
    found = [await stage.store.ledger.load_account(seat.user) for seat in stage.seats[0]]
    return {one.state.user: one.state.closed_ts > 0 for one in found if one is not None}
