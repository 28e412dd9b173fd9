"""Reports by people without an account: the form, its bounds, and looking up what came of it."""

import asyncio
import http.client
import json
import re
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.group_code import show_group_code
from folkmoot_protocol.types import Repost
from folkmoot_server.common.codes import letters_of
from tests.integration.server import PASSWORD, Launch, Server, serving
from tests.integration.test_cases import admin
from tests.integration.test_http import Reply, assert_safe, get
from tests.integration.wire import Wire, refused

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
OTHER = {"x_forwarded_for": "192.0.2.7"}
"""Another address: looking up has a rate."""


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an administrator, `root`."""
    place = tmp_path_factory.mktemp("staffed")
    more = {"policy__reports__complaint_centre": "12377", "policy__reports__public_per_hour": 1000}
    more["server__trusted_proxies"] = "127.0.0.1"
    with serving(place, groups=3, members=3, admin="root", **more) as server:
        assert server.terminate() == 0
        assert server.run("init", "--user", "judge", input=f"{PASSWORD}\n").returncode == 0
        server.start()
        yield server


@pytest.fixture
async def root(staffed: Server) -> AsyncIterator[Wire]:
    async with await Wire.open(staffed.url) as wire:
        wire.session = await wire.ask(rq.Login, user="root", password=PASSWORD)
        yield wire


@pytest.fixture
async def judge(staffed: Server) -> AsyncIterator[Wire]:
    async with await Wire.open(staffed.url) as wire:
        wire.session = await wire.ask(rq.Login, user="judge", password=PASSWORD)
        yield wire


async def post(server: Server, path: str, body: bytes | dict[str, str], kind: str = FORM, **headers: str) -> Reply:
    """Send a form."""
    data = urlencode(body).encode() if isinstance(body, dict) else body
    names = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}

    def send() -> Reply:
        connection = http.client.HTTPConnection(urlsplit(server.urls["http"]).netloc, timeout=30)
        try:
            connection.request("POST", path, body=data, headers=names)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    return await asyncio.to_thread(send)


async def test_a_group_is_reported_from_its_page_and_looked_up_by_the_code(staffed: Server, root: Wire) -> None:
    owner, member, _ = staffed.seats.pop()
    page = await get(staffed, f"/groups/{owner.code}")
    assert f"/report?group={owner.code}" in page.text
    form = await get(staffed, f"/report?group={owner.code}", accept_language="zh-CN")
    assert_safe(form)
    assert (form.status, f'value="{owner.code}"' in form.text, "举报" in form.text) == (200, True, True)
    fields = {"group": show_group_code(owner.code), "reason": "copyright", "text": "my photographs <b>"}
    done = await post(staffed, "/report", fields, accept="application/json")
    assert_safe(done)
    told = json.loads(done.data)
    assert (done.status, told["case"][:2], len(told["code"])) == (201, "r-", 19)
    async with await staffed.connect(owner) as ann, await staffed.connect(member) as bob:
        # Who has an account and reports the same joins the case.
        assert (await bob.ask(rq.Report, group=owner.code, reason="copyright")).case == told["case"]
        assert (await ann.event(ev.CaseEvent, state="copyright_reported")).case == told["case"]
        await ann.run(f"/counter {told['case']} they are mine")
        shown = (await admin(root, "case", "show", told["case"])).items[0]
        assert (shown["by"], shown["text"], shown["reporters"]) == ("", "my photographs <b>", 2)
        assert shown["subject"]["named"]["group"] == fields["group"]
        look = {"case": told["case"].upper(), "code": told["code"].replace("-", " ").upper()}
        waiting = await post(staffed, "/report/status", look)
        assert "infringes no rights" in waiting.text
        await admin(root, "case", "close", told["case"], reason="it is so", options={"outcome": "upheld"})
        assert (await bob.event(ev.CaseEvent, case=told["case"], state="upheld")).text.endswith("it is so")
    seen = await post(staffed, "/report/status", look, accept_language="zh-CN")
    assert_safe(seen)
    assert (seen.status, "it is so" in seen.text, "举报" in seen.text) == (200, True, True)
    for wrong in ({"case": told["case"], "code": "abcd-efgh-jkmn-pqrs"}, {"case": "r-none", "code": told["code"]}):
        unknown = await post(staffed, "/report/status", wrong)
        assert (unknown.status, "it is so" in unknown.text) == (404, False)


async def test_a_post_of_a_channel_is_reported_by_its_address_and_goes_with_what_repeats_it(
    staffed: Server, root: Wire
) -> None:
    owner, fan, _ = staffed.seats.pop()
    async with await staffed.connect(owner) as ann, await staffed.connect(fan) as ben:
        seq = await ann.post(f"@{owner.user}", "a song of somebody else's")
        code = (await ann.ask(rq.GetChannel, group=f"@{owner.user}")).channel.id
        await ben.post(f"@{ben.user}", "", repost=Repost(code, seq))
        path = f"@{owner.user}/{seq}"
        link = f"/report?group={code}&amp;place={path}"
        assert link in (await get(staffed, f"/{path}")).text
        form = await get(staffed, link.replace("&amp;", "&"))
        assert f'value="{path}"' in form.text
        fields = {
            "group": code,
            "place": f"https://chat.example.org/{path}",
            "reason": "copyright",
            "text": "it is mine",
        }
        told = json.loads((await post(staffed, "/report", fields, accept="application/json")).data)
        assert (await ann.event(ev.CaseEvent, state="copyright_reported")).case == told["case"]
        shown = (await admin(root, "case", "show", told["case"])).items[0]
        assert (shown["group"], shown["seq"], shown["user"]) == (code, seq, owner.user)
        assert shown["subject"]["entry"]["body"] == "a song of somebody else's"
        await admin(
            root, "entry", "remove", code, reason="not theirs", options={"seqs": str(seq), "report": told["case"]}
        )
        assert (await get(staffed, f"/{path}")).status == 410
        (repost,) = (await ann.ask(rq.GetPosts, group=f"@{ben.user}")).posts
        assert (repost.entry.body, repost.original) == ("", None)
        # What is no post that everybody may read is kept in words.
        for place in (f"@{owner.user}/{seq + 50}", f"@nobody.here/{seq}", f"@{owner.user}/1", "x" + path):
            fields = {"place": place, "reason": "copyright", "text": place}
            told = json.loads((await post(staffed, "/report", fields, accept="application/json")).data)
            shown = (await admin(root, "case", "show", told["case"])).items[0]
            assert (shown["seq"], shown["subject"]["named"]["place"]) == (0, place)


async def test_a_form_sent_twice_is_one_report(staffed: Server, root: Wire) -> None:
    owner = staffed.seats[0][0]
    once = re.search(r'name="once" value="([a-z0-9]{20})"', (await get(staffed, "/report")).text)
    assert once is not None
    for about in ({"group": owner.code}, {"place": "the picture of the market"}):
        fields = {**about, "reason": "spam", "text": "look", "once": once[1]}
        first, again = [json.loads((await post(staffed, "/report", fields, accept=JSON)).data) for _ in range(2)]
        assert (first["case"], first["code"]) == (again["case"], again["code"])
        shown = (await admin(root, "case", "show", first["case"])).items[0]
        assert shown["reporters"] == 1
        # Not by its number alone: that follows from what is reported, but only with the key of the service.
        thing = f"{owner.code} 0  spam\n"
        assert first["case"] != f"r-{letters_of(sha256(thing.encode()).digest(), 10)}"
        await admin(root, "case", "close", first["case"], reason="none", options={"outcome": "dismissed"})
        late = json.loads((await post(staffed, "/report", fields, accept=JSON)).data)
        assert (late["case"], late["code"]) == (first["case"], first["code"])


async def test_a_dismissal_is_contested_once_by_the_code_and_somebody_else_decides(
    staffed: Server, root: Wire, judge: Wire
) -> None:
    fields = {"user": staffed.seats[0][1].user, "reason": "fraud", "text": "look"}
    told = json.loads((await post(staffed, "/report", fields, accept=JSON, **OTHER)).data)
    look = {"case": told["case"], "code": told["code"]}
    early = await post(staffed, "/report/contest", {**look, "text": "why"}, accept=JSON, **OTHER)
    assert (early.status, json.loads(early.data)["may_contest"]) == (400, False)
    await admin(root, "case", "close", told["case"], reason="none", options={"outcome": "dismissed"})
    page = await post(staffed, "/report/status", look, **OTHER)
    assert_safe(page)
    assert 'action="/report/contest"' in page.text
    assert (await post(staffed, "/report/contest", {**look, "code": "abcd", "text": "why"}, **OTHER)).status == 404
    assert (await post(staffed, "/report/contest", {**look, "text": " "}, **OTHER)).status == 400
    contested = await post(staffed, "/report/contest", {**look, "text": "you did not look"}, accept=JSON, **OTHER)
    appeal = json.loads(contested.data)["appeal"]
    assert (contested.status, appeal) == (201, f"a-{told['case']}")
    page = await post(staffed, "/report/status", look, accept_language="zh-CN", **OTHER)
    assert 'action="/report/contest"' not in page.text
    assert (await post(staffed, "/report/contest", {**look, "text": "again"}, **OTHER)).status == 409
    await refused(admin(root, "appeal", "approve", appeal, reason="r"), "forbidden")
    shown = (await admin(judge, "appeal", "show", appeal)).items[0]
    assert (shown["by"], shown["text"]) == ("", "you did not look")
    await admin(judge, "appeal", "approve", appeal, reason="right")
    state = json.loads((await post(staffed, "/report/status", look, accept=JSON, **OTHER)).data)
    assert state["state"] == "open"
    await refused(admin(root, "case", "close", told["case"], reason="r", options={"outcome": "upheld"}), "forbidden")
    await admin(judge, "case", "close", told["case"], reason="so it is", options={"outcome": "upheld"})


async def test_what_is_not_there_looks_the_same_and_is_kept_in_words(staffed: Server, root: Wire) -> None:
    for fields in ({"group": "1234-5678-9012"}, {"user": "nobody.here"}, {"place": "the picture of the market"}):
        done = await post(
            staffed, "/report", {**fields, "reason": "illegal", "text": "look"}, accept="application/json"
        )
        assert done.status == 201
        shown = (await admin(root, "case", "show", json.loads(done.data)["case"])).items[0]
        (name,) = fields
        assert shown["subject"]["named"][name] == fields[name]
        assert (shown["group"], shown["user"]) == ("", "")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"reason": "ugly", "user": "ann", "text": "look"}, 400),
        ({"reason": "spam", "text": "look"}, 400),
        ({"reason": "spam", "user": "ann", "text": "  "}, 400),
        ({"reason": "spam", "user": "ann"}, 400),
        ({"reason": "spam", "user": "a" * 201, "text": "look"}, 413),
        ({"reason": "spam", "user": "ann", "text": "x" * 4001}, 413),
        ({f"field{number}": "" for number in range(11)}, 400),
    ],
)
async def test_a_form_that_is_not_right_is_refused(staffed: Server, fields: dict[str, str], status: int) -> None:
    assert (await post(staffed, "/report", fields)).status == status


async def test_bodies_that_are_no_form_are_refused(staffed: Server) -> None:
    for kind in ("multipart/form-data; boundary=x", "application/json", "text/plain"):
        assert (await post(staffed, "/report", b"{}", kind)).status == 415
    assert (await post(staffed, "/report", b"x" * (1 << 17))).status == 413
    assert (await post(staffed, "/report", b"text=%ff")).status == 400
    cross = await post(staffed, "/report", {"reason": "spam"}, sec_fetch_site="cross-site")
    assert cross.status == 403
    assert (await get(staffed, "/report", "DELETE")).status == 405


async def test_an_address_reports_so_often_and_looks_up_so_often(launch: Launch) -> None:
    server = launch(policy__reports__public_per_hour=2)
    fields = {"reason": "spam", "place": "here", "text": "look"}
    assert [(await post(server, "/report", fields)).status for _ in range(3)] == [201, 201, 429]
    looks = [(await post(server, "/report/status", {"case": "r-1", "code": "x"})).status for _ in range(11)]
    assert looks == [404] * 10 + [429]


async def test_who_wants_no_such_reports_has_no_such_page(launch: Launch) -> None:
    server = launch(groups=1, members=1, policy__reports__public_per_hour=0)
    assert (await get(server, "/report")).status == 404
    assert (await post(server, "/report", {"reason": "spam"})).status in (404, 405)
    assert "/report" not in (await get(server, f"/groups/{server.seats[0][0].code}")).text
