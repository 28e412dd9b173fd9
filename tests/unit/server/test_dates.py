"""The job that tells of dates: each is told once, however often it is asked for, and whoever else asks."""

from pathlib import Path

from prometheus_client import REGISTRY

from folkmoot_governance import Actor, PlatformRole
from folkmoot_governance.account_commands import GrantRole
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_governance.group import commands as c
from folkmoot_server.actions.accounts.staff import Staff
from folkmoot_server.actions.cases.reports import Subject
from folkmoot_server.jobs.dates import Dates, OverdueFigures
from folkmoot_server.live.accounts import Account
from tests.unit.server.stores import Stage, staged

STAFF = Actor("staff", platform=PlatformRole.SUPERADMIN)


async def grant(stage: Stage, user: str, role: PlatformRole) -> None:
    account = await stage.node.accounts.load(user)
    assert account is not None
    assert await stage.node.app.account_service.carry_out(account.state, GrantRole(role, "hired"), STAFF) is None


async def told(stage: Stage, user: str) -> list[str]:
    """Return the kinds of what an account is told, the oldest first."""
    found = await stage.store.ledger.list_notices(user)
    return [one.notice.kind for one in reversed(found)]


async def test_a_missed_answer_is_told_once_to_all_whom_it_concerns(tmp_path: Path) -> None:
    async with staged(tmp_path, policy__reports__complaint_centre="12377") as stage:
        await stage.rest()
        node, (ann, bob, cat) = stage.node, stage.seats[0]
        await grant(stage, ann.user, PlatformRole.SAFETY_OFFICER)
        now = node.clock.now_ms()
        node.clock.now_ms = lambda: now  # type: ignore[method-assign]
        reporter = await node.accounts.load(cat.user)
        assert reporter is not None
        case = await node.app.cases.reports.open(reporter, Subject(user=bob.user), "spam", "")
        assert isinstance(case, CaseState)
        job = stage.job(Dates)
        await job.do_round()
        assert await told(stage, ann.user) == ["role_given"]
        for hours, kinds in ((48, ["case_due"]), (60, []), (72, ["case_overdue"]), (90, [])):
            later = now + hours * HOUR_MS
            node.clock.now_ms = lambda later=later: later  # type: ignore[method-assign,misc]
            before = await told(stage, ann.user)
            await job.do_round()
            await job.do_round()
            assert (await told(stage, ann.user))[len(before) :] == kinds
        assert await told(stage, cat.user) == ["answer_late_contact"]
        assert await told(stage, bob.user) == []
        stored = await stage.store.ledger.load_case(case.number)
        assert stored is not None
        assert stored.date_told == 2
        await OverdueFigures(stage.store.ledger, node.clock).count()
        assert REGISTRY.get_sample_value("folkmoot_overdue", {"kind": "report"}) == 1
        assert REGISTRY.get_sample_value("folkmoot_overdue", {"kind": "appeal"}) == 0


async def test_two_nodes_that_tell_at_once_tell_once(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.rest()
        node, (ann, *_) = stage.node, stage.seats[0]
        room = await node.rooms.load(ann.code)
        assert room is not None
        act = node.app.group_service.act(room, c.WarnGroup(DAY_MS // 2, "clean up"), await staff_account(stage))
        assert await node.app.group_service.wait_stored(act) is None
        # Another node has told of it, and this one has not heard that yet.
        await stage.store.act_elsewhere(ann.code, c.TellDates({}), Actor(""))
        # As if this one had asked storage before.
        await stage.job(Dates)._tell("group", ann.code, Staff({}, {}))
        acts = await stage.store.ledger.events(f"group:{ann.code}")
        kinds = [one.event.__struct_config__.tag for one in acts]
        assert kinds.count("mending_due_soon") == 1


async def staff_account(stage: Stage) -> Account:
    """Return an account that may warn groups."""
    user = stage.seats[1][0].user
    await grant(stage, user, PlatformRole.SUPERADMIN)
    account = await stage.node.accounts.load(user)
    assert account is not None
    return account


async def test_what_could_not_be_stored_is_told_by_the_next_round(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.rest()
        node, (ann, *_) = stage.node, stage.seats[0]
        room = await node.rooms.load(ann.code)
        assert room is not None
        act = node.app.group_service.act(room, c.WarnGroup(DAY_MS // 2, "clean up"), await staff_account(stage))
        assert await node.app.group_service.wait_stored(act) is None
        stage.store.failures = 1
        job = stage.job(Dates)
        await job.do_round()
        assert (await told(stage, ann.user)).count("mending_due") == 0
        await job.do_round()
        assert (await told(stage, ann.user)).count("mending_due") == 1
