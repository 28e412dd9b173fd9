"""`folkmoot chat` as two people use it, each in a terminal of 80 by 24, against the real server."""

from pathlib import Path

from folkmoot_protocol import requests as rq
from tests.integration.client.commands import PASSWORD, write_password
from tests.integration.client.terminal import ENTER, PAGE_UP, SHIFT_UP, UP, terminal
from tests.integration.running import RunningServer
from tests.integration.wire import Wire


async def test_two_people_talk_and_a_mute_is_appealed_and_undone(server: RunningServer, tmp_path: Path) -> None:
    how = {"folder": tmp_path / "config", "FOLKMOOT_PASSWORD_FILE": write_password(tmp_path)}
    start = ("chat", "--server", server.ws, "--register", "--user")
    async with terminal(*start, "ann", **how) as ann, terminal(*start, "bob", **how) as bob:
        await ann.see("You are not in any group")
        await bob.see("You are not in any group")
        code = (await ann.say("/create Fellows", r"Fellows · (\d{4}-\d{4}-\d{4})"))[1]
        await bob.say(f"/join {code}", r"Fellows · ")
        await bob.say("good day", r"bob: good day")
        await ann.see(r"bob: good day")
        # ann answers what she chooses, puts an emoji to it, and both see it.
        ann.press(SHIFT_UP + "r")
        await ann.see(r"Answers #\d+ by bob")
        await ann.say("and to you", r"↪#\d+ ann .*and to you")
        await bob.see(r"↪#\d+ ann .*and to you")
        ann.press(SHIFT_UP + UP + "e")
        await ann.see(r"> /react \d+")
        await ann.say("👍", r"ann .* reacted to #\d+")
        # bob corrects the last that he said, and says something that goes too far.
        bob.press(UP)
        await bob.see(r"> /edit \d+ good day")
        await bob.say(", all", r"bob edited #\d+: good day, all")
        await bob.say("buy here", r"bob: buy here")
        await ann.see(r"bob: buy here")
        ann.press(SHIFT_UP + "d")
        await ann.see(r"> /delete \d+")
        await ann.say("advertising", r"#\d+ — @ann deleted entry")
        assert ann.text.count("@ann deleted entry") == 1
        # Who has muted does not decide on the appeal: that does ann, for cat has.
        async with await Wire.open(server.ws) as cat:
            await cat.register("cat", PASSWORD)
            await cat.ask(rq.JoinGroup, group=code.replace("-", ""))
            await ann.say("/promote @cat mute", r"cat an admin")
            await cat.run("/mute @bob 10m advertising", code.replace("-", ""))
        case = (await bob.see(r"(?s)You were muted.*/appeal (\S+)"))[1]
        await bob.say("may I?", r"(?i)muted|may not write")
        appeal = (await bob.say(f"/appeal {case} it was a joke", r"(a-[\w-]+)"))[1]
        assert case in appeal
        await ann.say("/queue", r"it was a joke")
        await ann.say(f"/queue approve {appeal} so it was", r"is void")
        await bob.see(r"so it was")
        await bob.say("back to work", r"bob: back to work")
        await ann.see(r"bob: back to work")
        assert await ann.leave() == 0
        assert await bob.leave() == 0
    # Both are remembered: two accounts in two windows.
    for user in ("ann", "bob"):
        async with terminal("chat", "--server", server.ws, "--user", user, folder=tmp_path / "config") as again:
            await again.see(r"Fellows · ")


async def test_history_goes_on_as_far_as_one_scrolls(server: RunningServer, tmp_path: Path) -> None:
    async with await Wire.open(server.ws) as wire:
        await wire.register("ann", PASSWORD)
        group = await wire.create("Fellows")
        for number in range(60):
            await wire.post(group, f"message {number}.")
    password = write_password(tmp_path)
    async with terminal(
        "chat", "--server", server.ws, "--user", "ann", folder=tmp_path / "config", FOLKMOOT_PASSWORD_FILE=password
    ) as ann:
        await ann.see(r"message 59\.")
        for number in (50, 40, 30, 20, 10, 0):
            ann.press(PAGE_UP)
            await ann.see(rf"message {number}\.")
        ann.press("q" + "still here" + ENTER)
        await ann.see(r"ann .*still here")


async def test_who_registers_reads_what_they_accept_and_types_the_password_twice(
    server: RunningServer, tmp_path: Path
) -> None:
    start = ("chat", "--server", server.ws, "--register", "--user", "ann")
    for again, comes in (("another one", "The two are not the same"), (PASSWORD, "You are not in any group")):
        async with terminal(*start, folder=tmp_path / "config") as ann:
            await ann.see(r"(?s)You accept the agreement .*/agreement.*Password:")
            await ann.say(PASSWORD, r"Password again:")
            await ann.say(again, comes)
            assert PASSWORD not in ann.text
