"""The emergency switch on a real server: what stops, for whom, and who is told; and what everybody is told."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.test_cases import admin
from tests.integration.wire import Wire, refused


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an administrator, `root`."""
    place = tmp_path_factory.mktemp("emergency")
    limits = {f"limits__{name}": 0 for name in ("sign_ins_per_minute", "connections_per_address")}
    with serving(place, groups=3, members=3, admin="root", **limits) as server:
        yield server
        assert server.terminate() == 0
        checked = server.run("db", "verify")
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture
async def root(staffed: Server) -> AsyncIterator[Wire]:
    async with await Wire.open(staffed.url) as wire:
        wire.session = await wire.ask(rq.Login, user="root", password=PASSWORD)
        yield wire


async def start(root: Wire, scope: str, what: str, **options: Any) -> str:
    given = {"what": what, "duration": "1h", **options}
    done = await admin(root, "emergency", "start", scope, reason="raid", options=given)
    return str(done.items[0]["number"])


async def end(root: Wire, number: str) -> None:
    await admin(root, "emergency", "end", number, reason="over")


async def test_a_group_is_read_only_but_for_staff_reports_and_appeals(staffed: Server, root: Wire) -> None:
    owner_seat, member_seat, _ = staffed.seats[0]
    other = staffed.seats[1][0]
    code = owner_seat.code
    async with (
        await staffed.connect(owner_seat) as owner,
        await staffed.connect(member_seat) as member,
        await staffed.connect(other) as stranger,
    ):
        seq = await member.post(code, "before")
        case = (await owner.run(f"/delete {seq} rude", code)).data["case"]
        seq = await member.post(code, "still before")
        await root.run(f"/join {code}")
        planned = {"what": "read_only", "duration": "1h"}
        assert (await admin(root, "emergency", "start", code, reason="r", options=planned, dry_run=True)).changed == 1
        await member.post(code, "that was a dry run")
        number = await start(root, code, "read_only", announcement="Back in an hour.")
        told = await member.event(ev.CaseEvent, state="platform_announced")
        assert told.text == "The platform: Back in an hour."
        for refused_now in (
            member.post(code, "no"),
            owner.post(code, "no"),
            owner.run("/topic no", code),
            member.run("/me waves", code),
            member.run("/nick no", code),
            member.ask(rq.Edit, group=code, seq=seq, body="no"),
            member.ask(rq.React, group=code, seq=seq, reaction="👍"),
        ):
            await refused(refused_now, "emergency", number=number, reason="raid", rule="emergency")
        await stranger.post(other.code, "elsewhere it goes on")
        await root.post(code, "staff goes on")
        await owner.run(f"/mute @{member_seat.user} 1m noise", code)
        await owner.run(f"/unmute @{member_seat.user}", code)
        await owner.ask(rq.Report, group=code, seq=seq, reason="spam")
        await member.run(f"/appeal {case} I was polite", code)
        await refused(admin(member, "emergency", "end", number, reason="r"), "forbidden")
        shown = (await admin(root, "emergency", "list")).items
        assert [(one["number"], one["scope"], one["what"]) for one in shown] == [(number, code, "read_only")]
        await refused(admin(root, "emergency", "start", code, reason="r", options=planned), "conflict", number=number)
        await end(root, number)
        await member.post(code, "after")
        assert (await admin(root, "emergency", "list")).items == ()
        assert "platform_announced" not in [one.kind for one in (await stranger.ask(rq.GetNotices)).notices]


async def test_joining_founding_registering_stop_and_posting_slows(staffed: Server, root: Wire) -> None:
    seat, other = staffed.seats[2][0], staffed.seats[1][0]
    async with await staffed.connect(seat) as wire:
        numbers = [await start(root, "category:general", "joins"), await start(root, "platform", "creation")]
        numbers += [await start(root, "platform", "registration")]
        numbers += [await start(root, "platform", "slow", every="30s")]
        await refused(wire.run(f"/join {other.code}"), "emergency")
        await refused(wire.run("/create Another"), "emergency")
        async with await Wire.open(staffed.url) as new:
            await refused(new.register("newcomer", PASSWORD), "emergency")
        await wire.post(seat.code, "one")
        await refused(wire.post(seat.code, "two"), "slow_mode")
        for number in numbers:
            await end(root, number)
        await wire.post(seat.code, "three")
        await wire.run(f"/join {other.code}")
        await wire.run("/create Another")
    for scope, code, options in (
        ("category:none", "bad_request", {}),
        ("1234", "no_such_group", {}),
        ("platform", "bad_request", {"every": "1m"}),
    ):
        given = {"what": "joins", "duration": "1h", **options}
        await refused(admin(root, "emergency", "start", scope, reason="r", options=given), code)


async def test_an_announcement_reaches_everybody_and_waits_in_the_box(staffed: Server, root: Wire) -> None:
    here, away = staffed.seats[2][1], staffed.seats[2][2]
    async with await staffed.connect(here) as wire:
        news = {"text": "Closed tonight.", "duration": "3d"}
        assert (await admin(root, "announce", "create", options=news, dry_run=True)).changed == 1
        number = (await admin(root, "announce", "create", options=news)).items[0]["number"]
        assert (await wire.event(ev.CaseEvent, case=number)).text == "The platform: Closed tonight."
        await refused(admin(wire, "announce", "create", options=news), "forbidden")
    staffed.restart()
    for _ in range(2):
        async with await staffed.connect(away) as wire:
            assert (await wire.event(ev.CaseEvent, case=number)).state == "platform_announced"
    async with await staffed.connect(away) as wire:
        page: rs.NoticesResult = await wire.ask(rq.GetNotices)
        (told,) = [one for one in page.notices if one.case == number]
        await wire.ask(rq.ReadNotices, up_to=told.id)
    async with await staffed.connect(away) as wire:
        again: rs.NoticesResult = await wire.ask(rq.GetNotices, unread=True)
        assert number not in [one.case for one in again.notices], "what was read is read"
    async with await Wire.open(staffed.url) as late:
        await late.register("came.later", PASSWORD)
        found: rs.NoticesResult = await late.ask(rq.GetNotices)
        assert number not in [one.case for one in found.notices]
