"""Plain HTTP on the WebSocket's port: pages, languages, who may see figures, which pages may connect."""

import asyncio
import http.client
import json
from email.message import Message
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from folkmoot_protocol.asyncapi import asyncapi
from tests.integration.server import Launch, Server
from tests.integration.wire import Wire


class Reply(NamedTuple):
    status: int
    headers: Message
    text: str


async def get(server: Server, path: str, method: str = "GET", **headers: str) -> Reply:
    """Fetch a page; `accept_language` becomes Accept-Language."""
    parts = urlsplit(server.urls["http"])
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    def fetch() -> Reply:
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            connection.request(method, path, headers=names)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    return await asyncio.to_thread(fetch)


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/agreement", "/rules", "/asyncapi.json"])
async def test_pages_are_there_and_safe(shared: Server, path: str) -> None:
    reply = await get(shared, path)
    assert reply.status == 200
    assert reply.text
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in reply.headers
    assert (await get(shared, f"{path}?query=1")).status == 200


@pytest.mark.parametrize(
    "path", ["/nowhere", "/index.py", "/../cli.py", "/%2e%2e/cli.py", "//etc/passwd", "/web/../../cli.py", "/ws/x"]
)
async def test_anything_else_is_not_there(shared: Server, path: str) -> None:
    assert (await get(shared, path)).status == 404


async def test_only_get(shared: Server) -> None:
    for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
        reply = await get(shared, "/healthz", method)
        assert (reply.status, reply.headers["Allow"]) == (405, "GET")
    assert (await get(shared, "/healthz")).status == 200


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


async def handshake(server: Server, **headers: Any) -> int:
    """Try to connect with these headers; return the status."""
    try:
        async with connect(server.url, additional_headers=headers):
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
