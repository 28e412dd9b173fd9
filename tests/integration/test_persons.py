"""One person with two accounts: what holds of one holds of the other, and staff who may sees that."""

import contextlib
import re
from collections.abc import AsyncIterator, Iterator

import pytest

from folkmoot_protocol import requests as rq
from tests.integration.server import PASSWORD, Seat, Server, serving
from tests.integration.test_report_page import post
from tests.integration.wire import Closed, Wire, refused

MOBILE = "13912345678"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {
        "identity__sender__kind": "console",
        "identity__sender__codes_per_hour": 1000,
        "identity__sender__codes_per_address": 1000,
        "limits__sign_ins_per_minute": 0,
        "limits__requests_per_second": 0,
        "policy__quota__standard__groups_joined": 3,
    }
    with serving(tmp_path_factory.mktemp("persons"), groups=12, members=2, admin="root", **settings) as server:
        yield server


@pytest.fixture
async def root(platform: Server) -> AsyncIterator[Wire]:
    async with await Wire.open(platform.url) as wire:
        wire.session = await wire.ask(rq.Login, user="root", password=PASSWORD)
        yield wire


async def admin(root: Wire, noun: str, verb: str, target: str, **options: object) -> dict[str, object]:
    found = await root.ask(rq.Admin, noun=noun, verb=verb, target=target, reason="spam", options=options)
    item: dict[str, object] = found.items[0]
    return item


async def show_mobile(server: Server, root: Wire, wire: Wire, number: str) -> None:
    """Let somebody show that a mobile is theirs."""
    await admin(root, "user", "verify", wire.user, identity="none")
    await wire.run(f"/verify mobile {number}")
    code = re.findall(r"one_time_code='?(\d{6})", server.stderr())[-1]
    await wire.run(f"/verify code {code}")


async def one_person(server: Server, root: Wire, number: str) -> tuple[Wire, Wire, Seat, Seat]:
    """Return connections of two accounts, in two groups, that showed the same mobile."""
    seats = server.seats.pop()[1], server.seats.pop()[1]
    wires = [await server.connect(seat) for seat in seats]
    for wire in wires:
        await show_mobile(server, root, wire, number)
    return wires[0], wires[1], *seats


async def test_caps_count_together_and_staff_sees_whose_the_accounts_are(platform: Server, root: Wire) -> None:
    ann, bob, _, second = await one_person(platform, root, MOBILE)
    async with ann, bob:
        assert (await admin(root, "user", "show", ann.user))["same_person"] == [bob.user]
        assert (await ann.run("/limits")).data["groups_joined"]["current"] == 2
        await ann.create()
        for wire in (ann, bob):
            refusal = await refused(wire.ask(rq.CreateGroup, name="One more"), "join_quota")
            assert (refusal.detail["current"], refusal.detail["limit"]) == (3, 3)
        # What one account gives up is free for the other at once.
        await bob.run("/leave", second.code)
        await ann.create()


async def test_a_suspension_shuts_out_every_account_and_one_that_is_verified_later(
    platform: Server, root: Wire
) -> None:
    ann, bob, first, second = await one_person(platform, root, "13911112222")
    async with ann, bob:
        await admin(root, "user", "suspend", ann.user, duration="1d")
        for wire in (ann, bob):
            assert await wire.closed() == 4403
    async with await Wire.open(platform.url) as again:
        refusal = await refused(again.ask(rq.Resume, token=second.token), "account_suspended", user=first.user)
        assert (refusal.detail["reason"], refusal.detail["case"][: len(first.user) + 2]) == ("spam", f"@{first.user}-")
        late = await platform.connect(platform.seats.pop()[1])
        with contextlib.suppress(Closed):
            await show_mobile(platform, root, late, "13911112222")
        assert await late.closed() == 4403
        await late.close()
        await root.ask(rq.Admin, noun="user", verb="restore", target=first.user, reason="mistake")
        await again.ask(rq.Resume, token=second.token)


async def test_a_right_that_is_taken_and_credit_that_is_lost_are_the_persons(platform: Server, root: Wire) -> None:
    ann, bob, _, second = await one_person(platform, root, "13933334444")
    async with ann, bob:
        await bob.post(second.code, "before")
        case = (await admin(root, "sanction", "create", f"@{ann.user}", measure="mute"))["case"]
        await refused(bob.ask(rq.Post, group=second.code, body="after"), "muted", case=case)
        assert case in (await bob.run("/sanctions")).text
        await admin(root, "sanction", "restore", f"@{ann.user}", measure="mute")
        assert await bob.post(second.code, "again")
        level = (await bob.run("/credit")).data["level"]
        await admin(root, "credit", "set", ann.user, score=1)
        assert (await bob.run("/credit")).data["level"] != level


async def test_a_bot_may_what_its_giver_may(platform: Server, root: Wire) -> None:
    """Suspended, muted by the platform, known, appealing: all of it is the giver's."""
    seats = platform.seats.pop()
    async with await platform.connect(seats[0]) as owner, await platform.connect(seats[1]) as giver:
        await owner.run(f"/promote @{giver.user} bots", owner_code := seats[0].code)
        token = (await giver.run("/bot add butler", owner_code)).data["token"]
        url = str((await giver.run("/webhook in bell", owner_code)).data["url"])
        robot = await Wire.open(platform.url, token)
        shown = (await owner.ask(rq.GetAccount, user="butler")).account
        assert (shown.identity, shown.bot) == ("person", giver.user), "known as its giver is"
        await admin(root, "sanction", "create", f"@{giver.user}", measure="mute", duration="1h")
        await refused(robot.post(owner_code, "dinner is served"), "muted")
        assert (await post(platform, url, b"ding", "text/plain")).status == 403
        await admin(root, "sanction", "restore", f"@{giver.user}", measure="mute")
        await robot.post(owner_code, "dinner is served")
        # Against what hit the bot its giver appeals, and it does not itself.
        case = str((await owner.run("/mute @butler 10m too early", owner_code)).data["case"])
        await refused(robot.run(f"/appeal {case} it was eight", owner_code), "forbidden", rule="bots")
        opened = str((await giver.run(f"/appeal {case} it was eight", owner_code)).data["case"])
        await admin(root, "user", "suspend", giver.user, duration="1d")
        assert await robot.closed() == 4403
        assert (await post(platform, url, b"ding", "text/plain")).status == 403
        async with await Wire.open(platform.url) as again:
            await refused(again.ask(rq.Resume, token=token), "account_suspended", user=giver.user)
            await admin(root, "user", "restore", giver.user)
            await again.resume(token)
            await refused(again.post(owner_code, "dinner?"), "muted")
        assert (await post(platform, url, b"ding", "text/plain")).status == 200
        await robot.close()
        assert opened == f"a-{case}"
        # Staff sees who answers for which, and ends one as it ends any account: its giver is not hit by that.
        listed = (await root.ask(rq.Admin, noun="bot", verb="list")).items
        assert [(one["user"], one["giver"]) for one in listed] == [("bell", giver.user), ("butler", giver.user)]
        shown = await admin(root, "user", "show", "bell")
        assert (shown["bot"], shown["home"], "same_person" in shown) == (giver.user, owner_code, False)
        await admin(root, "user", "suspend", "bell", duration="1d")
        assert (await post(platform, url, b"ding", "text/plain")).status == 403
