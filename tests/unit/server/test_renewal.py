"""Identity that is to be verified again, on a node: told in the box, then nothing is published until it is."""

from pathlib import Path

from folkmoot_governance import Actor, PlatformRole
from folkmoot_governance.account_commands import GrantRole
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_server.jobs.dates import Dates
from tests.integration.wire import refused
from tests.unit.server.stores import staged
from tests.unit.server.test_dates import told
from tests.unit.server.test_sanctions import SetClock

OLD, NEW = "11010519491231002X", "440524188001010014"


async def test_from_the_reminder_to_the_new_number(tmp_path: Path) -> None:
    clock = SetClock()
    settings = {"policy__identity__to_post": "mobile", "policy__identity__reverify_days": 100}
    async with staged(tmp_path, clock, **settings) as stage:
        await stage.rest()
        seat, staff = stage.seats[0][0], stage.seats[1][0]
        boss = await stage.node.accounts.load(staff.user)
        assert boss is not None
        machine = Actor("", platform=PlatformRole.SUPERADMIN)
        grant = GrantRole(PlatformRole.SUPERADMIN, "x")
        assert await stage.node.app.account_service.carry_out(boss.state, grant, machine) is None
        ann, root = await stage.connect(seat), await stage.connect(staff)
        job = stage.job(Dates)
        for day, kinds in (
            (69, []),
            (70, ["renewal_due"]),
            (93, ["renewal_due"] * 2),
            (100, ["renewal_due"] * 2 + ["renewal_late"]),
        ):
            clock.ahead = day * DAY_MS
            await job.do_round()
            assert await told(stage, seat.user) == kinds
            await ann.post(seat.code, f"day {day}")
        clock.ahead = 114 * DAY_MS
        await job.do_round()
        await job.do_round()
        assert (await told(stage, seat.user))[-1:] == ["renewal_missed"]
        refusal = await refused(
            ann.ask(rq.Post, group=seat.code, body="late"), "identity_required", rule="policy.identity.reverify_days"
        )
        assert "/verify" in refusal.message
        await ann.run(f"/verify person {NEW}")
        ledger = stage.store.ledger
        assert await ledger.identity_request(seat.user) is not None
        await root.ask(rq.Admin, noun="identity", verb="approve", target=seat.user, reason="seen")
        await ann.event(ev.CaseEvent, state="verified")
        assert await ann.post(seat.code, "again")
        assert await ledger.identity_request(seat.user) is None
        (first,) = await ledger.list_identities(seat.user)

        # Another number: the one before stands until it is decided, and goes with it.
        await ann.run(f"/verify person {OLD}")
        assert await ledger.list_identities(seat.user) == [first]
        assert await ann.post(seat.code, "while it is looked at")
        shown = await root.ask(rq.Admin, noun="identity", verb="show", target=seat.user, options={"case": "file 1"})
        assert [(one["number"], one["state"]) for one in shown.items] == [(OLD, "asked"), (NEW, "verified")]
        await root.ask(rq.Admin, noun="identity", verb="approve", target=seat.user, reason="seen")
        (second,) = await ledger.list_identities(seat.user)
        assert stage.node.app.vault.open(second) == OLD
