"""The client against a server that closes, refuses, lags and loses on demand."""

import asyncio
from collections.abc import AsyncIterator

import pytest

import folkmoot_protocol as fm
from folkmoot_client.sdk import (
    Backoff,
    Client,
    ClientEvent,
    Connected,
    Disconnected,
    NotReachable,
    RequestRefused,
    SessionEnded,
)
from tests.builders.entries import CODE
from tests.unit.client.fake_server import FakeServer, fake_server


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with fake_server() as running:
        yield running


def connect(server: FakeServer, **fields: object) -> Client:
    return Client(server.url, backoff=Backoff(0.001, 0.001), **fields)  # type: ignore[arg-type]


async def entries(client: Client, last: int) -> list[int]:
    """Return the seqs handed over up to `last`."""
    seqs: list[int] = []
    async for event in client.events():
        if isinstance(event, fm.EntryEvent):
            seqs.append(event.entry.seq)
            if event.entry.seq == last:
                break
    return seqs


async def until(client: Client, kind: type[ClientEvent]) -> ClientEvent:
    """Return the next event of a kind."""
    async for event in client.events():
        if isinstance(event, kind):
            return event
    raise AssertionError(f"ended without {kind.__name__}")


@pytest.mark.parametrize("codec", [fm.MSGPACK, fm.JSON], ids=["msgpack", "json"])
async def test_a_post_comes_back_as_an_entry(server: FakeServer, codec: fm.Codec) -> None:
    async with connect(server, codec=codec) as client:
        await client.login("ann", "secret")
        assert (await client.post(CODE, "hello")).seq == 4
        assert await entries(client, 4) == [4]
        assert client.groups[CODE].name == "Fellows"


async def test_a_token_signs_in_at_once_and_cursors_fetch_what_came_since(server: FakeServer) -> None:
    async with connect(server, token="the-token", cursors={CODE: 1}) as client:
        assert client.account is not None
        assert await entries(client, 3) == [2, 3]
        assert client.cursors() == {CODE: 3}


async def test_a_reconnect_resumes_and_fetches_what_was_missed_page_by_page(server: FakeServer) -> None:
    async with connect(server) as client:
        await client.login("ann", "secret")
        for _ in range(10):
            server.store()
        await server.close(1012)
        assert await entries(client, 13) == list(range(4, 14))
        assert [request.token for request in server.asked(fm.Resume)] == ["the-token"]
        assert len(server.asked(fm.Sync)) == 1


async def test_connections_are_told_of(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        assert await until(client, Connected) == Connected(again=False)
        await server.close(1012)
        broken = await until(client, Disconnected)
        assert isinstance(broken, Disconnected)
        assert broken.code == 1012
        assert await until(client, Connected) == Connected(again=True)


async def test_lag_is_made_good_by_history(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        for _ in range(9):
            server.store()
        await server.say(fm.LagEvent(group=CODE, from_=4, to=12))
        server.store()
        await server.tell(13)
        assert await entries(client, 13) == list(range(4, 14))


async def test_a_hole_is_filled_before_what_follows_it(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        for _ in range(3):
            server.store()
        await server.tell(6)
        assert await entries(client, 6) == [4, 5, 6]


async def test_what_comes_twice_is_handed_over_once(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        server.store()
        server.store()
        await server.tell(4, 4, 3, 5, 4)
        await client.post(CODE, "last")
        assert await entries(client, 6) == [4, 5, 6]


async def test_a_slow_reader_misses_nothing_and_holds_nothing_without_bound(server: FakeServer) -> None:
    async with connect(server, token="the-token", queue=5) as client:
        for seq in range(4, 104):
            server.store()
            await server.tell(seq)
        await client.get_group(CODE)  # all events sent before the answer have been taken
        assert client.cursors()[CODE] < 10
        assert await entries(client, 103) == list(range(4, 104))


@pytest.mark.parametrize("hitch", ["close:1012", "late:1012", "refuse:unavailable"])
async def test_a_post_is_stored_once_whatever_happens_to_it(server: FakeServer, hitch: str) -> None:
    async with connect(server, token="the-token") as client:
        server.hitches[fm.Post] = [hitch, hitch]
        assert (await client.post(CODE, "once")).seq == 4
        assert [entry.body for entry in server.log[3:]] == ["once"]
        assert len(server.asked(fm.Post)) == 3


async def test_posts_keep_their_order_when_the_first_is_delayed(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        server.hitches[fm.Post] = ["refuse:unavailable", "close:1006"]
        await asyncio.gather(*(client.post(CODE, body) for body in "abc"))
        assert [entry.body for entry in server.log[3:]] == ["a", "b", "c"]


async def test_a_refused_post_is_not_repeated(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        server.hitches[fm.Post] = ["refuse:muted"]
        with pytest.raises(RequestRefused, match="muted"):
            await client.post(CODE, "hello")
        assert len(server.asked(fm.Post)) == 1


@pytest.mark.parametrize("body", ["/kick @bob", "/me waves"])
async def test_a_command_is_repeated_with_its_nonce(server: FakeServer, body: str) -> None:
    async with connect(server, token="the-token") as client:
        server.hitches[fm.Post] = ["close:1012", "late:1012"]
        await client.post(CODE, body)
        asked = server.asked(fm.Post)
        assert len(asked) == 3
        assert len({one.nonce for one in asked}) == 1 and asked[0].nonce


@pytest.mark.parametrize("kind", [fm.JoinGroup, fm.LeaveGroup])
async def test_what_may_have_been_carried_out_is_repeated_with_its_nonce(
    server: FakeServer, kind: type[fm.JoinGroup] | type[fm.LeaveGroup]
) -> None:
    server.member = kind is fm.LeaveGroup
    async with connect(server, token="the-token") as client:
        server.hitches[kind] = ["late:1012"]
        await (client.join if kind is fm.JoinGroup else client.leave)(CODE)
        first, again = server.asked(kind)
        assert first.nonce and first.nonce == again.nonce


async def test_what_may_be_repeated_is(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        server.hitches[fm.GetHistory] = ["close:1012"]
        page = await client.get_history(CODE, after=0)
        assert [entry.seq for entry in page.entries] == [1, 2, 3]


async def test_a_whole_history_is_read_page_by_page(server: FakeServer) -> None:
    for _ in range(20):
        server.store()
    async with connect(server, token="the-token") as client:
        assert [entry.seq async for entry in client.read_history(CODE)] == list(range(1, 24))


async def test_a_busy_server_is_asked_again_to_resume(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        server.hitches[fm.Resume] = ["refuse:unavailable", "refuse:rate_limited"]
        await server.close(1012)
        assert (await client.post(CODE, "there again")).seq == 4
        assert len(server.asked(fm.Resume)) == 4


async def test_a_revoked_session_does_not_come_back(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        await server.close(4403)
        with pytest.raises(SessionEnded) as ended:
            await until(client, Disconnected)
        assert ended.value.code == 4403
        with pytest.raises(SessionEnded):
            await client.post(CODE, "hello")
        assert len(server.connections) == 1


async def test_a_token_that_holds_no_more_ends_the_client(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        server.hitches[fm.Resume] = ["refuse:auth_failed"]
        await server.close(1012)
        with pytest.raises(RequestRefused, match="auth_failed"):
            await until(client, Connected) and await until(client, Connected)


@pytest.mark.parametrize("code", ["auth_failed", "account_suspended"])
async def test_a_refused_token_is_told_at_once(server: FakeServer, code: str) -> None:
    server.hitches[fm.Resume] = [f"refuse:{code}"]
    with pytest.raises(RequestRefused, match=code):
        async with connect(server, token="stale"):
            pass


async def test_no_server_is_told_at_once(server: FakeServer) -> None:
    url = server.url
    await server.__aexit__()
    with pytest.raises(NotReachable):
        async with Client(url):
            pass
    await server.__aenter__()


async def test_a_request_that_the_server_would_close_over_is_not_sent(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        with pytest.raises(RequestRefused, match="too_long"):
            await client.post(CODE, "x" * 3000)
        assert not server.asked(fm.Post)


async def test_a_history_that_is_refused_holds_nothing_up(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        server.hitches[fm.GetHistory] = ["refuse:not_a_member"]
        for _ in range(3):
            server.store()
        await server.tell(6)
        server.store()
        while not server.asked(fm.GetHistory) or client.cursors()[CODE] < 6:
            await client.get_group(CODE)
        await server.tell(7)
        assert await entries(client, 7) == [7]


async def test_events_end_when_the_client_is_closed(server: FakeServer) -> None:
    async with connect(server, token="the-token") as client:
        await client.close()
        events = [event async for event in client.events()]
        assert Connected(again=False) in events
