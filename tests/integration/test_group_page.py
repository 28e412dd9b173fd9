"""The info page of a group: what it shows, to whom it is not there, what may be kept of it."""

import gzip
import json
from typing import Any

from folkmoot_protocol.group_code import show_group_code
from tests.integration.cast import Cast
from tests.integration.server import Launch, Server
from tests.integration.test_http import Reply, get
from tests.integration.wire import refused


async def page(shared: Server, cast: Cast, **headers: str) -> Reply:
    return await get(shared, f"/groups/{cast.code}", **headers)


async def as_json(shared: Server, cast: Cast) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await page(shared, cast, accept="application/json")).text)
    return found


async def test_anyone_sees_the_public_part_and_nothing_private(shared: Server, cast: Cast) -> None:
    await cast.says("bob", "a secret between members")
    await cast.does("ann", "/mute @{bob} 10m noise")
    await cast.does("ann", "/rename Tea & <b>cake</b>")
    await cast.does("ann", "/topic Oolong?")
    await cast.does("ann", "/setrules Be kind.\nNo <script>alert(1)</script>.")
    html = await page(shared, cast)
    assert (html.status, html.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for shown in (
        "Tea &amp; &lt;b&gt;cake",
        show_group_code(cast.code),
        "6 of 500",
        "Oolong?",
        "Be kind.\nNo &lt;script",
    ):
        assert shown in html.text
    data = await as_json(shared, cast)
    public = data["group"]
    assert public["name"] == "Tea & <b>cake</b>"
    assert (public["id"], public["members"], public["state"], public["grade"]) == (cast.code, 6, "active", "standard")
    assert not {"last_seq", "role", "read_seq", "muted_until_ms"} & public.keys()
    assert (data["rules"], data["category_label"]) == ("Be kind.\nNo <script>alert(1)</script>.", "General")
    for secret in ("secret", "noise", cast.bob.user, cast.carol.user):
        assert secret not in html.text + json.dumps(data)
    assert cast.ann.user not in html.text


async def test_the_page_speaks_chinese_and_takes_either_spelling_of_the_code(shared: Server, cast: Cast) -> None:
    english, chinese = [await page(shared, cast, accept_language=wanted) for wanted in ("en", "zh-TW,zh;q=0.9")]
    assert ('lang="en"' in english.text, 'lang="zh-CN"' in chinese.text) == (True, True)
    assert ("General" in english.text, "综合" in chinese.text) == (True, True)
    assert ("Group code" in english.text, "群号" in chinese.text) == (True, True)
    assert (await get(shared, f"/groups/{show_group_code(cast.code)}?from=here")).text == english.text


async def test_a_hidden_page_is_as_unknown_as_one_that_is_not(shared: Server, cast: Cast) -> None:
    await cast.does("ann", "/infopage off")
    hidden = await page(shared, cast)
    unknown = await get(shared, f"/groups/{cast.code[:-1]}{(int(cast.code[-1]) + 1) % 10}")
    for path in ("/groups/", "/groups/1234", "/groups/%00", f"/groups/{cast.code}/x"):
        other = await get(shared, path)
        del other.headers["Date"], hidden.headers["Date"]
        assert (other.status, other.text, other.headers.items()) == (404, hidden.text, hidden.headers.items())
    assert (hidden.status, unknown.status, hidden.text) == (404, 404, unknown.text)
    await cast.does("ann", "/infopage on")
    assert (await page(shared, cast)).status == 200


async def test_what_may_be_kept_and_asked_for_again(shared: Server, cast: Cast) -> None:
    first = await page(shared, cast)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert first.headers["Vary"] == "Accept, Accept-Language, Accept-Encoding"
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = await page(shared, cast, if_none_match=known)
        assert (again.status, again.text, again.headers["ETag"]) == (304, "", tag)
    assert (await page(shared, cast, if_none_match=tag, accept_language="zh")).status == 200
    compressed = await page(shared, cast, accept_encoding="gzip")
    assert gzip.decompress(compressed.data) == first.data
    await cast.does("bob", "/leave")
    changed = await page(shared, cast, if_none_match=tag)
    assert (changed.status, changed.headers["ETag"] != tag) == (200, True)


async def test_only_the_pages_own_style_is_let_in(shared: Server, cast: Cast) -> None:
    policy = (await page(shared, cast)).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "script" not in policy


async def test_a_closed_group_says_so(shared: Server, cast: Cast) -> None:
    await cast.does("ann", "/dissolve {code}")
    assert "closed" in (await page(shared, cast)).text
    assert (await as_json(shared, cast))["group"]["state"] == "closed"


async def test_a_grade_that_asks_for_the_page_and_an_address_that_asks_for_too_many(launch: Launch) -> None:
    server = launch(groups=1, server__trusted_proxies="127.0.0.1", policy__grades__only__info_page="true")
    seat = server.seats[0][0]
    async with await server.connect(seat) as owner:
        refusal = await refused(owner.run("/infopage off", seat.code), "forbidden")
        assert refusal.detail == {"grade": "only", "rule": "policy.grades.only.info_page", "help": "/duty"}
    path = f"/groups/{seat.code}"
    replies = [await get(server, path, x_forwarded_for="203.0.113.7") for _ in range(70)]
    statuses = [reply.status for reply in replies]
    assert statuses[:60] == [200] * 60
    assert 429 in statuses[60:]
    assert all(int(reply.headers["Retry-After"]) >= 1 for reply in replies if reply.status == 429)
    assert (await get(server, path, x_forwarded_for="203.0.113.8")).status == 200
