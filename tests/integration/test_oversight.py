"""The board of the operator's duties, and the figures of cases that are published: on a real server, over the wire."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from folkmoot_governance.oversight import DUTIES
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from tests.integration.server import PASSWORD, Seat, Server, serving
from tests.integration.test_cases import admin
from tests.integration.test_http import get
from tests.integration.test_removal import staff
from tests.integration.test_wrong_clock import DAY_S, Machine
from tests.integration.wire import Wire, refused

OPERATOR = {
    "operator__licence": "B2-20260001",
    "operator__licence_until": "2027-03-31",
    "operator__publish_figures": True,
    "limits__sign_ins_per_minute": 0,
}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A server with two administrators, whose clock can be set."""
    server = Machine(tmp_path, {"server__metrics": "everyone", **OPERATOR})
    server.set_clock(0)
    server.seed(1, 3)
    for name in ("root", "judge"):
        made = server.run("init", "--user", name, input=f"{PASSWORD}\n")
        assert made.returncode == 0, made.stderr
    try:
        yield server
    finally:
        if server.process is not None:
            assert server.terminate() == 0, server.stderr()


async def board(wire: Wire) -> dict[str, dict[str, Any]]:
    found = await admin(wire, "duty", "show")
    return {item["duty"]: item for item in found.items}


async def metrics(server: Server) -> dict[str, float]:
    """Return the state of each duty as /metrics has it."""
    lines = (await get(server, "/metrics")).text.splitlines()
    found = [line.split() for line in lines if line.startswith("folkmoot_duty{")]
    return {name.split('"')[1]: float(value) for name, value in found}


async def test_a_report_that_nobody_answers_is_due_and_then_broken_and_mended(machine: Machine) -> None:
    machine.start()
    ann, bob, _ = machine.seats[0]
    async with await staff(machine, "root") as root, await machine.connect(bob) as member:
        before = await board(root)
        assert list(before) == [row.name for row in DUTIES]
        assert (before["reports"]["state"], before["reviewers"]["state"]) == ("met", "met")
        assert before["licence"]["at_ts"] > 0
        assert before["documents"]["state"] == "due", "the texts are those that come along"
        opened = await member.ask(rq.Report, user=ann.user, group=ann.code, reason="spam")
        due = (await board(root))["reports"]
        assert (due["state"], due["figure"], due["mend"]) == ("due", 1, "folkmoot admin case list")
        await refused(admin(member, "duty", "show"), "forbidden")
    machine.kill()
    machine.set_clock(4 * DAY_S)
    machine.start()
    async with await staff(machine, "root") as root:
        await admin(root, "node", "confirm", "time", reason="four days have passed")
        await machine.until_doubt(there=False)
        broken = (await board(root))["reports"]
        assert (broken["state"], broken["figure"]) == ("broken", 1)
        assert (await metrics(machine)).items() >= {"reports": 1, "reviewers": 0, "documents": 1}.items()
        await admin(root, "case", "close", opened.case, reason="no spam", options={"outcome": "dismissed"})
        assert (await board(root))["reports"]["state"] == "met"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("published"), groups=1, members=4, admin="root", **OPERATOR) as server:
        yield server


@pytest.fixture
async def root(published: Server) -> AsyncIterator[Wire]:
    async with await Wire.open(published.url) as wire:
        wire.session = await wire.ask(rq.Login, user="root", password=PASSWORD)
        yield wire


async def test_figures_are_counted_and_published_and_name_nobody(published: Server, root: Wire) -> None:
    seats: list[Seat] = published.seats[0]
    ann, bob, carol, _ = seats
    async with await published.connect(bob) as member, await published.connect(ann) as owner:
        for reason, outcome in (("spam", "upheld"), ("fraud", "dismissed")):
            opened = await member.ask(rq.Report, user=carol.user, group=bob.code, reason=reason)
            await admin(root, "case", "close", opened.case, reason="seen", options={"outcome": outcome})
        muted = (await owner.run(f"/mute @{bob.user} 1h noise", bob.code)).data["case"]
        await member.run(f"/appeal {muted} it was not me", bob.code)
        await admin(root, "sanction", "create", f"@{carol.user}", reason="noise", options={"measure": "mute"})
        async with await published.connect(carol) as third:
            told = await third.event(ev.CaseEvent, state="platform_muted")
            await third.run(f"/appeal {told.case} it was not me")
        found = {(one["kind"], one["reason"]): one for one in (await admin(root, "figures", "show")).items}
        whole = found["report", ""]
        assert (whole["received"], whole["decided"], whole["granted"], whole["overdue"]) == (2, 2, 1, 0)
        assert found["report", "spam"]["granted"] == 1
        assert (found["appeal", "muted"]["received"], found["appeal", "muted"]["decided"]) == (1, 0)
        assert found["appeal", "account_mute"]["received"] == 1
        await refused(admin(member, "figures", "show"), "forbidden")

    english, chinese = [await get(published, "/transparency", accept_language=one) for one in ("en", "zh-CN")]
    assert english.status == 200
    for text in (
        "Reports",
        "Advertising, spam",
        "Fraud",
        "muted in a group",
        "an account muted in all groups",
        "1, of those 1",
        "<svg",
    ):
        assert text in english.text, text
    assert not [reason for reason in ("spam", "Fraud", "fraud") if reason in chinese.text], "codes are for programs"
    assert "在群内被禁言" in chinese.text and 'lang="zh-CN"' in chinese.text
    data = json.loads((await get(published, "/transparency", accept="application/json")).text)
    assert data["figures"][0]["received"] == 2
    for shown in (english.text, chinese.text, json.dumps(data)):
        assert not [seat.user for seat in seats if seat.user in shown]
        assert bob.code not in shown
    assert "script" not in english.text


async def test_what_is_not_published_is_not_there(shared: Server) -> None:
    assert (await get(shared, "/transparency")).status == 404
