"""Webhooks: what programs post over HTTP, as bots."""

import asyncio
import json
from typing import Self

from folkmoot_protocol import events as ev
from folkmoot_server.actions.webhook import SIGNATURE, sign
from tests.integration.server import Launch, Server
from tests.integration.test_http import Reply
from tests.integration.test_report_page import JSON, post
from tests.integration.wire import Wire, refused


async def hook(wire: Wire, code: str, name: str) -> str:
    """Add a webhook that posts; return its path."""
    url = (await wire.run(f"/webhook in {name}", code)).data["url"]
    assert isinstance(url, str) and url.startswith("/hooks/"), "no public_url is set"
    return url


async def say(server: Server, path: str, text: str, **headers: str) -> tuple[int, dict[str, object]]:
    reply: Reply = await post(server, path, json.dumps({"text": text}).encode(), JSON, **headers)
    return reply.status, json.loads(reply.text)


async def test_a_program_posts_by_an_address_alone(shared: Server) -> None:
    owner, member, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire, await shared.connect(member) as other:
        path = await hook(wire, owner.code, "builds")
        status, told = await say(shared, path, "Build 17 is green.", Idempotency_Key="build-17")
        assert status == 200
        (entry,) = [one for one in await other.seen(owner.code, int(str(told["seq"]))) if one.body.startswith("Build")]
        assert (entry.from_.user, entry.from_.tags, entry.seq) == ("builds", ("bot",), told["seq"])
        # Sent again because the answer was lost, it is there once; under another text it is refused.
        assert await say(shared, path, "Build 17 is green.", Idempotency_Key="build-17") == (200, told)
        assert (await say(shared, path, "Build 18.", Idempotency_Key="build-17"))[0] == 400
        # What looks like a command is a text; plain text does as well.
        plain = await post(shared, path, b"/kick me, says make\n", "text/plain; charset=utf-8")
        entries = await other.seen(owner.code, json.loads(plain.text)["seq"])
        assert [one.body for one in entries if one.from_.user == "builds"][-1] == "/kick me, says make"
        # Its token opens no other door, and a bot's opens not this one.
        stranger = await Wire.open(shared.url)
        await refused(stranger.resume(path.rpartition("/")[2]), "auth_failed")
        await stranger.close()
        token = (await wire.run("/bot add walker", owner.code)).data["token"]
        assert (await say(shared, f"/hooks/{token}", "hello"))[0] == 404
        # Another address ends the one before; removing it ends it at once.
        second = str((await wire.run("/webhook token builds", owner.code)).data["url"])
        assert [(await say(shared, one, "still here?"))[0] for one in (path, second)] == [404, 200]
        await wire.run("/webhook remove builds", owner.code)
        assert (await say(shared, second, "and now?"))[0] == 404


async def test_what_a_webhook_posts_passes_the_same_gate(shared: Server) -> None:
    owner, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire:
        path = await hook(wire, owner.code, "gated")
        await wire.run("/word add refuse lottery", owner.code)
        assert await refusal(shared, path, "win the lottery") == (403, "content_refused")
        await wire.run("/mute @gated 10m", owner.code)
        assert await refusal(shared, path, "hush") == (403, "muted")
        await wire.run("/unmute @gated", owner.code)
        assert await refusal(shared, path, " ") == (400, "bad_request")
        assert await refusal(shared, path, "x" * 50_000) == (413, "too_long")
        assert await refusal(shared, path, "x" * 70_000) == (413, "too_long")
        assert await refusal(shared, path, "x", Idempotency_Key="k" * 65) == (400, "bad_request")
        for body, kind in ((b"{", JSON), (b'{"body": "x"}', JSON), (b"\xff", "text/plain"), (b"text=x", "image/png")):
            assert (await post(shared, path, body, kind)).status == 400
        assert await refusal(shared, "/hooks/none", "x") == (404, "no_such_entry")


async def refusal(server: Server, path: str, text: str, **headers: str) -> tuple[int, object]:
    status, told = await say(server, path, text, **headers)
    return status, told["code"]


async def test_a_webhook_that_is_too_fast_is_told_when_to_come_again(shared: Server) -> None:
    owner, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire:
        path = await hook(wire, owner.code, "flood")
        await wire.run("/slow 30s", owner.code)
        assert (await say(shared, path, "drop"))[0] == 200
        reply = await post(shared, path, b'{"text": "drop"}', JSON)
        assert (reply.status, json.loads(reply.text)["code"]) == (429, "slow_mode")
        assert 0 < int(reply.headers["Retry-After"]) <= 30


class Receiver:
    """A program that is called: keeps what came, and answers as it is told."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.status, self.answer = 200, b"{}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=s3cret"

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await reader.readexactly(int(fields["Content-Length"]))
        writer.write(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%s" % (self.status, len(self.answer), self.answer))
        await writer.drain()
        writer.close()
        self.came.put_nowait((fields[SIGNATURE], body))

    async def next(self) -> tuple[str, bytes]:
        async with asyncio.timeout(20):
            return await self.came.get()


async def test_what_is_said_is_sent_signed_and_answered(launch: Launch) -> None:
    server = launch(groups=1, members=2, hooks__private_addresses=True, hooks__failures=1)
    owner, member = server.seats.pop()
    async with await server.connect(owner) as wire, await server.connect(member) as other, Receiver() as receiver:
        receiver.answer = b'{"text": "/noted"}'
        await other.post(owner.code, "!deploy before anybody listens")
        shown = await wire.run(f"/webhook out caller {receiver.url} !deploy", owner.code)
        await other.post(owner.code, "good morning")
        seq = await other.post(owner.code, "!Deploy the north wing")
        signature, body = await receiver.next()
        fields = dict(one.split("=", 1) for one in signature.split(","))
        assert sign(str(shown.data["secret"]).encode(), body, int(fields["t"])) == signature
        said = json.loads(body)
        assert (said["hook"], said["group"], said["entry"]["seq"]) == ("caller", owner.code, seq)
        assert (said["entry"]["from"]["user"], said["entry"]["body"]) == (member.user, "!Deploy the north wing")
        await other.until(lambda: any(one.body == "/noted" for one in other.entries(owner.code)))
        (reply,) = [one for one in other.entries(owner.code) if one.body == "/noted"]
        assert (reply.reply_to, reply.from_.user, reply.from_.tags) == (seq, "caller", ("bot",))
        (item,) = (await wire.run("/webhook list", owner.code)).data["items"]
        assert (item["user"], item["kind"]) == ("caller", "outgoing")
        # It is refused so many times: it ends, and its giver is told.
        receiver.status = 500
        await wire.post(owner.code, "!deploy the south wing")
        told = await wire.event(ev.CaseEvent, state="hook_ended")
        assert told.notice is not None and told.notice.data["by"] == "caller"
        (item,) = (await wire.run("/webhook list", owner.code)).data["items"]
        assert item["kind"] == "bot", "it is there, and sends nothing"
    assert b"s3cret" not in (server.data / "folkmoot.sqlite3").read_bytes(), "the address is sealed"


async def test_private_addresses_and_plain_ones_are_not_called(shared: Server) -> None:
    owner, *_ = shared.seats.pop()
    async with await shared.connect(owner) as wire, Receiver() as receiver:
        for url in (receiver.url, "ftp://example.org/", "https://", "https://me:pw@example.org/", "example.org", ""):
            await refused(wire.run(f"/webhook out prober {url}", owner.code), "bad_syntax")
        await refused(wire.run("/webhook out prober https://example.org " + "x" * 65, owner.code), "too_long")
