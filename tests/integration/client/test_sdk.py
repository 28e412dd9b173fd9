"""The SDK and the real server."""

import asyncio

import pytest

import folkmoot_protocol as fm
from folkmoot_client.sdk import Backoff, Client, RequestRefused
from tests.integration.running import RunningServer

PASSWORD = "correct horse battery"


def connect(server: RunningServer, **fields: object) -> Client:
    return Client(server.ws, backoff=Backoff(0.01, 0.1), patience_s=30, **fields)  # type: ignore[arg-type]


async def entries(client: Client, last: int) -> list[fm.Entry]:
    """Return the entries handed over up to the seq `last`."""
    found: list[fm.Entry] = []
    async for event in client.events():
        if isinstance(event, fm.EntryEvent):
            found.append(event.entry)
            if event.entry.seq >= last:
                break
    return found


@pytest.mark.parametrize("codec", [fm.MSGPACK, fm.JSON], ids=["msgpack", "json"])
async def test_two_accounts_talk(server: RunningServer, codec: fm.Codec) -> None:
    async with connect(server, codec=codec) as ann, connect(server, codec=codec) as bob:
        await ann.register("ann", PASSWORD, display_name="Ann")
        await bob.register("bob", PASSWORD)
        group = (await ann.create_group("Fellows", topic="Of all things", join_mode=fm.JoinMode.OPEN)).id
        joined = await bob.join(fm.show_group_code(group))
        assert joined.group is not None
        assert joined.group.role is fm.Role.MEMBER
        posted = await ann.post(group, "hello")
        assert posted.seq is not None
        received = (await entries(bob, posted.seq))[-1]
        assert (received.body, received.from_.user, received.from_.role) == ("hello", "ann", fm.Role.OWNER)
        members = await ann.list_members(group)
        assert [member.user for member in members.members] == ["ann", "bob"]
        assert [entry.seq async for entry in bob.read_history(group)] == list(range(1, posted.seq + 1))
        await bob.leave(group)
        with pytest.raises(RequestRefused, match="not_a_member"):
            await bob.get_history(group)


async def test_a_role_that_changed_shows_in_the_groups(server: RunningServer) -> None:
    async with connect(server) as ann, connect(server) as bob:
        await ann.register("ann", PASSWORD)
        await bob.register("bob", PASSWORD)
        group = (await ann.create_group("Fellows", join_mode=fm.JoinMode.OPEN)).id
        await bob.join(group)
        promoted = await ann.post(group, "/promote @bob")
        assert promoted.command is not None
        await ann.run_command("/rename Friends", group)
        async for event in bob.events():
            if isinstance(event, fm.GroupEvent) and event.group.name == "Friends":
                break
        assert bob.groups[group].role is fm.Role.ADMIN


async def test_a_client_signs_in_again_with_its_token_and_cursors(server: RunningServer) -> None:
    async with connect(server) as ann, connect(server) as bob:
        await ann.register("ann", PASSWORD)
        token = (await bob.register("bob", PASSWORD)).token
        group = (await ann.create_group("Fellows", join_mode=fm.JoinMode.OPEN)).id
        await bob.join(group)
        first = await ann.post(group, "while bob is there")
        assert first.seq is not None
        await bob.wait_for(group, first.seq)
        cursors = bob.cursors()
        await bob.close()
        second = await ann.post(group, "while bob is away")
        assert second.seq is not None
        async with connect(server, token=token, cursors=cursors) as again:
            assert [entry.body for entry in await entries(again, second.seq)] == ["while bob is away"]


async def test_posts_survive_kills_once_and_in_order(server: RunningServer) -> None:
    bodies = [f"post {number}" for number in range(120)]
    async with connect(server) as ann, connect(server) as bob:
        await ann.register("ann", PASSWORD)
        await bob.register("bob", PASSWORD)
        group = (await ann.create_group("Fellows", join_mode=fm.JoinMode.OPEN)).id
        await bob.join(group)
        half = asyncio.Event()

        async def post_all() -> int:
            for number, body in enumerate(bodies):
                if number in (40, 80):
                    half.set()
                seq = (await ann.post(group, body)).seq
            assert seq is not None
            return seq

        async def kill_twice() -> None:
            for _ in range(2):
                await half.wait()
                half.clear()
                await server.restart()

        last, received, _ = await asyncio.gather(post_all(), until_body(bob, bodies[-1]), kill_twice())
        texts = [entry for entry in received if entry.kind is fm.EntryKind.TEXT]
        assert [entry.body for entry in texts] == bodies
        assert texts[-1].seq == last
        history = [entry.body async for entry in bob.read_history(group) if entry.kind is fm.EntryKind.TEXT]
        assert history == bodies


async def until_body(client: Client, body: str) -> list[fm.Entry]:
    """Return the entries handed over up to the one with a body."""
    found: list[fm.Entry] = []
    async for event in client.events():
        if isinstance(event, fm.EntryEvent):
            found.append(event.entry)
            if event.entry.body == body:
                break
    return found
