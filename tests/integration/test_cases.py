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
    item = {"user": bob.user, "score": 40, "level": "limited", "case": f"@{bob.user}-3"}
    assert (done.changed, done.items[0]) == (1, item)
    assert (await bob.event(ev.AccountEvent)).account.credit == Credit("limited", 40)
    shown = await bob.run("/信用")
    assert (shown.data["score"], shown.data["next"]) == (40, {"level": "standard", "least": 60})
    (item,) = shown.data["items"]
    assert (item["cause"], item["points"], item["reason"], item["case"]) == ("set", "-60", "bots", f"@{bob.user}-3")
    assert "root" not in shown.text
    own = (await bob.run("/limits")).data
    assert (own["posts_per_minute"], own["invites_per_day"], own["groups_joined"]["limit"]) == (2, 1, 1)
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


async def test_a_report_keeps_what_was_said_and_is_answered(
    root: Wire, people: list[Wire], seats: list[Seat], staffed: Server
) -> None:
    ann, bob, carol, _ = people
    code = seats[0].code
    seq = await bob.post(code, "send me your money")
    opened: rs.ReportResult = await carol.ask(rq.Report, group=code, seq=seq, reason="fraud", text="he asks everybody")
    assert opened.due_ms > 0
    assert (await carol.ask(rq.Report, group=code, seq=seq, reason="spam")).case == opened.case, "once is enough"
    (queued,) = (await ann.run("/queue", code)).data["reports"]
    assert (queued["seq"], queued["user"], queued["case"]) == (seq, bob.user, opened.case)
    assert carol.user not in str(queued)
    await ann.run(f"/delete {seq}", code)
    (row,) = [item for item in (await admin(root, "case", "list")).items if item["case"] == opened.case]
    assert (row["severity"], row["user"], row["due_ts"]) == ("high", bob.user, opened.due_ms)
    shown = (await admin(root, "case", "show", opened.case)).items[0]
    assert (shown["text"], shown["subject"]["entry"]["body"]) == ("he asks everybody", "send me your money")
    assert (shown["by"], shown["reliability"]) == (carol.user, 100)
    closing = {"reason": "a fraud", "options": {"outcome": "upheld"}}
    assert (await admin(root, "case", "close", opened.case, **closing, dry_run=True)).items[0]["state"] == "upheld"
    await admin(root, "case", "close", opened.case, **closing)
    told = await carol.event(ev.CaseEvent)
    assert (told.case, told.state, told.text.partition(": ")[2]) == (opened.case, "upheld", "a fraud")
    assert (await bob.event(ev.AccountEvent)).account.credit == Credit("standard", 60)
    (penalty,) = (await bob.run("/credit")).data["items"]
    assert (penalty["report"], penalty["points"], penalty["reason"]) == (opened.case, "-40", "a fraud")
    (mine,) = (await carol.run("/案件")).data["items"]
    assert (mine["case"], mine["state"], mine["answer"]) == (opened.case, "upheld", "a fraud")
    assert "root" not in str(mine)
    await refused(admin(root, "case", "close", opened.case, **closing), "conflict", outcome="upheld")
    assert (await ann.run("/queue", code)).data["reports"] == []
    assert opened.case in [
        item["case"] for item in (await admin(root, "case", "list", options={"state": "closed"})).items
    ]


async def test_what_can_be_reported_and_by_whom(people: list[Wire], seats: list[Seat], staffed: Server) -> None:
    ann, bob, carol, _ = people
    code = seats[0].code
    seq = await bob.post(code, "something")
    async with await staffed.connect(staffed.take_outsider()) as stranger:
        await refused(stranger.ask(rq.Report, group=code, seq=seq, reason="spam"), "not_a_member")
        group = await stranger.run(f"/report @{bob.user} insult he is rude")
        assert group.data["user"] == bob.user
        assert (await stranger.ask(rq.Report, group=code, reason="spam")).case
    await refused(bob.ask(rq.Report, group=code, seq=seq, reason="spam"), "forbidden")
    await refused(ann.ask(rq.Report, group=code, reason="spam"), "forbidden")
    await refused(carol.ask(rq.Report, group=code, seq=9999, reason="spam"), "no_such_entry")
    await refused(carol.ask(rq.Report, group=code, seq=1, reason="spam"), "no_such_entry")
    await refused(carol.ask(rq.Report, user="nobody.here", reason="spam"), "no_such_user")
    await refused(carol.ask(rq.Report, group="1234", reason="spam"), "no_such_group")
    await refused(carol.ask(rq.Report, reason="spam"), "bad_request", field="user")
    await refused(carol.run("/report group spam"), "bad_request")
    rule = "policy.reports.reasons"
    await refused(carol.ask(rq.Report, group=code, seq=seq, reason="ugly"), "bad_request", field="reason", rule=rule)
    replied = await carol.ask(rq.Post, group=code, body="/举报 spam enough", reply_to=seq)
    assert replied.command.data["seq"] == seq
    assert (await carol.run("/report 群 off_topic", code)).data["user"] == ann.user
    await ann.run(f"/delete {seq}", code)
    await refused(ann.ask(rq.Report, group=code, seq=seq, reason="spam"), "conflict")


async def test_bad_faith_is_limited_but_never_the_first(root: Wire, people: list[Wire], seats: list[Seat]) -> None:
    _, bob, carol, _ = people
    code = seats[0].code

    async def judged(outcome: str) -> None:
        seq = await bob.post(code, "hello")
        case = (await carol.ask(rq.Report, group=code, seq=seq, reason="spam")).case
        await admin(root, "case", "close", case, reason="nonsense", options={"outcome": outcome})
        assert (await carol.event(ev.CaseEvent, case=case)).state == outcome

    for _ in range(4):
        await judged("bad_faith")
    # The profile sets no number; four in bad faith leave 20 >> 3 a day, and four were made today.
    seq = await bob.post(code, "hello")
    refusal = await refused(
        carol.ask(rq.Report, group=code, seq=seq, reason="spam"), "rate_limited", limit=2, current=4
    )
    assert refusal.detail["retry_after_ms"] > 0
    assert bob.session.account.credit == Credit("standard", 100)
    assert "root" not in str((await carol.run("/cases")).data)


async def test_an_upheld_report_can_bring_a_measure(root: Wire, people: list[Wire], seats: list[Seat]) -> None:
    _, bob, carol, dora = people
    code = seats[0].code
    about_bob = (await carol.ask(rq.Report, user=bob.user, reason="harassment")).case
    about_group = (await dora.ask(rq.Report, group=code, reason="illegal")).case
    no = {"reason": "seen", "options": {"outcome": "dismissed", "suspend": "1h"}}
    await refused(admin(root, "case", "close", about_bob, **no), "bad_request", field="suspend")
    await refused(admin(root, "case", "close", about_bob, reason="r", options={"outcome": "maybe"}), "bad_request")
    await refused(admin(root, "case", "close", about_bob, options={"outcome": "upheld"}), "bad_request", field="reason")
    yes = {"reason": "seen", "options": {"outcome": "upheld", "suspend": "1h"}}
    await admin(root, "case", "close", about_group, **yes)
    assert (await carol.event(ev.GroupEvent)).group.state == "suspended"
    await admin(root, "case", "close", about_bob, **yes)
    assert await bob.closed() == 4403
    await refused(admin(carol, "case", "list"), "forbidden")
    await refused(admin(root, "case", "show", "r-none"), "no_such_entry")


async def test_an_appeal_is_decided_by_another_admin_and_lifts_the_measure(
    root: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    ann, bob, carol, dave = people
    code = seats[0].code
    await ann.run(f"/promote @{carol.user}", code)
    muted = (await carol.run(f"/mute @{bob.user} 1h noise", code)).data["case"]
    await refused(ann.run(f"/appeal {muted} why"), "forbidden")
    await refused(bob.run("/appeal 1234-5 why"), "no_such_entry")
    await refused(bob.run(f"/appeal {code}-1 why"), "no_such_entry")
    opened = (await bob.run(f"/申诉 {muted} I was quoting", code)).data
    assert (opened["case"], opened["measure"], opened["due_ms"] > 0) == (f"a-{muted}", muted, True)
    await refused(bob.run(f"/appeal {muted} again"), "conflict", case=opened["case"])
    assert (await carol.run("/queue", code)).data["appeals"] == []
    (queued,) = (await ann.run("/queue", code)).data["appeals"]
    assert (queued["by"], queued["decider"], queued["text"]) == (bob.user, carol.user, "I was quoting")
    approve = f"/queue approve {opened['case']} it was a quotation"
    await refused(carol.run(approve, code), "forbidden")
    await refused(dave.run(approve, code), "forbidden")
    await refused(bob.run(approve, code), "muted")
    await refused(admin(root, "appeal", "approve", opened["case"], reason="r"), "forbidden")
    await refused(ann.run(f"/queue approve {opened['case']}", code), "bad_syntax")
    assert (await ann.run(approve, code)).data["state"] == "overturned"
    told = await bob.event(ev.CaseEvent, state="overturned")
    assert told.case == opened["case"]
    await bob.post(code, "thank you")
    (mark,) = (await ann.run("/log overturned", code)).data["acts"]
    assert (mark["measure"], mark["user"], mark["reason"]) == (muted, bob.user, "it was a quotation")
    assert "by" not in mark
    assert (await ann.run("/queue", code)).data["appeals"] == []
    (mine,) = (await bob.run("/cases")).data["items"]
    assert (mine["state"], mine["answer"]) == ("overturned", "it was a quotation")


async def test_each_whose_entries_were_purged_appeals_for_themselves(
    root: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    ann, bob, carol, dan = people
    code = seats[0].code
    await ann.run(f"/promote @{dan.user}", code)
    for wire in (bob, carol, ann):
        await wire.post(code, "something")
    shown = await refused(ann.run("/purge 3", code), "confirm_required")
    purged = (await ann.run(shown.detail["help"], code)).data["case"]
    for nobody in (dan, ann):
        await refused(nobody.run(f"/appeal {purged} why", code), "forbidden")
    numbers = [(await wire.run(f"/appeal {purged} it was harmless", code)).data["case"] for wire in (bob, carol)]
    assert numbers == [f"a-{purged}@{bob.user}", f"a-{purged}@{carol.user}"]
    await refused(bob.run(f"/appeal {purged} again", code), "conflict", case=numbers[0])
    await refused(ann.run(f"/queue approve {numbers[0]} so it was", code), "forbidden")
    await dan.run(f"/queue approve {numbers[0]} so it was", code)
    await dan.run(f"/queue deny {numbers[1]} it was not", code)
    await bob.event(ev.CaseEvent, state="overturned")
    await carol.event(ev.CaseEvent, state="confirmed")
    (mark,) = (await ann.run("/log overturned", code)).data["acts"]
    assert (mark["measure"], mark["user"], mark["kind"]) == (purged, bob.user, "purged")


async def test_where_nobody_else_leads_the_group_staff_decides(
    root: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    ann, bob, carol, _ = people
    code = seats[0].code
    warned = (await ann.run(f"/warn @{bob.user} rude", code)).data["case"]
    kicked = (await ann.run(f"/kick @{carol.user} rude", code)).data["case"]
    await bob.run(f"/appeal {warned} I was not", code)
    await carol.run(f"/appeal {kicked} I was not either")
    (row,) = [one for one in (await admin(root, "appeal", "list")).items if one["measure"] == warned]
    shown = (await admin(root, "appeal", "show", row["case"])).items[0]
    assert (shown["text"], shown["subject"]["measure"]["reason"]) == ("I was not", "rude")
    await admin(root, "appeal", "reject", row["case"], reason="you were")
    told = await bob.event(ev.CaseEvent, state="confirmed")
    assert told.text.rpartition(": ")[2] == "you were"
    assert (await bob.run("/warns", code)).data["items"]
    await admin(root, "appeal", "approve", f"a-{kicked}", reason="she was not")
    await carol.ask(rq.JoinGroup, group=code)


async def test_a_penalty_is_given_back_by_somebody_else_than_who_decided(
    root: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    _, bob, carol, _ = people
    case = (await carol.ask(rq.Report, user=bob.user, reason="fraud")).case
    await admin(root, "case", "close", case, reason="a fraud", options={"outcome": "upheld"})
    assert (await bob.event(ev.AccountEvent)).account.credit == Credit("standard", 60)
    opened = (await bob.run(f"/appeal {case} that was not me")).data
    assert opened["measure"] == f"@{bob.user}-3"
    await refused(admin(root, "appeal", "approve", opened["case"], reason="r"), "forbidden")
    await refused(admin(root, "appeal", "show", case), "no_such_entry")


async def test_a_warning_is_mended_looked_at_and_closed(root: Wire, people: list[Wire], seats: list[Seat]) -> None:
    ann, bob, *_ = people
    code = seats[0].code
    warning = {"reason": "clean up", "options": {"duration": "7d"}}
    assert (await admin(root, "sanction", "create", code, **warning)).changed == 1
    for wire in (ann, bob):
        await wire.until(lambda wire=wire: standing(wire, code) == "warned")
    await refused(admin(root, "sanction", "create", code, **warning), "conflict")
    await refused(admin(ann, "sanction", "list"), "forbidden")
    (duty,) = [one for one in (await ann.run("/duty", code)).data["duties"] if one["kind"] == "rectify"]
    case = duty["case"]
    assert (duty["reason"], duty["help"]) == ("clean up", f"/rectify {case}")
    await refused(bob.run(f"/rectify {case} it is", code), "forbidden")
    assert (await ann.run(f"/整改 {case} all gone", code)).data["event"] == "rectified"
    await refused(ann.run(f"/rectify {case} really", code), "conflict")
    rows = {row["case"]: row for row in (await admin(root, "sanction", "list")).items}
    assert (rows[case]["text"], rows[case]["reason"], rows[case]["rectified_ts"] > 0) == ("all gone", "clean up", True)
    again = {"reason": "not all of it", "options": {"duration": "1d"}}
    await admin(root, "sanction", "reject", code, **again)
    await ann.run(f"/rectify {case} now it is", code)
    await admin(root, "sanction", "close", code, reason="seen")
    await bob.until(lambda: standing(bob, code) == "active")
    notices = [entry.data["event"] for entry in await ann.history(code) if entry.data and "event" in entry.data]
    told = ["group_warned", "rectified", "rectification_rejected", "rectified", "rectification_accepted"]
    assert notices[-5:] == told
    assert "root" not in str(await ann.history(code))
    assert case not in [row["case"] for row in (await admin(root, "sanction", "list")).items]


def standing(wire: Wire, code: str) -> str:
    """Return the standing of a group that the connection heard of last."""
    heard = [frame.group for frame in wire.log if isinstance(frame, ev.GroupEvent) and frame.group.id == code]
    return heard[-1].state if heard else "active"


async def test_duty_names_what_waits(root: Wire, people: list[Wire], seats: list[Seat]) -> None:
    ann, bob, carol, _ = people
    code = seats[0].code
    seq = await bob.post(code, "something")
    await carol.ask(rq.Report, group=code, seq=seq, reason="spam")
    await ann.run(f"/promote @{carol.user}", code)
    muted = (await carol.run(f"/mute @{bob.user} 1h", code)).data["case"]
    await bob.run(f"/appeal {muted} why", code)
    duties = {one["kind"]: one for one in (await ann.run("/duty", code)).data["duties"]}
    assert (duties["reports"]["count"], duties["appeals"]["count"]) == (1, 1)
    assert "appeals" not in {one["kind"] for one in (await carol.run("/duty", code)).data["duties"]}


async def test_who_is_suspended_appeals_by_password(root: Wire, staffed: Server) -> None:
    async with await Wire.open(staffed.url) as eve:
        user = (await eve.register("eve.suspended", "a good one")).account.user
        await admin(root, "user", "suspend", user, reason="bots", options={"duration": "7d"})
        assert await eve.closed() == 4403
    async with await Wire.open(staffed.url) as again:
        fields = {"user": user, "password": "a good one"}
        await refused(again.ask(rq.Login, **fields), "account_suspended", help="appeal")
        await refused(again.ask(rq.Appeal, **fields | {"password": "wrong"}, text="no"), "auth_failed")
        await refused(again.ask(rq.Appeal, **fields | {"user": "nobody.here"}, text="no"), "auth_failed")
        await refused(again.ask(rq.Appeal, **fields, text="no", case=f"@{user}-1"), "no_such_entry")
        opened: rs.ReportResult = await again.ask(rq.Appeal, **fields, text="I am no bot")
        assert (opened.case, opened.due_ms > 0) == (f"a-@{user}-2", True)
        await refused(again.ask(rq.Appeal, **fields, text="again"), "conflict")
        await refused(admin(root, "appeal", "approve", opened.case, reason="r"), "forbidden")
    await refused(root.ask(rq.Appeal, user=user, password="a good one", text="no"), "bad_request")
