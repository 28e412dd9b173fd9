"""Plain HTTP on the WebSocket's port: pages, languages, who may see figures, which pages may connect."""

import asyncio
import gzip
import http.client
import json
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from folkmoot_protocol.asyncapi import asyncapi
from tests.integration.server import Launch, Server, serving
from tests.integration.wire import Wire

PAGES = ["/", "/healthz", "/readyz", "/metrics", "/agreement", "/rules", "/asyncapi.json"]


class Reply(NamedTuple):
    status: int
    headers: Message
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode()


async def get(server: Server, path: str, method: str = "GET", **headers: str) -> Reply:
    """Fetch a page; `accept_language` becomes Accept-Language."""
    parts = urlsplit(server.urls["http"])
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    def fetch() -> Reply:
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            connection.request(method, path, headers=names)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    return await asyncio.to_thread(fetch)


def assert_safe(reply: Reply) -> None:
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Date"].endswith("GMT")
    assert "Server" not in reply.headers


@pytest.mark.parametrize("path", PAGES)
async def test_pages_are_there_and_safe(shared: Server, path: str) -> None:
    reply = await get(shared, path)
    assert reply.status == 200
    assert reply.text
    assert_safe(reply)
    assert (await get(shared, f"{path}?query=1")).status == 200


@pytest.mark.parametrize(
    "path", ["/nowhere", "/index.py", "/../cli.py", "/%2e%2e/cli.py", "//etc/passwd", "/web/../../cli.py", "/ws/x"]
)
async def test_anything_else_is_not_there(shared: Server, path: str) -> None:
    reply = await get(shared, path)
    assert (reply.status, reply.text) == (404, "404 not found\n")
    assert_safe(reply)


@pytest.mark.parametrize("path", [*PAGES, "/ws", "/style.css", "/groups/1234"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_pages_can_only_be_read(shared: Server, method: str, path: str) -> None:
    reply = await get(shared, path, method)
    assert (reply.status, reply.text) == (405, "405 method not allowed\n")
    assert set(reply.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    assert_safe(reply)


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/metrics"])
async def test_head_says_what_get_would(shared: Server, path: str) -> None:
    head, page = [await get(shared, path, method, accept_encoding="gzip") for method in ("HEAD", "GET")]
    for reply in (head, page):
        del reply.headers["Date"]
    assert (head.status, head.data) == (200, b"")
    assert head.headers.items() == page.headers.items()


@pytest.mark.parametrize("path", ["/", "/app.js", "/icon.svg", "/agreement", "/rules", "/asyncapi.json"])
async def test_who_takes_gzip_gets_it(shared: Server, path: str) -> None:
    plain = await get(shared, path)
    for wanted in ("gzip", "br, gzip;q=0.5", "GZIP ; q=1.0"):
        reply = await get(shared, path, accept_encoding=wanted)
        assert reply.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(reply.data) == plain.data
        assert len(reply.data) < len(plain.data)
    for unwanted in ("identity", "br", "gzip;q=0", "gzip; q=0.0, br"):
        reply = await get(shared, path, accept_encoding=unwanted)
        assert ("Content-Encoding" in reply.headers, reply.data) == (False, plain.data)
    assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/nowhere"])
async def test_what_gains_nothing_is_not_compressed(shared: Server, path: str) -> None:
    assert "Content-Encoding" not in (await get(shared, path, accept_encoding="gzip")).headers


@pytest.mark.parametrize("path", ["/", "/app.js", "/agreement", "/rules", "/asyncapi.json"])
async def test_who_has_a_page_does_not_get_it_again(shared: Server, path: str) -> None:
    first = await get(shared, path)
    assert first.headers["Cache-Control"] == "no-cache"
    tag = first.headers["ETag"]
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = await get(shared, path, if_none_match=known, accept_encoding="gzip")
        assert (again.status, again.data, again.headers["ETag"]) == (304, b"", tag)
        assert "Content-Length" not in again.headers
    for other in ('"other"', "", tag[:-2]):
        assert (await get(shared, path, if_none_match=other)).status == 200


async def test_a_document_in_another_language_is_another(shared: Server) -> None:
    tag = (await get(shared, "/rules", accept_language="en")).headers["ETag"]
    chinese = await get(shared, "/rules", accept_language="zh", if_none_match=tag)
    assert (chinese.status, chinese.headers["Content-Language"]) == (200, "zh-CN")
    assert {"Accept", "Accept-Language"} <= set(chinese.headers["Vary"].split(", "))


async def test_the_socket_wants_a_handshake(shared: Server) -> None:
    assert 400 <= (await get(shared, "/ws")).status < 500


@pytest.mark.parametrize("path", ["/agreement", "/rules"])
async def test_documents_speak_the_readers_language(shared: Server, path: str) -> None:
    pages = {}
    for wanted in ("en", "zh-CN", "zh-TW,zh;q=0.9,en;q=0.8", "de,fr;q=0.5", ""):
        reply = await get(shared, path, accept_language=wanted)
        data = json.loads((await get(shared, path, accept_language=wanted, accept="application/json")).text)
        language = "zh-CN" if "zh" in wanted else "en"
        assert data["language"] == language
        assert f'lang="{language}"' in reply.text
        assert data["version"] in reply.text
        pages[wanted] = data["text"]
    assert pages["en"] == pages[""] == pages["de,fr;q=0.5"] != pages["zh-CN"] == pages["zh-TW,zh;q=0.9,en;q=0.8"]


async def test_documents_are_pages_and_nothing_in_them_acts(tmp_path: Path) -> None:
    place = tmp_path / "data" / "documents"
    place.mkdir(parents=True)
    lines = ["version: 7", "# Our rules", "## Peace", "- be **kind**", "", "<script>alert(1)</script>", ""]
    text = "\n".join([*lines, "[x](javascript:alert(1))"])
    (place / "rules.en.md").write_text(text, "utf-8")
    with serving(tmp_path) as server:
        page = await get(server, "/rules", accept_language="en")
    for part in ("<h1>Our rules</h1>", "<h2>Peace</h2>", "<li>be <strong>kind</strong></li>", "&lt;script&gt;"):
        assert part in page.text
    assert "<script" not in page.text and 'href="javascript' not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


async def test_the_hello_names_the_agreement_that_is_published(shared: Server) -> None:
    data = json.loads((await get(shared, "/agreement", accept="application/json")).text)
    async with await Wire.open(shared.url) as wire:
        agreement = wire.hello.agreement
    assert (data["version"], data["sha256"]) == (agreement.version, agreement.sha256)


async def test_the_protocol_describes_itself(shared: Server) -> None:
    assert json.loads((await get(shared, "/asyncapi.json")).text) == json.loads(json.dumps(asyncapi()))


async def test_figures_count(shared: Server) -> None:
    async with await Wire.open(shared.url):
        text = (await get(shared, "/metrics")).text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(figures["folkmoot_connections"]) >= 1


async def test_figures_are_for_loopback_unless_configured(launch: Launch) -> None:
    behind_proxy = launch(server__trusted_proxies="127.0.0.1", server__allowed_origins="https://chat.example.org")
    assert (await get(behind_proxy, "/metrics")).status == 200
    assert (await get(behind_proxy, "/metrics", x_forwarded_for="203.0.113.7")).status == 404
    assert (await get(behind_proxy, "/metrics", x_forwarded_for="127.0.0.1, 203.0.113.7")).status == 404
    assert (await get(behind_proxy, "/healthz", x_forwarded_for="203.0.113.7")).status == 200
    # A configured origin may connect; a page of this machine only from this machine.
    assert await handshake(behind_proxy, Origin="https://chat.example.org") == 101
    assert await handshake(behind_proxy, Origin="http://localhost:3000") == 101
    forwarded = {"Origin": "http://localhost:3000", "X-Forwarded-For": "203.0.113.7"}
    assert await handshake(behind_proxy, **forwarded) == 403
    off = launch(server__metrics="off")
    assert (await get(off, "/metrics")).status == 404


async def handshake(server: Server, path: str = "/ws", **headers: Any) -> int:
    """Try to connect with these headers; return the status."""
    try:
        async with connect(server.url.removesuffix("/ws") + path, additional_headers=headers):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


async def test_nobody_vouches_for_an_address_unless_trusted(shared: Server) -> None:
    assert (await get(shared, "/metrics", x_forwarded_for="203.0.113.7")).status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example.org", 403),
        ("null", 403),
        ("", 403),
        ("http://127.0.0.1.evil.example.org", 403),
        ("http://localhost:3000", 101),
        ("http://{own}", 101),
    ],
)
async def test_pages_of_others_may_not_connect(shared: Server, origin: str, status: int) -> None:
    own = urlsplit(shared.url).netloc
    assert await handshake(shared, Origin=origin.format(own=own)) == status


async def test_a_socket_opens_at_its_path_alone(shared: Server) -> None:
    assert await handshake(shared, path="/ws?from=here") == 101
    for path in ("/", "/wss", "/ws/", "/rules"):
        assert await handshake(shared, path=path) in (200, 404)


STRANGE = ("evil.example", "localhost.evil.example:8765", "chat.example.org.evil.example")


async def opens(server: Server, host: str) -> bool:
    """Say whether a WebSocket opens for who calls the server `host`, with the origin of a page of that name."""
    there = urlsplit(server.url)
    origin = Origin(f"http://{host}")
    try:
        async with connect(f"ws://{host}/ws", host=there.hostname, port=there.port, origin=origin, proxy=None):
            return True
    except InvalidStatus as refused:
        assert refused.response.status_code == 421
        return False


async def test_a_name_that_is_not_the_servers_is_shown_nothing(launch: Launch) -> None:
    """A page of `evil.example`, made to point here (DNS rebinding), sends its own name as Host and Origin."""
    server = launch(server__public_url="https://chat.example.org", server__allowed_hosts="chat.lan")
    for host in STRANGE:
        for path in ("/", "/metrics", "/rules", "/asyncapi.json", "/groups/482190673352", "/nowhere"):
            reply = await get(server, path, host=host)
            assert (reply.status, "server.allowed_hosts" in reply.text) == (421, True)
            assert_safe(reply)
        for path in ("/healthz", "/readyz"):
            assert (await get(server, path, host=host)).status == 200
        assert not await opens(server, host)
    for host in ("localhost:1", "127.0.0.1", "10.1.2.3:8765", "[::1]:80", "chat.example.org", "chat.lan:8765"):
        assert (await get(server, "/rules", host=host)).status == 200
        assert await opens(server, host)


async def test_on_loopback_the_server_goes_by_no_other_name_unless_told(shared: Server) -> None:
    assert (await get(shared, "/", host="evil.example")).status == 421
    assert (await get(shared, "/", host="localhost:8765")).status == 200
    assert not await opens(shared, "evil.example")


async def test_the_rules_name_who_answers_for_the_content(launch: Launch) -> None:
    operator = {"operator__responsible": "Wang Fang <b>010</b>", "operator__licence": "ICP 7"}
    server = launch(groups=1, operator__licence_until="2030-01-31", **operator)
    page = (await get(server, "/rules", accept_language="en")).text
    assert "Responsible for the content" in page
    assert "Wang Fang &lt;b&gt;010&lt;/b&gt;" in page
    data = json.loads((await get(server, "/rules", accept="application/json")).data)
    assert (data["responsible"], data["licence"], data["licence_until"]) == (
        operator["operator__responsible"],
        "ICP 7",
        "2030-01-31",
    )
    assert "responsible" not in json.loads((await get(server, "/agreement", accept="application/json")).data)
    async with await server.connect(server.seats[0][0]) as wire:
        said = await wire.run("/rules")
        assert said.text.splitlines()[-3] == "Responsible for the content: Wang Fang <b>010</b>"
        assert said.data["responsible"] == operator["operator__responsible"]
