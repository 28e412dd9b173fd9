"""`/verify` and its review: what is asked, decided and told, and that the number is nowhere to be read."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from tests.integration.server import PASSWORD, Seat, Server, serving
from tests.integration.wire import Wire, refused

ANOTHER_CODE = "91350100M000100Y43"
MOBILE, PERSON, CODE = "13800138000", "11010519491231002X", "91350211M0000XUF46"
"""The code is one from the public register whose check character does not fit."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an administrator, `root`, where posting takes a mobile number."""
    place = tmp_path_factory.mktemp("platform")
    settings = {"policy__identity__to_post": "mobile", "policy__groups__tries_per_hour": 0}
    with serving(place, groups=16, members=2, admin="root", **settings) as server:
        yield server


@pytest.fixture
def seats(platform: Server) -> list[Seat]:
    return platform.seats.pop()


@pytest.fixture
async def root(platform: Server) -> AsyncIterator[Wire]:
    async with await Wire.open(platform.url) as wire:
        wire.session = await wire.ask(rq.Login, user="root", password=PASSWORD)
        yield wire


@pytest.fixture
async def ann(platform: Server, seats: list[Seat]) -> AsyncIterator[Wire]:
    async with await platform.connect(seats[0]) as wire:
        yield wire


async def admin(wire: Wire, verb: str, target: str | None = None, **fields: Any) -> rs.AdminResult:
    result: rs.AdminResult = await wire.ask(rq.Admin, noun="identity", verb=verb, target=target, **fields)
    return result


def found_in(server: Server, number: str) -> list[str]:
    """Return the files of the server, its log among them, that have a number in plain."""
    files = [path for path in server.place.rglob("*") if path.is_file()]
    return [str(path) for path in files if number.encode() in path.read_bytes()]


async def test_a_number_is_given_reviewed_and_nowhere_in_plain(
    platform: Server, root: Wire, ann: Wire, seats: list[Seat]
) -> None:
    code = seats[0].code
    # Seeded accounts are verified; here the review begins from nothing.
    await root.ask(rq.Admin, noun="user", verb="verify", target=ann.user, reason="lapsed", options={"identity": "none"})
    refusal = await refused(ann.ask(rq.Post, group=code, body="hello"), "identity_required", help="/verify")
    assert refusal.detail["needed"] == "mobile"
    assert (await ann.run("/verify")).data["identity"] == "none"
    asked = await ann.ask(rq.Post, group=code, body=f"/verify mobile {MOBILE}")
    assert asked.command.data["asked"] == "mobile"
    assert [item["user"] for item in (await admin(root, "list")).items] == [ann.user]
    await refused(admin(root, "show", ann.user), "bad_request", field="case")
    (item,) = (await admin(root, "show", ann.user, options={"case": "file 7"})).items
    assert (item["number"], item["check"], item["same"]) == (f"+86{MOBILE}", "sound", [])
    since = len(ann.log)
    done = await admin(root, "approve", ann.user, reason="called back")
    assert done.items[0]["identity"] == "mobile"
    told = await ann.event(ev.CaseEvent, since, state="verified")
    assert told.case == f"@{ann.user}-6"
    assert await ann.post(code, "hello")
    assert (await admin(root, "list")).items == ()
    assert found_in(platform, MOBILE) == []


async def test_who_is_not_known_puts_up_nothing_that_others_read(
    platform: Server, root: Wire, ann: Wire, seats: list[Seat]
) -> None:
    code = seats[0].code
    async with await platform.connect(seats[1]) as bob:
        for one in (ann, bob):
            await root.ask(
                rq.Admin, noun="user", verb="verify", target=one.user, reason="r", options={"identity": "none"}
            )
        for line in ("/announce a", "/topic a", "/rename a", "/setrules a", "/nick a", "/question a = b", "/create a"):
            await refused(ann.run(line, code), "identity_required", help="/verify")
        for line in (
            f"/tag @{bob.user} a",
            f"/mute @{bob.user} 1h a",
            f"/note @{bob.user} a",
            f"/mediate @{bob.user} a",
        ):
            await refused(ann.run(line, code), "identity_required")
        await refused(bob.run("/nick a", code), "identity_required")
        # What takes away says nothing, and who moderates without words may.
        for line in ("/topic off", "/nick off", f"/mute @{bob.user} 1h", f"/unmute @{bob.user}"):
            await ann.run(line, code)


async def test_a_rejected_number_is_erased(platform: Server, root: Wire, ann: Wire) -> None:
    await root.ask(rq.Admin, noun="user", verb="verify", target=ann.user, reason="lapsed", options={"identity": "none"})
    await ann.run(f"/verify person {PERSON.lower()}")
    assert len((await admin(root, "show", ann.user, options={"case": "file 8"})).items) == 1
    assert (await admin(root, "reject", ann.user, reason="blurred", dry_run=True)).changed == 1
    await admin(root, "reject", ann.user, reason="the photograph is blurred")
    assert (await admin(root, "show", ann.user, options={"case": "file 8"})).items == ()
    assert "the photograph is blurred" in (await ann.run("/verify")).text
    await ann.run(f"/verify person {PERSON}")
    await ann.run("/verify withdraw")
    assert "blurred" not in (await ann.run("/verify")).text
    assert found_in(platform, PERSON) == []


async def test_a_doubtful_code_has_to_be_meant_and_equals_are_found(root: Wire, ann: Wire, platform: Server) -> None:
    await refused(ann.run(f"/verify organisation {CODE}"), "confirm_required", word="sure")
    await ann.run(f"/verify organisation {CODE} sure")
    seat = platform.seats.pop()[0]
    async with await platform.connect(seat) as bob:
        await bob.run(f"/verify organisation {CODE} sure")
    (item,) = (await admin(root, "show", ann.user, options={"case": "file 9"})).items
    assert (item["check"], item["same"]) == ("doubtful", [seat.user])


async def test_one_number_is_not_approved_for_two_accounts_without_a_word(
    root: Wire, ann: Wire, platform: Server
) -> None:
    seat = platform.seats.pop()[0]
    async with await platform.connect(seat) as bob:
        for wire in (ann, bob):
            await wire.run(f"/verify organisation {ANOTHER_CODE} sure")
    assert (await admin(root, "approve", ann.user, reason="seen")).items[0]["same"] == []
    refusal = await refused(
        admin(root, "approve", seat.user, reason="seen"), "conflict", rule="one_person", help="--same-person"
    )
    assert f"@{ann.user}" in refusal.message
    same = {"same_person": True}
    assert (await admin(root, "approve", seat.user, reason="seen", options=same, dry_run=True)).changed == 1
    done = await admin(root, "approve", seat.user, reason="a second account for work", options=same)
    assert (done.items[0]["identity"], done.items[0]["same"]) == ("organisation", [ann.user])


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("/verify mobile", "bad_syntax"),
        ("/verify passport 1", "bad_syntax"),
        (f"/verify organisation {MOBILE}", "bad_request"),
        ("/verify withdraw", "conflict"),
        (f"/verify mobile {MOBILE}", "conflict"),
    ],
)
async def test_what_cannot_be_asked(ann: Wire, platform: Server, line: str, code: str) -> None:
    refusal = await refused(ann.run(line), code)
    assert MOBILE not in str(refusal.detail) + refusal.message


async def test_a_command_gone_astray_is_not_posted(ann: Wire, platform: Server, seats: list[Seat]) -> None:
    code = seats[0].code
    seq = await ann.post(code, "before")
    # Behind a space it is the command that it was meant to be.
    await refused(ann.ask(rq.Post, group=code, body=f" /verify mobile {MOBILE}"), "conflict")
    for body in (f"//verify person {PERSON}", f"/edit {seq} /verify mobile {MOBILE}"):
        await refused(ann.ask(rq.Post, group=code, body=body), "bad_syntax", rule="identity.spilled")
    assert found_in(platform, MOBILE) == []
