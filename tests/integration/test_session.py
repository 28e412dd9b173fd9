"""Signing in and out, and what ends a connection."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
from websockets.exceptions import InvalidStatus

from folkmoot_protocol import codec
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from tests.integration.server import Launch, Seat, Server, SignIn, serving
from tests.integration.wire import Refused, Wire, refused

names = (f"newcomer{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose limits are soon reached."""
    limits: dict[str, Any] = {
        "limits__auth_seconds": 1,
        "limits__frame_bytes": 1024,
        "limits__connections_per_account": 2,
        "limits__connections_per_address": 4,
        "limits__sign_ins_per_minute": 2,
        "limits__posts_per_second": 1,
        "limits__requests_per_second": 1,
    }
    with serving(tmp_path_factory.mktemp("tight"), groups=6, members=1, **limits) as server:
        yield server


@pytest.fixture(params=["msgpack", "json"])
async def stranger(request: pytest.FixtureRequest, sign_in: SignIn) -> Wire:
    """A connection that has not signed in, in either encoding."""
    return await sign_in(json=request.param == "json")


@pytest.fixture
async def member(sign_in: SignIn, seats: list[Seat]) -> Wire:
    return await sign_in(seats[1])


async def test_hello_tells_what_a_client_must_know(stranger: Wire) -> None:
    hello = stranger.hello
    assert hello.protocol == 1
    assert hello.server.startswith("folkmoot/")
    assert hello.languages == ("en", "zh-CN")
    assert hello.limits.frame_bytes == 65536
    assert hello.agreement.url == "/agreement"
    assert len(hello.agreement.sha256) == 64


async def test_subprotocols(shared: Server) -> None:
    async with await Wire.open(shared.url, subprotocol="none") as bare:
        assert bare.socket.subprotocol is None
        assert bare.codec is codec.JSON
    for name in codec.SUBPROTOCOLS:
        async with await Wire.open(shared.url, subprotocol=name) as wire:
            assert wire.socket.subprotocol == name
    with pytest.raises(InvalidStatus) as caught:
        await Wire.open(shared.url, subprotocol="morse.v1")
    assert caught.value.response.status_code == 400


async def test_register_login_resume_logout(shared: Server, stranger: Wire) -> None:
    user = next(names)
    made = await stranger.register(user, display_name="新人")
    assert (made.account.user, made.account.display_name, made.groups) == (user, "新人", ())
    code = await stranger.create("Mine")
    async with await Wire.open(shared.url) as other:
        session = await other.ask(rq.Login, user=user, password="a good one")
        assert session.token != made.token
        assert [group.id for group in session.groups] == [code]
        await other.ask(rq.Logout)
        # The connection stays, and may sign in again; the token is gone for good.
        await refused(other.ask(rq.ListGroups), "not_authenticated")
        await refused(other.resume(session.token), "auth_failed")
        assert (await other.resume(made.token)).account.user == user


async def test_signing_in_as_somebody_else_after_logout_hears_only_their_groups(
    sign_in: SignIn, shared: Server
) -> None:
    first, second = shared.seats.pop(), shared.seats.pop()
    wire, poster = await sign_in(first[1]), await sign_in(first[0])
    await wire.ask(rq.Logout)
    await wire.resume(second[1].token)
    await poster.post(first[0].code, "behind the back")
    await wire.post(second[1].code, "here")
    await wire.seen(second[1].code, (await wire.group(second[1].code)).last_seq or 0)
    assert wire.entries(first[0].code) == []


async def test_logout_closes_the_other_connections_of_the_token(sign_in: SignIn, seats: list[Seat]) -> None:
    one, other = await sign_in(seats[1]), await sign_in(seats[1])
    await one.ask(rq.Logout)
    assert await other.closed() == 4403


async def test_wrong_password_and_unknown_user_look_the_same(stranger: Wire, shared: Server) -> None:
    user = next(names)
    async with await Wire.open(shared.url) as wire:
        await wire.register(user)
    wrong = await refused(stranger.ask(rq.Login, user=user, password="a bad one"), "auth_failed")
    unknown = await refused(stranger.ask(rq.Login, user="nobody.here", password="a bad one"), "auth_failed")
    assert (wrong.message, wrong.detail) == (unknown.message, unknown.detail)


REQUESTS: dict[type[rq.Request], dict[str, Any]] = {
    rq.Logout: {},
    rq.SecondFactor: {"act": "confirm", "code": "000000"},
    rq.ChangePassword: {"password": "a good one", "new": "a better one"},
    rq.AcceptAgreement: {"version": "1"},
    rq.GetAccount: {},
    rq.CreateGroup: {"name": "Group"},
    rq.ListGroups: {},
    rq.GetGroup: {"group": "100000000006"},
    rq.JoinGroup: {"group": "100000000006"},
    rq.LeaveGroup: {"group": "100000000006"},
    rq.ListMembers: {"group": "100000000006"},
    rq.RunCommand: {"line": "/help"},
    rq.ListCommands: {},
    rq.Post: {"group": "100000000006", "body": "hello"},
    rq.GetHistory: {"group": "100000000006"},
    rq.Sync: {"cursors": {}},
    rq.MarkRead: {"group": "100000000006", "seq": 1},
    rq.Typing: {"group": "100000000006"},
    rq.Report: {"reason": "spam"},
    rq.Search: {"group": "100000000006", "text": "hello"},
    rq.Edit: {"group": "100000000006", "seq": 1, "body": "hello"},
    rq.React: {"group": "100000000006", "seq": 1, "reaction": "+"},
    rq.Admin: {"noun": "user", "verb": "list"},
    rq.Upload: {"size": 1000},
    rq.GetMedia: {"ids": ["none"]},
    rq.OpenChannel: {},
    rq.Apply: {"what": "badge"},
    rq.GetHome: {},
    rq.ListFollows: {},
    **{kind: {"group": "100000000006"} for kind in (rq.GetChannel, rq.Follow, rq.Unfollow, rq.GetPosts)},
    **{kind: {"group": "100000000006", "seq": 1} for kind in (rq.GetThread, rq.GetReposts)},
}


async def test_all_but_signing_in_needs_an_account(stranger: Wire, shared: Server) -> None:
    signing_in = {rq.Register, rq.Login, rq.Resume, rq.Appeal, rq.Recover, rq.ResetPassword}
    by_password = {rq.GetNotices, rq.ReadNotices}
    assert REQUESTS.keys() | signing_in | by_password == set(rq.REQUESTS.values())
    # So many at once are too many for one connection that nobody has signed in to.
    async with await Wire.open(shared.url, json=stranger.codec is codec.JSON) as another:
        for number, (kind, fields) in enumerate(REQUESTS.items()):
            await refused((stranger, another)[number % 2].ask(kind, **fields), "not_authenticated")


async def test_signing_in_twice_is_refused(member: Wire) -> None:
    await refused(member.ask(rq.Resume, token=member.token), "bad_request")
    await refused(member.ask(rq.Login, user="somebody", password="a good one"), "bad_request")


@pytest.mark.parametrize("password", ["short", "newcomer", "aaaaaaaaaaaa", "x" * 257])
async def test_weak_password(stranger: Wire, password: str) -> None:
    await refused(stranger.register("newcomer", password), "weak_password", least=8)


@pytest.mark.parametrize("user", ["ab", "Upper", "-dash", "space d", "ünicode", "x" * 33, ""])
async def test_bad_user_name(stranger: Wire, user: str) -> None:
    await refused(stranger.register(user), "bad_name")


@pytest.mark.parametrize("name", ["tab\tbed", "\u202eright to left", "x" * 33, "\u2060"])
async def test_bad_display_name(stranger: Wire, name: str) -> None:
    await refused(stranger.register("goodname", display_name=name), "bad_name")


async def test_agreement_must_be_the_one_in_force(stranger: Wire) -> None:
    version = stranger.hello.agreement.version
    await refused(stranger.register(next(names), agreement="1999"), "agreement_required", agreement=version)
    await stranger.register(next(names))
    await stranger.ask(rq.AcceptAgreement, version=version)
    await refused(stranger.ask(rq.AcceptAgreement, version="1999"), "agreement_required", agreement=version)


async def test_who_has_not_accepted_the_agreement_in_force_may_only_read(launch: Launch) -> None:
    server = launch(groups=1, members=2, agreement="of old")
    seat = server.seats[0][1]
    async with await server.connect(seat) as wire:
        version = wire.hello.agreement.version
        for refusal in (wire.post(seat.code, "hello"), wire.run("/nick Me", seat.code), wire.create("Mine")):
            await refused(refusal, "agreement_required", agreement=version)
        assert len(await wire.history(seat.code)) == 2
        await wire.ask(rq.AcceptAgreement, version=version)
        await wire.post(seat.code, "hello")


@pytest.mark.parametrize("user", ["platform", "folkmoot", "system", "everyone"])
async def test_reserved_names_are_taken(stranger: Wire, user: str) -> None:
    await refused(stranger.register(user), "name_taken")


async def test_a_name_is_taken_once_even_by_two_at_once(shared: Server, sign_in: SignIn) -> None:
    user = next(names)
    wires = [await sign_in() for _ in range(4)]
    outcomes = await asyncio.gather(*(wire.register(user) for wire in wires), return_exceptions=True)
    losers = [one for one in outcomes if isinstance(one, Refused)]
    assert [loser.code for loser in losers] == ["name_taken"] * 3
    await refused((await sign_in()).register(user), "name_taken")


async def test_accounts(sign_in: SignIn, seats: list[Seat]) -> None:
    wire = await sign_in(seats[0])
    own = (await wire.ask(rq.GetAccount)).account
    assert (own.user, own.identity) == (seats[0].user, "person")
    assert (await wire.ask(rq.GetAccount, user=seats[1].user)).account.user == seats[1].user
    await refused(wire.ask(rq.GetAccount, user="nobody.here"), "no_such_user", user="nobody.here")


async def answer_to(wire: Wire, frame: dict[str, Any]) -> ev.Error:
    """Send a raw map, return the error that answers it."""
    data: bytes | str = msgpack.packb(frame) if wire.codec.binary else codec.msgspec.json.encode(frame).decode()
    since = len(wire.log)
    await wire.socket.send(data)
    return await wire.event(ev.Error, since=since)


@pytest.mark.parametrize(
    ("frame", "code", "re"),
    [
        ({"type": "dance", "id": 5}, "unknown_request", 5),
        ({"type": "dance"}, "unknown_request", 0),
        ({"type": "groups"}, "bad_request", 0),
        ({"type": "groups", "id": 0}, "bad_request", 0),
        ({"type": "groups", "id": "7"}, "bad_request", 0),
        ({"type": "post", "id": 7, "group": 7, "body": "x"}, "bad_request", 7),
        ({"type": "post", "id": 7, "group": "x"}, "bad_request", 7),
        ({"type": "post", "id": 7, "group": "x", "body": "a\0b"}, "bad_request", 7),
        ({"type": "post", "id": 7, "group": "x", "body": {"a": {"b": {"c": {"d": {"e": {}}}}}}}, "bad_request", 7),
        ({"type": "post", "id": 7, "group": "x", "body": "{braces}", "nonce": ""}, "bad_request", 7),
        ({"type": "history", "id": 7, "group": "x", "limit": 201}, "bad_request", 7),
        ({"type": "history", "id": 7, "group": "x", "before": 2, "after": 1}, "bad_request", 7),
    ],
)
async def test_what_is_no_request_is_answered(stranger: Wire, frame: dict[str, Any], code: str, re: int) -> None:
    error = await answer_to(stranger, frame)
    assert (error.code, error.re) == (code, re)


async def test_an_unknown_field_is_ignored(stranger: Wire) -> None:
    error = await answer_to(stranger, {"type": "groups", "id": 3, "shade": "blue"})
    assert (error.code, error.re) == ("not_authenticated", 3)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x90", b"\x81\xa4type\x01", "{}", "[]", "{", '{"type": 1}', "é"])
async def test_undecodable_closes_with_4400(stranger: Wire, data: bytes | str) -> None:
    await stranger.socket.send(data)
    assert await stranger.closed() == 4400


async def test_too_large_closes_with_1009(stranger: Wire) -> None:
    await stranger.socket.send("x" * (stranger.hello.limits.frame_bytes + 1))
    assert await stranger.closed() == 1009


async def test_too_long_a_body_is_refused(member: Wire, seats: list[Seat]) -> None:
    code = seats[0].code
    await refused(member.post(code, "字" * 4001), "too_long", limit=4000, length=4001)
    await member.post(code, "字" * 4000)


async def test_who_never_signs_in_is_closed_with_4401(tight: Server) -> None:
    async with await Wire.open(tight.url) as wire:
        assert await wire.closed() == 4401


async def test_the_deadline_ends_with_signing_in_and_starts_with_signing_out(tight: Server) -> None:
    (seat,) = tight.seats[0]
    async with await tight.connect(seat) as signed_in:
        async with await Wire.open(tight.url) as idle:
            assert await idle.closed() == 4401
        # As long as it took to close the idle one, the other has lived longer than its deadline.
        await signed_in.ask(rq.Logout)
        assert await signed_in.closed() == 4401


async def test_connections_of_an_account_are_limited(tight: Server) -> None:
    (seat,) = tight.seats[1]
    async with await tight.connect(seat), await tight.connect(seat), await Wire.open(tight.url) as third:
        await refused(third.resume(seat.token), "rate_limited", rule="limits.connections_per_account")


@pytest.fixture
async def four(tight: Server) -> AsyncIterator[list[Wire]]:
    """As many connections as an address may have."""
    wires = [await tight.connect(tight.seats[2][0]), await tight.connect(tight.seats[2][0])]
    wires += [await tight.connect(tight.seats[3][0]), await tight.connect(tight.seats[3][0])]
    yield wires
    for wire in wires:
        await wire.close()


async def test_connections_of_an_address_are_limited(tight: Server, four: list[Wire]) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await Wire.open(tight.url)
    assert caught.value.response.status_code == 429


async def test_flooding_is_refused_and_then_closed_with_4429(tight: Server) -> None:
    (seat,) = tight.seats[4]
    async with await tight.connect(seat) as wire:
        refusals = 0
        while wire.close_code is None:
            futures = [await wire.send(rq.Post, group=seat.code, body="flood") for _ in range(10)]
            outcomes = await asyncio.gather(*futures, return_exceptions=True)
            assert {one.code for one in outcomes if isinstance(one, Refused)} <= {"rate_limited"}
            refusals += sum(isinstance(one, Refused) for one in outcomes)
        assert wire.close_code == 4429
        assert refusals > 100


async def test_requests_are_limited_too(tight: Server) -> None:
    (seat,) = tight.seats[5]
    async with await tight.connect(seat) as wire:
        futures = [await wire.send(rq.ListGroups) for _ in range(10)]
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
        waits = [one.detail["retry_after_ms"] for one in outcomes if isinstance(one, Refused)]
        assert waits
        assert all(wait > 0 for wait in waits)


async def test_sign_ins_of_an_address_are_limited(tmp_path: Path) -> None:
    # A server of its own: with the tight one's second for signing in, a busy machine would not get to the third answer.
    with serving(tmp_path, groups=1, members=1, limits__sign_ins_per_minute=2) as server:
        async with await Wire.open(server.url) as wire:
            futures = [await wire.send(rq.Login, user="nobody.here", password="a bad one") for _ in range(3)]
            outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert [one.code for one in outcomes if isinstance(one, Refused)] == ["auth_failed", "auth_failed", "rate_limited"]


async def test_a_connection_is_spoken_to_in_the_language_that_it_asks_for(sign_in: SignIn, seats: list[Seat]) -> None:
    wire = await sign_in()
    refusal = await refused(wire.ask(rq.Resume, token="t" * 43, language="zh-CN"), "auth_failed")
    assert any("一" <= sign <= "鿿" for sign in refusal.message)
    await wire.ask(rq.Resume, token=seats[1].token, language="zh-CN")
    assert (await wire.run("/lang")).text == "zh-CN"
    other = await sign_in(seats[1])
    assert (await other.run("/lang")).text == "en"
