"""What a stranger can do who has got into NATS, with its password, but has neither the database nor the nodes' key.

Ann, who owns a group, is on node A; bob, a member, is on node B. The stranger hears all and says what it likes.
"""

import asyncio
import contextlib
import importlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from folkmoot_governance import PlatformRole
from folkmoot_governance.account import AccountSuspended, RoleGranted
from folkmoot_governance.group.events import MemberBanned, MemberPromoted
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import Author, Role
from folkmoot_server.bus.envelopes import MAC_BYTES, Envelopes
from folkmoot_server.bus.messages import (
    AccountUpdate,
    BusMessage,
    GroupUpdate,
    LimitsUpdate,
    NoticeUpdate,
    PresenceUpdate,
    RevokedUpdate,
    TypingUpdate,
    topic_of,
)
from folkmoot_server.common.clock import Clock
from folkmoot_server.crypto.passwords import hash_token
from tests.builders.entries import make_entry
from tests.cluster.nodes import Cluster, Node, cluster_of
from tests.cluster.polling import until
from tests.integration.wire import Wire, refused
from tests.services import Nats, Postgres

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")
nats_client = importlib.import_module("nats.aio.client")

FAR = 1 << 42
"""A time that has not come."""


class Scene(NamedTuple):
    """Who is there; `heard` has all that went over the bus, `stranger` is a client of NATS."""

    cluster: Cluster
    ann: Wire
    bob: Wire
    code: str
    stranger: Any
    heard: list[Any]

    async def say(self, *messages: tuple[str, bytes]) -> None:
        """Have the stranger say something on subjects that bob's node follows; wait until it has refused all."""
        node = self.cluster.nodes[1]
        before = await refusals(node)
        for subject, message in messages:
            await self.stranger.publish(subject, message)
        await self.stranger.flush()

        async def all_refused() -> bool:
            return await refusals(node) >= before + len(messages)

        await until(all_refused)

    async def heard_on(self, subject: str) -> Any:
        """Return the latest genuine message on a subject."""
        async with asyncio.timeout(30):
            while not (found := [one for one in self.heard if one.subject == subject]):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return found[-1]


async def refusals(node: Node) -> float:
    """Return how many messages a node has refused."""
    _, text = await node.get("/metrics")
    return sum(map(float, re.findall(r"^folkmoot_bus_refused_total\{.*\} (.*)$", text, re.MULTILINE)))


def forged(message: BusMessage) -> list[bytes]:
    """Return news as a stranger makes them: as nodes did once, with no MAC, and under a key of its own."""
    encoded = msgspec.msgpack.encode(message)
    plain = msgspec.msgpack.encode(["node0-1", [msgspec.Raw(encoded)]])
    return [
        plain,
        bytes(MAC_BYTES) + plain,
        Envelopes(bytes(32), "node0-1", Clock().now_ms).seal(topic_of(message), [encoded]),
    ]


@pytest.fixture
async def scene(tmp_path: Path, postgres: Postgres, nats: Nats, database: str) -> AsyncIterator[Scene]:
    async with contextlib.AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(cluster_of(2, tmp_path, postgres, nats, database))
        heard: list[Any] = []

        async def note(message: Any) -> None:
            heard.append(message)

        stranger = nats_client.Client()
        await stranger.connect(nats.url)
        stack.push_async_callback(stranger.close)
        await stranger.subscribe(">", cb=note)
        await stranger.flush()
        ann, bob = [await stack.enter_async_context(await Wire.open(node.ws)) for node in cluster.nodes]
        await ann.register("ann")
        await bob.register("bob")
        code = await ann.create()
        await bob.ask(rq.JoinGroup, group=code)
        await bob.seen(code, await ann.post(code, "good morning"))
        yield Scene(cluster, ann, bob, code, stranger, heard)


async def test_a_stranger_on_the_bus_is_not_believed(scene: Scene) -> None:
    ann, bob, code = scene.ann, scene.bob, scene.code
    granted = RoleGranted(at=1, by="root", role=PlatformRole.SUPERADMIN, reason="r")
    suspended = AccountSuspended(at=1, by="root", until_ms=FAR, reason="r")
    words = make_entry(len(await ann.history(code)) + 1, from_=Author("ann", "ann", Role.OWNER), body="not ann's")
    promoted = MemberPromoted(at=1, by="ann", user="bob", permissions=())
    banned = MemberBanned(at=1, by="ann", user="bob", until_ms=FAR, reason="r")
    addresses = {bytes([one]) * 8: 1000 for one in range(256)}
    news = [
        AccountUpdate("bob", 2, (granted,)),
        AccountUpdate("bob", 2, (suspended,)),
        GroupUpdate(code, (words,), 9),
        *(GroupUpdate(code, (), version, (event,)) for version in range(1, 6) for event in (promoted, banned)),
        RevokedUpdate("bob", hash_token(bob.token)),
        NoticeUpdate("bob", PersonalNotice("bob", 1, "confirmed", "a-1", data={"reason": "go away"})),
        TypingUpdate(code, "ann"),
        PresenceUpdate("bob", "ghost", 1000, asks=False),
        LimitsUpdate("ghost", addresses, {}),
    ]
    heard = len(bob.log)
    await scene.say(*((topic_of(message), data) for message in news for data in forged(message)))
    await refused(bob.ask(rq.Admin, noun="user", verb="suspend", target="ann", reason="r"), "forbidden")
    seq = await ann.post(code, "still here")
    assert [entry.body for entry in await bob.seen(code, seq)][-1] == "still here"
    assert [one for one in bob.log[heard:] if not isinstance(one, (ev.Error, ev.EntryEvent, ev.GroupEvent))] == []
    assert (await bob.group(code)).role == "member"
    async with await Wire.open(scene.cluster.nodes[1].ws, bob.token):
        pass


async def test_nothing_is_heard_twice_or_of_another_group(scene: Scene) -> None:
    ann, bob, code = scene.ann, scene.bob, scene.code
    other = await ann.create("Another")
    await bob.ask(rq.JoinGroup, group=other)
    scene.heard.clear()
    await ann.ask(rq.Typing, group=code)
    subject = f"group.{code}"
    genuine = await scene.heard_on(subject)
    await bob.event(ev.TypingEvent, group=code)
    await scene.say(*[(subject, genuine.data)] * 20, (f"group.{other}", genuine.data))
    # With a bit changed, of the sender's name or of its number too, it is nobody's.
    changed = [
        bytes(byte ^ (at == place) for at, byte in enumerate(genuine.data)) for place in range(len(genuine.data))
    ]
    await scene.say(*((subject, data) for data in changed))
    await bob.seen(code, await ann.post(code, "after it"))
    assert [one.group for one in bob.log if isinstance(one, ev.TypingEvent)] == [code]


async def test_what_strangers_say_is_counted_and_logged_within_bounds(scene: Scene) -> None:
    before = [node.log.stat().st_size for node in scene.cluster.nodes]
    await scene.say(*[(f"group.{scene.code}", b"rubbish")] * 5000)
    for node, size in zip(scene.cluster.nodes, before, strict=True):
        said = node.log.read_text()[size:]
        assert 0 < said.count("refused news") < 1000


async def test_a_node_with_another_key_is_not_heard_and_says_so(
    tmp_path: Path, postgres: Postgres, nats: Nats, database: str
) -> None:
    """Nothing is lost: what it stored is found by looking."""
    async with cluster_of(2, tmp_path, postgres, nats, database) as cluster:
        assert await cluster.nodes[1].stop() == 0
        cluster.nodes[1].data = tmp_path / "other"
        await cluster.nodes[1].start()
        async with await Wire.open(cluster.nodes[0].ws) as ann, await Wire.open(cluster.nodes[1].ws) as bob:
            await ann.register("ann")
            await bob.register("bob")
            code = await ann.create()
            await bob.ask(rq.JoinGroup, group=code)
            await bob.seen(code, await ann.post(code, "do you hear me?"))
        assert "another keys/journal.key" in cluster.nodes[1].log.read_text()
