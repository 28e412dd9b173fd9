"""What accounts are told by themselves waits for them: through a real server, to who is there and to who comes back."""

from collections.abc import Iterator
from typing import Any

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import Notice
from tests.integration.server import PASSWORD, Launch, Seat, Server, serving
from tests.integration.wire import Wire, refused

AN_HOUR = {"reason": "spam", "options": {"duration": "1h"}}


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an administrator, `root`."""
    place = tmp_path_factory.mktemp("box")
    with serving(place, groups=16, members=3, admin="root", limits__sign_ins_per_minute=0) as server:
        yield server


@pytest.fixture
def seats(staffed: Server) -> list[Seat]:
    return staffed.seats.pop()


async def staff(server: Server) -> Wire:
    root = await Wire.open(server.url)
    root.session = await root.ask(rq.Login, user="root", password=PASSWORD)
    return root


async def admin(wire: Wire, noun: str, verb: str, target: str, **fields: Any) -> rs.AdminResult:
    result: rs.AdminResult = await wire.ask(rq.Admin, noun=noun, verb=verb, target=target, **fields)
    return result


async def told(wire: Wire, **fields: Any) -> list[Notice]:
    """Return what an account is told, the latest first."""
    result: rs.NoticesResult = await wire.ask(rq.GetNotices, **fields)
    return list(result.notices)


async def kinds(wire: Wire, **fields: Any) -> list[str]:
    return [one.kind for one in await told(wire, **fields)]


async def new_person(server: Server, user: str) -> Wire:
    """Register somebody who has a password."""
    wire = await Wire.open(server.url)
    await wire.register(user, PASSWORD)
    return wire


async def test_who_is_there_hears_at_once_and_reads_it_again_later(staffed: Server, seats: list[Seat]) -> None:
    ann, bob = [await staffed.connect(seat, json=index == 1) for index, seat in enumerate(seats[:2])]
    code = seats[0].code
    done = await ann.run(f"/mute @{bob.user} 10m too loud", code)
    event = await bob.event(ev.CaseEvent)
    assert (event.case, event.state) == (done.data["case"], "muted")
    assert event.text.startswith("You were muted in ")
    assert ": too loud (to appeal, until " in event.text
    assert f": /appeal {event.case} …)" in event.text
    assert event.notice is not None
    (listed,) = await told(bob)
    assert listed == event.notice
    assert (listed.group, listed.read_ts, listed.data["reason"]) == (code, 0, "too loud")
    assert listed.data["until_ms"] == done.data["until_ms"]
    assert ann.user not in str(listed), "who of the leaders did it is in the group's record"
    assert await told(ann) == []
    await bob.ask(rq.ReadNotices, up_to=listed.id)
    (listed,) = await told(bob)
    assert listed.read_ts
    assert await told(bob, unread=True) == []
    for wire in (ann, bob):
        await wire.close()


async def test_who_comes_back_is_told_until_it_is_read(launch: Launch) -> None:
    server = launch(groups=1, members=3)
    ann_seat, bob_seat, carol_seat = server.seats[0]
    code = ann_seat.code
    async with await server.connect(bob_seat) as bob:
        await bob.run("/lang zh-CN")
        seq = await bob.post(code, "buy this")
    async with await server.connect(ann_seat) as ann:
        await ann.run(f"/delete {seq} advertising", code)
        await ann.run(f"/warn @{bob_seat.user} once more and you go", code)
        await ann.run(f"/kick @{bob_seat.user} bye", code)
        await ann.run(f"/kick @{carol_seat.user}", code)
    server.restart()
    async with await server.connect(bob_seat) as bob, await server.connect(carol_seat) as carol:
        await bob.event(ev.CaseEvent, state="kicked")
        heard = [one for one in bob.log if isinstance(one, ev.CaseEvent)]
        assert [one.state for one in heard] == ["deleted", "warned", "kicked"], "the oldest first"
        assert "你" in heard[-1].text
        assert "bye" in heard[-1].text
        assert (await carol.event(ev.CaseEvent)).text.startswith("You were removed from ")
        assert heard[0].notice is not None and heard[0].notice.data["seq"] == seq
        await bob.ask(rq.ReadNotices, up_to=heard[1].notice.id if heard[1].notice else "")
    async with await server.connect(bob_seat) as bob:
        await bob.event(ev.CaseEvent)
        assert [one.state for one in bob.log if isinstance(one, ev.CaseEvent)] == ["kicked"]
        shown = await bob.run("/通知")
        assert [item["kind"] for item in shown.data["items"]] == ["kicked", "warned", "deleted"]
        assert shown.text.count("\n") == 2
        assert await told(bob, unread=True) == []
        appeal = await bob.run(f"/appeal {heard[-1].case} I did nothing")
        assert appeal.data["case"] == f"a-{heard[-1].case}"
    async with await server.connect(bob_seat) as bob:
        await bob.run("/uptime")
        assert not any(isinstance(one, ev.CaseEvent) for one in bob.log)


async def test_who_is_suspended_reads_by_password_why(staffed: Server) -> None:
    root, eve = await staff(staffed), await new_person(staffed, "eve")
    await admin(root, "user", "suspend", "eve", **AN_HOUR)
    assert (await eve.event(ev.CaseEvent)).state == "account_suspended", "before the connection is closed"
    assert await eve.closed() == 4403
    who = {"user": "@EVE", "password": PASSWORD}
    # Few requests are taken of a connection before it has signed in.
    async with await Wire.open(staffed.url) as eve:
        login = eve.ask(rq.Login, user="eve", password=PASSWORD)
        refusal = await refused(login, "account_suspended", case="@eve-2", reason="spam")
        assert refusal.detail["until_ms"]
        assert "@eve-2" in refusal.message
        (notice,) = await told(eve, **who)
        assert (notice.kind, notice.case, notice.data["reason"]) == ("account_suspended", "@eve-2", "spam")
        assert notice.data["until_ms"] == refusal.detail["until_ms"]
        await eve.ask(rq.ReadNotices, up_to=notice.id, **who)
        assert (await told(eve, **who))[0].read_ts
    async with await Wire.open(staffed.url) as eve:
        assert await told(eve, **who, unread=True) == []
        await refused(told(eve, user="eve", password="not hers"), "auth_failed")
        await refused(told(eve, user="nobody.here", password="not hers"), "auth_failed")
        await refused(eve.ask(rq.Resume, token="nobody's"), "auth_failed")
    async with await Wire.open(staffed.url) as eve:
        await refused(told(eve), "not_authenticated")
        await refused(eve.ask(rq.ReadNotices, up_to=notice.id), "not_authenticated")
    await root.close()


async def test_owner_and_admins_are_told_of_measures_on_their_group(staffed: Server, seats: list[Seat]) -> None:
    root = await staff(staffed)
    ann, bob, carol = [await staffed.connect(seat) for seat in seats]
    code = seats[0].code
    await ann.run(f"/promote @{bob.user}", code)
    await admin(root, "sanction", "create", code, reason="no rules", options={"duration": "1d"})
    await admin(root, "group", "suspend", code, **AN_HOUR)
    await admin(root, "group", "restore", code, reason="enough")
    await admin(root, "group", "close", code, reason="fraud")
    for leader in (ann, bob):
        found = await told(leader)
        assert [one.kind for one in found] == ["group_closed", "group_restored", "group_suspended", "group_warned"]
        assert found[0].data["reason"] == "fraud"
        assert "appeal_until_ms" in found[0].data
    assert await kinds(carol) == []
    assert not any("root" in str(one) for one in await told(ann))
    for wire in (root, ann, bob, carol):
        await wire.close()


async def test_what_became_of_reports_requests_and_reviews_waits(staffed: Server, seats: list[Seat]) -> None:
    root, ann = await staff(staffed), await staffed.connect(seats[0])
    code = seats[0].code
    bob = await staffed.connect(seats[1])
    seq = await bob.post(code, "send me your money")
    async with await staffed.connect(seats[2]) as carol:
        report: rs.ReportResult = await carol.ask(rq.Report, group=code, seq=seq, reason="fraud")
    await ann.run("/joinmode approval", code)
    first, second = await new_person(staffed, "first.one"), await new_person(staffed, "second.one")
    for wire in (first, second):
        await wire.ask(rq.JoinGroup, group=code)
        await wire.close()
    await ann.run("/deny @first.one not today", code)
    await ann.run("/approve @second.one", code)
    await admin(root, "case", "close", report.case, reason="a fraud", options={"outcome": "upheld"})
    await admin(root, "user", "verify", "first.one", reason="seen", options={"identity": "person"})
    async with await staffed.connect(seats[2]) as carol:
        assert (await carol.event(ev.CaseEvent)).case == report.case
    lowered, found = await told(bob)
    assert (lowered.kind, found.kind) == ("credit_lowered", "found_against_entry")
    assert (lowered.data["report"], lowered.data["reason"]) == (report.case, "a fraud")
    assert (lowered.data["entry"], found.data["seq"], found.case) == (f"{code}:{seq}", seq, report.case)
    for wire, expected in ((first, ["verified", "denied"]), (second, ["let_in"])):
        async with await Wire.open(staffed.url, wire.token) as back:
            await back.event(ev.CaseEvent, state=expected[0])
            assert await kinds(back) == expected
    for wire in (root, ann, bob):
        await wire.close()


async def test_a_box_is_read_page_by_page_and_goes_with_the_account(staffed: Server, seats: list[Seat]) -> None:
    ann, bob = await staffed.connect(seats[0]), await staffed.connect(seats[1])
    code = seats[0].code
    for _ in range(2):
        await ann.run(f"/mute @{bob.user} 10m", code)
        await ann.run(f"/unmute @{bob.user}", code)
    page: rs.NoticesResult = await bob.ask(rq.GetNotices, limit=3)
    assert ([one.kind for one in page.notices], page.more) == (["unmuted", "muted", "unmuted"], True)
    rest: rs.NoticesResult = await bob.ask(rq.GetNotices, limit=3, before=page.notices[-1].id)
    assert ([one.kind for one in rest.notices], rest.more) == (["muted"], False)
    shown = await bob.run(f"/notices {page.notices[-1].id}")
    assert [item["id"] for item in shown.data["items"]] == [rest.notices[0].id]
    assert len(await told(bob, unread=True)) == 3, "what was not shown is not read"
    await bob.run(f"/account close {bob.user}")
    await ann.run(f"/ban @{seats[2].user} 7d", code)
    async with await Wire.open(staffed.url) as nobody:
        await refused(told(nobody, user=bob.user, password="x"), "auth_failed")
    await ann.close()
    await bob.close()


async def test_who_led_a_closed_group_reads_its_record_and_appeals(staffed: Server, seats: list[Seat]) -> None:
    root = await staff(staffed)
    ann, bob, carol = [await staffed.connect(seat) for seat in seats]
    code = seats[0].code
    await ann.run(f"/promote @{bob.user}", code)
    await ann.run(f"/promote @{carol.user}", code)
    await ann.run(f"/demote @{carol.user}", code)
    await admin(root, "group", "close", code, reason="fraud")
    for leader in (ann, bob):
        acts = (await leader.run("/log", code)).data["acts"]
        assert [act["event"] for act in acts][:3] == ["closed", "demoted", "promoted"]
        assert not any("undo" in act for act in acts)
        (row,) = (await leader.run("/sanctions", code)).data["items"]
        assert (row["kind"], row["group"], row["case"]) == ("group_closed", code, acts[0]["case"])
        assert row["reason"] == "fraud"
        await refused(leader.run("/topic x", code), "not_a_member")
        await refused(leader.post(code, "hello"), "group_closed")
    assert (await ann.run("/export", code)).data["acts"]
    await refused(bob.run("/export", code), "not_a_member")
    await refused(carol.run("/log", code), "not_a_member")
    assert (await carol.run("/sanctions")).data["items"] == []
    case = row["case"]
    await refused(carol.run(f"/appeal {case} no"), "forbidden")
    appealed = await bob.run(f"/appeal {case} we did nothing", code)
    await refused(ann.run(f"/appeal {case} me too"), "conflict")
    assert appealed.data["case"] == f"a-{case}"
    await refused(admin(root, "appeal", "reject", f"a-{case}", reason="no"), "forbidden")
    for wire in (root, ann, bob, carol):
        await wire.close()


async def test_sanctions_of_the_platform_are_listed(staffed: Server, seats: list[Seat]) -> None:
    root, ann = await staff(staffed), await staffed.connect(seats[0])
    code = seats[0].code
    assert (await ann.run("/sanctions")).text == "Nothing is in force against you."
    await admin(root, "sanction", "create", code, reason="no rules", options={"duration": "1d"})
    await admin(root, "group", "suspend", code, **AN_HOUR)
    await admin(root, "credit", "set", ann.user, reason="bots", options={"score": 70})
    listed = await ann.run("/sanctions")
    found = [(row["kind"], row["group"], row["reason"]) for row in listed.data["items"]]
    assert found == [("group_suspended", code, "spam"), ("group_warned", code, "no rules")]
    (change,) = listed.data["credit"]
    assert (change["points"], change["reason"], change["cause"]) == ("-30", "bots", "set")
    assert "bots" in listed.text and "/appeal <case> <text>" in listed.text
    async with await staffed.connect(seats[1]) as bob:
        assert (await bob.run("/sanctions")).data["items"] == [], "not those of a group that one does not lead"
    await root.close()
    await ann.close()
