"""What an outcome brings along is carried out once, also when who decided was cut off after the decision."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_governance import Actor, PlatformRole
from folkmoot_governance.case.commands import CloseReport, DecideAppeal, OpenReport
from folkmoot_governance.case.rules import ReporterRecord
from folkmoot_governance.case.state import CaseState, Outcome
from folkmoot_governance.group.commands import MuteMember
from folkmoot_protocol.group_code import FIRST_NUMBER, make_group_code, show_group_code
from folkmoot_server.actions.cases.measures import place_of
from folkmoot_server.jobs.settling import GRACE_MS, Settling
from folkmoot_server.storage.change_set import group_stream
from tests.unit.server.stores import Stage, staged

CODE = make_group_code(FIRST_NUMBER + 7)
STAFF = Actor("rea", platform=PlatformRole.REVIEWER)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


async def decided_report(stage: Stage, by: str, about: str) -> CaseState:
    """Open and uphold a report; nothing is carried out."""
    node = stage.node
    act = node.app.cases.service.act(None, OpenReport("r-1", "fraud", ReporterRecord(), user=about), Actor(by))
    assert await node.app.cases.service.wait_stored(act) is None
    case = await node.store.ledger.load_case("r-1")
    assert (
        await node.app.cases.service.wait_stored(
            node.app.cases.service.act(case, CloseReport(Outcome.UPHELD, "seen"), STAFF)
        )
        is None
    )
    found = await node.store.ledger.load_case("r-1")
    assert found is not None
    return found


async def test_the_job_settles_what_was_left_and_once(stage: Stage) -> None:
    node, (_, bob, carol) = stage.node, stage.seats[0]
    case = await decided_report(stage, carol.user, bob.user)
    assert await stage.job(Settling).sweep(case.closed_ts + GRACE_MS) == 0, "who decided has a while for it"
    stage.store.failures = 1
    late = case.closed_ts + GRACE_MS + 1
    assert await stage.job(Settling).sweep(late) == 1
    assert not (await node.store.ledger.load_case("r-1") or case).is_settled, "the disk was full"
    assert await stage.job(Settling).sweep(late) == 1
    assert await stage.job(Settling).sweep(late) == 0
    account = await node.accounts.load(bob.user)
    assert account is not None
    assert (account.state.credit, account.state.charges) == (60, {"r-1": 40})
    await node.app.cases.settler.settle("r-1")
    await node.app.cases.settler.settle("r-none")
    assert account.state.credit == 60


async def test_carrying_out_twice_overturns_once(stage: Stage) -> None:
    node, (ann, bob, _) = stage.node, stage.seats[0]
    owner, appellant = await node.accounts.load(ann.user), await node.accounts.load(bob.user)
    room = await node.rooms.load(ann.code)
    assert owner is not None
    assert appellant is not None
    assert room is not None
    act = node.app.group_service.act(room, MuteMember(bob.user, 60_000, "noise"), owner)
    assert await node.app.group_service.wait_stored(act) is None  # type: ignore[arg-type]  # it is no refusal
    case = await node.app.cases.appeals.open(appellant, f"{ann.code}-{room.state.version}", "why me")
    assert isinstance(case, CaseState)
    act_of_staff = node.app.cases.service.act(case, DecideAppeal(Outcome.OVERTURNED, "no"), STAFF)
    assert await node.app.cases.service.wait_stored(act_of_staff) is None
    assert bob.user in room.state.mutes
    stage.store.failures = 0
    # Cut off after the group has taken it back: the case does not know of it yet.
    settle_case = node.app.cases.service.act
    node.app.cases.service.act = lambda *_, **__: (_ for _ in ()).throw(RuntimeError)  # type: ignore[assignment,method-assign]
    with pytest.raises(RuntimeError):
        await node.app.cases.settler.settle(case.number)
    node.app.cases.service.act = settle_case  # type: ignore[method-assign]
    assert bob.user not in room.state.mutes
    await node.app.cases.settler.settle(case.number)
    events = await node.store.ledger.events(group_stream(ann.code))
    assert [one.event.__struct_config__.tag for one in events].count("overturned") == 1
    assert (await node.store.ledger.load_case(case.number) or case).is_settled


@pytest.mark.parametrize(
    ("case", "place"),
    [
        (f"{CODE}-17", ("", CODE, 17)),
        (f"{show_group_code(CODE)}-17", ("", CODE, 17)),
        ("@mia-3", ("mia", "", 3)),
        ("@mia-x-3", ("mia-x", "", 3)),
        (f"{CODE}-0", None),
        (f"{CODE}-x", None),
        (f"{int(CODE) + 1}-17", None),
        ("mia-3", None),
        ("-3", None),
        ("", None),
    ],
)
def test_where_a_case_number_leads(case: str, place: tuple[str, str, int] | None) -> None:
    found = place_of(case)
    assert (found and (found.user, found.code, found.version)) == place
