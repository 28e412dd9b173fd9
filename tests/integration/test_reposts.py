"""Reposts and quotes, through the real server: what they repeat is looked up when they are read (W2, P10)."""

import pytest
from msgspec import Struct

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Repost
from tests.integration.server import Seat, SignIn
from tests.integration.wire import Wire, refused


class Scene(Struct):
    """A star with a post, and others who repeat it."""

    star: Wire
    fan: Wire
    other: Wire
    code: str
    seq: int

    async def repost(self, who: Wire, body: str = "", **fields: object) -> int:
        return await who.post(f"@{who.user}", body, repost=Repost(self.code, self.seq), **fields)


@pytest.fixture
async def scene(seats: list[Seat], sign_in: SignIn) -> Scene:
    star, fan, other = [await sign_in(seat, json=number == 1) for number, seat in enumerate(seats[:3])]
    seq = await star.post(f"@{star.user}", "Look!")
    code = (await star.ask(rq.GetChannel, group=f"@{star.user}")).channel.id
    return Scene(star, fan, other, code, seq)


def shown(page: rs.HomeResult) -> list[tuple[str, str | None]]:
    """Return what posts say, and what those that they repeat say."""
    return [(post.entry.body, post.original.entry.body if post.original else None) for post in page.posts]


async def test_a_repost_shows_what_it_repeats_as_it_stands(scene: Scene) -> None:
    await scene.repost(scene.fan)
    quote = await scene.repost(scene.fan, "How true")
    assert shown(await scene.other.ask(rq.GetPosts, group=f"@{scene.fan.user}")) == [
        ("How true", "Look!"),
        ("", "Look!"),
    ]
    await scene.star.ask(rq.Edit, group=scene.code, seq=scene.seq, body="Look there!")
    found = await scene.other.ask(rq.GetThread, group=f"@{scene.fan.user}", seq=quote)
    assert found.original.entry.body == "Look there!"
    assert found.original.entry.from_.user == scene.star.user
    # What only repeats is repeated as what it repeats, by whomever.
    fans = (await scene.other.ask(rq.GetChannel, group=f"@{scene.fan.user}")).channel.id
    bare = (await scene.other.ask(rq.GetPosts, group=fans)).posts[-1].entry.seq
    await scene.other.post(f"@{scene.other.user}", "", repost=Repost(fans, bare))
    page = await scene.star.ask(rq.GetReposts, group=scene.code, seq=scene.seq)
    assert shown(page) == [("", "Look there!"), ("How true", "Look there!"), ("", "Look there!")]
    first = await scene.star.ask(rq.GetReposts, group=scene.code, seq=scene.seq, limit=2)
    rest = await scene.star.ask(rq.GetReposts, group=scene.code, seq=scene.seq, limit=2, before=first.cursor)
    assert [one.entry.body for one in (*first.posts, *rest.posts)] == ["", "How true", ""]
    assert rest.cursor is None


async def test_it_is_typed_and_told_live_with_what_it_repeats(scene: Scene) -> None:
    star, fan, other = scene.star, scene.fan, scene.other
    await other.post(f"@{other.user}", "My first post")
    await fan.ask(rq.Follow, group=f"@{other.user}")
    await fan.ask(rq.GetHome, live=True)
    for line, group, text in (
        (f"/repost @{star.user}/{scene.seq}", None, ""),
        (f"/转发 @{star.user}/{scene.seq} How true", None, "How true"),
        (f"/repost {scene.seq} In its channel", scene.code, "In its channel"),
        (f"/repost {scene.code}/{scene.seq} By its code", None, "By its code"),
    ):
        since = len(fan.log)
        told = await other.run(line, group)
        assert told.data["handle"] == other.user
        event = await fan.event(ev.PostEvent, since)
        assert (event.entry.seq, event.entry.body) == (told.data["seq"], text)
        assert event.original is not None
        assert (event.original.group, event.original.entry.seq, event.original.entry.body) == (
            scene.code,
            scene.seq,
            "Look!",
        )
        assert event.original.entry.from_.user == star.user
    # One's own channel is opened by it, as by any first post.
    assert shown(await star.ask(rq.GetPosts, group=f"@{other.user}"))[0] == ("By its code", "Look!")
    await fan.run(f"/repost @{star.user}/{scene.seq}")
    assert shown(await star.ask(rq.GetPosts, group=f"@{fan.user}")) == [("", "Look!")]
    for wrong in ("/repost it", f"/repost @{star.user}", "/repost 7"):
        await refused(other.run(wrong), ErrorCode.BAD_REQUEST, field="post")
    await refused(other.run(f"/repost @{star.user}/999"), ErrorCode.NO_SUCH_ENTRY)


async def test_home_leaves_out_what_repeats_a_post_that_stands_there(scene: Scene) -> None:
    await scene.repost(scene.fan)
    await scene.repost(scene.fan, "How true")
    await scene.other.ask(rq.Follow, group=f"@{scene.fan.user}")
    assert shown(await scene.other.ask(rq.GetHome)) == [("How true", "Look!"), ("", "Look!")]
    await scene.other.ask(rq.Follow, group=scene.code)
    assert shown(await scene.other.ask(rq.GetHome)) == [("How true", "Look!"), ("Look!", None)]


async def test_with_the_original_its_reposts_are_blank(scene: Scene) -> None:
    await scene.repost(scene.fan)
    await scene.repost(scene.other, "How true")
    await scene.star.run(f"/delete {scene.seq}", scene.code)
    assert shown(await scene.star.ask(rq.GetPosts, group=f"@{scene.fan.user}")) == [("", None)]
    assert shown(await scene.star.ask(rq.GetPosts, group=f"@{scene.other.user}")) == [("How true", None)]
    await refused(scene.repost(scene.fan), ErrorCode.NO_SUCH_ENTRY)


async def test_only_posts_of_channels_repeat_posts_of_channels(scene: Scene, seats: list[Seat]) -> None:
    comment = await scene.fan.post(scene.code, "Well.", thread=scene.seq)
    for wrong in (Repost(scene.code, comment), Repost(scene.code, 1), Repost(seats[0].code, 1)):
        asked = scene.fan.ask(rq.Post, group=f"@{scene.fan.user}", body="", repost=wrong)
        await refused(asked, ErrorCode.NO_SUCH_ENTRY)
    own = Repost(scene.code, scene.seq)
    for fields in ({"group": seats[0].code}, {"group": scene.code, "thread": scene.seq}):
        await refused(scene.star.ask(rq.Post, body="x", repost=own, **fields), ErrorCode.BAD_REQUEST)
