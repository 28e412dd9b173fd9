"""Coming in by code, by answer, by approval, over the wire."""

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from tests.integration.cast import Cast
from tests.integration.wire import refused


async def test_an_invite_code_lets_one_in(cast: Cast) -> None:
    await cast.does("ann", "/joinmode invite")
    made = await cast.does("ann", "/invite code 2d")
    assert made.data["invite_code"] in made.text
    listed = await cast.does("ann", "/invites")
    assert [one["code_id"] for one in listed.data["codes"]] == [made.data["code_id"]]
    assert made.data["undo"] == f"/uninvite {made.data['code_id']}"
    joined = await cast.dave.ask(rq.JoinGroup, group=cast.code, answer=made.data["invite_code"])
    assert joined.state == "member"
    assert (await cast.does("ann", "/invites")).data["codes"] == []
    # Nothing that the group reads has the code in it.
    assert made.data["invite_code"] not in str(await cast.bob.history(cast.code))


async def test_an_answer_lets_in_and_trying_has_an_end(cast: Cast) -> None:
    await cast.does("ann", "/question Two and two? = 4 | Four")
    await cast.does("ann", "/joinmode question")
    for answer in (None, "", "5", "6"):
        await refused(
            cast.dave.ask(rq.JoinGroup, group=cast.code, answer=answer), "wrong_answer", question="Two and two?"
        )
    await refused(cast.does("dave", "/join {code} seven"), "wrong_answer")
    for _ in range(2):
        await refused(cast.dave.ask(rq.JoinGroup, group=cast.code, answer="8"), "wrong_answer")
    spent = await refused(cast.dave.ask(rq.JoinGroup, group=cast.code, answer="four"), "rate_limited")
    assert spent.detail["retry_after_ms"] > 0
    assert "four" not in str([one for one in await cast.bob.history(cast.code) if one.data])


async def test_the_right_answer(cast: Cast) -> None:
    await cast.does("ann", "/question Two and two? = 4 | Four")
    await cast.does("ann", "/joinmode question")
    assert (await cast.dave.ask(rq.JoinGroup, group=cast.code, answer=" ＦＯＵＲ ")).state == "member"


@pytest.mark.parametrize("line", ["/deny @{dave} come back later", "/deny all come back later"])
async def test_an_applicant_is_told_why(cast: Cast, line: str) -> None:
    await cast.does("ann", "/joinmode approval")
    assert (await cast.dave.ask(rq.JoinGroup, group=cast.code, answer="please")).state == "pending"
    denied = await cast.does("ann", line)
    event = await cast.dave.event(ev.CaseEvent, state="denied")
    assert event.case == denied.data["case"]
    assert event.text.endswith("come back later")


async def test_invites_name_who_gave_them_and_end_with_them(cast: Cast) -> None:
    await cast.does("ann", "/promote @{bob} invite")
    await cast.does("ann", "/joinmode invite")
    await cast.does("bob", "/invite @{dave}")
    code = (await cast.does("bob", "/invite code 2d 5")).data["invite_code"]
    listed = await cast.does("ann", "/invites")
    assert [(one["user"], one["by"]) for one in listed.data["invitations"]] == [(cast.dave.user, cast.bob.user)]
    assert listed.text.count(f"by @{cast.bob.user}") == 2
    demoted = await cast.does("ann", "/demote @{bob}")
    assert cast.fill("The invitations and invite codes by @{bob} are void") in demoted.text
    assert (await cast.does("ann", "/invites")).data == {"invitations": [], "codes": []}
    await refused(cast.does("dave", "/join {code}"), "join_closed")
    await refused(cast.dave.ask(rq.JoinGroup, group=cast.code, answer=code), "join_closed")


@pytest.mark.parametrize("line", ["/dissolve {code}", "/ban @{dave} 1h a known spammer"])
async def test_an_applicant_hears_that_nothing_comes_of_it(cast: Cast, line: str) -> None:
    await cast.does("ann", "/joinmode approval")
    assert (await cast.dave.ask(rq.JoinGroup, group=cast.code)).state == "pending"
    ended = await cast.does("ann", line)
    event = await cast.dave.event(ev.CaseEvent)
    assert event.case == ended.data["acts"][0]["case"]
    state, said = ("closed", "is closed") if "dissolve" in line else ("denied", "a known spammer")
    assert event.state == state
    assert said in event.text


async def test_many_are_let_in_at_once(cast: Cast) -> None:
    await cast.does("ann", "/joinmode approval")
    await cast.does("dave", "/join {code}")
    await refused(cast.does("ann", "/approve @nobody.here @nobody.there"), "no_such_user")
    await cast.does("ann", "/approve @{dave} @{bob}")
    assert (await cast.dave.group(cast.code)).role == "member"
