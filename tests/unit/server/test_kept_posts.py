"""What of a channel is there half a year later, on a real node whose time is the test's (P16, W16)."""

import asyncio
import time
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from folkmoot_client.sdk import Client, RequestRefused
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Repost
from folkmoot_server.common.clock import Clock
from folkmoot_server.jobs.journal import Rotation
from folkmoot_server.jobs.media import MediaJob
from folkmoot_server.storage.sql.months import is_due, month_of
from tests.builders.pictures import planted_picture
from tests.unit.server.stores import Stage, staged


class Years:
    """A node whose time is the test's."""

    def __init__(self) -> None:
        self.ms = int(time.time() * 1000)
        self.stage: Stage

    async def pass_until(self, ms: int, star: Client) -> None:
        """Let time pass, and each ten days the jobs do their rounds, and the star posts something."""
        while self.ms < ms:
            self.ms = min(ms, self.ms + 10 * DAY_MS)
            await star.post(f"@{star.account.user}" if star.account else "", "something new")
            await self.stage.job(Rotation).do_round()
            await self.stage.job(MediaJob).do_round()


async def own_posts(client: Client) -> list[str]:
    """Return the posts of an account that stand in what is stored about it."""
    found, line = [], "/mydata"
    while line:
        data = (await client.run_command(line)).data
        found += [one["body"] for one in data["items"] if data["part"] == "entries" and one["kind"] == "post"]
        line = f"/mydata {data['next']}" if "next" in data else ""
    return found


async def public_page(years: Years, path: str) -> tuple[int, str]:
    """Return the status and the text of a page for anybody."""

    def get() -> tuple[int, str]:
        connection = HTTPConnection(urlsplit(years.stage.url).netloc, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    return await asyncio.to_thread(get)


@pytest.fixture
async def years(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Years]:
    years = Years()
    settings = {"retention__posts": request.param, "accounts__token_days": 0}
    async with staged(tmp_path, clock=Clock(lambda: years.ms / 1000), **settings) as years.stage:
        await years.stage.rest()
        yield years


@pytest.mark.parametrize(("years", "stays"), [("keep", True), ("month", False)], indirect=["years"])
async def test_posts_and_what_they_show_stay_where_they_are_to_and_comments_go(years: Years, stays: bool) -> None:
    seats = years.stage.seats[0]
    async with (
        Client(years.stage.url, token=seats[0].token) as star,
        Client(years.stage.url, token=seats[1].token) as fan,
    ):
        handle, picture = f"@{seats[0].user}", planted_picture(size=(40, 30))
        media = str((await star.upload(picture))["id"])
        place = await star.post(handle, "Chives are up.", media=[media])
        gone = await star.post(handle, "A mistake.")
        await fan.follow(handle)
        await fan.post(handle, "At last!", thread=place.seq)
        month, bytes_of = month_of(years.ms), await fan.fetch_media(media)
        due = years.ms
        while not is_due(month, due, 6):
            due += DAY_MS

        await years.pass_until(due - DAY_MS, star)
        thread = await fan.get_thread(handle, place.seq)
        assert (thread.post.body, [one.body for one in thread.comments]) == ("Chives are up.", ["At last!"])
        code = thread.channel.id
        (entry, *_rest) = [one async for one in star.read_history(code) if one.seq == place.seq]
        assert entry.from_.user == seats[0].user, "with the editor"
        assert await fan.fetch_media(media) == bytes_of

        await years.pass_until(due + 31 * DAY_MS, star)
        assert month not in [one.month for one in await years.stage.store.journal.segments()]
        if not stays:
            with pytest.raises(RequestRefused) as refused:
                await fan.get_thread(handle, place.seq)
            assert refused.value.code == ErrorCode.NO_SUCH_ENTRY
            with pytest.raises(RequestRefused):
                await fan.fetch_media(media)
            return
        thread = await fan.get_thread(handle, place.seq)
        assert (thread.post.body, thread.comments) == ("Chives are up.", ())
        assert await fan.fetch_media(media) == bytes_of
        found, cursor = [], None
        while page := await fan.get_home(before=cursor):
            found += [post.entry.body for post in page.posts]
            cursor = page.cursor
            if cursor is None:
                break
        assert found[-2:] == ["A mistake.", "Chives are up."]
        kept = await years.stage.store.journal.entry(code, place.seq)
        assert kept is not None
        assert kept.from_.user == seats[0].user
        status, text = await public_page(years, f"/{handle}/{place.seq}")
        assert (status, "Chives are up." in text, "At last!" in text) == (200, True, False)
        mine = await own_posts(star)
        assert mine[:2] == ["Chives are up.", "A mistake."]
        assert len(mine) == len(set(mine[:2])) + mine.count("something new"), "each once"
        # It can still be repeated, commented on, and taken back; and what it showed goes with it.
        await fan.post(f"@{seats[1].user}", "Remember?", repost=Repost(code, place.seq))
        assert (await star.get_posts(f"@{seats[1].user}")).posts[0].original is not None
        await fan.post(handle, "Still good.", thread=place.seq)
        assert [one.body for one in (await fan.get_thread(handle, place.seq)).comments] == ["Still good."]
        await star.run_command(f"/delete {gone.seq}", code)
        await star.run_command(f"/delete {place.seq}", code)
        await years.stage.job(MediaJob).do_round()
        for seq in (gone.seq, place.seq):
            with pytest.raises(RequestRefused) as refused:
                await fan.get_thread(handle, seq)
            assert refused.value.detail["removed"]
            assert (await public_page(years, f"/{handle}/{seq}"))[0] == 410
        with pytest.raises(RequestRefused):
            await fan.fetch_media(media)
