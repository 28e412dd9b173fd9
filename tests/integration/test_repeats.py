"""A nonce makes everything safe to repeat that carries one: the same answer again, and nothing done twice.

An answer that was lost is played by a second connection, on which the very same request is sent again.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import JoinState
from tests.integration.cast import Cast
from tests.integration.server import Launch, Server
from tests.integration.wire import Refused, Wire, plain, refused


@pytest.fixture
async def device(cast: Cast, shared: Server) -> AsyncIterator[dict[str, Wire]]:
    """A second connection of everybody."""
    async with contextlib.AsyncExitStack() as stack:
        names = ("ann", "bob", "carol", "dave")
        wires = [await Wire.open(shared.url, getattr(cast, name).token) for name in names]
        for wire in wires:
            await stack.enter_async_context(wire)
        yield dict(zip(names, wires, strict=True))


async def acts(cast: Cast) -> list[Any]:
    """Return what the group's record has."""
    found: list[Any] = (await cast.ann.run("/log", cast.code)).data["acts"]
    return found


LINES = [
    ("ann", "/warn @{bob} loud"),
    ("ann", "/invite code 2d 3"),
    ("ann", "/invite @{dave}"),
    ("ann", "/kick @{bob} go"),
    ("ann", "/ban @{bob} 1h go"),
    ("ann", "/mute @{bob} 1h go"),
    ("ann", "/pin {seq}"),
    ("ann", "/delete {seq} rude"),
    ("ann", "/topic tea"),
    ("ann", "/note @{bob} seen before"),
    ("ann", "/promote @{bob} mute"),
    ("ann", "/tag @{bob} cook"),
    ("ann", "/lock 1h"),
    ("ann", "/announce read this"),
    ("ann", "/word add refuse darn"),
    ("ann", "/transfer @{bob}"),
    ("bob", "/leave"),
    ("carol", "/report {seq} spam it is"),
    ("carol", "/nick Caro"),
    ("carol", "/ignore @{bob}"),
    ("carol", "/me waves"),
    ("carol", "/react {seq} 👍"),
    ("bob", "/edit {seq} second"),
    ("carol", "/create A second group"),
]


@pytest.mark.parametrize("way", ["post", "command"])
@pytest.mark.parametrize(("who", "line"), LINES, ids=[line.split()[0] + f" {n}" for n, (_, line) in enumerate(LINES)])
async def test_a_command_is_carried_out_once(
    cast: Cast, device: dict[str, Wire], who: str, line: str, way: str
) -> None:
    await cast.says("bob", "first")
    before = len(await acts(cast))
    kind, field = (rq.Post, "body") if way == "post" else (rq.RunCommand, "line")
    request = {"group": cast.code, field: cast.fill(line), "nonce": "n1"}
    answer = await getattr(cast, who).ask(kind, **request)
    done = await acts(cast)
    entries = len(await cast.ann.history(cast.code))
    again = await device[who].ask(kind, **request)
    assert plain(again) == plain(answer) or line.startswith(("/react", "/edit"))
    assert await acts(cast) == done
    assert len(done) - before <= 1
    assert len(await cast.ann.history(cast.code)) == entries
    other = {**request, field: request[field] + "!"}
    await refused(device[who].ask(kind, **other), "bad_request", field="nonce")
    with_other_nonce = {**request, "nonce": "n2"}
    with contextlib.suppress(Refused):
        await device[who].ask(kind, **with_other_nonce)


async def test_three_answers_lost_are_one_warning_and_one_group(cast: Cast, device: dict[str, Wire]) -> None:
    warn = {"group": cast.code, "body": f"/warn @{cast.bob.user} loud", "nonce": "w"}
    answers = [await wire.ask(rq.Post, **warn) for wire in (cast.ann, device["ann"], cast.ann)]
    assert len({answer.command.data["case"] for answer in answers}) == 1
    assert len((await cast.does("ann", "/warns @{bob}")).data["items"]) == 1
    found = {"name": "Seed swap", "nonce": "g"}
    groups = [(await wire.ask(rq.CreateGroup, **found)).group.id for wire in (cast.ann, device["ann"], cast.ann)]
    assert len(set(groups)) == 1
    mine: rs.GroupsResult = await cast.ann.ask(rq.ListGroups)
    assert [one.name for one in mine.groups].count("Seed swap") == 1
    # The group is shown as it is by now, and its news are heard.
    await device["ann"].post(groups[0], "hello")
    shown: rs.GroupResult = await cast.ann.ask(rq.CreateGroup, **found)
    assert shown.group.last_seq == 2
    await refused(cast.ann.ask(rq.CreateGroup, name="Another", nonce="g"), "bad_request", field="nonce")


async def test_at_the_same_moment_on_two_connections_it_is_done_once(cast: Cast, device: dict[str, Wire]) -> None:
    warn = {"group": cast.code, "line": f"/warn @{cast.bob.user} loud", "nonce": "w"}
    asked = [await wire.send(rq.RunCommand, **warn) for _ in range(5) for wire in (cast.ann, device["ann"])]
    answers = await asyncio.gather(*asked)
    assert len({answer.data["case"] for answer in answers}) == 1
    assert len((await cast.does("ann", "/warns @{bob}")).data["items"]) == 1


async def test_joining_and_leaving_are_done_once(cast: Cast, device: dict[str, Wire]) -> None:
    join = {"group": cast.code, "nonce": "j"}
    joined: rs.JoinResult = await cast.dave.ask(rq.JoinGroup, **join)
    again: rs.JoinResult = await device["dave"].ask(rq.JoinGroup, **join)
    assert (joined.state, again.state) == (JoinState.MEMBER, JoinState.MEMBER)
    assert again.group is not None and again.group.id == cast.code
    await refused(cast.dave.ask(rq.JoinGroup, group=cast.code), "already_member")
    assert await cast.dave.ask(rq.LeaveGroup, group=cast.code, nonce="l") == rs.Empty()
    assert await device["dave"].ask(rq.LeaveGroup, group=cast.code, nonce="l") == rs.Empty()
    await cast.does("ann", "/joinmode approval")
    asked: rs.JoinResult = await cast.dave.ask(rq.JoinGroup, group=cast.code, nonce="a")
    await cast.does("ann", "/deny @{dave}")
    assert await device["dave"].ask(rq.JoinGroup, group=cast.code, nonce="a") == asked
    assert (await cast.does("ann", "/requests")).data["items"] == []


async def test_a_report_is_made_once_though_it_was_answered_meanwhile(cast: Cast, device: dict[str, Wire]) -> None:
    report = {"user": cast.bob.user, "reason": "spam", "nonce": "r"}
    first: rs.ReportResult = await cast.carol.ask(rq.Report, **report)
    assert await device["carol"].ask(rq.Report, **report) == first


async def test_what_changed_meanwhile_does_not_matter_to_what_was_done(cast: Cast, device: dict[str, Wire]) -> None:
    """The first was stored; its target was deleted, its author silenced or removed before it was sent again."""
    seq = await cast.says("bob", "first")
    edit = {"group": cast.code, "seq": seq, "body": "second", "nonce": "e"}
    react = {"group": cast.code, "seq": seq, "reaction": "👍", "nonce": "r"}
    back = {**react, "remove": True, "nonce": "b"}
    action = {"group": cast.code, "body": "/me waves", "nonce": "m"}
    first = [
        await cast.bob.ask(kind, **fields)
        for kind, fields in ((rq.Edit, edit), (rq.React, react), (rq.React, back), (rq.Post, action))
    ]
    for kind, fields in ((rq.Edit, {**edit, "body": "third"}), (rq.React, {**react, "reaction": "👎"})):
        await refused(device["bob"].ask(kind, **fields), "bad_request", field="nonce")
    for line in (f"/delete {seq}", "/mute @{bob} 1h", "/kick @{bob}"):
        await cast.does("ann", line)
        again = [
            await device["bob"].ask(kind, **fields)
            for kind, fields in ((rq.Edit, edit), (rq.React, react), (rq.React, back), (rq.Post, action))
        ]
        assert again == first, line
    await refused(device["bob"].ask(rq.React, **{**react, "reaction": "👎"}), "bad_request", field="nonce")
    await refused(device["bob"].ask(rq.React, **{**back, "remove": False}), "bad_request", field="nonce")
    await refused(device["bob"].ask(rq.Edit, **{**edit, "nonce": "new"}), "not_a_member")


async def test_another_text_under_the_same_nonce_is_refused(cast: Cast, device: dict[str, Wire]) -> None:
    post = {"group": cast.code, "body": "hello", "nonce": "n"}
    seq = (await cast.bob.ask(rq.Post, **post)).seq
    assert (await device["bob"].ask(rq.Post, **post)).seq == seq
    for change in ({"body": "hello!"}, {"reply_to": 1}, {"body": "/topic tea"}, {"body": "/me hello"}):
        await refused(device["bob"].ask(rq.Post, **post | change), "bad_request", field="nonce", rule="nonce")
    # Nonces are an account's own, and a group's.
    assert (await cast.carol.ask(rq.Post, **post)).seq != seq
    line = {"group": cast.code, "line": "/topic tea", "nonce": "t"}
    await cast.ann.ask(rq.RunCommand, **line)
    await refused(cast.ann.ask(rq.Post, group=cast.code, body="hello", nonce="t"), "bad_request", field="nonce")
    # A text that was deleted since is known by its place alone.
    await cast.does("ann", f"/delete {seq}")
    assert (await device["bob"].ask(rq.Post, **post)).seq == seq


async def test_what_was_refused_leaves_no_trace_and_may_be_tried_again(cast: Cast) -> None:
    line = {"group": cast.code, "line": f"/unmute @{cast.bob.user}", "nonce": "u"}
    await refused(cast.ann.ask(rq.RunCommand, **line), "conflict")
    await cast.does("ann", "/mute @{bob} 1h")
    assert (await cast.ann.ask(rq.RunCommand, **line)).data["event"] == "unmuted"
    seq = await cast.says("bob", "first")
    await cast.does("ann", "/mute @{bob} 1h")
    for body in (f"/edit {seq} second", f"/react {seq} 👍", "/me waves", "hello"):
        post = {"group": cast.code, "body": body, "nonce": body}
        await refused(cast.bob.ask(rq.Post, **post), "muted")
    await cast.does("ann", "/unmute @{bob}")
    for body in (f"/edit {seq} second", f"/react {seq} 👍", "/me waves", "hello"):
        post = {"group": cast.code, "body": body, "nonce": body}
        assert await cast.bob.ask(rq.Post, **post) == await cast.bob.ask(rq.Post, **post)
    assert (await cast.ann.history(cast.code))[-4:][0].body == "second"


async def test_a_post_that_was_held_is_held_once(cast: Cast, device: dict[str, Wire]) -> None:
    await cast.does("ann", "/word add hold raffle")
    held: list[dict[str, object]] = []
    for body, end in (("a raffle", "approve"), ("one more raffle", "deny")):
        post = {"group": cast.code, "body": body, "nonce": end}
        first = await refused(cast.bob.ask(rq.Post, **post), "content_held")
        again = await refused(device["bob"].ask(rq.Post, **post), "content_held")
        await cast.does("ann", f"/queue {end} {first.detail['number']}")
        after = await refused(device["bob"].ask(rq.Post, **post), "content_held")
        assert first.detail["number"] == again.detail["number"] == after.detail["number"]
        await refused(device["bob"].ask(rq.Post, **{**post, "body": "other"}), "bad_request", field="nonce")
    assert (await cast.does("ann", "/queue")).data["items"] == held
    assert [one.body for one in await cast.ann.history(cast.code)].count("a raffle") == 1


async def test_after_a_kill_what_was_stored_is_answered_and_nothing_done_twice(launch: Launch) -> None:
    """Killed when the act is on disk and its answer was not read."""
    server = launch(groups=1, members=3)
    ann, bob, cat = server.seats[0]
    code = ann.code
    requests: list[tuple[type[rq.Request], dict[str, Any]]] = [
        (rq.Post, {"group": code, "body": f"/warn @{bob.user} loud", "nonce": "1"}),
        (rq.RunCommand, {"group": code, "line": "/invite code", "nonce": "2"}),
        (rq.CreateGroup, {"name": "Second", "nonce": "3"}),
        (rq.Post, {"group": code, "body": "hello", "nonce": "4"}),
        (rq.RunCommand, {"group": code, "line": "/nick Anna", "nonce": "5"}),
        (rq.RunCommand, {"group": code, "line": "/topic the last one", "nonce": "6"}),
    ]
    async with await server.connect(ann) as wire, await server.connect(cat) as watcher:
        wire.pause()
        for kind, fields in requests:
            await wire.send(kind, **fields)
        # The topic is stored after all the others: what comes of it is on disk.
        await watcher.until(lambda: any("the last one" in one.body for one in watcher.entries(code)))
        await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    async with await server.connect(ann) as wire:
        before = [msgspec.to_builtins(one) for one in await wire.history(code)]
        first = [plain(await wire.ask(kind, **fields)) for kind, fields in requests]
        again = [plain(await wire.ask(kind, **fields)) for kind, fields in requests]
        assert first == again
        assert [msgspec.to_builtins(one) for one in await wire.history(code)] == before
        assert len((await wire.run(f"/warns @{bob.user}", code)).data["items"]) == 1
        assert len((await wire.run("/invites", code)).data["codes"]) == 1
        # The code that was told once is told again to who asked for it, and works.
        secret = first[1]["data"]["invite_code"]
        assert f"/join {code} {secret}" in first[1]["text"]
        assert [one["name"] for one in plain(await wire.ask(rq.ListGroups))["groups"]].count("Second") == 1
    assert server.terminate() == 0
    verified = server.run("db", "verify")
    assert verified.returncode == 0, verified.stderr
