"""`folkmoot admin watch`: a reviewer works through a hundred posts and reports by keyboard, on a real server."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from folkmoot_client.admin.watch.desk import POST, REPORT, Desk, Waiting
from folkmoot_client.admin.watch.view import Watch
from folkmoot_client.sdk import Client
from folkmoot_protocol import requests as rq
from tests.integration.client.commands import folkmoot
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.wire import Wire, refused

GROUPS, MEMBERS, POSTS, REPORTS = 5, 7, 96, 4


@pytest.fixture(scope="module")
def queued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {f"limits__{name}": 0 for name in ("sign_ins_per_minute", "acts_per_minute", "connections_per_address")}
    place = tmp_path_factory.mktemp("watch")
    with serving(place, groups=GROUPS, members=MEMBERS, admin="root", **limits) as server:
        yield server


async def fill(server: Server) -> None:
    """Have posts held, and entries reported."""
    async with await Wire.open(server.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        fields = {"noun": "word", "verb": "create", "target": "lottery", "reason": "case 7"}
        await root.ask(rq.Admin, **fields, options={"verdict": "hold"})
    members = [seat for seats in server.seats for seat in seats[1:]]
    wires = [await server.connect(seat) for seat in members]
    for number in range(POSTS):
        seat, wire = members[number % len(members)], wires[number % len(members)]
        await refused(wire.post(seat.code, f"lottery number {number}"), "content_held")
    for seat, other, wire in list(zip(members, members[1:], wires, strict=False))[:REPORTS]:
        assert seat.code == other.code
        await wire.ask(rq.Report, user=other.user, reason="spam")
    for wire in wires:
        await wire.close()


async def reach(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110  # the screen tells nobody
            await asyncio.sleep(0.005)


async def press(app: Watch, key: str, is_done: Callable[[], bool]) -> None:
    """Press a key, and wait until what it is for is seen.

    The pilot would wait after each until the processor has nothing to do, which on a busy machine takes a second.
    """
    app.simulate_key(key)
    await reach(is_done)


async def give_reason(app: Watch, *, by_template: bool) -> None:
    """Choose a template, or type a reason."""
    if not by_template or not app.screen.query_one(OptionList).option_count:
        field = app.screen.query_one(Input)
        field.focus()
        await press(app, "a", lambda: field.value == "a")
    await press(app, "enter", lambda: not app.is_asking)


async def decide(app: Watch, one: Waiting, *, denies: bool, by_template: bool) -> None:
    """Decide on what is shown."""
    await reach(lambda: app.shown == one.case)
    assert one.kind == REPORT or "lottery number" in read(app, "text")
    asks = denies or one.kind == REPORT
    await press(app, "d" if denies else "a", lambda: asked(app) if asks else one.case not in app.waiting)
    if asks:
        await give_reason(app, by_template=by_template)
        await reach(lambda: one.case not in app.waiting)


def asked(app: Watch) -> bool:
    """Say whether a reason can be given."""
    return app.is_asking and app.screen.focused is not None


async def until_filled(app: Watch, pilot: Pilot[None], count: int) -> None:
    while len(app.waiting) != count:
        await pilot.pause(0.02)


def read(app: Watch, what: str) -> str:
    return str(app.query_one(f"#{what}", Static).content)


async def test_a_hundred_are_worked_through_by_keyboard(queued: Server, tmp_path: Path) -> None:
    await fill(queued)
    async with Client(queued.url) as client:
        await client.login("root", PASSWORD)
        app = Watch(Desk(client))
        async with app.run_test(size=(140, 40)) as pilot:
            await until_filled(app, pilot, POSTS + REPORTS)
            board = read(app, "board")
            assert f"{POSTS} posts, {REPORTS} reports" in board
            assert "connections" in board, "the node and its load"
            first = app.chosen
            assert first is not None and first.kind == REPORT
            await press(app, "n", lambda: app.shown == first.case)
            assert first.row["user"] in read(app, "text")
            await press(app, "c", lambda: read(app, "said") == f"Claimed: {first.case}")
            await press(app, "a", lambda: asked(app))
            await press(app, "escape", lambda: not app.is_asking)
            assert first.case in app.waiting, "nothing was done"
            done = {"approved": 0, "denied": 0}
            while (one := app.chosen) is not None:
                denies = len(app.waiting) % 8 == 0
                await decide(app, one, denies=denies, by_template=done["denied"] % 2 == 0)
                done["denied" if denies else "approved"] += 1
            assert sum(done.values()) == POSTS + REPORTS
            await press(app, "r", lambda: "0 posts, 0 reports" in read(app, "board"))
            await pilot.press("q")
    async with await Wire.open(queued.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        for noun in ("queue", "case"):
            assert (await root.ask(rq.Admin, noun=noun, verb="list")).items == ()
    posted = 0
    for seats in queued.seats:
        async with await queued.connect(seats[0]) as wire:
            posted += sum("lottery number" in entry.body for entry in await wire.history(seats[0].code))
    assert 50 < posted < POSTS


async def test_who_may_not_decide_sees_the_lists_and_is_told_why(queued: Server) -> None:
    seat = queued.seats[0][2]
    async with await Wire.open(queued.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        role = {"noun": "role", "verb": "create", "target": seat.user, "reason": "hired"}
        await root.ask(rq.Admin, **role, options={"role": "viewer"})
    async with await queued.connect(queued.seats[0][3]) as wire:
        await refused(wire.post(seat.code, "lottery again"), "content_held")
    async with Client(queued.url, token=seat.token) as client:
        app = Watch(Desk(client))
        async with app.run_test(size=(140, 40)) as pilot:
            await until_filled(app, pilot, 1)
            (one,) = app.waiting.values()
            assert one.kind == POST
            await press(app, "s", lambda: "role" in read(app, "said"))
            app.say("")
            await press(app, "a", lambda: "role" in read(app, "said"))
            assert one.case in app.waiting


async def test_it_wants_a_terminal(queued: Server) -> None:
    done = await folkmoot(
        "admin", "watch", "--server", queued.url, "--user", "root", stdin=f"{PASSWORD}\n", HOME=str(queued.data)
    )
    assert done.code == 2
    assert "queue list -o json" in done.err
