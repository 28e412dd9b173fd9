"""Reports of one thing by many: one case, one penalty, and all who reported hear what came of it; contested once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import pytest

from folkmoot_governance.case.rules import REASON_NAMES
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.group_code import show_group_code
from folkmoot_protocol.types import Credit
from folkmoot_server.common.i18n import translator
from tests.integration.server import PASSWORD, Seat, Server, serving
from tests.integration.test_cases import admin
from tests.integration.wire import Wire, refused

SETTINGS = {
    "limits__sign_ins_per_minute": 0,
    "policy__quota__standard__reports_per_day": 16,
}


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two administrators, `root` and `judge`."""
    with serving(tmp_path_factory.mktemp("staffed"), groups=12, members=8, admin="root", **SETTINGS) as server:
        assert server.terminate() == 0
        made = server.run("init", "--user", "judge", input=f"{PASSWORD}\n")
        assert made.returncode == 0, made.stderr
        server.start()
        yield server
        assert server.terminate() == 0
        checked = server.run("db", "verify")
        assert checked.returncode == 0, checked.stdout + checked.stderr


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
    """The owner of a group and seven members, connected."""
    wires = [await staffed.connect(seat, json=index == 1) for index, seat in enumerate(seats)]
    yield wires
    for wire in wires:
        await wire.close()


@pytest.fixture
async def rea(staffed: Server) -> AsyncIterator[Wire]:
    """The other administrator."""
    async with await Wire.open(staffed.url) as wire:
        wire.session = await wire.ask(rq.Login, user="judge", password=PASSWORD)
        yield wire


async def kinds(wire: Wire) -> list[str]:
    found: rs.NoticesResult = await wire.ask(rq.GetNotices)
    return [one.kind for one in found.notices]


async def test_what_many_report_is_one_case_with_one_penalty(root: Wire, people: list[Wire], seats: list[Seat]) -> None:
    _, bob, carol, dora, eve, *_ = people
    code = seats[0].code
    await bob.post(code, "good morning")
    seq = await bob.post(code, "send me your money")
    await carol.post(code, "no")
    reports = [
        carol.ask(rq.Report, group=code, seq=seq, reason="spam", text="he asks everybody"),
        dora.ask(rq.Report, group=code, seq=seq, reason="fraud", text="me too"),
        eve.ask(rq.Report, group=code, seq=seq, reason="spam"),
    ]
    opened = await asyncio.gather(*reports)
    (case,) = {one.case for one in opened}
    shown = (await admin(root, "case", "show", case)).items[0]
    assert (shown["reporters"], shown["severity"], shown["brigade"]) == (3, "high", None)
    assert {one["by"]: one["reason"] for one in shown["reported_by"]} == {
        carol.user: "spam",
        dora.user: "fraud",
        eve.user: "spam",
    }
    texts = [shown["text"], *(one["text"] for one in shown["notes"])]
    assert {"he asks everybody", "me too", ""} == set(texts)
    bodies = [one["body"] for one in shown["around"]]
    assert bodies[-2:] == ["good morning", "no"]
    assert "around" not in shown["subject"]
    await admin(root, "case", "close", case, reason="a fraud", options={"outcome": "upheld"})
    for wire in (carol, dora, eve):
        told = await wire.event(ev.CaseEvent, case=case)
        assert (told.state, told.text.partition(": ")[2]) == ("upheld", "a fraud")
        assert (await wire.run("/cases")).data["items"][0]["case"] == case
    assert (await bob.ask(rq.GetAccount)).account.credit == Credit("standard", 60)
    lowered = await bob.event(ev.CaseEvent, state="credit_lowered")
    assert lowered.notice is not None
    assert lowered.notice.data["entry"] == f"{code}:{seq}"
    # Whichever of the three was first gave the case its reason: the penalty is for the gravest.
    assert f"({REASON_NAMES['fraud']}; entry {show_group_code(code)}:{seq})" in lowered.text
    (filing,) = (await admin(root, "filing", "show", lowered.case)).items
    assert filing["statement"]["incompatible_content_ground"] == "fraud"
    assert f"entry #{seq} " in (await bob.event(ev.CaseEvent, state="found_against_entry")).text


async def test_the_same_entry_reported_again_later_costs_nothing_more(
    root: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    _, bob, carol, dora, *_ = people
    code = seats[0].code
    seq = await bob.post(code, "send me your money")
    first = (await carol.ask(rq.Report, group=code, seq=seq, reason="fraud")).case
    await admin(root, "case", "close", first, reason="a fraud", options={"outcome": "upheld"})
    second = (await dora.ask(rq.Report, group=code, seq=seq, reason="fraud")).case
    assert second != first
    await admin(root, "case", "close", second, reason="a fraud", options={"outcome": "upheld"})
    await dora.event(ev.CaseEvent, case=second, state="upheld")
    assert (await bob.ask(rq.GetAccount)).account.credit == Credit("standard", 60)
    # What somebody does again after it was decided is another offence.
    for score in (60, 20):
        about = (await carol.ask(rq.Report, user=bob.user, reason="fraud")).case
        if score == 20:
            await admin(root, "case", "close", about, reason="again", options={"outcome": "upheld"})
    assert (await bob.ask(rq.GetAccount)).account.credit.score == 20


async def test_a_group_and_its_owner_reported_in_it_are_two_cases(
    root: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    """*They were one*, and each holds what it names: *it was the whole group*."""
    owner, _, carol, dora, *_ = people
    code = seats[0].code
    cases = [
        [(await wire.ask(rq.Report, group=code, user=user, reason="fraud")).case for wire in (carol, dora)]
        for user in (None, owner.user)
    ]
    of_group, of_account = map(set, cases)
    assert (len(of_group), len(of_account), len(of_group | of_account)) == (1, 1, 2)
    holds = {one["case"]: one for one in (await admin(root, "hold", "list")).items}
    assert [(holds[one]["group"], holds[one]["user"]) for (one,) in (of_group, of_account)] == [
        (code, ""),
        (code, owner.user),
    ]


async def test_a_dismissal_is_contested_once_before_somebody_else(
    root: Wire, rea: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    _, bob, carol, dora, *_ = people
    code = seats[0].code
    seq = await bob.post(code, "buy this")
    case = (await carol.ask(rq.Report, group=code, seq=seq, reason="spam")).case
    await dora.ask(rq.Report, group=code, seq=seq, reason="spam")
    await admin(root, "case", "close", case, reason="a joke", options={"outcome": "dismissed"})
    told = await carol.event(ev.CaseEvent, case=case, state="dismissed")
    assert f"/appeal {case}" in told.text
    await refused(bob.run(f"/appeal {case} no"), "no_such_entry")
    appeal = (await carol.run(f"/appeal {case} it was no joke")).data["case"]
    await refused(dora.run(f"/appeal {case} it was none"), "conflict", case=appeal)
    await refused(admin(root, "appeal", "approve", appeal, reason="r"), "forbidden")
    shown = (await admin(rea, "appeal", "show", appeal)).items[0]
    assert (shown["subject"]["measure"]["reason"], shown["text"]) == ("a joke", "it was no joke")
    await admin(rea, "appeal", "approve", appeal, reason="look again")
    assert "open again" in (await carol.event(ev.CaseEvent, case=appeal, state="overturned")).text
    for wire in (carol, dora):
        assert (await wire.event(ev.CaseEvent, case=case, state="report_reopened")).case == case
    await refused(admin(root, "case", "close", case, reason="r", options={"outcome": "upheld"}), "forbidden")
    await admin(rea, "case", "close", case, reason="advertising", options={"outcome": "upheld"})
    for wire in (carol, dora):
        await wire.event(ev.CaseEvent, case=case, state="upheld")
    assert (await bob.ask(rq.GetAccount)).account.credit == Credit("standard", 95)


async def test_bad_faith_is_a_measure_against_each_with_an_appeal(
    root: Wire, rea: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    _, bob, carol, dora, *_ = people
    code = seats[0].code

    async def judged() -> str:
        seq = await bob.post(code, "hello")
        case: str = (await carol.ask(rq.Report, group=code, seq=seq, reason="spam")).case
        await dora.ask(rq.Report, group=code, seq=seq, reason="spam")
        await refused(
            admin(root, "case", "close", case, reason="r", options={"outcome": "bad_faith"}), "bad_request", field="of"
        )
        options = {"outcome": "bad_faith", "of": f"@{carol.user}"}
        await admin(root, "case", "close", case, reason="nonsense", options=options)
        told = await carol.event(ev.CaseEvent, case=case)
        assert (told.state, f"/appeal {case}" in told.text) == ("bad_faith", True)
        assert (await dora.event(ev.CaseEvent, case=case)).state == "dismissed"
        return case

    cases = [await judged() for _ in range(3)]
    assert [one["case"] for one in (await carol.run("/sanctions")).data["items"]] == cases[::-1]
    assert not (await dora.run("/sanctions")).data["items"]
    assert (await dora.run("/cases")).data["items"][0]["state"] == "dismissed"
    # Three in bad faith, of which the first is forgiven: a quarter of sixteen.
    assert (await carol.run("/limits")).data["reports_per_day"] == 4
    assert (await carol.run("/credit")).data["quota"]["reports_per_day"] == 4
    assert (await dora.run("/limits")).data["reports_per_day"] == 16
    appeal = (await carol.run(f"/appeal {cases[0]} I meant it")).data["case"]
    assert appeal == f"a-{cases[0]}@{carol.user}"
    await admin(rea, "appeal", "approve", appeal, reason="she did")
    assert "bad faith is void" in (await carol.event(ev.CaseEvent, case=appeal, state="overturned")).text
    assert [one["case"] for one in (await carol.run("/sanctions")).data["items"]] == [cases[2], cases[1]]
    assert (await carol.run("/limits")).data["reports_per_day"] == 8
    states = {one["case"]: one["state"] for one in (await carol.run("/cases")).data["items"]}
    assert (states[cases[0]], states[cases[1]]) == ("dismissed", "bad_faith")
    # Who is told that it was dismissed has it opened again: what was found of others is void, until it is found again.
    appeal = (await dora.run(f"/appeal {cases[1]} it was no joke")).data["case"]
    await admin(rea, "appeal", "approve", appeal, reason="look again")
    first, again = f"{cases[1]}@{carol.user}", f"{cases[1]}-2@{carol.user}"
    assert (await admin(root, "filing", "show", f"c-{first}")).items[0]["corrects"] == first
    await refused(admin(root, "filing", "show", again), "no_such_entry")
    options = {"outcome": "bad_faith", "of": carol.user}
    await admin(rea, "case", "close", cases[1], reason="nonsense", options=options)
    assert (await admin(root, "filing", "show", again)).items[0]["state"] == "draft"


FOUND = "Your report {case} was found to be in bad faith"
OF_REPORTERS = (
    ("accounts", "SELECT * FROM accounts WHERE user = :user", {"version", "credit_ts"}),
    ("reporters", 'SELECT * FROM reporters WHERE "by" = :user ORDER BY number', set()),
)


def picture(server: Server, user: str) -> dict[str, list[dict[str, object]]]:
    """Return all that is stored of an account and of the reports it made, but for what counts acts."""
    seen = {}
    with closing(sqlite3.connect(f"file:{server.data / 'folkmoot.sqlite3'}?mode=ro", uri=True)) as store:
        store.row_factory = sqlite3.Row
        for table, query, counted in OF_REPORTERS:
            rows = store.execute(query, {"user": user})
            seen[table] = [{name: row[name] for name in set(row.keys()) - counted} for row in rows]
    return seen


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_bad_faith_is_told_now_and_later_and_an_appeal_leaves_nothing_or_all(
    staffed: Server, root: Wire, rea: Wire, people: list[Wire], seats: list[Seat], language: str
) -> None:
    """What `test_measures.py` plays of a row of the table, for the measure that is none."""
    _, bob, carol, dora, *_ = people
    code = seats[0].code
    pictures: list[dict[str, list[dict[str, object]]]] = []

    async def found() -> str:
        seq = await bob.post(code, "hello")
        case: str = (await carol.ask(rq.Report, group=code, seq=seq, reason="spam")).case
        await dora.ask(rq.Report, group=code, seq=seq, reason="spam")
        pictures.append(picture(staffed, carol.user))
        options = {"outcome": "bad_faith", "of": carol.user}
        await admin(root, "case", "close", case, reason="nonsense", options=options)
        return case

    def check(told: ev.CaseEvent, case: str) -> None:
        assert told.text.startswith(translator(language)(FOUND, {"case": case})), told.text
        assert "nonsense" in told.text and f"/appeal {case} …" in told.text
        assert (language == "zh-CN") == any("一" <= char <= "鿿" for char in told.text)
        assert told.notice is not None and told.notice.data["appeal_until_ms"]
        assert "root" not in str(told.notice), "who of staff found it is not told"

    await carol.run(f"/lang {language}")
    for outcome, state in (("reject", "confirmed"), ("approve", "overturned")):
        case = await found()
        check(await carol.event(ev.CaseEvent, case=case, state="bad_faith"), case)
        (filing,) = (await admin(root, "filing", "show", f"{case}@{carol.user}")).items
        assert (filing["state"], filing["measure"], filing["user"]) == ("draft", "report_bad_faith", carol.user)
        assert filing["statement"]["decision_facts"] == "nonsense" and carol.user not in str(filing["statement"])
        async with await staffed.connect(seats[2]) as later:
            check(await later.event(ev.CaseEvent, case=case, state="bad_faith"), case)
            during = picture(staffed, carol.user)
            assert during != pictures[-1]
            number = (await later.run(f"/appeal {case} it was meant well")).data["case"]
        await refused(admin(root, "appeal", outcome, number, reason="so there"), "forbidden")
        await admin(rea, "appeal", outcome, number, reason="seen")
        await carol.event(ev.CaseEvent, case=number, state=state)
        correction = admin(root, "filing", "show", f"c-{case}@{carol.user}")
        if state == "confirmed":
            await refused(correction, "no_such_entry")
        else:
            (filing,) = (await correction).items
            assert (filing["corrects"], filing["measure"]) == (f"{case}@{carol.user}", "report_bad_faith")
            assert filing["statement"]["overturned_explanation"] == "seen"
            assert carol.user not in str(filing["statement"])
        assert picture(staffed, carol.user) == (during if state == "confirmed" else pictures[-1])
        assert (case in str((await carol.run("/sanctions")).data["items"])) == (state == "confirmed")


async def test_a_brigade_is_shown_and_its_report_stands(
    staffed: Server, root: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    ann, bob, *others = people
    code = seats[0].code
    club = await others[0].ask(rq.CreateGroup, name="Club")
    for wire in others[1:5]:
        await wire.ask(rq.JoinGroup, group=club.group.id)
    seq = await bob.post(code, "I disagree")
    cases = {(await wire.ask(rq.Report, group=code, seq=seq, reason="insult")).case for wire in [*others[:5], ann]}
    (case,) = cases
    brigade = (await admin(root, "case", "show", case)).items[0]["brigade"]
    assert sorted(brigade["users"]) == sorted(wire.user for wire in others[:5])
    assert brigade["groups"] == [club.group.id]
    (row,) = [one for one in (await admin(root, "case", "list")).items if one["case"] == case]
    assert (row["state"], row["reporters"]) == ("open", 6)


async def test_measures_name_the_report_they_are_taken_for(root: Wire, people: list[Wire], seats: list[Seat]) -> None:
    ann, bob, carol, *_ = people
    code = seats[0].code
    about_bob = (await carol.ask(rq.Report, user=bob.user, reason="harassment")).case
    about_group = (await carol.ask(rq.Report, group=code, reason="illegal")).case
    for noun, verb, target, report in (
        ("group", "close", code, about_bob),
        ("user", "close", bob.user, about_group),
        ("user", "suspend", bob.user, "r-none"),
    ):
        options = {"report": report} | ({"duration": "1h"} if verb == "suspend" else {})
        await refused(admin(root, noun, verb, target, reason="r", options=options), "no_such_entry", case=report)
    fields: dict[str, Any] = {"reason": "illegal", "options": {"report": about_group}}
    await admin(root, "group", "close", code, **fields, dry_run=True)
    assert (await admin(root, "case", "show", about_group)).items[0]["state"] == "open"
    await admin(root, "group", "close", code, **fields)
    assert (await carol.event(ev.CaseEvent, case=about_group)).state == "upheld"
    await admin(root, "user", "close", bob.user, reason="rude", options={"report": about_bob})
    assert (await carol.event(ev.CaseEvent, case=about_bob)).state == "upheld"
    assert "group_closed" in await kinds(ann)


async def test_notes_and_templates(root: Wire, rea: Wire, people: list[Wire], seats: list[Seat]) -> None:
    _, bob, carol, *_ = people
    case = (await carol.ask(rq.Report, user=bob.user, reason="spam")).case
    await admin(root, "case", "note", case, options={"text": "asked the bank"})
    (note,) = (await admin(rea, "case", "show", case)).items[0]["notes"]
    assert (note["kind"], note["by"], note["text"]) == ("note", "root", "asked the bank")
    assert (await admin(root, "case", "templates")).items[0]["name"] == "@advertising"
    closing = {"options": {"outcome": "upheld"}}
    await refused(
        admin(root, "case", "close", case, reason="@adz", **closing), "bad_request", known="advertising no_rule"
    )
    await admin(root, "case", "close", case, reason="@advertising", **closing)
    assert (await carol.event(ev.CaseEvent, case=case)).text.endswith(": Advertising that nobody asked for.")


async def test_claims_keep_others_away_and_are_listed(
    root: Wire, rea: Wire, people: list[Wire], seats: list[Seat]
) -> None:
    _, bob, carol, *_ = people
    case = (await carol.ask(rq.Report, user=bob.user, reason="spam")).case
    closing = {"reason": "seen", "options": {"outcome": "upheld"}}
    await admin(root, "case", "claim", case, options={"duration": "2h"})
    (row,) = [one for one in (await admin(rea, "case", "list")).items if one["case"] == case]
    assert row["claimed_by"] == "root"
    await refused(admin(rea, "case", "close", case, **closing), "conflict", user="root")
    await refused(admin(rea, "case", "claim", case), "conflict", user="root")
    await admin(rea, "case", "release", case)
    await refused(admin(rea, "case", "release", case), "conflict")
    assert (await admin(rea, "case", "claim", case, dry_run=True)).changed == 1
    await admin(rea, "case", "claim", case)
    await refused(admin(carol, "case", "claim", case), "forbidden")
    await admin(rea, "case", "close", case, **closing)


async def test_copyright_is_answered_by_a_counter_notice(root: Wire, people: list[Wire], seats: list[Seat]) -> None:
    _, bob, carol, dora, *_ = people
    code = seats[0].code
    seq = await bob.post(code, "my own song")
    case = (await carol.ask(rq.Report, group=code, seq=seq, reason="copyright", text="it is mine")).case
    told = await bob.event(ev.CaseEvent, state="copyright_reported")
    assert (told.case, f"/counter {case}" in told.text, carol.user in told.text) == (case, True, False)
    await refused(dora.run(f"/counter {case} me"), "no_such_entry")
    await bob.run(f"/反通知 {case} I wrote it in 2019")
    await refused(bob.run(f"/counter {case} again"), "conflict")
    assert (await carol.event(ev.CaseEvent, case=case)).state == "counter_noticed"
    (note,) = (await admin(root, "case", "show", case)).items[0]["notes"]
    assert (note["kind"], note["text"]) == ("counter", "I wrote it in 2019")
    spam = (await carol.ask(rq.Report, user=bob.user, reason="spam")).case
    await refused(bob.run(f"/counter {spam} no"), "forbidden")
