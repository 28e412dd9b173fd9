"""Bots, and the examples of them, against the real server."""

import asyncio
import importlib.util
import io
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

import folkmoot_protocol as fm
from folkmoot_client.sdk import Acts, Bot, Client, Message, RequestRefused
from folkmoot_protocol import ErrorCode
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from tests.integration.running import RunningServer
from tests.integration.server import PASSWORD, Server
from tests.integration.wire import Wire

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Load an example by its name."""
    monkeypatch.syspath_prepend(EXAMPLES)

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@asynccontextmanager
async def running(bot: Bot) -> AsyncIterator[None]:
    """Run a bot; what is said before it hears is not for it."""
    hears = asyncio.Event()

    @bot.on_start
    async def start() -> None:
        hears.set()

    task = asyncio.create_task(bot.run())
    try:
        async with asyncio.timeout(60):
            await hears.wait()
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def said(wire: Wire, code: str, text: str) -> fm.Entry:
    """Return the last entry of a group with a text, when it comes."""
    found: list[fm.Entry] = []

    def is_there() -> bool:
        found[:] = [one for one in wire.entries(code) if one.body == text]
        return bool(found)

    await wire.until(is_there)
    return found[-1]


async def test_an_echo_answers_and_waves(shared: Server, examples: Callable[[str], ModuleType]) -> None:
    owner, robot, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire, running(examples("echo").make_bot(shared.url, robot.token)):
        asked = await wire.post(owner.code, "!echo  hello there")
        assert (await said(wire, owner.code, "hello there")).reply_to == asked
        await wire.post(owner.code, "!echo /kick me")
        assert (await said(wire, owner.code, "/kick me")).kind is fm.EntryKind.TEXT, "a text, not a command"
        greeted = await wire.post(owner.code, "good day to all")
        assert (await said(wire, owner.code, "👋")).target == greeted


async def test_a_moderator_deletes_warns_and_mutes_on_record(
    shared: Server, examples: Callable[[str], ModuleType]
) -> None:
    owner, robot, spammer, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire, await shared.connect(spammer) as loud:
        await wire.run(f"/promote @{robot.user} delete mute warn", owner.code)
        async with running(examples("moderation").make_bot(shared.url, robot.token)):
            for _ in range(4):
                await loud.post(owner.code, "buy  HERE")
            await loud.event(ev.CaseEvent, state="muted")
        told = [one.state for one in loud.log if isinstance(one, ev.CaseEvent)]
        assert (told.count("deleted"), told.count("warned")) == (3, 2)


async def test_who_joins_is_asked_and_thanked(shared: Server, examples: Callable[[str], ModuleType]) -> None:
    owner, robot, *_ = shared.seats.pop()
    comer = shared.take_outsider()
    async with await shared.connect(owner) as wire, await shared.connect(comer) as guest:
        async with running(examples("welcome").make_bot(shared.url, robot.token)):
            await guest.ask(rq.JoinGroup, group=owner.code)
            await said(wire, owner.code, f"Welcome, @{comer.user}! What brings you here?")
            answer = await guest.post(owner.code, "the sea")
            assert (await said(wire, owner.code, "Thank you. Type /rules to see what holds here.")).reply_to == answer


async def test_a_bridge_carries_lines_both_ways(
    shared: Server,
    examples: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    owner, robot, *_ = shared.seats.pop()
    monkeypatch.setattr(sys, "stdin", io.StringIO("from a log\n\n"))
    bot = examples("bridge").make_bot(shared.url, robot.token, owner.code)
    printed = asyncio.Event()

    @bot.on_message  # type: ignore[untyped-decorator]  # the example is loaded by its name
    async def note(message: Message) -> None:
        printed.set()

    async with await shared.connect(owner) as wire:
        async with running(bot):
            await said(wire, owner.code, "from a log")
            await wire.post(owner.code, "two\nlines")
            async with asyncio.timeout(60):
                await printed.wait()
    assert capsys.readouterr().out == f"{owner.user}\ttwo lines\n"


async def test_what_fails_in_a_handler_is_logged_and_the_bot_goes_on(
    shared: Server, caplog: pytest.LogCaptureFixture
) -> None:
    owner, robot, *_ = shared.seats.pop()
    bot = Bot(shared.url, robot.token)

    @bot.command("kick")
    async def kick(message: Message, user: str, reason: str) -> None:
        await message.acts.kick(user, reason)

    @bot.command("fail")
    async def fail(message: Message) -> None:
        raise KeyError("nothing")

    @bot.command("count")
    async def count(message: Message, *words: str) -> None:
        await message.reply(str(len(words)))

    async with await shared.connect(owner) as wire, running(bot):
        await wire.post(owner.code, f"!kick {owner.user} for no reason")
        await wire.post(owner.code, "!fail")
        await wire.post(owner.code, "!count a b c")
        await said(wire, owner.code, "3")
    assert "kick was refused: forbidden" in caplog.text
    assert "fail failed" in caplog.text


async def test_acts_are_commands_with_nothing_smuggled_in(shared: Server) -> None:
    owner, other, *_ = shared.seats.pop()
    async with Client(shared.url, token=owner.token) as client:
        acts = Acts(client, owner.code)
        muted = await acts.mute(other.user, timedelta(minutes=90), "said\n/ban @somebody perm")
        assert muted.data["case"]
        with pytest.raises(ValueError, match="user name"):
            await acts.kick("bob perm", "x")
        with pytest.raises(ValueError, match="reason"):
            await acts.warn(other.user, " \n ")
        await acts.unmute(other.user)
        with pytest.raises(RequestRefused, match=ErrorCode.FORBIDDEN.value):
            await acts.kick(owner.user, "x")


async def test_what_a_rate_limit_refuses_is_waited_for(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, FOLKMOOT_LIMITS__POSTS_PER_SECOND="2")
    await server.start()
    async with Client(server.ws) as ann, Client(server.ws, waits=True) as robot:
        await ann.register("ann", PASSWORD)
        await robot.register("robot", PASSWORD)
        group = (await ann.create_group("Robots")).id
        with pytest.raises(RequestRefused, match=ErrorCode.RATE_LIMITED.value):
            for number in range(100):
                await ann.post(group, f"{number}")
        await robot.join(group)
        posted = [await robot.post(group, f"robot {number}") for number in range(8)]
        assert len({one.seq for one in posted}) == 8
    assert await server.stop() == 0
