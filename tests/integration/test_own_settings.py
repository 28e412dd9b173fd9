"""What members set for themselves: a name in the group, what to be notified of, whom to ignore."""

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from tests.integration.cast import Cast
from tests.integration.server import SignIn
from tests.integration.wire import refused


async def test_a_nick_is_shown_in_its_group_alone(cast: Cast) -> None:
    await cast.does("bob", "/nick Bobby")
    entry = (await cast.carol.seen(cast.code, await cast.says("bob", "hello")))[-1]
    assert entry.from_.display_name == "Bobby"
    await cast.does("ann", "/promote @{bob}")
    await cast.does("bob", "/topic Tea")
    await cast.carol.until(lambda: any(one.data and one.data.get("topic") for one in cast.carol.entries(cast.code)))
    assert cast.carol.entries(cast.code)[-1].from_.display_name == "Bobby"
    members = (await cast.carol.ask(rq.ListMembers, group=cast.code)).members
    assert [one.display_name for one in members if one.user == cast.bob.user] == ["Bobby"]
    account = (await cast.carol.ask(rq.GetAccount, user=cast.bob.user)).account
    assert account.display_name != "Bobby"
    await cast.does("bob", "/nick off")
    entry = (await cast.carol.seen(cast.code, await cast.says("bob", "again")))[-1]
    assert entry.from_.display_name == account.display_name
    await refused(cast.does("bob", "/nick \u202eevil"), "bad_name")


async def test_ones_other_devices_hear_of_ones_settings_and_they_are_kept(cast: Cast, sign_in: SignIn) -> None:
    other = await sign_in(cast.seats[1])
    await cast.does("bob", "/notify mentions")
    group = (await other.event(ev.GroupEvent)).group
    assert (group.id, group.notify) == (cast.code, "mentions")
    await cast.does("bob", "/ignore @{carol}")
    assert (await other.event(ev.AccountEvent)).account.ignored == (cast.carol.user,)
    later = await sign_in(cast.seats[1])
    assert later.session.account.ignored == (cast.carol.user,)
    assert {one.id: one.notify for one in later.session.groups}[cast.code] == "mentions"
    assert (await cast.carol.ask(rq.GetAccount, user=cast.bob.user)).account.ignored == ()
    await cast.does("bob", "/ignore @{carol} off")
    assert (await cast.does("bob", "/ignore")).data["ignored"] == []
    await refused(cast.does("bob", "/ignore @{bob}"), "forbidden")
    await refused(cast.does("bob", "/ignore @nobody.here"), "no_such_user")


async def test_one_reads_what_is_in_force_against_one(cast: Cast) -> None:
    await cast.does("ann", "/warn @{bob} loud")
    muted = await cast.does("ann", "/mute @{bob} 1h louder")
    found = (await cast.does("bob", "/sanctions")).data["items"]
    assert [(one["kind"], one["reason"]) for one in found] == [("mute", "louder"), ("warning", "loud")]
    assert found[0]["case"] == muted.data["case"]
    await cast.does("ann", "/ban @{bob} 1h loudest")
    outside = (await cast.bob.run("/sanctions")).data["items"]
    assert {one["kind"] for one in outside} == {"ban", "mute", "warning"}
