"""Credit, reports, appeals and rectification: who may what, who is told what, on one server with staff."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import Credit
from tests.integration.server import PASSWORD, Seat, Server, serving
from tests.integration.wire import Wire, refused

SETTINGS = {
    "policy__quota__limited__posts_per_minute": 2,
    "policy__quota__limited__invites_per_day": 1,
    "policy__quota__limited__groups_joined": 1,
    "limits__sign_ins_per_minute": 0,
}


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an administrator, `root`."""
    with serving(tmp_path_factory.mktemp("staffed"), groups=24, members=4, admin="root", **SETTINGS) as server:
        yield server


@pytest.fixture
async def root(staffed: Server) -> AsyncIterator[Wire]:
    async with await Wire.open(staffed.url) as wire:
        wire.session = await wire.ask(rq.Login, user="root", password=PASSWORD)
        yield wire


@pytest.fixture
def seats(staffed: Server) -> list[Seat]:
    return staffed.seats.pop()


@pytest.fixture
async def people(staffed: Server, seats: list[Seat]) -> AsyncIterator[list[Wire]]:
    """The owner of a group and three members, connected."""
    wires = [await staffed.connect(seat, json=index == 1) for index, seat in enumerate(seats)]
    yield wires
    for wire in wires:
        await wire.close()


async def admin(wire: Wire, noun: str, verb: str, target: str | None = None, **fields: Any) -> rs.AdminResult:
    result: rs.AdminResult = await wire.ask(rq.Admin, noun=noun, verb=verb, target=target, **fields)
    return result


async def test_credit_is_set_shown_and_decides_what_one_may(
    root: Wire, people: list[Wire], seats: list[Seat], staffed: Server
) -> None:
    ann, bob, *_ = people
    assert bob.session.account.credit == Credit("standard", 100)
    assert (await ann.ask(rq.GetAccount, user=bob.user)).account.credit is None
    done = await admin(root, "credit", "set", bob.user, reason="bots", options={"score": 40})
    assert (done.changed, done.items[0]) == (1, {"user": bob.user, "score": 40, "level": "limited"})
    assert (await bob.event(ev.AccountEvent)).account.credit == Credit("limited", 40)
    shown = await bob.run("/信用")
    assert (shown.data["score"], shown.data["next"]) == (40, {"level": "standard", "least": 60})
    (item,) = shown.data["items"]
    assert (item["cause"], item["points"], item["reason"], item["case"]) == ("set", "-60", "bots", f"@{bob.user}-3")
    assert "root" not in shown.text
    for _ in range(2):
        await bob.post(seats[0].code, "hello")
    limit = {"limit": 2, "rule": "policy.quota.limited.posts_per_minute", "help": "/credit"}
    refusal = await refused(bob.post(seats[0].code, "hello"), "rate_limited", **limit)
    assert refusal.detail["retry_after_ms"] > 0
    outsider = staffed.take_outsider()
    await refused(bob.ask(rq.JoinGroup, group=outsider.code), "join_quota", rule="policy.quota.limited.groups_joined")
    await bob.run(f"/invite @{outsider.user}", seats[0].code)
    await refused(bob.run(f"/invite @{outsider.user}", seats[0].code), "rate_limited", limit=1)
    changes = (await admin(root, "credit", "show", bob.user)).items[0]["changes"]
    assert [(change["by"], change["score"]) for change in changes] == [("root", 40)]


async def test_who_may_not_set_credit(root: Wire, people: list[Wire]) -> None:
    ann, bob, *_ = people
    await refused(admin(ann, "credit", "set", bob.user, reason="r", options={"score": 1}), "forbidden")
    await refused(admin(root, "credit", "set", "root", reason="r", options={"score": 1}), "forbidden")
    await refused(admin(root, "credit", "set", bob.user, reason="r"), "bad_request", field="score")
    await refused(admin(root, "credit", "set", bob.user, reason="r", options={"score": 9999}), "bad_request")
    await refused(admin(root, "credit", "show", "nobody.here"), "no_such_user")
