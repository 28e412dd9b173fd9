"""The blacklist: what an entry bars and what not, that it outlives the account as a blind index, and comes off."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from folkmoot_protocol import requests as rq
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.test_identity import found_in
from tests.integration.test_persons import show_mobile
from tests.integration.wire import Wire, refused

MOBILE, OTHER = "13955556666", "13977778888"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {
        "identity__sender__kind": "console",
        "identity__sender__codes_per_hour": 1000,
        "identity__sender__codes_per_address": 1000,
        "limits__sign_ins_per_minute": 0,
    }
    with serving(tmp_path_factory.mktemp("blacklist"), groups=16, members=2, admin="root", **settings) as server:
        yield server


@pytest.fixture
async def root(platform: Server) -> AsyncIterator[Wire]:
    async with await Wire.open(platform.url) as wire:
        wire.session = await wire.ask(rq.Login, user="root", password=PASSWORD)
        yield wire


async def blacklist(root: Wire, verb: str, target: str | None = None, **options: Any) -> list[dict[str, object]]:
    reason = "three groups of fraud" if target else None
    found = await root.ask(rq.Admin, noun="blacklist", verb=verb, target=target, reason=reason, options=options)
    return list(found.items)


async def subjects(root: Wire) -> list[object]:
    return [one["subject"] for one in await blacklist(root, "list")]


async def test_an_entry_bars_what_it_says_and_no_more(platform: Server, root: Wire) -> None:
    seat, away = platform.seats.pop()[0], platform.seats.pop()[0]
    async with await platform.connect(seat) as ann:
        await refused(blacklist(root, "add", f"@{ann.user}", scope="flying"), "bad_request", field="scope")
        (item,) = await blacklist(root, "add", f"@{ann.user}", scope="join, create", duration="perm")
        case = item["case"]
        for asked in (ann.ask(rq.JoinGroup, group=away.code), ann.ask(rq.CreateGroup, name="Another")):
            await refused(asked, "blacklisted", case=case, reason="three groups of fraud")
        assert await ann.post(seat.code, "still here")
        await ann.run("/slow 1s", seat.code)
        assert case in (await ann.run("/sanctions")).text
        await refused(blacklist(root, "add", f"@{ann.user}"), "conflict")
        assert f"@{ann.user}" in await subjects(root)
        await blacklist(root, "remove", f"@{ann.user}")
        assert f"@{ann.user}" not in await subjects(root)
        assert await ann.create()


async def test_it_outlives_the_account_as_a_blind_index_alone(platform: Server, root: Wire) -> None:
    first, second, third = [await platform.connect(platform.seats.pop()[1]) for _ in range(3)]
    async with first as ann, second as bob, third as cat:
        user = ann.user
        await show_mobile(platform, root, ann, MOBILE)
        (item,) = await blacklist(root, "add", f"@{user}", scope="register,create")
        await ann.run(f"/account close {user}")
        (entry,) = [one for one in await blacklist(root, "list") if one["reason"] == "three groups of fraud"]
        assert str(entry["subject"]).startswith("b-")
        assert user not in str(entry) + str(item["case"]).removeprefix(f"@{user}")
        await refused(show_mobile(platform, root, bob, MOBILE), "blacklisted", rule="blacklist")
        assert (await bob.run("/verify")).data["identity"] == "none"
        await blacklist(root, "remove", str(entry["subject"]))
        await show_mobile(platform, root, bob, MOBILE)
        await refused(blacklist(root, "remove", str(entry["subject"])), "no_such_entry")
        assert found_in(platform, MOBILE) == []

        # Without the scope `register`, who comes back is verified, and barred from the same.
        await show_mobile(platform, root, cat, OTHER)
        await blacklist(root, "add", f"@{cat.user}", scope="create")
        await cat.run(f"/account close {cat.user}")
        back = await platform.connect(platform.seats.pop()[1])
        async with back:
            assert await back.create()
            await show_mobile(platform, root, back, OTHER)
            await refused(back.ask(rq.CreateGroup, name="Another"), "blacklisted")


async def test_other_accounts_of_the_person_are_barred_and_do_not_take_over(platform: Server, root: Wire) -> None:
    owner = platform.seats.pop()
    async with (
        await platform.connect(owner[0]) as ann,
        await platform.connect(owner[1]) as bob,
        await platform.connect(platform.seats.pop()[1]) as bobs,
    ):
        for wire in (bob, bobs):
            await show_mobile(platform, root, wire, "13999990000")
        await blacklist(root, "add", f"@{bobs.user}", scope="manage,post")
        await refused(bob.ask(rq.Post, group=owner[1].code, body="hello"), "blacklisted")
        await ann.run(f"/transfer @{bob.user}", owner[0].code)
        await refused(bob.run("/transfer accept", owner[0].code), "blacklisted")
        await blacklist(root, "remove", f"@{bobs.user}")
        await bob.run("/transfer accept", owner[0].code)


async def test_a_group_on_it_lets_nobody_in_and_is_led_by_nobody(platform: Server, root: Wire) -> None:
    seat, other = platform.seats.pop()[0], platform.seats.pop()[0]
    async with await platform.connect(seat) as ann, await platform.connect(other) as bob:
        await blacklist(root, "add", seat.code, scope="join,manage", duration="1w")
        await refused(bob.ask(rq.JoinGroup, group=seat.code), "blacklisted")
        await refused(ann.run("/slow 1s", seat.code), "blacklisted")
        assert await ann.post(seat.code, "talk goes on")
        assert seat.code in await subjects(root)
        await blacklist(root, "remove", seat.code)
        await bob.ask(rq.JoinGroup, group=seat.code)
