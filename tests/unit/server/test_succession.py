"""An owner who is shut out is replaced without anybody asking, whoever was told of what."""

import copy
from pathlib import Path

from folkmoot_governance import Actor, PlatformRole
from folkmoot_governance.account_commands import SuspendAccount
from folkmoot_governance.case.commands import DecideAppeal
from folkmoot_governance.case.state import CaseState, Outcome
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol.types import GroupStatus, Role
from folkmoot_server.crypto.passwords import hash_token
from folkmoot_server.jobs.succession import Succession
from tests.integration.wire import refused
from tests.unit.server.stores import Stage, staged

STAFF = Actor("staff", platform=PlatformRole.SUPERADMIN)


async def suspend(stage: Stage, user: str, days: int) -> None:
    account = await stage.node.accounts.load(user)
    assert account is not None
    act = stage.node.app.account_service.act(account.state, SuspendAccount(days * DAY_MS, "fraud"), STAFF)
    assert await stage.node.app.account_service.wait_stored(act) is None


async def test_owners_who_are_shut_out_are_replaced(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        (ann, bob, cat), (dan, eve, _), (fay, *_) = stage.seats
        ann_wire, dan_wire = await stage.connect(ann), await stage.connect(dan)
        await ann_wire.run(f"/promote @{bob.user}", ann.code)
        await ann_wire.run(f"/heir @{cat.user}", ann.code)
        await dan_wire.run(f"/promote @{eve.user}", dan.code)
        heir, admin, nobody = [await stage.connect(seat) for seat in (cat, eve, stage.seats[2][1])]
        for owner, days in ((ann, 7), (dan, 30), (fay, 8)):
            await suspend(stage, owner.user, days)
        await stage.job(Succession).do_round()

        group = await heir.group(ann.code)
        assert (group.owner, group.role) == (cat.user, Role.OWNER)
        assert (await admin.group(dan.code)).owner == eve.user
        # Nobody is in line in the third group: it keeps its owner by name, and is locked.
        last = (await nobody.history(fay.code))[-1]
        assert (last.data["event"], last.from_.user) == ("owner_missing", "platform")
        assert (await nobody.group(fay.code)).owner == fay.user
        versions = [stage.node.rooms.find(code).state.version for code in (ann.code, dan.code, fay.code)]
        await stage.job(Succession).do_round()
        assert [stage.node.rooms.find(code).state.version for code in (ann.code, dan.code, fay.code)] == versions


async def test_what_a_suspended_account_has_offered_ends(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        (ann, bob, _), (dan, _, _) = stage.seats[:2]
        ann_wire, dan_wire = await stage.connect(ann), await stage.connect(dan)
        await ann_wire.run(f"/promote @{bob.user} invite", ann.code)
        await ann_wire.run("/joinmode invite", ann.code)
        async with await stage.connect(bob) as bob_wire:
            await bob_wire.run(f"/invite @{dan.user}", ann.code)
        await suspend(stage, bob.user, 1)
        # At once, though nobody has looked for it yet.
        await refused(dan_wire.run(f"/join {ann.code}"), "join_closed")
        assert [one["by"] for one in (await ann_wire.run("/invites", ann.code)).data["invitations"]] == [bob.user]
        await stage.job(Succession).do_round()
        assert (await ann_wire.run("/invites", ann.code)).data["invitations"] == []
        await refused(dan_wire.run(f"/join {ann.code}"), "join_closed")


async def test_a_short_suspension_changes_nothing(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        ann, bob, _ = stage.seats[0]
        await (await stage.connect(ann)).run(f"/heir @{bob.user}", ann.code)
        await suspend(stage, ann.user, 6)
        await stage.job(Succession).do_round()
        assert (await (await stage.connect(bob)).group(ann.code)).owner == ann.user


async def test_a_closed_account_leaves_all_groups_and_its_name_everything(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        ann, bob, _ = stage.seats[0]
        ann_wire, bob_wire = await stage.connect(ann), await stage.connect(bob)
        dan = await stage.connect(stage.seats[1][0])
        await ann_wire.run(f"/promote @{bob.user}", ann.code)
        await dan.run(f"/invite @{ann.user}", stage.seats[1][0].code)
        await ann_wire.run(f"/join {stage.seats[2][0].code}")
        alone = await ann_wire.create("Alone")
        seq = await ann_wire.post(ann.code, "good morning")
        await bob_wire.seen(ann.code, seq)
        refusal = await refused(ann_wire.run("/account close"), "confirm_required")
        assert refusal.detail["help"] == f"/account close {ann.user}"
        assert (await ann_wire.run(f"/account close {ann.user}")).data == {"closed": ann.user}
        assert await ann_wire.closed() == 4403
        # At once, from memory too: nobody reads who it was.
        assert (await bob_wire.history(ann.code))[-1].from_.user.startswith("~")
        await refused(bob_wire.run(f"/whois @{ann.user}"), "no_such_user")
        await stage.job(Succession).do_round()

        group = await bob_wire.group(ann.code)
        assert (group.owner, group.members) == (bob.user, 2)
        last = (await bob_wire.history(ann.code))[-1]
        assert (last.data["event"], last.from_.user) == ("departed", "platform")
        assert stage.node.rooms.find(alone).state.status is GroupStatus.CLOSED
        assert ann.user not in stage.node.rooms.find(stage.seats[2][0].code).state.members
        assert ann.user not in stage.node.rooms.find(stage.seats[1][0].code).state.invitations
        assert await stage.store.ledger.list_leaving() == []
        assert await stage.store.ledger.find_token(hash_token(ann.token)) is None


async def test_who_owns_a_group_that_nobody_is_fit_for_leaves_it_later(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        ann, bob, _ = stage.seats[0]
        ann_wire, bob_wire = await stage.connect(ann), await stage.connect(bob)
        await ann_wire.run(f"/account close {ann.user}")
        await stage.job(Succession).do_round()
        assert (await bob_wire.group(ann.code)).owner.startswith("~"), "a closed account's name is shown nowhere"
        assert await stage.store.ledger.list_leaving() == [ann.user]


async def overturn_suspension(stage: Stage, user: str) -> None:
    """Have the account appeal against its suspension, and the appeal succeed."""
    node = stage.node
    account = await node.accounts.load(user)
    assert account is not None
    case = await node.app.cases.appeals.open(account, "", "it was not me")
    assert isinstance(case, CaseState)
    judge = Actor("judge", platform=PlatformRole.SUPERADMIN)
    decided = await node.app.cases.appeals.decide(case, DecideAppeal(Outcome.OVERTURNED, "a mistake"), judge)
    assert isinstance(decided, CaseState)
    found = await node.store.ledger.load_case(case.number)
    assert found is not None
    assert found.is_settled


async def test_what_an_owner_lost_by_a_suspension_comes_back_when_it_is_overturned(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.rest()
        (ann, bob, cat), (dan, eve, _), (fay, *_) = stage.seats
        ann_wire, dan_wire = await stage.connect(ann), await stage.connect(dan)
        await ann_wire.run(f"/promote @{bob.user} mute", ann.code)
        await ann_wire.run(f"/heir @{cat.user}", ann.code)
        await dan_wire.run(f"/promote @{eve.user} kick delete", dan.code)
        before = [copy.deepcopy(stage.node.rooms.find(code).state) for code in (ann.code, dan.code)]
        fay_before = copy.deepcopy((await stage.node.rooms.load(fay.code)).state)
        for owner in (ann, dan, fay):
            await suspend(stage, owner.user, 30)
        await stage.job(Succession).do_round()
        owners = [stage.node.rooms.find(code).state.owner for code in (ann.code, dan.code, fay.code)]
        assert owners == [cat.user, eve.user, fay.user]
        for owner in (ann, dan, fay):
            await overturn_suspension(stage, owner.user)
        for state in (*before, fay_before):
            now = stage.node.rooms.find(state.code).state
            state.version = now.version
            assert now == state
            assert await stage.store.ledger.load_group(state.code) == now


async def test_what_a_groups_own_people_handed_on_since_stays_so(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.rest()
        ann, bob, cat = stage.seats[0]
        ann_wire, bob_wire, cat_wire = [await stage.connect(seat) for seat in (ann, bob, cat)]
        await ann_wire.run(f"/promote @{bob.user}", ann.code)
        await suspend(stage, ann.user, 30)
        await stage.job(Succession).do_round()
        await bob_wire.run(f"/transfer @{cat.user}", ann.code)
        await cat_wire.run("/transfer accept", ann.code)
        await overturn_suspension(stage, ann.user)
        assert stage.node.rooms.find(ann.code).state.owner == cat.user
