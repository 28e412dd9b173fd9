"""How far a channel reaches, through the real server: its grade by its followers, and who has read it (P7.2, W9)."""

from collections.abc import Iterator
from typing import Any

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_server.storage.check.seed_channels import ChannelSeeds
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.wire import Wire

BORDER = 1000
GRADES = {
    "policy__grades__standard__up_to_members": 500,
    "policy__grades__standard__up_to_followers": BORDER,
    "policy__grades__large__up_to_members": 2000,
}
STAR = "@g0m0"


@pytest.fixture(scope="module")
def star_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which the first member of the group has a channel with as many followers as its grade may have."""
    place, seeds = tmp_path_factory.mktemp("star"), ChannelSeeds(channels=1, followers=BORDER)
    with serving(place, groups=1, members=3, channels=seeds, admin="root", **GRADES) as server:
        yield server


async def admin(wire: Wire, line: str, target: str) -> dict[str, Any]:
    noun, verb = line.split()
    result: rs.AdminResult = await wire.ask(rq.Admin, noun=noun, verb=verb, target=target)
    return dict(result.items[0])


async def reads(wire: Wire) -> int | None:
    return (await wire.ask(rq.GetChannel, group=STAR)).channel.reads


async def graded(wire: Wire) -> list[dict[str, Any]]:
    found: rs.NoticesResult = await wire.ask(rq.GetNotices)
    return [one.data for one in found.notices if one.kind == "graded"]


async def test_the_follower_who_crosses_the_border_brings_one_notice(star_server: Server) -> None:
    star, fan, other = [await star_server.connect(seat) for seat in star_server.seats[0]]
    root = await Wire.open(star_server.url)
    await root.ask(rq.Login, user="root", password=PASSWORD)
    shown = await admin(root, "channel show", STAR)
    assert (shown["followers"], shown["grade"]) == (BORDER, "standard")
    assert await graded(star) == []

    assert (await fan.ask(rq.Follow, group=STAR)).channel.followers == BORDER + 1
    event = await star.event(ev.CaseEvent)
    assert (event.state, event.notice.data["grade"]) == ("graded", "large")
    assert f"with {BORDER + 1} followers" in event.text
    shown = await admin(root, "channel show", STAR)
    assert (shown["followers"], shown["grade"]) == (BORDER + 1, "large")

    # Nor does whoever comes after, nor a fall below the border and back.
    await other.ask(rq.Follow, group=STAR)
    for wire in (fan, other):
        await wire.ask(rq.Unfollow, group=STAR)
    await fan.ask(rq.Follow, group=STAR)
    (notice,) = await graded(star)
    assert (notice["followers"], notice["grade"]) == (BORDER + 1, "large")
    assert await graded(fan) == []
    for wire in (star, fan, other, root):
        await wire.close()


async def test_who_opens_it_ten_times_is_one_reader(star_server: Server) -> None:
    star, fan, other = [await star_server.connect(seat) for seat in star_server.seats[0]]
    page: rs.HomeResult = await star.ask(rq.GetPosts, group=STAR)
    for _ in range(5):
        await fan.ask(rq.GetPosts, group=STAR)
        await fan.ask(rq.GetThread, group=STAR, seq=page.posts[0].entry.seq)
    await other.ask(rq.GetPosts, group=STAR)
    await other.post(STAR, "Nice", thread=page.posts[0].entry.seq)
    # What is not stored yet is, when the server stops; and whoever is to be told is.
    star_server.restart()
    star, fan = [await star_server.connect(seat) for seat in star_server.seats[0][:2]]
    assert await reads(star) == 2
    assert await reads(fan) is None
    found: rs.NoticesResult = await star.ask(rq.GetNotices, unread=True)
    assert "commented" in [one.kind for one in found.notices]
    root = await Wire.open(star_server.url)
    await root.ask(rq.Login, user="root", password=PASSWORD)
    assert (await admin(root, "channel show", STAR))["reads_day"] == 2
    code = (await star.ask(rq.GetChannel, group=STAR)).channel.id
    assert "readers today: 2" in (await star.run("/info", code)).text
    for wire in (star, fan, root):
        await wire.close()
