"""Channels, through the real server: open, follow, post, home, live; comments; what is removed or left is not there."""

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, EntryKind
from tests.integration.server import Seat, SignIn
from tests.integration.wire import Wire, refused


@pytest.fixture
async def people(seats: list[Seat], sign_in: SignIn) -> list[Wire]:
    """A star, a fan, another reader."""
    return [await sign_in(seats[0]), await sign_in(seats[1], json=True), await sign_in(seats[2])]


async def publish(wire: Wire, body: str) -> int:
    """Post to one's own channel."""
    return await wire.post(f"@{wire.user}", body)


async def read_home(wire: Wire, **fields: object) -> rs.HomeResult:
    found: rs.HomeResult = await wire.ask(rq.GetHome, **fields)
    return found


def texts(page: rs.HomeResult) -> list[str]:
    return [post.entry.body for post in page.posts]


async def test_the_first_post_opens_a_channel_that_others_follow_and_read(people: list[Wire]) -> None:
    star, fan, other = people
    await refused(fan.ask(rq.Follow, group=f"@{star.user}"), ErrorCode.NO_SUCH_GROUP)
    await publish(star, "first")
    channel = (await fan.ask(rq.Follow, group=f"@{star.user}")).channel
    assert (channel.handle, channel.form, channel.following) == (star.user, ChannelForm.PERSONAL, True)
    assert channel.followers == 1
    await publish(star, "second")
    page = await read_home(fan)
    assert texts(page) == ["second", "first"]
    assert {post.entry.from_.user for post in page.posts} == {star.user}
    assert [one.id for one in page.channels] == [channel.id]
    assert page.cursor is None
    assert texts(await read_home(other)) == []
    assert texts(await other.ask(rq.GetPosts, group=channel.id)) == ["second", "first"]
    gone = (await fan.ask(rq.Unfollow, group=channel.id)).channel
    assert (gone.following, gone.followers) == (False, 0)
    assert texts(await read_home(fan)) == []


async def test_among_ones_groups_a_channel_says_that_it_is_one(people: list[Wire]) -> None:
    star, fan, _other = people
    await publish(star, "first")
    channel = (await fan.ask(rq.GetChannel, group=f"@{star.user}")).channel
    mine: rs.GroupsResult = await star.ask(rq.ListGroups)
    assert [(group.form, group.handle) for group in mine.groups if group.id == channel.id] == [
        (ChannelForm.PERSONAL, star.user)
    ]
    assert [group.form for group in mine.groups if group.id != channel.id] == [None]


async def test_home_comes_in_pages_and_every_post_once(people: list[Wire]) -> None:
    star, fan, other = people
    for number in range(7):
        await publish(star if number % 2 else other, str(number))
    for one in (star, other):
        await fan.ask(rq.Follow, group=f"@{one.user}")
    page = await read_home(fan, limit=2)
    posts = [*page.posts]
    while page.cursor:
        page = await read_home(fan, limit=2, before=page.cursor)
        posts += page.posts
    assert sorted(post.entry.body for post in posts) == [str(number) for number in range(7)]
    # What was posted in one millisecond stands in the order of the channels.
    places = [(post.entry.ts, int(post.group), post.entry.seq) for post in posts]
    assert places == sorted(places, reverse=True)
    await refused(fan.ask(rq.GetHome, before="1.2"), ErrorCode.BAD_REQUEST)


async def test_who_reads_live_hears_of_new_posts(people: list[Wire]) -> None:
    star, fan, _other = people
    await publish(star, "before")
    await fan.ask(rq.Follow, group=f"@{star.user}")
    await read_home(fan, live=True)
    seq = await publish(star, "now")
    event = await fan.event(ev.PostEvent)
    assert (event.entry.seq, event.entry.body, event.entry.kind) == (seq, "now", EntryKind.POST)
    assert event.entry.from_.user == star.user
    # From a channel that is followed only now one hears as well, and no more when one has left it.
    await fan.ask(rq.Unfollow, group=f"@{star.user}")
    await publish(star, "unheard")
    await fan.ask(rq.Follow, group=f"@{star.user}")
    await publish(star, "heard")
    await fan.until(lambda: any(isinstance(one, ev.PostEvent) and one.entry.body == "heard" for one in fan.log))
    assert not [one for one in fan.log if isinstance(one, ev.PostEvent) and one.entry.body == "unheard"]


async def test_what_is_deleted_is_in_no_home(people: list[Wire]) -> None:
    star, fan, _other = people
    seq = await publish(star, "gone")
    await publish(star, "stays")
    channel = (await fan.ask(rq.Follow, group=f"@{star.user}")).channel
    await star.run(f"/delete {seq}", channel.id)
    assert texts(await read_home(fan)) == ["stays"]
    await refused(fan.ask(rq.GetThread, group=channel.id, seq=seq), ErrorCode.NO_SUCH_ENTRY)


async def test_readers_comment_and_only_editors_publish(people: list[Wire]) -> None:
    star, fan, other = people
    seq = await publish(star, "What do you think?")
    channel = (await fan.ask(rq.Follow, group=f"@{star.user}")).channel
    await refused(fan.ask(rq.Post, group=channel.id, body="mine"), ErrorCode.FORBIDDEN)
    first = await fan.post(channel.id, "Good.", thread=seq)
    await other.post(f"@{star.user}", "Bad.", thread=seq, reply_to=first)
    found: rs.ThreadResult = await other.ask(rq.GetThread, group=channel.id, seq=seq)
    assert found.post.body == "What do you think?"
    assert [(one.from_.user, one.body, one.target) for one in found.comments] == [
        (fan.user, "Good.", seq),
        (other.user, "Bad.", seq),
    ]
    assert not found.more
    # Comments are in no home, and nobody who comments becomes an editor by it.
    assert texts(await read_home(fan)) == ["What do you think?"]
    await refused(fan.ask(rq.GetHistory, group=channel.id), ErrorCode.NOT_A_MEMBER)


async def test_two_first_posts_at_once_open_one_channel(people: list[Wire]) -> None:
    star = people[0]
    futures = [await star.send(rq.Post, group=f"@{star.user}", body=str(number)) for number in range(5)]
    for future in futures:
        await future
    assert sorted(texts(await star.ask(rq.GetPosts, group=f"@{star.user}"))) == list("01234")
    await refused(star.ask(rq.OpenChannel), ErrorCode.CONFLICT)


async def test_an_edit_shows_in_home(people: list[Wire]) -> None:
    star, fan, _other = people
    seq = await publish(star, "tpyo")
    channel = (await fan.ask(rq.Follow, group=f"@{star.user}")).channel
    await star.ask(rq.Edit, group=channel.id, seq=seq, body="typo")
    assert texts(await read_home(fan)) == ["typo"]
