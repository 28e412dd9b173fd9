"""Who is told that others have answered, repeated or mentioned them in channels, through the real server (W2)."""

import pytest
from msgspec import Struct

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Notice, Repost
from tests.integration.server import Seat, SignIn
from tests.integration.wire import Wire, refused


class Scene(Struct):
    """A star with a post, others who say something about it, and somebody by whom one sees that all were told."""

    star: Wire
    fan: Wire
    other: Wire
    witness: Wire
    code: str
    seq: int
    away: Seat

    @property
    def post(self) -> str:
        return f"@{self.star.user}/{self.seq}"

    async def comment(self, who: Wire, body: str, **fields: object) -> int:
        return await who.post(self.code, body, thread=self.seq, **fields)

    async def all_told(self) -> None:
        """Wait until whoever is told of what was said so far has been told."""
        seq = await self.star.post(f"@{self.star.user}", f"As @{self.witness.user} knows.")
        await self.witness.until(lambda: any(one.data["seq"] == seq for one in heard(self.witness)))

    async def told(self, who: Wire) -> list[Notice]:
        """Return what somebody is told of what was said so far, the latest first."""
        await self.all_told()
        found: rs.NoticesResult = await who.ask(rq.GetNotices)
        return list(found.notices)


def heard(wire: Wire) -> list[Notice]:
    """Return what a connection was told while it stood."""
    return [one.notice for one in wire.log if isinstance(one, ev.CaseEvent) and one.notice is not None]


@pytest.fixture
async def scene(seats: list[Seat], sign_in: SignIn) -> Scene:
    star, fan, other, witness = [await sign_in(seat, json=number == 1) for number, seat in enumerate(seats[:4])]
    seq = await star.post(f"@{star.user}", "Look!")
    code = (await star.ask(rq.GetChannel, group=f"@{star.user}")).channel.id
    return Scene(star, fan, other, witness, code, seq, seats[4])


async def test_comments_are_told_to_who_wrote_the_post_and_answers_to_who_commented(scene: Scene) -> None:
    star, fan, other = scene.star, scene.fan, scene.other
    first = await scene.comment(fan, "Nice")
    await scene.all_told()
    (notice,) = heard(star)
    assert (notice.kind, notice.text) == ("commented", f"@{fan.user} commented on your post {scene.post}")
    assert (notice.group, notice.data["seq"]) == (scene.code, scene.seq)
    for body in ("It is", "And more"):
        await scene.comment(other, body, reply_to=first)
    await scene.comment(star, "Thanks")
    # Three comments on one post are one notice, while it has not been read; one's own is none.
    (notice,) = await scene.told(star)
    assert notice.text == f"3 comments on your post {scene.post}, the latest by @{other.user}"
    assert len(heard(star)) == 1
    (answered,) = await scene.told(fan)
    assert answered.text == f"2 answers to your comments on {scene.post}, the latest by @{other.user}"
    await star.ask(rq.ReadNotices, up_to=notice.id)
    # Nor is whoever is there, and reads it at once, told of each: it is unread again.
    await scene.comment(fan, "Again")
    (again,) = await scene.told(star)
    assert (again.id, again.data["count"], again.read_ts) == (notice.id, 4, 0)
    assert len(heard(star)) == 1


async def test_who_is_mentioned_finds_it_also_when_they_were_away(scene: Scene, sign_in: SignIn) -> None:
    fan, away = scene.fan, scene.away
    await scene.comment(fan, f"(@{away.user}, @{fan.user} and @nobody.at.all: look.) @{away.user}!")
    quote = await fan.post(f"@{fan.user}", f"Hello @{away.user}")
    await scene.all_told()
    back = await sign_in(away)
    await back.until(lambda: len(heard(back)) == 2)
    assert {one.text for one in await scene.told(back)} == {
        f"@{fan.user} mentioned you: @{fan.user}/{quote}",
        f"@{fan.user} mentioned you: {scene.post}",
    }
    assert await scene.told(fan) == []


async def test_reposts_and_quotes_are_told_to_who_wrote_the_original(scene: Scene) -> None:
    star, fan, other = scene.star, scene.fan, scene.other
    original = Repost(scene.code, scene.seq)
    await fan.post(f"@{fan.user}", "", repost=original)
    await other.post(f"@{other.user}", f"How true, @{star.user}", repost=original)
    await other.post(f"@{other.user}", "", repost=original)
    assert {one.text for one in await scene.told(star)} == {
        f"Your post {scene.post} was repeated 2 times, the last time by @{other.user}",
        f"@{other.user} quoted your post {scene.post}",
    }


async def test_whom_one_ignores_or_has_banned_brings_nothing_and_so_does_a_channel_that_is_off(scene: Scene) -> None:
    star, fan, other = scene.star, scene.fan, scene.other
    await star.run(f"/ignore @{fan.user}")
    await scene.comment(fan, f"@{star.user}!")
    await other.post(f"@{other.user}", "mine")
    channel = (await other.ask(rq.GetChannel, group=f"@{other.user}")).channel.id
    await other.run(f"/ban @{fan.user}", channel)
    await scene.comment(fan, f"@{other.user}!")
    assert await scene.told(star) == []
    assert await scene.told(other) == []
    await scene.comment(other, "Fine")
    assert len(await scene.told(star)) == 1
    for notify, count in (("mentions", 1), ("on", 2)):
        await star.run(f"/notify {notify}", scene.code)
        await scene.comment(other, "And fine")
        assert [one.data["count"] for one in await scene.told(star)] == [count]


async def test_what_waits_for_an_editor_is_told_of_when_it_is_approved(scene: Scene) -> None:
    star, fan, other = scene.star, scene.fan, scene.other
    await star.run("/comments approval", scene.code)
    held = await refused(scene.comment(fan, f"@{other.user}, look"), ErrorCode.CONTENT_HELD)
    assert await scene.told(other) == []
    await star.run(f"/queue approve {held.detail['number']}", scene.code)
    assert [one.kind for one in await scene.told(other)] == ["mentioned"]
