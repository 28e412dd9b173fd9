"""Names that look like somebody else's: refused where they are chosen; accounts that have one go on as before."""

import itertools

import pytest

from folkmoot_protocol import requests as rq
from tests.integration.cast import Cast
from tests.integration.server import PASSWORD, Launch, SignIn
from tests.integration.wire import Wire, refused

names = (f"namesake{number}" for number in itertools.count(1))


@pytest.mark.parametrize("user", ["admin", "support", "0fficial", "folkmoot", "moderator1", "the-admin"])
async def test_user_names_of_service_and_staff_are_taken(sign_in: SignIn, user: str) -> None:
    await refused((await sign_in()).register(user), "name_taken")


@pytest.mark.parametrize("name", ["Admin", "Аdmin", "Support Team", "管理员", "官方客服", "Folkm00t", "S\u200bystem"])
async def test_display_names_and_nicks_claim_no_role(cast: Cast, sign_in: SignIn, name: str) -> None:
    await refused((await sign_in()).register(next(names), display_name=name), "bad_name", rule="reserved_names")
    await refused(cast.does("bob", f"/nick {name}"), "bad_name", rule="reserved_names")
    await refused(cast.does("ann", f"/tag @{{bob}} {name}"), "bad_name", rule="reserved_names")


async def test_a_nick_is_no_disguise_of_a_member(cast: Cast) -> None:
    await cast.does("carol", "/nick Maria 李")
    await cast.does("bob", "/nick Maria 李")
    for name in ("maria 李", "Mаria 李", "Mar1a李", cast.carol.user, cast.carol.user.upper()):
        await refused(cast.does("bob", f"/nick {name}"), "bad_name", rule="look_alike_names", other=cast.carol.user)
    await cast.does("ann", "/nick Olga")
    for name in ("Olga", "0lga", "OIga"):
        await refused(cast.does("bob", f"/nick {name}"), "bad_name", rule="look_alike_names", other=cast.ann.user)
    await cast.does("ann", "/promote @{carol}")
    await refused(cast.does("bob", "/nick Maria 李"), "bad_name", rule="look_alike_names", other=cast.carol.user)
    await cast.does("ann", "/nick OIga")


async def test_who_is_called_like_the_owner_comes_in_under_the_user_name(cast: Cast, sign_in: SignIn) -> None:
    await cast.does("ann", "/nick Olga Borg")
    for number, (name, shown) in enumerate([("0lga Borg", None), ("Olga Borg", None), ("Bob", "Bob")]):
        user, wire = next(names), await sign_in()
        await wire.register(user, display_name=name)
        if number % 2:
            await wire.run(f"/join {cast.code}")
        else:
            await wire.ask(rq.JoinGroup, group=cast.code)
        seq = await wire.post(cast.code, "hello")
        entry = (await cast.carol.seen(cast.code, seq))[-1]
        assert entry.from_.display_name == (shown or user)


async def test_a_display_name_is_none_of_staffs(launch: Launch) -> None:
    server = launch(admin="rupert")
    async with await Wire.open(server.url) as wire:
        await refused(wire.register("eve", display_name="Rupert"), "bad_name", other="rupert")
        await wire.register("eve", display_name="Eve")


async def test_an_administrator_may_be_called_so_and_old_names_work(launch: Launch) -> None:
    server = launch(admin="admin")
    async with await Wire.open(server.url) as wire:
        session = await wire.ask(rq.Login, user="Admin", password=PASSWORD)
        assert session.account.display_name == "admin"
    for name in ("platform", "folkmoot", "system"):
        made = server.run("init", "--user", name, input=f"{PASSWORD}\n")
        assert made.returncode == 1
