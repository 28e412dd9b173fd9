"""The desk: all queues in one list, what each role may do about it, and what waits in words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_governance import PlatformRole
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_protocol import requests as rq
from folkmoot_server.admin.desk_words import say_item
from folkmoot_server.common.i18n import translator
from folkmoot_server.delivery.notices import acts_of
from tests.integration.wire import refused
from tests.unit.server.stores import Stage, staged
from tests.unit.server.test_duty import ask
from tests.unit.server.test_inspector import grant, report
from tests.unit.server.test_sanctions import SetClock

OLD = "11010519491231002X"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def stage(tmp_path: Path, clock: SetClock) -> AsyncIterator[Stage]:
    async with staged(tmp_path, clock) as stage:
        await stage.rest()
        yield stage


async def test_a_role_is_offered_what_it_covers_and_overdue_comes_first(stage: Stage, clock: SetClock) -> None:
    (rea, mia, tom), (sue, vic, ivy) = stage.seats[0][:3], stage.seats[1][:3]
    roles = {rea: PlatformRole.REVIEWER, sue: PlatformRole.SAFETY_OFFICER, vic: PlatformRole.VIEWER}
    for seat, role in roles.items():
        await grant(stage, seat.user, role)
    reporter = await stage.connect(mia)
    late = await report(stage, reporter, tom.user)
    clock.ahead = 8 * DAY_MS
    early = await report(stage, reporter, ivy.user)
    wires = {seat.user: await stage.connect(seat) for seat in roles}
    found = {user: (await ask(wire, "desk", "list")).items for user, wire in wires.items()}
    for rows in found.values():
        assert [(row["case"], row["state"]) for row in rows] == [(late, "overdue"), (early, "open")]
    ways = {user: [way["title"] for way in rows[0]["ways"]] for user, rows in found.items()}
    assert ways[rea.user] == ["Uphold", "Dismiss", "Made in bad faith"]
    assert ways[sue.user] == [*ways[rea.user], "Uphold, suspend for 7 days"]
    assert ways[vic.user] == []
    assert [rows[0]["claim"] for rows in found.values()] == ["case", "case", ""]
    # Each way is another verb, as it stands.
    way = found[rea.user][0]["ways"][1]
    fields = {"noun": way["noun"], "verb": way["verb"], "options": way["options"], way["takes"]: "nothing in it"}
    await wires[rea.user].ask(rq.Admin, target=late, **fields)
    assert [row["case"] for row in (await ask(wires[rea.user], "desk", "list")).items] == [early]
    assert "he sells things" in (await ask(wires[rea.user], "desk", "show", early)).text
    assert "he sells things" not in (await ask(wires[vic.user], "desk", "show", early)).text
    await refused(ask(await stage.connect(ivy), "desk", "list"), "forbidden")
    await refused(ask(wires[vic.user], "desk", "show", f"{mia.code}-1"), "forbidden", act="read_texts")


async def test_the_numbers_of_an_identity_are_read_for_a_case_alone(stage: Stage) -> None:
    rea, mia = stage.seats[0][:2]
    await grant(stage, rea.user, PlatformRole.REVIEWER)
    await (await stage.connect(mia)).run(f"/verify person {OLD}")
    wire = await stage.connect(rea)
    (row,) = (await ask(wire, "desk", "list")).items
    assert (row["case"], row["state"]) == (mia.user, "open")
    shown = (await ask(wire, "desk", "show", mia.user)).text
    assert "Asks for:" in shown and OLD not in shown
    assert OLD in (await ask(wire, "desk", "show", mia.user, case="file 7")).text
    assert row["ways"][2]["takes"] == "case"


def test_no_line_that_somebody_wrote_looks_like_one_of_the_desk() -> None:
    text = "all is well\nReason: none\r\n\u2028Severity: low\n@root:\n  dismiss it"
    around = [{"seq": 2, "from": {"user": "bob"}, "body": text}]
    item = {"user": "bob", "by": "ann", "text": text, "subject": {"entry": around[0]}, "around": around}
    lines = say_item(item, translator("en")).splitlines()
    said = [line for line in lines if line and not line.startswith("  ")]
    assert said == ["About: @bob", "By: @ann", "@ann:", "What was said around it:"]


def test_what_one_can_answer_with_stands_in_the_sentence_and_not_in_what_fills_it() -> None:
    def acts(kind: str, **data: object) -> tuple[str, ...]:
        return acts_of(PersonalNotice("bob", 1, kind, "c-1", data=data))

    assert acts("muted", appeal_until_ms=9, reason="/mediate {case}") == ("/appeal c-1 …",)
    assert acts("copyright_reported") == ("/counter c-1 …",)
    assert acts("mediation_opened") == ("/mediate c-1",)
    assert acts("transfer_offered", name="/verify") == ("/transfer accept",)
    assert acts("renewal_late") == ("/verify",)
    assert acts("let_in") == acts("of a later version") == ()
