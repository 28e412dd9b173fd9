"""Administration over the wire: who may, and that measures hold at once, on connections that are open."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from folkmoot_governance.duration import FOREVER_MS
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.admin.registry import VERBS
from folkmoot_protocol.types import LeftReason
from tests.integration.server import PASSWORD, Launch, Seat, Server, serving
from tests.integration.wire import Wire, refused

SUSPEND = {"reason": "spam", "options": {"duration": "1h"}}


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an administrator, `root`."""
    with serving(tmp_path_factory.mktemp("governed"), groups=10, members=3, admin="root") as server:
        yield server


@pytest.fixture
def seats(governed: Server) -> list[Seat]:
    return governed.seats.pop()


@pytest.fixture
async def root(governed: Server) -> AsyncIterator[Wire]:
    async with await Wire.open(governed.url) as wire:
        wire.session = await wire.ask(rq.Login, user="root", password=PASSWORD)
        yield wire


@pytest.fixture
async def trio(governed: Server, seats: list[Seat]) -> AsyncIterator[list[Wire]]:
    """The owner of a group and two members, connected."""
    wires = [await governed.connect(seat, json=index == 1) for index, seat in enumerate(seats)]
    yield wires
    for wire in wires:
        await wire.close()


async def admin(wire: Wire, noun: str, verb: str, target: str | None = None, **fields: Any) -> rs.AdminResult:
    result: rs.AdminResult = await wire.ask(rq.Admin, noun=noun, verb=verb, target=target, **fields)
    return result


async def test_without_a_role_everything_is_forbidden(trio: list[Wire], seats: list[Seat]) -> None:
    targets = {"USER": seats[1].user, "CODE": seats[0].code, "CASE": "r-1", "WORD": "snake", "MATTER": "time"}
    targets |= {"SUBJECT": seats[0].code, "CODE|CASE": seats[0].code, "SUBJECT|ENTRY": seats[0].code}
    targets |= {
        "CHANNEL": seats[0].code,
        "MEDIA": "none",
        "DRAWN": "00ff",
        "HOLD": "h-none",
        "SCOPE": "platform",
        "NUMBER": "e-none",
        "CASE|CODE:SEQ": f"{seats[0].code}-1",
        "CASE|USER": "r-none",
    }
    for (noun, name), verb in VERBS.items():
        target = targets[verb.target.metavar] if verb.target else None
        await refused(admin(trio[0], noun, name, target, **SUSPEND), "forbidden", act="read_case")


async def test_what_there_is_not(root: Wire, seats: list[Seat]) -> None:
    await refused(admin(root, "user", "praise", seats[0].user, reason="nice"), "unknown_command")
    await refused(admin(root, "user", "show", "nobody.here"), "no_such_user")
    await refused(admin(root, "group", "show", "1234"), "no_such_group")
    await refused(admin(root, "user", "suspend", seats[1].user, options={"duration": "1h"}), "bad_request")
    await refused(admin(root, "user", "suspend", seats[1].user, reason="spam"), "bad_request", field="duration")
    await refused(admin(root, "user", "restore", seats[1].user, reason="early"), "conflict")
    await refused(admin(root, "group", "restore", seats[1].code, reason="early"), "conflict")
    await refused(admin(root, "group", "approve", seats[1].code, reason="fine"), "conflict")
    await refused(admin(root, "user", "suspend", "root", **SUSPEND), "outranked")


async def test_a_suspended_user_is_out_at_once(
    governed: Server, root: Wire, trio: list[Wire], seats: list[Seat]
) -> None:
    bob = trio[1]
    device = await governed.connect(seats[1])
    done = await admin(root, "user", "suspend", bob.user, **SUSPEND)
    assert (done.changed, done.items[0]["suspended_reason"]) == (1, "spam")
    assert [await wire.closed() for wire in (bob, device)] == [4403, 4403]
    assert any(isinstance(frame, ev.AccountEvent) for frame in bob.log)
    async with await Wire.open(governed.url) as again:
        until = done.items[0]["suspended_until_ms"]
        await refused(again.resume(seats[1].token), "account_suspended", until_ms=until, reason="spam")
        await admin(root, "user", "restore", bob.user, reason="appeal")
        await again.resume(seats[1].token)
        await again.post(seats[1].code, "back")


async def test_a_suspended_user_who_posts_all_the_while(
    governed: Server, root: Wire, trio: list[Wire], seats: list[Seat]
) -> None:
    ann, bob, _ = trio
    posting = [asyncio.create_task(post_until_closed(bob, seats[1].code)) for _ in range(3)]
    await ann.until(lambda: len(ann.entries(seats[0].code)) > 30)
    await admin(root, "user", "suspend", bob.user, **SUSPEND)
    # After the ok nothing of bob's is taken in any more.
    last = await ann.post(seats[0].code, "gone?")
    await asyncio.gather(*posting)
    assert bob.close_code == 4403
    final = await ann.post(seats[0].code, "gone.")
    assert {entry.from_.user for entry in await ann.seen(seats[0].code, final) if entry.seq > last} == {ann.user}


async def post_until_closed(wire: Wire, code: str) -> None:
    while wire.close_code is None:
        await asyncio.wait([await wire.send(rq.Post, group=code, body="spam")])


async def test_a_suspended_group_is_silent_at_once(root: Wire, trio: list[Wire], seats: list[Seat]) -> None:
    ann, bob, carol = trio
    code = seats[0].code
    await admin(root, "group", "suspend", code, **SUSPEND)
    for wire in trio:
        assert (await wire.event(ev.GroupEvent)).group.state == "suspended"
        await refused(wire.post(code, "but"), "group_suspended")
    await refused(root.ask(rq.JoinGroup, group=code), "group_suspended")
    await refused(carol.ask(rq.Typing, group=code), "group_suspended")
    notice = (await bob.history(code))[-1]
    assert notice.data
    assert (notice.data["event"], notice.data["reason"], notice.from_.user) == ("suspended", "spam", "platform")
    assert "root" not in str(notice)
    assert (await admin(root, "group", "show", code)).items[0]["state"] == "suspended"
    await admin(root, "group", "restore", code, reason="appeal")
    await ann.post(code, "back")


async def test_a_closed_group_is_left_by_all(root: Wire, trio: list[Wire], seats: list[Seat]) -> None:
    code = seats[0].code
    await admin(root, "group", "close", code, reason="spam")
    for wire in trio:
        assert (await wire.event(ev.LeftEvent)).reason is LeftReason.CLOSED
        await refused(wire.post(code, "but"), "group_closed")
        assert not (await wire.ask(rq.ListGroups)).groups
    await refused(root.ask(rq.JoinGroup, group=code), "group_closed")
    await refused(admin(root, "group", "restore", code, reason="regret"), "group_closed")


async def test_a_dry_run_changes_nothing(root: Wire, trio: list[Wire], seats: list[Seat]) -> None:
    for noun, target in (("user", seats[1].user), ("group", seats[1].code)):
        before = await admin(root, noun, "show", target)
        done = await admin(root, noun, "suspend", target, dry_run=True, **SUSPEND)
        assert done.changed == 1
        assert (await admin(root, noun, "show", target)).items == before.items
    await trio[1].post(seats[1].code, "still here")
    assert (await admin(root, "group", "close", seats[1].code, dry_run=True, reason="x")).changed == 1
    await trio[1].post(seats[1].code, "still here")


async def test_a_dry_run_is_refused_where_the_act_is(root: Wire, seats: list[Seat]) -> None:
    for verb in ("restore", "approve", "reject"):
        for dry_run in (True, False):
            await refused(admin(root, "group", verb, seats[0].code, reason="x", dry_run=dry_run), "conflict")


async def test_an_identity_is_attested(root: Wire, trio: list[Wire], seats: list[Seat]) -> None:
    await refused(admin(root, "user", "verify", seats[1].user, reason="seen"), "bad_request", field="identity")
    await admin(root, "user", "verify", seats[1].user, reason="seen", options={"identity": "organisation"})
    assert (await trio[1].event(ev.AccountEvent)).account.identity == "organisation"
    assert (await trio[0].ask(rq.GetAccount, user=seats[1].user)).account.identity == "organisation"
    await refused(
        admin(root, "user", "verify", "root", reason="me", options={"identity": "person"}), "forbidden", user="root"
    )


async def test_lists_come_in_pages(root: Wire) -> None:
    for noun, key in (("user", "user"), ("group", "code"), ("rule", "rule")):
        whole = (await admin(root, noun, "list", limit=500)).items
        assert noun == "rule" or [item[key] for item in whole] == sorted(item[key] for item in whole)
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = await admin(root, noun, "list", limit=5, cursor=cursor)
            found += page.items
            cursor = page.cursor
            if cursor is None:
                break
        assert found == list(whole)


def test_the_first_administrator(governed: Server, launch: Launch) -> None:
    busy = governed.run("init", "--user", "second", input=f"{PASSWORD}\n")
    assert busy.returncode == 1
    assert "another server" in busy.stderr
    server = launch(admin="boss")
    server.terminate()
    for user in ("boss", "platform"):
        failed = server.run("init", "--user", user, input=f"{PASSWORD}\n")
        assert (failed.returncode, failed.stdout) == (1, ""), user
        assert failed.stderr.startswith("folkmoot: ")
    done = server.run("init", "--user", "judge", input=f"{PASSWORD}\n")
    assert (done.returncode, done.stderr) == (0, "@judge is an administrator of the platform now.\n")


async def test_measures_outlive_the_server(launch: Launch) -> None:
    server = launch(groups=2, members=2, admin="root")
    (ann, bob), (carl, _) = server.seats
    async with await Wire.open(server.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        await admin(root, "user", "suspend", bob.user, reason="spam", options={"duration": "perm"})
        await admin(root, "group", "suspend", carl.code, **SUSPEND)
    server.kill()
    server.start()
    async with await Wire.open(server.url) as wire, await server.connect(carl) as owner:
        await refused(wire.resume(bob.token), "account_suspended", until_ms=FOREVER_MS)
        await refused(owner.post(carl.code, "but"), "group_suspended")
        await wire.resume(ann.token)


async def test_a_size_that_staff_reviews(launch: Launch) -> None:
    grades = {"club__up_to_members": 9, "hall__up_to_members": 20, "hall__review_to_create": "true"}
    server = launch(groups=1, members=2, admin="root", **{f"policy__grades__{key}": one for key, one in grades.items()})
    owner = await server.connect(server.seats[0][0])
    root = await Wire.open(server.url)
    await root.ask(rq.Login, user="root", password=PASSWORD)
    created = (await owner.run("/create Hall")).data
    code = created["code"]
    assert created["event"] == "created"
    assert (await owner.group(code)).member_limit == 9
    asked = await owner.run("/limit 15", code)
    assert (asked.data["event"], asked.data["grade"]) == ("limit_asked", "hall")
    (row,) = [item for item in (await admin(root, "group", "list")).items if item["code"] == code]
    assert row["asked_limit"] == 15
    assert (await admin(root, "group", "reject", code, reason="say what for")).changed == 1
    await owner.run("/limit 15", code)
    assert (await admin(root, "group", "approve", code, reason="seen")).changed == 1
    await owner.until(lambda: told_limit(owner, code) == 15)
    assert [act["event"] for act in (await owner.run("/log", code)).data["acts"]][:4] == [
        "limit_granted",
        "limit_asked",
        "limit_denied",
        "limit_asked",
    ]
    assert "by" not in (await owner.run("/log limit_granted", code)).data["acts"][0]
    await owner.close()
    await root.close()


def told_limit(wire: Wire, code: str) -> int:
    """Return the member limit that the connection heard of last."""
    heard = [frame.group for frame in wire.log if isinstance(frame, ev.GroupEvent) and frame.group.id == code]
    return heard[-1].member_limit if heard else 0


async def test_a_node_shows_how_it_is(root: Wire, trio: list[Wire]) -> None:
    (node,) = (await admin(root, "node", "show")).items
    assert root.hello.server == f"folkmoot/{node['version']}"
    assert node["connections"] == 1 + len(trio)
    assert 0 <= root.hello.ts - node["started_ts"] <= node["uptime_ms"]
    jobs = {job["name"]: job for job in node["jobs"]}
    assert {"commit_queue", "ends", "succession", "rotation"} <= set(jobs)
    assert not any(job["is_failing"] for job in jobs.values())
    (later,) = (await admin(root, "node", "show")).items
    assert later["uptime_ms"] >= node["uptime_ms"]
