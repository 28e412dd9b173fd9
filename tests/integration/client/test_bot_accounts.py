"""Accounts of bots: given by somebody in a group who answers for them, marked, and ended."""

import asyncio

import pytest

from folkmoot_client.sdk import Bot, Client, Message, RequestRefused, SessionEnded
from folkmoot_protocol import CloseCode, ErrorCode
from folkmoot_protocol import requests as rq
from tests.integration.client.test_bots import running, said
from tests.integration.server import Server
from tests.integration.wire import Wire, refused


async def given(wire: Wire, code: str, name: str) -> str:
    """Add a bot to a group; return its token."""
    return str((await wire.run(f"/bot add {name} Doctor {name}", code)).data["token"])


async def test_an_owner_gives_a_bot_that_talks_marked_as_one_and_ends_it(shared: Server) -> None:
    owner, member, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire, await shared.connect(member) as other:
        bot = Bot(shared.url, await given(wire, owner.code, "weather"))

        @bot.command("sky")
        async def sky(message: Message) -> None:
            await message.reply("Rain, as far as one can see.")

        async with running(bot):
            asked = await other.post(owner.code, "!sky")
            answer = await said(other, owner.code, "Rain, as far as one can see.")
            assert (answer.reply_to, answer.from_.user, answer.from_.tags) == (asked, "weather", ("bot",))
            shown = (await other.ask(rq.GetAccount, user="weather")).account
            assert (shown.display_name, shown.bot) == ("Doctor weather", owner.user)
            members = (await other.ask(rq.ListMembers, group=owner.code)).members
            assert [one.user for one in members if "bot" in one.tags] == ["weather"]
            assert (await other.ask(rq.GetAccount, user=owner.user)).account.bot is None
            told = (await other.run("/whois @weather", owner.code)).text
            assert f"A bot: @{owner.user} answers for it" in told
            (item,) = (await wire.run("/bot list", owner.code)).data["items"]
            assert (item["user"], item["kind"], item["giver"], item["answers"]) == ("weather", "bot", owner.user, True)
        async with Client(shared.url, token=bot.client.token) as again:
            await wire.run("/bot remove weather", owner.code)
            with pytest.raises(SessionEnded):
                async with asyncio.timeout(20):
                    async for _ in again.events():
                        pass
        with pytest.raises(RequestRefused) as raised:
            async with Client(shared.url, token=bot.client.token):
                pass
        assert raised.value.code == ErrorCode.AUTH_FAILED
        # It may come back, by another token.
        assert await given(wire, owner.code, "weather") != bot.client.token


async def test_a_bot_is_there_when_the_line_that_adds_it_carries_a_nonce(shared: Server) -> None:
    """*The account was what the nonce stood for: there was no bot in the group, and the answer was that all was
    done.*"""
    owner, *_ = shared.seats.pop()
    async with Client(shared.url, token=owner.token) as client:
        token = (await client.run_command("/bot add noncing A bot", owner.code)).data["token"]
        async with Client(shared.url, token=token) as bot:
            assert bot.account is not None
            assert bot.account.user == "noncing"


async def test_a_token_is_not_kept_with_the_nonce_of_the_line_that_made_it(shared: Server) -> None:
    """*The answer was kept for a day, sealed, and told again: so it was neither told once nor a hash alone.*"""
    owner, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire:
        for line, name in (("/bot add kept-1", "token"), ("/webhook in kept-2", "url")):
            asked = {"line": line, "group": owner.code, "nonce": f"of {line}"}
            first, again = [await wire.ask(rq.RunCommand, **asked) for _ in range(2)]
            assert first.data[name]
            assert again.data["case"] == first.data["case"]
            assert first.data[name] not in f"{again}"


async def test_another_token_ends_the_one_before(shared: Server) -> None:
    owner, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire:
        first = await given(wire, owner.code, "clockwork")
        robot = await Wire.open(shared.url, first)
        second = (await wire.run("/bot token clockwork", owner.code)).data["token"]
        assert await robot.closed() == CloseCode.FORBIDDEN
        async with await Wire.open(shared.url, second) as again:
            await again.post(owner.code, "tick")
        stranger = await Wire.open(shared.url)
        await refused(stranger.resume(first), "auth_failed")
        await stranger.close()


async def test_a_bot_is_for_its_group_alone_and_under_its_giver(shared: Server) -> None:
    owner, admin, member, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire, await shared.connect(admin) as other:
        await refused(other.run("/bot add mine", owner.code), "forbidden")
        await wire.run(f"/promote @{admin.user} bots", owner.code)
        async with await Wire.open(shared.url, await given(other, owner.code, "helper")) as robot:
            await robot.post(owner.code, "at your service")
            await refused(robot.create("Robots"), "forbidden", rule="bots")
            await refused(robot.run("/create Robots"), "forbidden", rule="bots")
            await refused(robot.ask(rq.JoinGroup, group=shared.seats[0][0].code), "forbidden", rule="bots")
            await refused(robot.run("/bot add more", owner.code), "forbidden", rule="bots")
            await refused(robot.ask(rq.Report, user=member.user, reason="spam"), "forbidden", rule="bots")
            await wire.run("/mute @helper 10m too loud", owner.code)
            await refused(robot.post(owner.code, "hush"), "muted")
            await wire.run("/unmute @helper", owner.code)
            # Who gave it is gone: it is silent until somebody else answers for it.
            await other.run("/leave", owner.code)
            await refused(robot.post(owner.code, "anybody?"), "forbidden", rule="bots", giver=admin.user)
        async with await Wire.open(
            shared.url, (await wire.run("/bot token helper", owner.code)).data["token"]
        ) as robot:
            await robot.post(owner.code, "back again")
            await wire.run("/kick @helper", owner.code)
            await robot.closed()


async def test_names_of_bots_are_names(shared: Server) -> None:
    owner, member, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire:
        await refused(wire.run(f"/bot add {member.user}", owner.code), "already_member")
        await refused(wire.run(f"/bot add {shared.take_outsider().user}", owner.code), "name_taken")
        await refused(wire.run("/bot add admin-bot", owner.code), "name_taken")
        await refused(wire.run("/bot add robo Official support", owner.code), "bad_name")
        await refused(wire.run("/bot add x", owner.code), "bad_name")
        await refused(wire.run("/bot add", owner.code), "bad_syntax")
        stranger = await Wire.open(shared.url)
        await given(wire, owner.code, "robo-two")
        await refused(stranger.ask(rq.Login, user="robo-two", password=""), "auth_failed")
        await stranger.close()
