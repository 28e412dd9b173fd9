"""Comments on posts of channels, and what editors do about them, through the real server (P12, W10.2)."""

import pytest
from msgspec import Struct

from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import CommentPolicy
from tests.integration.server import Seat, SignIn
from tests.integration.wire import Wire, refused


class Scene(Struct):
    """A star with a post, a fan who follows the channel, and a reader who does not."""

    star: Wire
    fan: Wire
    reader: Wire
    code: str
    seq: int

    async def comment(self, who: Wire, body: str = "Well.", **fields: object) -> int:
        return await who.post(self.code, body, **{"thread": self.seq, **fields})

    async def refuse(self, who: Wire, code: ErrorCode, **fields: object) -> None:
        await refused(who.ask(rq.Post, **{"group": self.code, "body": "Well.", "thread": self.seq, **fields}), code)

    async def thread(self) -> rs.ThreadResult:
        found: rs.ThreadResult = await self.reader.ask(rq.GetThread, group=self.code, seq=self.seq)
        return found

    async def bodies(self) -> list[str]:
        return [one.body for one in (await self.thread()).comments if not one.redacted]


@pytest.fixture
async def scene(seats: list[Seat], sign_in: SignIn) -> Scene:
    star, fan, reader = [await sign_in(seat) for seat in seats[:3]]
    seq = await star.post(f"@{star.user}", "What do you think?")
    channel = (await fan.ask(rq.Follow, group=f"@{star.user}")).channel
    return Scene(star, fan, reader, channel.id, seq)


async def test_a_comment_is_on_a_post_that_is_there(scene: Scene) -> None:
    first = await scene.comment(scene.fan)
    other = await scene.star.post(scene.code, "Another post")
    for wrong in (first, other + 1, 10**9):
        await scene.refuse(scene.fan, ErrorCode.NO_SUCH_ENTRY, thread=wrong)
    await scene.refuse(scene.fan, ErrorCode.NO_SUCH_ENTRY, thread=other, reply_to=first)
    await scene.comment(scene.reader, "Quite.", reply_to=first)
    await scene.star.run(f"/delete {scene.seq}", scene.code)
    await scene.refuse(scene.fan, ErrorCode.NO_SUCH_ENTRY)


async def test_each_policy_has_its_own_error_and_the_stricter_counts(scene: Scene) -> None:
    star, fan, reader = scene.star, scene.fan, scene.reader
    told = await star.run("/comments followers", scene.code)
    assert told.data["undo"] == "/comments open"
    await scene.refuse(reader, ErrorCode.FOLLOWERS_ONLY)
    await scene.comment(fan, "As a follower")
    assert (await scene.thread()).policy is CommentPolicy.FOLLOWERS
    await star.run(f"/comments closed {scene.seq}", scene.code)
    await scene.refuse(fan, ErrorCode.COMMENTS_CLOSED)
    await star.run("/评论设置 open", scene.code)
    await scene.refuse(fan, ErrorCode.COMMENTS_CLOSED)
    await star.run(f"/comments open {scene.seq}", scene.code)
    await scene.comment(reader, "Open again")
    await star.run("/comments approval", scene.code)
    await scene.refuse(reader, ErrorCode.CONTENT_HELD, body="Please")
    waiting = (await star.run("/queue", scene.code)).data["items"][-1]
    assert (waiting["user"], waiting["rule"]) == (reader.user, "comments.approval")
    await star.run(f"/queue approve {waiting['number']}", scene.code)
    await scene.comment(star, "An editor's own")
    assert await scene.bodies() == ["As a follower", "Open again", "Please", "An editor's own"]
    # Nobody approves what they have seen the beginning of, and are not told so.
    long = [f"{number} {'word ' * 700}end" for number in range(2)]
    for body in long:
        await scene.refuse(reader, ErrorCode.CONTENT_HELD, body=body)
    assert [one["body"] for one in (await star.run("/queue", scene.code)).data["items"]] == long
    for wrong in (1, scene.seq + 1):
        await refused(star.run(f"/comments closed {wrong}", scene.code), ErrorCode.NO_SUCH_ENTRY)
    await refused(fan.run("/comments closed", scene.code), ErrorCode.NOT_A_MEMBER)


async def test_editors_silence_and_ban_who_comments(scene: Scene) -> None:
    star, fan = scene.star, scene.fan
    told = await star.run(f"/mute @{fan.user} 1d noise", scene.code)
    await scene.refuse(fan, ErrorCode.MUTED)
    notices = (await fan.ask(rq.GetNotices)).notices
    assert [(one.kind, one.case, one.data["reason"]) for one in notices[:1]] == [("muted", told.data["case"], "noise")]
    await fan.run(f"/appeal {told.data['case']} It was once.", scene.code)
    await star.run(f"/unmute @{fan.user}", scene.code)
    await star.run(f"/warn @{fan.user} politely", scene.code)
    seq = await scene.comment(fan)
    await star.run(f"/ban @{fan.user} 1h spam", scene.code)
    await scene.refuse(fan, ErrorCode.BANNED)
    await star.run(f"/delete {seq} off topic", scene.code)
    assert await scene.bodies() == []


async def test_readers_delete_their_own_comments_and_nothing_else(scene: Scene) -> None:
    mine, another = await scene.comment(scene.reader, "mine"), await scene.comment(scene.fan, "another's")
    for one in (another, scene.seq):
        await refused(scene.reader.run(f"/delete {one}", scene.code), ErrorCode.NOT_A_MEMBER)
    await scene.reader.run(f"/delete {mine}", scene.code)
    assert await scene.bodies() == ["another's"]
    await scene.star.run(f"/pin {another}", scene.code)
    assert [one.seq for one in (await scene.thread()).featured] == [another]


async def test_slow_mode_and_links_concern_readers_alone(scene: Scene) -> None:
    await scene.star.run("/slow 1h", scene.code)
    await scene.comment(scene.fan)
    await scene.refuse(scene.fan, ErrorCode.SLOW_MODE)
    await scene.comment(scene.star)
    await scene.comment(scene.star)
    await scene.star.run("/links off", scene.code)
    await scene.refuse(scene.reader, ErrorCode.CONTENT_REFUSED, body="https://example.org/")
    await scene.comment(scene.star, "https://example.org/")
    await scene.star.run("/word add refuse elephants", scene.code)
    await scene.refuse(scene.reader, ErrorCode.CONTENT_REFUSED, body="elephants")


async def test_who_follows_nothing_reports_posts_and_comments(scene: Scene) -> None:
    seq = await scene.comment(scene.fan)
    for one in (scene.seq, seq):
        data = (await scene.reader.run(f"/report {one} fraud it is", scene.code)).data
        assert data["state"] == "open" and data["due_ms"]
    case = await scene.reader.ask(rq.Report, group=scene.code, seq=seq, reason="fraud", text="again")
    assert case.case == data["case"]


async def test_commands_for_groups_are_refused_with_a_sentence(scene: Scene) -> None:
    for line in (
        "/joinmode open",
        "/antiraid on 1h",
        "/announce Hello",
        "/lock 1h",
        "/me waves",
        "/question",
        "/limit 5",
    ):
        await refused(scene.star.run(line, scene.code), ErrorCode.FORBIDDEN, rule="channel")
    assert (await scene.star.run("/editors", scene.code)).data["admins"] == [{"user": scene.star.user, "role": "owner"}]
    await refused(scene.fan.run("/editors", scene.code), ErrorCode.NOT_A_MEMBER)
    assert (await scene.reader.run("/关注", scene.code)).data["following"]
    assert not (await scene.reader.run(f"/unfollow @{scene.star.user}")).data["following"]


async def test_readers_edit_their_own_comments_as_long_as_they_may_comment(seats: list[Seat], sign_in: SignIn) -> None:
    star, fan, other = [await sign_in(seat) for seat in seats[:3]]
    place = f"@{star.user}"
    post = await star.post(place, "Chives are up.")
    mine = await fan.post(place, "At lsat!", thread=post)
    await other.post(place, "Beans, too.", thread=post, reply_to=mine)

    async def edit(wire: Wire, body: str, seq: int = mine) -> object:
        return await wire.ask(rq.Edit, group=place, seq=seq, body=body)

    async def said() -> list[str]:
        page: rs.ThreadResult = await other.ask(rq.GetThread, group=place, seq=post)
        return [entry.body for entry in page.comments]

    await edit(fan, "At last!")
    assert await said() == ["At last!", "Beans, too."]
    page: rs.ThreadResult = await other.ask(rq.GetThread, group=place, seq=post)
    assert page.comments[0].data
    assert page.comments[0].data["edited"] > mine
    await refused(edit(other, "Not mine."), ErrorCode.NOT_A_MEMBER)
    await refused(edit(fan, "Not mine.", post), ErrorCode.NOT_A_MEMBER)
    await refused(edit(fan, "Nothing.", mine + 90), ErrorCode.NOT_A_MEMBER)
    await refused(edit(star, "Not mine."), ErrorCode.FORBIDDEN)
    own = await star.post(place, "My own.", thread=post)
    await star.run("/comments closed", place)
    for wire, seq in ((fan, mine), (star, own)):
        await refused(edit(wire, "Once more.", seq), ErrorCode.COMMENTS_CLOSED)
    await star.run("/comments approval", place)
    await refused(edit(fan, "Read me first."), ErrorCode.CONTENT_HELD)
    assert await said() == ["At last!", "Beans, too.", "My own."]
    number = (await star.run("/queue", place)).data["items"][0]["number"]
    await star.run(f"/queue approve {number}", place)
    assert await said() == ["Read me first.", "Beans, too.", "My own."]
    await star.run("/comments open", place)
    await star.run(f"/mute @{fan.user} 1h", place)
    await refused(edit(fan, "Still here."), ErrorCode.MUTED)
