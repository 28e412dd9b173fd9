"""Killed with -9 at random moments under load, twenty times on the same data: nothing that was acknowledged is lost."""

import asyncio
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from random import Random
from typing import Any

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import EntryKind
from folkmoot_server.common.i18n import translator
from folkmoot_server.storage.change_set import ChangeSet
from folkmoot_server.storage.changes import MONTHS_MARK, mark
from folkmoot_server.storage.check.tools import verify
from folkmoot_server.storage.sql.months import begin_of, end_of, is_due, month_of, number_of
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.world import World
from tests.cluster.polling import until
from tests.integration.players import Owner, Play, Player, Poster, Wanderer, check_history
from tests.integration.server import PASSWORD, Launch
from tests.integration.test_http import get
from tests.integration.wire import Wire

KILLS = 20
GROUPS, MEMBERS = 4, 5


def cast_of(play: Play) -> list[Player]:
    """In each group: an owner that governs, three that post (one of them muted now and then), one that wanders."""
    players: list[Player] = []
    groups = play.server.seats
    for index, (owner, *posters, wanderer) in enumerate(groups):
        elsewhere = groups[(index + 1) % len(groups)][0].code
        players += [Owner(play, owner, posters[0]), Wanderer(play, wanderer, elsewhere)]
        players += [Poster(play, seat) for seat in posters]
    return players


async def kill_again_and_again(play: Play) -> None:
    """Kill the server when some answers more were given, and a moment later, so that no phase of a commit is spared."""
    for _ in range(KILLS):
        await play.until_answers(play.random.randint(20, 200))
        await asyncio.sleep(play.random.random() / 50)
        play.up.clear()
        await asyncio.to_thread(play.server.kill)
        await asyncio.to_thread(play.server.start)
        play.up.set()
    await play.until_answers(100)
    play.over = True


# Twenty starts of a process: a busy machine may take its time.
@pytest.mark.timeout(300)
async def test_nothing_acknowledged_is_lost(launch: Launch) -> None:
    seed = int(os.environ.get("FOLKMOOT_TEST_SEED", secrets.randbits(32)))
    print(f"FOLKMOOT_TEST_SEED={seed} plays the same random choices again")
    limits = {f"limits__{name}": 0 for name in ("posts_per_second", "requests_per_second")}
    server = launch(groups=GROUPS, members=MEMBERS, **limits)
    play = Play(server, Random(seed))
    play.up.set()
    async with asyncio.TaskGroup() as group:
        group.create_task(play.until_over(*cast_of(play)))
        group.create_task(kill_again_and_again(play))
    print(f"answered: {dict(play.answers)}")
    assert min(play.answers[what] for what in ("posts", "acts", "joins", "groups")) > 0
    for seats in server.seats:
        async with await server.connect(seats[0]) as wire:
            check_history(play, seats[0].code, await wire.history(seats[0].code))
    assert server.terminate() == 0
    verified = server.run("db", "verify")
    assert verified.returncode == 0, verified.stderr


async def test_every_acknowledged_post_that_breaks_a_rule_is_flagged(launch: Launch) -> None:
    """The flag is recorded after the entry: a crash in between must not lose it."""
    server = launch(groups=1, members=2, limits__posts_per_second=0)
    ann, bob = server.seats[0]
    async with await server.connect(ann) as wire:
        await wire.run("/word add flag darn", ann.code)
    flagged: set[int] = set()
    for _ in range(3):
        async with await server.connect(bob) as wire:
            posts = [await wire.send(rq.Post, group=ann.code, body=f"darn {number}") for number in range(15)]
            await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(server.kill)
            outcomes = await asyncio.gather(*posts, return_exceptions=True)
            flagged |= {one.seq for one in outcomes if not isinstance(one, BaseException)}
        await asyncio.to_thread(server.start)
    assert flagged
    async with await server.connect(ann) as wire:
        found: list[int] = []
        async with asyncio.timeout(30):
            while not flagged <= set(found):
                acts = (await wire.run("/log content_flagged", ann.code)).data["acts"]
                found = [act["seq"] for act in acts]
        assert len(found) == len(set(found)), "an entry was flagged twice"
        bodies = {entry.seq: entry.body for entry in await wire.history(ann.code)}
    assert all(bodies[seq].startswith("darn") for seq in found)


async def test_a_measure_and_what_is_told_of_it_are_stored_together(launch: Launch) -> None:
    server = launch(groups=1, members=2, limits__acts_per_minute=0, limits__group_acts_per_minute=0)
    ann, bob = server.seats[0]
    for _ in range(4):
        async with await server.connect(ann) as wire:
            lines = [f"/mute @{bob.user} 10m", f"/unmute @{bob.user}"] * 10
            acts = [await wire.send(rq.RunCommand, group=ann.code, line=line) for line in lines]
            await asyncio.wait(acts, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(server.kill)
            await asyncio.gather(*acts, return_exceptions=True)
        await asyncio.to_thread(server.start)
    async with await server.connect(ann) as wire, await server.connect(bob) as mine:
        done = (await wire.run(f"/log @{bob.user} muted unmuted", ann.code)).data["acts"]
        told = (await mine.ask(rq.GetNotices, limit=200)).notices
    assert {act["case"] for act in done}
    assert [(act["event"], act["case"]) for act in done][:50] == [(one.kind, one.case) for one in told][:50]


async def test_a_measure_its_notice_and_its_report_are_stored_together(launch: Launch) -> None:
    """All of them or none, and the report that the measure is taken for is upheld then, whenever the server is killed;
    FOLKMOOT_MEASURE_KILLS=100 for a long run."""
    rates = {f"limits__{name}": 0 for name in ("sign_ins_per_minute", "requests_per_second")}
    server = launch(groups=1, members=6, admin="root", policy__quota__standard__reports_per_day=0, **rates)
    code, users = server.seats[0][0].code, [seat.user for seat in server.seats[0][1:]]
    options = {"duration": "1h", "replace": True}
    targets = [(code, "join"), *((f"@{user}", "mute") for user in users)]
    reports = [{"group": code}, *({"user": user, "group": code} for user in users)]
    for number in range(int(os.environ.get("FOLKMOOT_MEASURE_KILLS", "3"))):
        reporter, cases = server.seats[0][number % 2], []
        async with await server.connect(reporter) as member:
            for about in reports:
                # Nobody reports themselves: what would be that is taken without a report.
                mine = about.get("user", server.seats[0][0].user) == reporter.user
                cases.append("" if mine else (await member.ask(rq.Report, **about, reason="spam")).case)
        async with await Wire.open(server.url) as root:
            await root.ask(rq.Login, user="root", password=PASSWORD)
            acts = []
            for (target, measure), case in zip(targets * 4, cases * 4, strict=True):
                fields: dict[str, Any] = {"noun": "sanction", "verb": "create", "target": target, "reason": "spam"}
                acts.append(
                    await root.send(rq.Admin, **fields, options={**options, "measure": measure, "report": case})
                )
            first = acts[number % len(acts)]
            await asyncio.wait([first])
            await asyncio.to_thread(server.kill)
            await asyncio.gather(*acts, return_exceptions=True)
        await asyncio.to_thread(server.start)
    assert server.terminate() == 0
    with closing(sqlite3.connect(server.data / "folkmoot.sqlite3")) as store:
        kinds = "('group_restricted', 'account_restricted')"
        events = store.execute(f"SELECT stream, version FROM ledger WHERE type IN {kinds}").fetchall()
        taken = {f"{stream.removeprefix('group:').replace('account:', '@')}-{version}" for stream, version in events}
        told = store.execute("SELECT \"case\" FROM notices WHERE kind IN ('group_joins_stopped', 'platform_muted')")
        assert taken
        assert taken == {case for (case,) in told}
        filed = store.execute("SELECT \"case\" FROM filings WHERE measure IN ('group_join', 'account_mute')")
        assert taken == {case for (case,) in filed}
        rows = store.execute(f"SELECT data FROM ledger WHERE type IN {kinds}")
        behind = {json.loads(data).get("report", "") for (data,) in rows} - {""}
        upheld = {number for (number,) in store.execute("SELECT number FROM cases WHERE outcome = 'upheld'")}
        assert behind
        assert behind == upheld
    checked = server.run("db", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr


POSTS = 450


def months_before(month: str) -> Iterator[str]:
    """Return the months before one, the latest first."""
    while True:
        month = month_of(begin_of(month) - 1)
        yield month


async def test_a_month_whose_posts_are_kept_goes_whenever_it_is_killed(launch: Launch) -> None:
    """Killed before, while and after posts are kept and their month goes, which begins when the server starts (P16)."""
    server = launch(retention__posts="keep")
    assert server.terminate() == 0
    this_month = month_of(int(time.time() * 1000))
    due = next(month for month in months_before(this_month) if is_due(month, begin_of(this_month), 6))
    channel = World().group()
    store = await SqliteStore.open(server.data, say=translator("en"))
    try:
        await store.commit([World().register("alice"), channel.open("alice", at=begin_of(due))])
        await store.commit([channel.publish(begin_of(due) + number) for number in range(POSTS)])
        await store.commit([channel.post("alice", begin_of(due) + POSTS, kind=EntryKind.COMMENT, target=2)])
        await store.commit([channel.publish(end_of(due))])
        await store.commit([ChangeSet(rows=[mark(MONTHS_MARK, number_of(this_month) - 1)])])
    finally:
        await store.close()
    file, kept = server.data / "journal" / f"{due}.sqlite3", []
    for moment_s in (0.1, 0.3):
        server.start()
        await asyncio.sleep(moment_s)
        server.kill()
        with closing(sqlite3.connect(server.data / "folkmoot.sqlite3")) as raw:
            kept += raw.execute("SELECT count(*) FROM kept_posts").fetchone()
    print(f"kept when it was killed: {kept}")
    server.start()
    await until(lambda: asyncio.sleep(0, not file.exists()))
    page = await get(server, "/@alice/2")
    assert (page.status, "text 2" in page.text, f"text {POSTS + 2}" in page.text) == (200, True, False)
    before, found = "", 0
    while before is not None:
        told = json.loads((await get(server, f"/@alice{before}", accept="application/json")).data)
        found, before = found + len(told["posts"]), f"?before={told['cursor']}" if told.get("cursor") else None
    assert found == POSTS + 1
    assert server.terminate() == 0
    assert verify(server.data) == []
