"""Channels for anybody over HTTP: pages, feeds, what is removed or closed, what robots and strangers are told."""

import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from folkmoot_client.sdk import Client
from folkmoot_protocol import Login, MediaRef
from folkmoot_protocol.types import Repost
from tests.builders.pictures import planted_picture
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.test_http import Reply, assert_safe, get
from tests.integration.test_public_channels import NEWS, admin, case_of, open_public
from tests.integration.wire import Wire

UNLIMITED = (
    "limits__posts_per_second",
    "limits__requests_per_second",
    "limits__acts_per_minute",
    "limits__group_acts_per_minute",
)
ADDRESSES = itertools.count(1)
ATOM = "{http://www.w3.org/2005/Atom}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
BAIT = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "</title></style><svg/onload=alert(1)>",
    "]]><x xmlns='http://www.w3.org/1999/xhtml'><script/></x>",
    'javascript:alert(1) https://example.org/"onclick=alert(1) http://example.org/<b>',
    "{{ 7*7 }} {% raw %} &lt;b&gt; &amp;",
    "a control \x08 and \x1b, \ufffe and \u202e",
)


class Elements(HTMLParser):
    """What a page is made of: its elements, each with the names of its attributes, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {(tag, name) for name, _value in attrs} | {(tag, "")}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


OPERATOR = {"responsible": "Ada <ada@example.org>", "licence": "ICP-4711", "licence_until": "2031-01-31"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose pages are asked for from addresses of the tests' own, and that says who runs it."""
    settings: dict[str, Any] = {f"operator__{key}": value for key, value in OPERATOR.items()}
    settings |= {"operator__name": "Folk & Co", "operator__publish_figures": "true"}
    settings |= NEWS
    settings |= {"server__trusted_proxies": "127.0.0.1", **dict.fromkeys(UNLIMITED, 0)}
    with serving(tmp_path_factory.mktemp("pages"), groups=12, members=2, admin="root", **settings) as server:
        yield server


@pytest.fixture
async def people(shared: Server) -> AsyncIterator[list[Wire]]:
    """A star and a fan."""
    seats = shared.seats.pop()
    async with await shared.connect(seats[0]) as star, await shared.connect(seats[1]) as fan:
        yield [star, fan]


async def look(shared: Server, path: str, address: str = "", **headers: str) -> Reply:
    """Fetch a page from an address of one's own."""
    return await get(shared, path, x_forwarded_for=address or f"203.0.113.{next(ADDRESSES)}", **headers)


async def read(shared: Server, path: str) -> Any:
    return json.loads((await look(shared, path, accept="application/json")).text)


async def publish(wire: Wire, body: str) -> int:
    return await wire.post(f"@{wire.user}", body)


async def test_a_channel_its_posts_and_their_comments_are_there_for_anybody(shared: Server, people: list[Wire]) -> None:
    star, fan = people
    seqs = [await publish(star, f"post {number}") for number in range(21)]
    await fan.post(f"@{star.user}", "well said", thread=seqs[-1])
    path = f"/@{star.user}"
    page = await look(shared, path)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert_safe(page)
    assert page.headers["Cache-Control"] == "no-cache"
    assert "noindex" not in page.text + str(page.headers)
    first = await read(shared, path)
    assert [one["entry"]["body"] for one in first["posts"]] == [f"post {number}" for number in range(20, 0, -1)]
    second = await read(shared, f"{path}?before={first['cursor']}")
    assert [one["entry"]["body"] for one in second["posts"]] == ["post 0"]
    assert second["cursor"] is None
    assert f"?before={first['cursor']}" in page.text
    assert (await look(shared, f"{path}?before=1.2")).status == 400
    thread = await read(shared, f"{path}/{seqs[-1]}")
    assert [(one["from"]["user"], one["body"]) for one in thread["comments"]] == [(fan.user, "well said")]
    post = await look(shared, f"{path}/{seqs[-1]}", accept_language="zh-CN")
    assert 'lang="zh-CN"' in post.text
    assert "评论" in post.text
    for shown in ("well said", 'property="og:title" content="post 20"', 'property="og:type" content="article"'):
        assert shown in post.text
    assert (await look(shared, f"/@{star.user.upper()}")).status == 200


async def test_what_is_removed_is_gone_at_once_and_what_never_was_is_not_there(
    shared: Server, people: list[Wire]
) -> None:
    star, fan = people
    seq = await publish(star, "regretted")
    kept = await publish(star, "kept")
    comment = await fan.post(f"@{star.user}", "rash", thread=kept)
    path = f"/@{star.user}"
    paths = (path, f"{path}/feed.atom", f"{path}/feed.json")
    before = {one: await look(shared, one) for one in paths}
    for one, page in before.items():
        assert (await look(shared, one, if_none_match=page.headers["ETag"])).status == 304
        assert "regretted" in page.text
    channel = (await read(shared, path))["channel"]["id"]
    await star.run(f"/delete {seq}", channel)
    for one, page in before.items():
        after = await look(shared, one, if_none_match=page.headers["ETag"])
        assert (after.status, "regretted" in after.text, "kept" in after.text) == (200, False, True)
    gone = await look(shared, f"{path}/{seq}")
    assert (gone.status, "regretted" in gone.text, gone.headers["X-Robots-Tag"]) == (410, False, "noindex")
    assert "removed" in gone.text
    await star.run(f"/delete {comment}", channel)
    thread = await look(shared, f"{path}/{kept}")
    assert ("rash" in thread.text, "This comment was removed" in thread.text) == (False, True)
    for unknown in (f"{path}/{comment}", f"{path}/999", f"{path}/1", f"{path}/{10**30}", f"{path}/{kept}?after=x"):
        assert (await look(shared, unknown)).status == 404
    for unknown in (
        f"/@{fan.user}",
        "/@",
        "/@nobody/1",
        "/@%00",
        "/@nobody/feed.atom",
        f"{path}/x",
        f"{path}/feed.rss",
    ):
        assert (await look(shared, unknown)).text == "404 not found\n"
    await star.run(f"/dissolve {channel}", channel)
    for one in (*paths, f"{path}/{kept}"):
        closed = await look(shared, one)
        assert (closed.status, "kept" in closed.text) == (410, False)


async def test_an_address_with_a_number_that_no_entry_has_is_not_there(shared: Server, people: list[Wire]) -> None:
    path = f"/@{people[0].user}/{await publish(people[0], 'there')}"
    assert (await look(shared, f"{path}?after=0")).status == 200
    long = "9" * 5000
    for one in (f"/@{people[0].user}/{long}", f"{path}?after={long}", f"{path}?after=-1", f"{path}x", f"{path}/"):
        assert (await look(shared, one)).status == 404, one


async def test_feeds_are_what_their_specifications_ask_for(shared: Server, people: list[Wire]) -> None:
    star = people[0]
    seqs = [await publish(star, text) for text in ("The first line\nand another, at https://example.org/x.", *BAIT)]
    path = f"/@{star.user}"
    reply = await look(shared, f"{path}/feed.atom")
    assert reply.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(reply.data)
    assert feed.tag == f"{ATOM}feed"
    for node in (feed, *feed.iter(f"{ATOM}entry")):
        assert [len(node.findall(f"{ATOM}{name}")) for name in ("id", "title", "updated")] == [1, 1, 1]
        assert TIME.fullmatch(node.findtext(f"{ATOM}updated", ""))
        assert node.find(f"{ATOM}link[@rel='alternate']") is not None
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    home = shared.urls["http"] + path
    [own] = feed.findall(f"{ATOM}link[@rel='self']")
    assert own.attrib["href"] == f"{home}/feed.atom"
    ids = [node.findtext(f"{ATOM}id") for node in feed.iter(f"{ATOM}entry")]
    assert ids == [f"{home}/{seq}" for seq in reversed(seqs)]
    oldest = list(feed.iter(f"{ATOM}entry"))[-1]
    assert oldest.findtext(f"{ATOM}title") == "The first line"
    html = Elements(oldest.findtext(f"{ATOM}content", ""))
    assert (html.text, html.links) == (
        "The first lineand another, at https://example.org/x.",
        ["https://example.org/x"],
    )
    for node in feed.iter(f"{ATOM}content"):
        assert {tag for tag, _name in Elements(node.text or "").seen} <= {"p", "br", "a"}
    reply = await look(shared, f"{path}/feed.json")
    assert reply.headers["Content-Type"] == "application/feed+json; charset=utf-8"
    data = json.loads(reply.text)
    assert (data["version"], data["feed_url"]) == ("https://jsonfeed.org/version/1.1", f"{home}/feed.json")
    assert data["home_page_url"] == home
    assert [item["id"] for item in data["items"]] == ids
    for item in data["items"]:
        assert item["content_text"]
        assert TIME.fullmatch(item["date_published"])


async def test_nothing_that_is_written_acts(shared: Server, people: list[Wire]) -> None:
    star, fan = people
    plain = await publish(star, "plain")
    await fan.post(f"@{star.user}", "plain", thread=plain)
    path = f"/@{star.user}"
    channel = (await read(shared, path))["channel"]["id"]
    known = {one: Elements((await look(shared, one)).text).seen for one in (path, f"{path}/{plain}")}
    await star.run(f"/topic {BAIT[1]}", channel)
    await star.run(f"/rename {BAIT[0]}", channel)
    for text in BAIT:
        seq = await publish(star, text)
        await fan.post(f"@{star.user}", text, thread=seq)
        post = await look(shared, f"{path}/{seq}")
        found = Elements(post.text)
        assert found.seen - known[f"{path}/{plain}"] <= {("a", "rel"), ("p", "")}, text
        assert all(link.startswith(("http://", "https://", "/", "#")) for link in found.links)
    page = await look(shared, path)
    assert Elements(page.text).seen - known[path] <= {("a", "rel"), ("p", "class")}
    assert "script" not in page.headers["Content-Security-Policy"]
    assert BAIT[0] in Elements(page.text).text


async def test_robots_are_told_what_is_not_for_them(shared: Server) -> None:
    reply = await get(shared, "/robots.txt")
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Disallow: /report" in reply.text
    assert "/@" not in reply.text


async def test_what_posts_show_is_on_pages_and_in_feeds(shared: Server, people: list[Wire]) -> None:
    star = people[0]
    async with Client(shared.url, token=star.session.token) as client:
        picture = await client.upload(planted_picture())
        alt = 'a circle"><script>'
        seq = (await client.post(f"@{star.user}", "", media=[MediaRef(id=picture["id"], alt=alt)])).seq
    path, url = f"/@{star.user}", shared.urls["http"]
    for page in (await look(shared, path), await look(shared, f"{path}/{seq}")):
        found = Elements(page.text)
        assert {f"/media/{picture['id']}", f"/media/{picture['id']}/thumb"} <= set(found.links)
        assert ("script", "") not in found.seen
        assert "img-src 'self'" in page.headers["Content-Security-Policy"]
    assert f'<meta property="og:image" content="{url}/media/{picture["id"]}">' in page.text
    feed = ET.fromstring((await look(shared, f"{path}/feed.atom")).data)
    [link] = feed.findall(f"{ATOM}entry/{ATOM}link[@rel='enclosure']")
    assert (link.attrib["type"], link.attrib["title"]) == ("image/jpeg", alt)
    [item] = json.loads((await look(shared, f"{path}/feed.json")).text)["items"]
    assert item["title"] == alt
    [attached] = item["attachments"]
    assert attached["url"] == f"{url}/media/{picture['id']}"
    thumb = await get(shared, f"/media/{picture['id']}/thumb")
    assert (thumb.status, thumb.headers["Content-Type"]) == (200, "image/webp")


async def test_what_is_repeated_is_shown_as_long_as_it_is_there(shared: Server, people: list[Wire]) -> None:
    star, fan = people
    seq = await publish(star, "Look & see <b>")
    code = (await read(shared, f"/@{star.user}"))["channel"]["id"]
    bare = await fan.post(f"@{fan.user}", "", repost=Repost(code, seq))
    await fan.post(f"@{fan.user}", "How true", repost=Repost(code, seq))
    path = f"/@{fan.user}"
    paths = (path, f"{path}/{bare}", f"{path}/feed.atom", f"{path}/feed.json")
    for one in paths:
        text = (await look(shared, one)).text
        assert "Look &amp;" in text or "Look &amp;amp;" in text or "Look & see <b>" in text
        assert star.user in text
    assert f'<blockquote cite="{shared.urls["http"]}/@{star.user}/{seq}">' in (await look(shared, paths[1])).text
    feed = json.loads((await look(shared, paths[3])).text)
    assert [one["title"] for one in feed["items"]] == ["How true", f"@{star.user}: Look & see <b>"]
    await star.run(f"/delete {seq}", code)
    for one in paths:
        text = (await look(shared, one)).text
        assert "Look" not in text
        assert "The reposted post is no longer there." in text


async def test_what_is_refuted_is_told_on_each_page_and_in_feeds(shared: Server, people: list[Wire]) -> None:
    star, fan = people
    seq = await publish(star, "The well is poisoned")
    code = (await read(shared, f"/@{star.user}"))["channel"]["id"]
    repost = await fan.post(f"@{fan.user}", "Alas", repost=Repost(code, seq))
    names = {f"/@{star.user}": seq, f"/@{fan.user}": repost}
    paths = [
        one for path, at in names.items() for one in (path, f"{path}/{at}", f"{path}/feed.atom", f"{path}/feed.json")
    ]
    tags = {one: (await look(shared, one)).headers["ETag"] for one in paths}
    told = "The water was tested"
    async with await Wire.open(shared.url) as root:
        await root.ask(Login, user="root", password=PASSWORD)
        await admin(root, "refutation create", code, reason="seen", options={"seq": seq, "text": told})
        for one in paths:
            page = await look(shared, one, if_none_match=tags[one])
            assert told in page.text, one
            assert "poisoned" in page.text, "it stays readable"
            is_post = one.rsplit("/", 1)[-1].isdecimal()
            assert page.headers.get("X-Robots-Tag") == ("noindex" if is_post else None)
        await admin(root, "refutation end", code, reason="it was true", options={"seq": seq})
    for one in paths:
        assert (await look(shared, one, if_none_match=tags[one])).status == 304


async def test_who_may_comment_and_what_editors_chose_is_told(shared: Server, people: list[Wire]) -> None:
    star, fan = people
    seq = await publish(star, "What do you think?")
    path = f"/@{star.user}/{seq}"
    channel = (await read(shared, path))["channel"]["id"]
    comment = await fan.post(f"@{star.user}", "the best of all", thread=seq)
    assert "Nobody may comment" not in (await look(shared, path)).text
    await star.run(f"/pin {comment}", channel)
    await star.run("/comments closed", channel)
    page = await look(shared, path)
    assert "Nobody may comment." in page.text
    assert (
        page.text.index("Chosen by the editors") < page.text.index("the best of all") < page.text.index("Comments</h2>")
    )


async def test_what_a_channel_was_granted_is_on_each_page_and_in_feeds(shared: Server, people: list[Wire]) -> None:
    editor, _fan = people
    path = "/@daily.news"
    async with await Wire.open(shared.url) as root:
        await root.ask(Login, user="root", password=PASSWORD)
        code = await open_public(editor, "daily.news")
        for end in ("", "/1", "/feed.atom", "/feed.json"):
            assert (await look(shared, path + end)).status == 404
        case = await case_of(root, editor)
        await admin(root, "application approve", case, reason="in order", options={"label": "Local <news>"})
        case = (await editor.run(f"/apply licence {code} news publish 10120170002")).data["case"]
        await admin(root, "application approve", case, reason="seen", options={"duration": "1h"})
        seq = await editor.post(code, "an event", category="news")
        granted = {("label", "Local <news>"), ("licence", "10120170002")}
        for page in (path, f"{path}/{seq}"):
            found = (await look(shared, page)).text
            assert "Licence 10120170002 (News)" in found
            assert "Local &lt;news&gt;" in found
            assert {(one["kind"], one["name"]) for one in (await read(shared, page))["channel"]["labels"]} == granted
        feed = ET.fromstring((await look(shared, f"{path}/feed.atom")).data)
        for node in (feed, *feed.findall(f"{ATOM}entry")):
            found_here = {(one.attrib["term"], one.attrib["label"]) for one in node.findall(f"{ATOM}category")}
            assert found_here == granted
        [*_, about] = [json.loads((await look(shared, f"{path}/feed.json")).text)["_folkmoot"]]
        assert {(one["kind"], one["name"]) for one in about["labels"]} == granted
        # Taken back, it is nowhere.
        await admin(
            root, "credential revoke", code, reason="given back", options={"kind": "licence", "category": "news"}
        )
        for page in (path, f"{path}/{seq}", f"{path}/feed.atom", f"{path}/feed.json"):
            assert "10120170002" not in (await look(shared, page)).text
        # While it is suspended its page says so, and nothing else.
        await admin(root, "group suspend", code, reason="a trial", options={"duration": "1h"})
        page_now = await look(shared, path)
        assert (page_now.status, page_now.headers["X-Robots-Tag"], "an event" in page_now.text) == (
            200,
            "noindex",
            False,
        )
        assert "The platform has suspended this channel until" in page_now.text
        assert (await look(shared, f"{path}/{seq}")).status == 403
        assert json.loads((await look(shared, f"{path}/feed.json")).text)["items"] == []


async def test_who_runs_the_service_stands_on_every_public_page(shared: Server, people: list[Wire]) -> None:
    star = people[0]
    seq = await publish(star, "hello")
    channel = f"/@{star.user}"
    group = next(iter(star.session.groups)).id
    pages = ("/rules", "/agreement", f"/groups/{group}", "/transparency", "/report", "/report/status")
    for path in (*pages, channel, f"{channel}/{seq}"):
        page = await look(shared, path)
        for value in ("Folk &amp; Co", "Ada &lt;ada@example.org&gt;", "ICP-4711", "2031-01-31"):
            assert value in page.text, path
    known = {**OPERATOR, "operator": "Folk & Co"}
    assert [(await read(shared, path))["operator"] for path in (channel, f"{channel}/{seq}")] == [known, known]
    rights = ET.fromstring((await look(shared, f"{channel}/feed.atom")).data).findtext(f"{ATOM}rights", "")
    assert all(value in rights for value in known.values())
    feed = json.loads((await look(shared, f"{channel}/feed.json")).text)
    assert feed["_folkmoot"]["operator"] == known


async def test_an_address_that_asks_too_often_waits(shared: Server, people: list[Wire]) -> None:
    await publish(people[0], "hello")
    paths = [f"/@{people[0].user}{end}" for end in ("", "/2", "/feed.atom", "/feed.json")] * 18
    replies = [await look(shared, path, "198.51.100.1") for path in paths]
    assert [reply.status for reply in replies[:60]] == [200] * 60
    refusals = [reply for reply in replies if reply.status == 429]
    assert refusals
    assert all(int(reply.headers["Retry-After"]) >= 1 for reply in refusals)
    assert (await look(shared, paths[0])).status == 200
