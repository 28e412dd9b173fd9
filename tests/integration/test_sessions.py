"""Passwords that are changed, and where one is signed in."""

import asyncio
import itertools

from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import CloseCode
from tests.integration.server import PASSWORD, Launch, SignIn
from tests.integration.wire import Wire, refused

names = (f"keeper{number}" for number in itertools.count(1))
NEW = "quite another phrase"


async def newcomer(sign_in: SignIn, **fields: str) -> Wire:
    wire = await sign_in()
    await wire.register(next(names), PASSWORD, **fields)
    return wire


async def log_in(sign_in: SignIn, user: str, password: str = PASSWORD, **fields: str) -> Wire:
    wire = await sign_in()
    wire.session = await wire.ask(rq.Login, user=user, password=password, **fields)
    return wire


async def told(wire: Wire) -> list[str]:
    return [one.kind for one in (await wire.ask(rq.GetNotices)).notices]


async def test_who_changes_the_password_stays_and_all_others_go(sign_in: SignIn) -> None:
    wire = await newcomer(sign_in)
    others = [await log_in(sign_in, wire.user) for _ in range(2)]
    await wire.ask(rq.ChangePassword, password=PASSWORD, new=NEW)
    assert [await one.closed() for one in others] == [CloseCode.FORBIDDEN] * 2
    for one in others:
        await refused((await sign_in()).ask(rq.Resume, token=one.token), "auth_failed")
    await refused((await sign_in()).ask(rq.Login, user=wire.user, password=PASSWORD), "auth_failed")
    assert await told(wire) == ["password_changed"]
    again = await sign_in()
    assert (await again.resume(wire.token)).account.user == wire.user
    assert len((await (await log_in(sign_in, wire.user, NEW)).run("/sessions")).data["items"]) == 2


async def test_who_signs_in_disturbs_nobody_who_signs_out(sign_in: SignIn) -> None:
    user = (await newcomer(sign_in)).user

    async def come_and_go() -> None:
        for _ in range(3):
            wire = await log_in(sign_in, user)
            await wire.ask(rq.Logout)

    await asyncio.gather(*(come_and_go() for _ in range(4)))


async def test_a_password_is_changed_by_who_knows_it_and_for_one_that_holds(sign_in: SignIn) -> None:
    wire = await newcomer(sign_in)
    other = await log_in(sign_in, wire.user)
    await refused(wire.ask(rq.ChangePassword, password=PASSWORD, new="short"), "weak_password")
    await refused(wire.ask(rq.ChangePassword, password=PASSWORD, new="password1"), "weak_password")
    await refused(wire.ask(rq.ChangePassword, password=PASSWORD, new=PASSWORD), "weak_password", rule="same")
    await refused((await sign_in()).ask(rq.ChangePassword, password=PASSWORD, new=NEW), "not_authenticated")
    for _ in range(5):
        await refused(wire.ask(rq.ChangePassword, password="a guess of mine", new=NEW), "auth_failed")
    await refused(wire.ask(rq.ChangePassword, password=PASSWORD, new=NEW), "rate_limited")
    assert await told(other) == []


async def test_one_sees_where_one_is_signed_in_and_ends_it(sign_in: SignIn) -> None:
    wire = await newcomer(sign_in, device="desk\u202e\x07")
    phone, lost = [await log_in(sign_in, wire.user, device=device) for device in ("phone", "lost")]
    items = (await wire.run("/sessions")).data["items"]
    assert {(one["device"], one["region"], one["current"]) for one in items} == {
        ("desk", "127.0.0.0/24", True),
        ("phone", "127.0.0.0/24", False),
        ("lost", "127.0.0.0/24", False),
    }
    ids = {one["device"]: one["id"] for one in items}
    assert not any(token[:8] in str(items) for token in (wire.token, phone.token, lost.token))
    assert (await wire.run(f"/sessions end {ids['lost']}")).data["ended"] == [ids["lost"]]
    assert await lost.closed() == CloseCode.FORBIDDEN
    await refused((await sign_in()).ask(rq.Resume, token=lost.token), "auth_failed")
    await refused(wire.run(f"/sessions end {ids['lost']}"), "no_such_entry")
    await refused(wire.run(f"/sessions end {ids['desk']}"), "conflict")
    await refused(wire.run("/sessions end"), "bad_syntax")
    assert (await wire.run("/sessions end others")).data["ended"] == [ids["phone"]]
    assert await phone.closed() == CloseCode.FORBIDDEN
    assert await told(wire) == ["sessions_ended", "sessions_ended"]


async def test_staff_ends_sessions_and_says_why(launch: Launch) -> None:
    server = launch(groups=1, members=3, admin="root")
    ann, bob, _ = server.seats[0]
    async with await Wire.open(server.url) as root, await server.connect(ann) as wire:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        fields = {"noun": "role", "verb": "create", "target": bob.user, "reason": "hired"}
        await root.ask(rq.Admin, **fields, options={"role": "moderator"})
        listed = await root.ask(rq.Admin, noun="session", verb="list", target=ann.user)
        assert len(listed.items) == 1
        async with await server.connect(bob) as moderator:
            for verb in ("list", "close"):
                asked = moderator.ask(rq.Admin, noun="session", verb=verb, target=ann.user, reason="mine")
                await refused(asked, "forbidden")
        closing = {"noun": "session", "verb": "close", "target": ann.user, "reason": "laptop stolen"}
        await refused(root.ask(rq.Admin, **closing, options={"id": "00000000"}), "no_such_entry")
        assert (await root.ask(rq.Admin, **closing)).changed == 1
        assert await wire.closed() == CloseCode.FORBIDDEN


async def test_who_has_lost_the_password_sets_another_by_a_code_of_the_staff(launch: Launch) -> None:
    server = launch(groups=1, members=3, admin="root")
    bob = server.seats[0][1]
    async with await Wire.open(server.url) as root, await Wire.open(server.url) as wire:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        await wire.register("ann", PASSWORD)
        asked = {"noun": "user", "verb": "recover", "target": "ann", "reason": "called back"}
        assert (await root.ask(rq.Admin, **asked, dry_run=True)).items[0]["code"] == ""
        first, code = [(await root.ask(rq.Admin, **asked)).items[0]["code"] for _ in range(2)]
        fields = {"noun": "role", "verb": "create", "target": bob.user, "reason": "hired"}
        await root.ask(rq.Admin, **fields, options={"role": "safety_officer"})
        async with await server.connect(bob) as officer:
            await refused(officer.ask(rq.Admin, **asked | {"target": "root"}), "outranked")
            assert (await officer.ask(rq.Admin, **asked | {"target": server.seats[0][0].user})).changed == 1
        async with await Wire.open(server.url) as stranger:
            await refused(
                stranger.ask(rq.Recover, user="ann", number="13912345678"), "conflict", rule="identity.sender"
            )
            for user, wrong in (("ann", first), ("bob.by", code), ("root", code), ("ann", "")):
                await refused(stranger.ask(rq.ResetPassword, user=user, code=wrong, new=NEW), "auth_failed")
            await refused(stranger.ask(rq.ResetPassword, user="ann", code=code, new="short"), "weak_password")
            await stranger.ask(rq.ResetPassword, user="ann", code=code.upper().replace("-", " "), new=NEW)
            assert await wire.closed() == CloseCode.FORBIDDEN
            await refused(stranger.ask(rq.ResetPassword, user="ann", code=code, new="yet another one"), "auth_failed")
            await refused(stranger.ask(rq.Login, user="ann", password=PASSWORD), "auth_failed")
            stranger.session = await stranger.ask(rq.Login, user="ann", password=NEW)
            notices = (await stranger.ask(rq.GetNotices)).notices
            assert [one.kind for one in notices] == ["password_changed", "reset_code_given", "reset_code_given"]
            assert "called back" in notices[1].text
        assert code not in server.stderr()
