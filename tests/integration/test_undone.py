"""Measures of the platform that are overturned on appeal: all is as it was, and everybody is told what is so."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import Credit
from tests.integration.server import PASSWORD, Seat, Server, serving
from tests.integration.wire import Wire, refused


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two administrators: who takes a measure does not decide on the appeal against it."""
    directory = tmp_path_factory.mktemp("undone")
    with serving(directory, groups=12, members=4, admin="root", limits__sign_ins_per_minute=0) as server:
        assert server.terminate() == 0
        made = server.run("init", "--user", "judge", input=f"{PASSWORD}\n")
        assert made.returncode == 0, made.stderr
        server.start()
        yield server


async def signed_in(server: Server, user: str) -> Wire:
    wire = await Wire.open(server.url)
    wire.session = await wire.ask(rq.Login, user=user, password=PASSWORD)
    return wire


@pytest.fixture
async def root(staffed: Server) -> AsyncIterator[Wire]:
    async with await signed_in(staffed, "root") as wire:
        yield wire


@pytest.fixture
async def judge(staffed: Server) -> AsyncIterator[Wire]:
    async with await signed_in(staffed, "judge") as wire:
        yield wire


@pytest.fixture
def seats(staffed: Server) -> list[Seat]:
    return staffed.seats.pop()


@pytest.fixture
async def people(staffed: Server, seats: list[Seat]) -> AsyncIterator[list[Wire]]:
    """The owner of a group and three members, connected."""
    wires = [await staffed.connect(seat) for seat in seats]
    yield wires
    for wire in wires:
        await wire.close()


async def admin(wire: Wire, noun: str, verb: str, target: str | None = None, **fields: Any) -> rs.AdminResult:
    result: rs.AdminResult = await wire.ask(rq.Admin, noun=noun, verb=verb, target=target, **fields)
    return result


async def closing(root: Wire, owner: Wire, code: str) -> str:
    """Close a group; return the case number of that, which its members read."""
    await admin(root, "group", "close", code, reason="unlawful")
    await owner.event(ev.LeftEvent)
    return str(owner.entries(code)[-1].data["case"])  # type: ignore[index]  # a notice has data


async def test_a_closed_group_is_open_again_as_it_was(
    root: Wire, judge: Wire, people: list[Wire], seats: list[Seat], staffed: Server
) -> None:
    ann, bob, carol, dan = people
    code = seats[0].code
    await ann.run(f"/promote @{bob.user} mute delete", code)
    await ann.run(f"/tag @{carol.user} poet", code)
    await bob.run(f"/mute @{dan.user} 1d noise", code)
    await ann.run("/joinmode approval", code)
    async with await staffed.connect(staffed.take_outsider()) as applicant:
        await applicant.run(f"/join {code}")
        before = await bob.group(code)
        members = (await ann.run("/members", code)).data
        case = await closing(root, ann, code)
        assert (await applicant.event(ev.CaseEvent)).state == "closed"
        await refused(bob.post(code, "still here?"), "group_closed")
        assert code not in [group.id for group in (await bob.ask(rq.ListGroups)).groups]
        appeal = (await ann.run(f"/appeal {case} it was satire")).data["case"]
        since = len(carol.log)
        await admin(judge, "appeal", "approve", appeal, reason="so it was")
        told = await ann.event(ev.CaseEvent, state="overturned")
        assert told.text == f"Your appeal {appeal} succeeded: the group is open again, as it was: so it was"
        assert (await applicant.event(ev.CaseEvent, state="reopened")).text.startswith("The group ")
    # Who did not appeal is not told of an appeal of theirs: *it was "your appeal 482190673350-8 succeeded"*.
    reopened = await bob.event(ev.CaseEvent, state="group_reopened")
    assert reopened.text.startswith("Your group ") and reopened.text.endswith(" is open again, as it was: so it was")
    # Who was connected hears the group again, and is told how it stands.
    heard = await carol.event(ev.GroupEvent, since)
    assert (heard.group.id, heard.group.state, heard.group.members) == (code, "active", 4)
    seq = await bob.post(code, "we are back")
    await carol.seen(code, seq)
    after = await bob.group(code)
    assert (after.role, after.join_mode, after.members, after.owner) == (
        before.role,
        before.join_mode,
        before.members,
        before.owner,
    )
    assert (await ann.run("/members", code)).data == members
    await refused(dan.post(code, "may I?"), "muted")
    assert len((await ann.run("/requests", code)).data["items"]) == 1


async def test_a_closing_that_is_confirmed_stays(
    root: Wire, judge: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    ann, *_ = people
    code = seats[0].code
    case = await closing(root, ann, code)
    appeal = (await ann.run(f"/appeal {case} please")).data["case"]
    await admin(judge, "appeal", "reject", appeal, reason="it is unlawful")
    assert (await ann.event(ev.CaseEvent, state="confirmed")).case == appeal
    await refused(ann.post(code, "please"), "group_closed")


async def test_what_a_report_brought_comes_back_with_what_others_of_the_same_took(
    root: Wire, judge: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    _, bob, carol, dan = people
    code = seats[0].code
    seq = await bob.post(code, "send me your money")
    reports: list[str] = []
    for wire, about in (
        (carol, {"group": code, "seq": seq, "reason": "fraud"}),
        (dan, {"group": code, "seq": seq, "reason": "fraud"}),
        (carol, {"user": bob.user, "reason": "insult"}),
    ):
        reports.append((await wire.ask(rq.Report, **about)).case)
        await admin(root, "case", "close", reports[-1], reason="seen", options={"outcome": "upheld"})
    other = reports.pop()
    taken = (await bob.run("/credit")).data["score"]
    appeal = (await bob.run(f"/appeal {reports[0]} it was a quotation")).data["case"]
    for wire in (carol, dan):
        await wire.event(ev.CaseEvent)
    await admin(judge, "appeal", "approve", appeal, reason="it was")
    told = await bob.event(ev.CaseEvent, state="overturned")
    assert told.text == f"Your appeal {appeal} succeeded: the credit is given back: it was"
    changes = (await bob.run("/credit")).data
    assert changes["score"] == taken + 40, "the second report of the entry had taken nothing"
    restored = {one["report"] for one in changes["items"] if one["cause"] == "restored"}
    assert restored == {reports[0]}, "what another offence took stays taken"
    for wire, report in ((carol, reports[0]), (dan, reports[1])):
        await wire.until(lambda wire=wire, report=report: (report, "report_overturned") in answers(wire))
    assert other not in [case for case, state in answers(carol) if state == "report_overturned"]


async def test_a_suspension_that_came_from_a_report_gives_back_what_the_report_took(
    root: Wire, judge: Wire, people: list[Wire], staffed: Server
) -> None:
    carol = people[2]
    async with await Wire.open(staffed.url) as eve:
        user = (await eve.register("eve.suspected", "a good one")).account.user
        report = (await carol.ask(rq.Report, user=user, reason="fraud")).case
        yes = {"reason": "seen", "options": {"outcome": "upheld", "suspend": "7d"}}
        await admin(root, "case", "close", report, **yes)
        assert await eve.closed() == 4403
    async with await Wire.open(staffed.url) as wire:
        opened: rs.ReportResult = await wire.ask(rq.Appeal, user=user, password="a good one", text="not me")
    await admin(judge, "appeal", "approve", opened.case, reason="a mistake")
    await carol.until(lambda: (report, "report_overturned") in answers(carol))
    async with await Wire.open(staffed.url) as again:
        session: rs.SessionResult = await again.ask(rq.Login, user=user, password="a good one")
        assert session.account.credit == Credit("standard", 100)


async def test_what_was_over_is_not_said_to_be_lifted(
    root: Wire, judge: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    ann, bob, *_ = people
    code = seats[0].code
    muted = (await ann.run(f"/mute @{bob.user} 1h noise", code)).data["case"]
    await ann.run(f"/unmute @{bob.user}", code)
    appeal = (await bob.run(f"/appeal {muted} it was music", code)).data["case"]
    await admin(judge, "appeal", "approve", appeal, reason="it was")
    told = await bob.event(ev.CaseEvent, state="overturned")
    assert told.text == f"Your appeal {appeal} succeeded: the measure is void; it was no longer in force: it was"


async def test_an_account_that_the_platform_closes_is_told_why_and_comes_back(
    root: Wire, judge: Wire, staffed: Server
) -> None:
    fields = {"user": "eve.closed", "password": "a good one"}
    async with await Wire.open(staffed.url) as eve:
        session = await eve.register(**fields)
        user, before = eve.user, session.account
        code = await eve.create("Eve's own")
        done = await admin(root, "user", "close", user, reason="a fraud")
        assert done.changed == 1
        assert await eve.closed() == 4403
    case = f"@{user}-2"
    async with await Wire.open(staffed.url) as again:
        told = await refused(again.ask(rq.Login, **fields), "account_suspended", case=case, help="appeal")
        assert told.detail["reason"] == "a fraud"
        assert told.message.startswith(f"The platform is closing this account, case {case}: a fraud. You can appeal")
        assert told.detail["until_ms"] > before.created_ts
        await refused(again.resume(session.token), "auth_failed")
        await refused(again.ask(rq.Login, **fields | {"password": "another one"}), "auth_failed")
        await refused(admin(root, "user", "restore", user, reason="r"), "conflict", case=case)
        await refused(admin(root, "user", "close", user, reason="r"), "conflict", case=case)
        opened: rs.ReportResult = await again.ask(rq.Appeal, **fields, text="not me")
        assert opened.case == f"a-{case}"
    await admin(judge, "appeal", "approve", opened.case, reason="a mistake")
    async with await Wire.open(staffed.url) as back:
        session = await back.ask(rq.Login, **fields)
        assert session.account == before
        assert [(group.id, group.owner) for group in session.groups] == [(code, user)]
        await back.post(code, "here I am")


async def test_a_closed_account_whose_appeal_is_turned_down_is_erased(root: Wire, judge: Wire, staffed: Server) -> None:
    fields = {"user": "eve.erased", "password": "a good one"}
    async with await Wire.open(staffed.url) as eve:
        user = (await eve.register(**fields)).account.user
        await admin(root, "user", "close", user, reason="a fraud")
        assert await eve.closed() == 4403
    async with await Wire.open(staffed.url) as again:
        opened: rs.ReportResult = await again.ask(rq.Appeal, **fields, text="not me")
        await admin(judge, "appeal", "reject", opened.case, reason="it was")
        await refused(again.ask(rq.Login, **fields), "auth_failed")
        await refused(root.ask(rq.GetAccount, user=user), "no_such_user")


def answers(wire: Wire) -> list[tuple[str, str]]:
    """Return the cases that a connection has heard of, with their states."""
    return [(frame.case, frame.state) for frame in wire.log if isinstance(frame, ev.CaseEvent)]


async def test_a_verification_that_is_withdrawn_or_refused_can_be_appealed(
    root: Wire, judge: Wire, people: list[Wire]
) -> None:
    """By somebody else; withdrawn wrongly, it is there again, and refused wrongly, one may ask again."""
    _, ann, *_ = people
    assert (await ann.ask(rq.GetAccount, user=ann.user)).account.identity == "person"
    await admin(root, "user", "verify", ann.user, reason="not the same", options={"identity": "none"})
    told = await ann.event(ev.CaseEvent, state="verification_withdrawn")
    assert f"/appeal {told.case}" in told.text
    appeal = (await ann.run(f"/appeal {told.case} it is me")).data["case"]
    await refused(admin(root, "appeal", "approve", appeal, reason="it is"), "forbidden")
    await admin(judge, "appeal", "approve", appeal, reason="it is")
    assert "verified again" in (await ann.event(ev.CaseEvent, state="overturned")).text
    assert (await ann.ask(rq.GetAccount, user=ann.user)).account.identity == "person"

    asking = "/verify organisation 91350211M0000XUF46 sure"
    await ann.run(asking)
    await admin(root, "identity", "reject", ann.user, reason="blurred")
    told = await ann.event(ev.CaseEvent, state="unverified")
    assert f"/appeal {told.case}" in told.text
    since = len(ann.log)
    appeal = (await ann.run(f"/appeal {told.case} look again")).data["case"]
    await refused(admin(root, "appeal", "approve", appeal, reason="r"), "forbidden")
    await admin(judge, "appeal", "approve", appeal, reason="r")
    assert "ask for the review again" in (await ann.event(ev.CaseEvent, since, state="overturned")).text
    assert (await ann.run(asking)).data["asked"] == "organisation"


async def test_the_reviewer_of_an_appeal_sees_what_was_removed(
    root: Wire, judge: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    _, author, other, _ = people
    code = seats[0].code
    seq = await author.post(code, "buy my watch")
    await author.ask(rq.Edit, group=code, seq=seq, body="buy my golden watch")
    theirs = await other.post(code, "and mine")
    await admin(root, "entry", "remove", code, reason="r", options={"seqs": f"{seq} {theirs}"})
    told = await author.event(ev.CaseEvent, state="removed")
    appeal = (await author.run(f"/appeal {told.case} it is a fine watch")).data["case"]
    shown = (await admin(judge, "appeal", "show", appeal)).items[0]["subject"]["originals"]
    assert [one["seq"] for one in shown] == [seq], "not what others wrote"
    assert [one["body"] for one in shown[0]["versions"]] == ["buy my watch", "buy my golden watch"]


async def test_names_that_were_chosen_go_wherever_they_stood_and_come_back(
    root: Wire, judge: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    ann, bob, carol, _ = people
    code = seats[0].code

    async def seen() -> tuple[list[str], dict[str, str], str]:
        entries = [one.from_.display_name for one in await ann.history(code) if one.from_.user == bob.user]
        members = (await carol.ask(rq.ListMembers, group=code)).members
        found = await ann.ask(rq.Search, group=code, text="savings")
        names = {one.user: one.display_name for one in members} | {"found": found.entries[0].from_.display_name}
        return entries, names, (await ann.ask(rq.GetAccount, user=bob.user)).account.display_name

    chosen = (await bob.ask(rq.GetAccount, user=bob.user)).account.display_name
    assert chosen != bob.user
    await bob.post(code, "send me your savings")
    await bob.run("/nick Bank of Moot", code)
    await bob.post(code, "quick, your savings")
    before = await seen()
    assert before[0][-2:] == [chosen, "Bank of Moot"]

    assert (await admin(root, "user", "unname", bob.user, reason="a swindle", dry_run=True)).changed == 1
    assert await seen() == before
    await admin(root, "user", "unname", bob.user, reason="a swindle", options={"rule": "fraud"})
    told = await bob.event(ev.CaseEvent, state="names_removed")
    assert "a swindle (Fraud)" in told.text
    await refused(admin(root, "user", "unname", bob.user, reason="again"), "conflict")
    await bob.post(code, "hm")
    entries, names, shown = await seen()
    assert (set(entries), names[bob.user], names["found"], shown) == ({bob.user}, bob.user, bob.user, bob.user)

    # A name that is chosen from then on is shown.
    await bob.run("/nick Bob", code)
    await bob.post(code, "better")
    entries, names, shown = await seen()
    assert (entries[-2:], names[bob.user], shown) == ([bob.user, "Bob"], "Bob", bob.user)

    appeal = (await bob.run(f"/appeal {told.case} it is a game")).data["case"]
    await refused(admin(root, "appeal", "approve", appeal, reason="r"), "forbidden")
    await admin(judge, "appeal", "approve", appeal, reason="r")
    await bob.event(ev.CaseEvent, state="overturned")
    entries, names, shown = await seen()
    assert (entries[: len(before[0])], shown) == (before[0], chosen)
