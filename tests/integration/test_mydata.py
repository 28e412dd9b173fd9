"""`/mydata`: what is stored about oneself, all of it, and nothing of others."""

import asyncio
import json
from typing import Any

import pytest

from folkmoot_client.chat.export import PARTS
from folkmoot_client.sdk.media import send
from folkmoot_protocol import MediaRef
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.exported import schemas
from tests.builders.pictures import planted_picture
from tests.builders.schema import assert_valid
from tests.integration.cast import Cast
from tests.integration.server import PASSWORD, Server, SignIn
from tests.integration.wire import Wire, refused

NUMBER = "91350211M0000XUF46"


async def gathered(wire: Wire) -> dict[str, list[Any]]:
    """Return all pages of one's own data, by part."""
    parts: dict[str, list[Any]] = {}
    line = "/mydata"
    while line:
        data = (await wire.run(line)).data
        parts.setdefault(data["part"], []).extend(data["items"])
        line = f"/mydata {data['next']}" if "next" in data else ""
    return parts


async def test_one_gets_what_is_stored_about_oneself_and_nothing_of_others(cast: Cast, shared: Server) -> None:
    await cast.bob.run(f"/verify organisation {NUMBER} sure")
    await cast.does("bob", "/nick Bobby")
    await cast.ann.post(f"@{cast.ann.user}", "my channel")
    followed = (await cast.bob.ask(rq.Follow, group=f"@{cast.ann.user}")).channel.id
    seqs = [await cast.says("bob", text) for text in ("my first line", "my second line")]
    await cast.says("ann", "a line of ann's")
    await cast.does("bob", "/me waves")
    await cast.does("ann", f"/delete {seqs[1]} rude")
    await cast.does("ann", "/warn @{bob} rude")
    await cast.does("bob", "/report @{carol} spam she sells")
    picture = planted_picture(size=(20, 20))
    asked: rs.UploadResult = await cast.bob.ask(rq.Upload, size=len(picture))
    await asyncio.to_thread(send, shared.url, asked.path, picture, None)
    await cast.bob.post(cast.code, "", media=(MediaRef(id=asked.id),))
    parts = await gathered(cast.bob)
    assert list(parts) == ["account", "acts", "notices", "uploads", "entries"]
    assert [(one["media"], one["state"], one["group"]) for one in parts["uploads"]] == [(asked.id, "posted", cast.code)]
    (account,) = parts["account"]
    assert account["profile"]["user"] == cast.bob.user
    assert [(one["group"], one["nick"]) for one in account["groups"] if one["nick"]] == [(cast.code, "Bobby")]
    assert account["follows"] == [followed]
    numbers = account["identity"]["numbers"]
    assert [(one["identity"], one["number"]) for one in numbers] == [("organisation", "913************F46")]
    assert [one["kind"] for one in account["cases"]] == ["report"]
    assert account["sessions"]
    assert {one["event"] for one in parts["acts"]} >= {"registered", "identity_asked"}
    assert {"deleted", "warned"} <= {one["kind"] for one in parts["notices"]}
    mine = [one for one in parts["entries"] if one["group"] == cast.code]
    assert {one.get("body") for one in mine} >= {"my first line", "waves"}
    assert [one.get("removed") for one in mine if one["seq"] == seqs[1]] == [True]
    for part, kind in PARTS.items():
        for item in parts[part]:
            assert_valid({"line": kind, kind: item}, schemas()["mydata"])
    told = json.dumps(parts)
    for secret in (NUMBER, cast.bob.token, "a line of ann's", "my second line"):
        assert secret not in told


async def test_comments_in_channels_of_others_are_among_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("folkmoot_server.slash.mydata.AT_ONCE", 2)
    place = f"@{cast.ann.user}"
    post = await cast.ann.post(place, "What do you think?")
    texts = [f"I think {number}." for number in range(5)]
    seqs = [await cast.carol.post(place, text, thread=post) for text in texts]
    await cast.carol.ask(rq.Edit, group=place, seq=seqs[0], body="I thought 0.")
    await cast.ann.run(f"/delete {seqs[1]} rude", place)
    mine = [one for one in (await gathered(cast.carol))["entries"] if one["kind"] == "comment"]
    assert {one.get("body") for one in mine} == {"I thought 0.", None, *texts[2:]}
    assert [one["seq"] for one in mine] == seqs[::-1]
    assert [one["seq"] for one in mine if one.get("removed")] == [seqs[1]]


async def test_it_is_asked_for_a_few_times_an_hour(sign_in: SignIn) -> None:
    wire = await sign_in()
    await wire.register("collector", PASSWORD)
    for _ in range(5):
        data = (await wire.run("/mydata")).data
    assert data["next"] == "acts:"
    await refused(wire.run("/mydata"), "rate_limited")
    assert (await wire.run("/mydata acts:")).data["part"] == "acts"
    for line in ("/mydata love", "/mydata love:7", "/mydata next"):
        await refused(wire.run(line), "bad_syntax")
    for line in ("/mydata acts:x", "/mydata acts:99999999999999999999", "/mydata entries:zzz", "/mydata entries:0:9"):
        assert (await wire.run(line)).data["items"] is not None


async def test_the_name_of_a_closed_account_is_never_given_again(sign_in: SignIn) -> None:
    wire = await sign_in()
    await wire.register("gone.for.good", PASSWORD)
    await wire.run("/account close gone.for.good")
    async with await sign_in() as stranger:
        await refused(stranger.register("gone.for.good"), "name_taken")
        await refused(stranger.ask(rq.Login, user="gone.for.good", password=PASSWORD), "auth_failed")
