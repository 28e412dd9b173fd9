"""Mediation over the wire: between a member and an admin, and between two owners; who reads what is said."""

from collections.abc import AsyncIterator, Iterator

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.test_cases import admin
from tests.integration.wire import Wire, refused

OFFER = "I lift the mute and you say sorry"


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(
        tmp_path_factory.mktemp("staffed"), groups=6, members=4, admin="root", limits__sign_ins_per_minute=0
    ) as server:
        yield server


@pytest.fixture
async def root(staffed: Server) -> AsyncIterator[Wire]:
    async with await Wire.open(staffed.url) as wire:
        wire.session = await wire.ask(rq.Login, user="root", password=PASSWORD)
        yield wire


async def test_a_member_and_an_admin_settle_it_and_no_measure_changes(staffed: Server, root: Wire) -> None:
    ann, bob, carol, _ = staffed.seats.pop()
    code = ann.code
    async with (
        await staffed.connect(ann) as owner,
        await staffed.connect(bob) as member,
        await staffed.connect(carol) as other,
    ):
        muted = (await owner.run(f"/mute @{bob.user} 7d rude", code)).data["until_ms"]
        case = (await member.run(f"/mediate @{ann.user} about that mute", code)).data["case"]
        asked = await owner.event(ev.CaseEvent, state="mediation_opened")
        assert (asked.case, "about that mute" in asked.text) == (case, False)
        assert (await owner.run(f"/mediate {case}")).data["said"][0]["text"] == "about that mute"

        for outsider in (other, root):
            await refused(outsider.run(f"/mediate {case}"), "no_such_entry")
            await refused(outsider.run(f"/mediate {case} say hello"), "no_such_entry")
        await refused(admin(root, "case", "show", case), "no_such_entry")
        await refused(other.run(f"/mediate {case} mediator @{carol.user}"), "no_such_entry")
        listed = (await admin(root, "mediation", "list")).items
        assert [one["case"] for one in listed] == [case]
        assert "about that mute" not in str(listed)
        (row,) = (await admin(root, "desk", "list")).items
        assert (row["case"], row["why"], [way["verb"] for way in row["ways"]]) == (case, f"@{member.user}", ["take"])
        shown = (await admin(root, "desk", "show", case)).text
        assert f"About: @{ann.user}" in shown and "about that mute" not in shown
        duty = {one["duty"]: one["state"] for one in (await admin(root, "duty", "show")).items}
        assert duty["mediations"] == "due"

        assert (await admin(root, "mediation", "take", case, dry_run=True)).changed == 1
        await refused(root.run(f"/mediate {case}"), "no_such_entry")
        await admin(root, "mediation", "take", case)
        assert (await member.event(ev.CaseEvent, state="mediator_found")).case == case
        await refused(admin(root, "mediation", "take", case), "conflict")
        assert (await admin(root, "desk", "list")).items == ()
        await root.run(f"/mediate {case} propose {OFFER}")
        for party in (member, owner):
            assert OFFER not in (await party.event(ev.CaseEvent, state="proposal_made")).text
            assert (await party.run(f"/mediate {case}")).data["said"][-1]["text"] == OFFER
        await member.run(f"/mediate {case} accept")
        done = await owner.run(f"/mediate {case} accept")
        assert done.data["state"] == "agreed"
        assert (await root.event(ev.CaseEvent, state="agreed")).case == case
        await refused(member.run(f"/mediate {case} say thanks"), "conflict")
        assert [one["case"] for one in (await member.run("/mediate")).data["items"]] == [case]
        assert (await member.group(code)).muted_until_ms == muted, "it changes no measure"
        assert (await member.run("/cases")).data["items"] == []


async def test_who_was_banned_asks_whoever_did_it(staffed: Server) -> None:
    ann, bob, *_ = staffed.seats.pop()
    async with await staffed.connect(ann) as owner, await staffed.connect(bob) as banned:
        await owner.run(f"/ban @{bob.user} 7d rude", ann.code)
        asked = (await banned.run(f"/mediate @{ann.user} I was not")).data
        assert (asked["group"], asked["state"]) == (ann.code, "open")
        assert (await owner.event(ev.CaseEvent, state="mediation_opened")).case == asked["case"]
        await owner.run(f"/mediate {asked['case']} propose come back tomorrow")
        assert (await banned.run(f"/mediate {asked['case']} accept")).data["state"] == "agreed"
        assert (await owner.run("/bans", ann.code)).data["items"], "it changes no measure"


async def test_two_owners_name_a_mediator_and_end_it(staffed: Server) -> None:
    ann, bob, *_ = staffed.seats.pop()
    zoe, carol, *_ = staffed.seats.pop()
    async with (
        await staffed.connect(ann) as one,
        await staffed.connect(bob) as nobody,
        await staffed.connect(zoe) as other,
        await staffed.connect(carol, json=True) as mediator,
    ):
        await refused(one.run(f"/mediate @{carol.user} hm"), "forbidden")
        await refused(nobody.run(f"/mediate @{zoe.user} hm"), "forbidden")
        await refused(one.run(f"/mediate @{zoe.user} hm", ann.code), "no_such_user")
        await refused(one.run(f"/mediate @{zoe.user}"), "bad_request")
        case = (await one.run(f"/mediate @{zoe.user} you took our name")).data["case"]
        await one.run(f"/mediate {case} mediator @{carol.user}")
        await refused(mediator.run(f"/mediate {case}"), "no_such_entry")
        await other.run("/lang zh-CN")
        await other.run(f"/mediate {case} mediator @{carol.user}")
        assert (await mediator.event(ev.CaseEvent, state="mediator_found")).case == case
        await mediator.run(f"/mediate {case} say what would help?")
        assert "调解" in (await other.event(ev.CaseEvent, state="mediation_said")).text
        await refused(one.run(f"/mediate {case} hum"), "bad_syntax")
        await refused(one.run(f"/mediate {case} say {'x' * 1001}"), "too_long")
        await mediator.run(f"/mediate {case} end you do not want to")
        ended = await one.run(f"/mediate {case}")
        assert (ended.data["state"], ended.data["said"][-1]["text"]) == ("ended", "you do not want to")
