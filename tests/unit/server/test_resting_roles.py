"""The role of one of the staff rests: at once, on all nodes, and until that is over."""

import asyncio
from pathlib import Path

from folkmoot_governance import PlatformRole
from folkmoot_governance.account_events import AccountRestricted
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.restrictions import Measure
from folkmoot_protocol import requests as rq
from folkmoot_server.actions.accounts.staff import staff_now
from folkmoot_server.jobs.freeing import Freeing
from folkmoot_server.storage.change_set import ChangeSet, account_stream
from tests.integration.wire import refused
from tests.unit.server.stores import staged
from tests.unit.server.test_dates import told
from tests.unit.server.test_inspector import grant
from tests.unit.server.test_sanctions import SetClock


async def test_a_role_rests_is_told_and_counts_again(tmp_path: Path) -> None:
    clock = SetClock()
    async with staged(tmp_path, clock) as stage:
        await stage.rest()
        (boss, sue), whom = (seats[0] for seats in stage.seats[:2]), stage.seats[0][1].user
        await grant(stage, boss.user, PlatformRole.SUPERADMIN)
        await grant(stage, sue.user, PlatformRole.SAFETY_OFFICER)
        root, officer = await stage.connect(boss), await stage.connect(sue)
        assert (await officer.ask(rq.Admin, noun="user", verb="show", target=whom)).items
        measure = {"options": {"measure": "staff", "duration": "1d"}, "reason": "read cases of a neighbour"}
        await refused(root.ask(rq.Admin, noun="sanction", verb="create", target=f"@{whom}", **measure), "conflict")
        await root.ask(rq.Admin, noun="sanction", verb="create", target=f"@{sue.user}", **measure)
        for noun, verb in (("user", "show"), ("duty", "show"), ("role", "list")):
            asked = officer.ask(rq.Admin, noun=noun, verb=verb, target=whom)
            await refused(asked, "forbidden", rule="measures.account_staff", help="/sanctions")
        assert (await staff_now(stage.store.ledger, clock.now_ms())).roles == {boss.user: PlatformRole.SUPERADMIN}
        listed = (await root.ask(rq.Admin, noun="role", verb="list")).items
        assert [bool(item["rests_until_ms"]) for item in listed] == [item["user"] == sue.user for item in listed]
        # The rest of what an account does goes on, and so does the appeal.
        assert await officer.post(sue.code, "hello")
        case = (await officer.run("/sanctions", sue.code)).data["items"][0]["case"]
        await officer.run(f"/appeal {case} she is no neighbour of mine", sue.code)
        clock.ahead = DAY_MS
        assert (await officer.ask(rq.Admin, noun="user", verb="show", target=whom)).items
        await stage.job(Freeing).do_round()
        assert await told(stage, sue.user) == ["role_given", "staff_suspended", "staff_restored"]


async def test_what_was_decided_when_another_node_lets_the_role_rest_is_not_stored(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.rest()
        sue, whom = stage.seats[2][0], stage.seats[0][1].user
        await grant(stage, sue.user, PlatformRole.SAFETY_OFFICER)
        officer = await stage.connect(sue)
        account = await stage.node.accounts.load(sue.user)
        assert account is not None
        stage.store.gate.clear()
        options = {"duration": "7d"}
        asked = asyncio.create_task(
            officer.ask(rq.Admin, noun="user", verb="suspend", target=whom, options=options, reason="spam")
        )
        await stage.store.waiting.wait()
        until = stage.node.clock.now_ms() + HOUR_MS
        rests = AccountRestricted(at=1, by="root", measure=Measure.STAFF, until_ms=until, reason="r")
        change_set = ChangeSet(account_stream(sue.user), account.state.version, [rests])
        assert not await stage.store.commit_elsewhere(change_set)
        stage.store.gate.set()
        await refused(asked, "conflict")
        stored = await stage.store.ledger.load_account(whom)
        assert stored is not None
        assert stored.state.suspended_until_ms == 0
