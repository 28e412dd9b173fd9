"""Webhooks: what programs post over HTTP, as bots."""

import json

from tests.integration.server import Server
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
