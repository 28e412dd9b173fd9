"""Channels in the terminal chat and in the SDK, against the real server."""

import asyncio
import re
import sys
from pathlib import Path

import folkmoot_protocol as fm
from folkmoot_client.sdk import Client
from folkmoot_protocol.types import Repost
from tests.integration.client.commands import PASSWORD
from tests.integration.client.test_chat import chat
from tests.integration.running import RunningServer

DOCS = Path(__file__).resolve().parents[3] / "docs"


async def test_home_posts_and_comments_in_the_terminal(server: RunningServer, tmp_path: Path) -> None:
    async with Client(server.ws) as ann:
        await ann.register("ann", PASSWORD)
        posts = [(await ann.post("@ann", f"post {number}\nsecond \x1b[2J line")).seq for number in range(25)]
        lines = (
            "/home",
            "/follow @ann",
            "/follow @nobody",
            "/home",
            "/home older",
            "/posts @ann",
            f"/comment @ann/{posts[0]} Hear, hear",
            f"/comment @ann/{posts[0]}",
            f"/thread @ann/{posts[0]}",
            "/thread ann",
            "/publish Mine",
            "/unfollow @ann",
        )
        ran = await chat(server, tmp_path, "bob", *lines, options=("--register",))
        assert ran.code == 0, ran.err
        assert "\x1b" not in ran.out
        shown = re.findall(r"@ann/(\d+) ann: post (\d+)", ran.out)
        assert shown == [(str(posts[n]), str(n)) for n in (*range(5, 25), *range(5), *range(5, 25), 0)]
        for said in (
            "There is nothing to read here.",
            "Older ones: /home older",
            "Older ones: /posts @ann older",
            "There is no channel with this handle",
            ": Hear, hear",
            "Comment on a post: /comment @name/12 TEXT",
            "Read a post and its comments: /thread @name/12",
        ):
            assert said in ran.out, said
        repost = Repost("@ann", posts[0] or 0)
        await ann.ask(fm.Post, fm.PostResult, group="@ann", body="Again", repost=repost)
        again = await chat(server, tmp_path, "bob", "/posts @ann")
        assert re.search(rf"ann: Again\n +\S+ @ann/{posts[0]} ann: post 0", again.out)
        [mine] = (await ann.get_posts("@bob")).posts
        assert mine.entry.body == "Mine"
        assert f"Published: @bob/{mine.entry.seq}" in ran.out
        [comment] = (await ann.get_thread("@ann", posts[0] or 0)).comments
        lines = (
            f"/correct @ann/{comment.seq} Hear, hear!",
            f"/correct @ann/{posts[0]} Not mine",
            "/correct @ann/1",
            "/publish category=general in=@bob Knitting",
            "/publish category=nonsense Knitting",
            "/publish category=hobby",
        )
        ran = await chat(server, tmp_path, "bob", *lines)
        assert f"Corrected: @ann/{comment.seq}" in ran.out
        [comment] = (await ann.get_thread("@ann", posts[0] or 0)).comments
        assert comment.body == "Hear, hear!"
        [newest, _mine] = (await ann.get_posts("@bob")).posts
        assert (newest.entry.body, newest.entry.data) == ("Knitting", {"category": "general"})
        assert ran.out.count("/publish [in=@name] [category=news] TEXT") == 1


async def test_program_of_the_guide_runs(server: RunningServer, tmp_path: Path) -> None:
    [program] = re.findall(r"^```python\n(.+?)^```$", (DOCS / "channels.md").read_text("utf-8"), re.M | re.S)
    assert '"127.0.0.1:8765"' in program
    script = tmp_path / "program.py"
    script.write_text(program.replace('"127.0.0.1:8765"', repr(server.ws)), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(sys.executable, str(script), stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    assert process.returncode == 0
    assert printed.decode().splitlines() == [
        "@garden: Chives are up.",
        "@garden: And now the beans.",
        "reader: At last!",
    ]
