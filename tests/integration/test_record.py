"""The group's record over the wire: who sees which acts, what undoes them, and the whole of it for the owner."""

from typing import Any

from tests.integration.cast import Cast
from tests.integration.wire import refused


def told(answer: Any) -> list[str]:
    """Return what kinds of acts an answer has."""
    return [act["event"] for act in answer.data["acts"]]


async def test_admins_see_all_and_members_their_own(cast: Cast) -> None:
    await cast.does("ann", "/mute @{bob} 10m noise")
    await cast.does("ann", "/topic Tea")
    await cast.does("ann", "/kick @{carol} enough")
    await cast.does("ann", "/promote @{bob} mute")
    for who in ("ann", "bob"):
        assert told(await cast.does(who, "/log"))[:4] == ["promoted", "kicked", "topic_changed", "muted"]
    await cast.does("ann", "/demote @{bob}")
    assert told(await cast.does("bob", "/log")) == ["demoted", "promoted", "muted", "joined"]
    assert told(await cast.does("bob", "/log @{bob} muted")) == ["muted"]
    await refused(cast.does("bob", "/log @{ann}"), "forbidden")
    await refused(cast.does("carol", "/log"), "not_a_member")


async def test_filters_and_pages(cast: Cast) -> None:
    for number in range(60):
        await cast.does("ann", f"/topic {number}")
    await cast.does("ann", "/mute @{bob} 10m noise")
    first = await cast.does("ann", "/log 9y")
    assert (len(first.data["acts"]), told(first)[0]) == (50, "muted")
    assert f"/log 9y before {first.data['before']}" in first.text
    second = await cast.does("ann", f"/log 9y before {first.data['before']}")
    assert "before" not in second.data
    cases = [act["case"] for act in first.data["acts"] + second.data["acts"]]
    assert cases == sorted(cases, key=lambda case: -int(case.rpartition("-")[2]))
    assert len(cases) == 61 + 6, "the founding and the five joins are acts too"
    assert told(await cast.does("ann", "/log @{bob} muted unmuted")) == ["muted"]
    older = await cast.does("ann", f"/log topic_changed before {cases[3]}")
    assert older.data["acts"][0]["case"] == cases[4]
    assert (await cast.does("ann", "/log dissolved")).data == {"acts": []}


async def test_what_undoes_an_act_is_shown_while_it_can_be_undone(cast: Cast) -> None:
    await cast.does("ann", "/mute @{bob} 10m noise")
    (act,) = (await cast.does("ann", "/log muted")).data["acts"]
    assert act["undo"] == cast.fill("/unmute @{bob}")
    assert act["undo"] in (await cast.does("ann", "/log muted")).text
    await cast.does("ann", act["undo"])
    (act,) = (await cast.does("ann", "/log muted")).data["acts"]
    assert "undo" not in act
    assert act["reason"] == "noise"


async def test_the_owner_gets_all_of_it_page_by_page(cast: Cast) -> None:
    for number in range(205):
        await cast.does("ann", f"/topic {number}")
    acts, line = [], "/export"
    while line:
        page = (await cast.does("ann", line)).data
        assert page["export"] == cast.code
        assert len(page["acts"]) <= 200
        acts += page["acts"]
        line = f"/export {page['next']}" if "next" in page else ""
    assert [act["case"] for act in acts] == [f"{cast.code}-{version}" for version in range(1, page["version"] + 1)]
    assert acts[0]["event"] == "created"
    assert all(act["ts"] > 0 for act in acts)
    await cast.does("ann", "/promote @{bob}")
    await refused(cast.does("bob", "/export"), "forbidden", needed="owner")


async def test_duty_is_for_those_who_run_the_group(cast: Cast) -> None:
    assert (await cast.does("ann", "/duty")).data == {"duties": []}
    await cast.does("ann", "/joinmode approval")
    await cast.does("dave", "/join {code}")
    await cast.does("ann", "/limit 6")
    answer = await cast.does("ann", "/duty")
    assert [(one["kind"], one["help"]) for one in answer.data["duties"]] == [
        ("full", "/limit"),
        ("requests", "/requests"),
    ]
    assert "Members: 6 of 6" in answer.text
    await refused(cast.does("bob", "/duty"), "forbidden", needed="admin")


async def test_rules_of_the_group_stand_before_the_platforms(cast: Cast) -> None:
    await cast.does("ann", "/setrules Be kind.")
    answer = await cast.does("bob", "/rules")
    assert answer.text.startswith("Be kind.\n\n")
    assert answer.data["group_rules"] == "Be kind."
    await cast.does("ann", "/setrules off")
    assert (await cast.does("bob", "/rules")).data["group_rules"] == ""


async def test_an_announcement_is_told_and_stays_in_info(cast: Cast) -> None:
    await cast.does("ann", "/announce Tea at five.\nBring cups.")
    assert (await cast.bob.group(cast.code)).announcement == "Tea at five.\nBring cups."
    assert "Tea at five.\nBring cups." in (await cast.does("bob", "/info")).text
    assert (await cast.does("bob", "/公告")).text == "Tea at five.\nBring cups."
    assert (await cast.dave.group(cast.code)).announcement == "", "it is for members"
    entry = (await cast.bob.history(cast.code))[-1]
    assert (entry.kind, entry.body, entry.from_.user) == ("announcement", "Tea at five.\nBring cups.", cast.ann.user)
    await refused(cast.ann.run(f"/delete {entry.seq}", cast.code), "forbidden", help="/announce off")
    await cast.does("ann", "/announce off")
    assert (await cast.bob.group(cast.code)).announcement == ""
