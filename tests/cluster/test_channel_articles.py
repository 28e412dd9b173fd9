"""What the articles ask of channels, on three nodes: caps per person, mutes, refutations, removal, ends of licences.

Whatever is done on one node holds on the others after the answer. One cluster for all: starting one takes longest.
"""

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import pytest
import pytest_asyncio
from msgspec import Struct

from folkmoot_client.sdk.media import send
from folkmoot_protocol import MediaRef
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Refutation, Repost
from tests.builders.pictures import planted_picture
from tests.cluster.nodes import Cluster, Node, cluster_of
from tests.cluster.polling import until
from tests.integration.planting import person
from tests.integration.test_public_channels import CAPS, NEWS, admin, open_public, opened
from tests.integration.wire import PATIENCE_S, Refused, Wire, refused
from tests.services import Nats, Postgres

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")
pytestmark = pytest.mark.asyncio(loop_scope="module")

TRIES = int(os.environ.get("FOLKMOOT_MUTE_TRIES", "240"))
"""Comments that race with mutes. Ten thousand: FOLKMOOT_MUTE_TRIES=10000 make test PYTEST=tests/cluster/…"""

AT_ONCE = 8
"""How many comments are on their way on each node when the mute comes."""

WITHIN_S = float(os.environ.get("FOLKMOOT_WITHIN_S", "60"))
"""Until when what was done on one node holds on all. The articles say a second: FOLKMOOT_WITHIN_S=1, on a machine that
does nothing else meanwhile."""

T = TypeVar("T")

LIMITS = ("posts_per_second", "acts_per_minute", "group_acts_per_minute", "requests_per_second", "sign_ins_per_minute")


class Three:
    """Three nodes, and people who are on all of them."""

    def __init__(self, cluster: Cluster, stack: contextlib.AsyncExitStack) -> None:
        self.cluster = cluster
        self.stack = stack

    @property
    def nodes(self) -> list[Node]:
        return self.cluster.nodes

    async def person(self, user: str) -> list[Wire]:
        """Register somebody; return a connection to each node."""
        first = await self.stack.enter_async_context(await Wire.open(self.nodes[0].ws))
        await first.register(user)
        return [first, *[await self.device(first, number) for number in (1, 2)]]

    async def device(self, wire: Wire, number: int) -> Wire:
        return await self.stack.enter_async_context(await Wire.open(self.nodes[number].ws, wire.token))

    async def root(self) -> Wire:
        wire = await self.stack.enter_async_context(await Wire.open(self.nodes[1].ws))
        wire.session = await wire.ask(rq.Login, user="root", password="a good one")
        return wire


@pytest.fixture(scope="module")
def own_database(postgres: Postgres, template: str) -> Iterator[str]:
    postgres.execute(f"CREATE DATABASE articles TEMPLATE {template}")
    yield postgres.url("articles")
    postgres.execute("DROP DATABASE articles WITH (FORCE)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nodes(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, nats: Nats, own_database: str
) -> AsyncIterator[Cluster]:
    place = tmp_path_factory.mktemp("articles")
    settings = {f"limits__{name}": 0 for name in LIMITS} | {"media__store": f"file://{place}/shared", **NEWS, **CAPS}
    async with cluster_of(3, place, postgres, nats, own_database, **settings) as cluster:
        await cluster.make_administrator("root", "a good one")
        yield cluster
        assert not [fault for node in cluster.nodes for fault in node.faults()]


@pytest_asyncio.fixture(loop_scope="module")
async def three(nodes: Cluster) -> AsyncIterator[Three]:
    async with contextlib.AsyncExitStack() as stack:
        yield Three(nodes, stack)


async def test_one_subject_opens_one_however_many_try_on_three_nodes(three: Three) -> None:
    """P7.3: one identity number on two accounts, fifty attempts at once."""
    root, ann, ben = await three.root(), await three.person("ann"), await three.person("ben")
    for wire in (ann[0], ben[0]):
        await wire.run(f"/verify person {person(1)}")
        same = {"reason": "two accounts of one person", "options": {"same_person": wire is ben[0]}}
        await soon(partial(admin, root, "identity approve", wire.user, **same))
    places = itertools.cycle([*ann, *ben])
    tries = [open_public(wire, f"paper{number}") for number, wire in zip(range(50), places, strict=False)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    codes = [one for one in outcomes if isinstance(one, str)]
    assert len(codes) == 1
    refusals = [one for one in outcomes if isinstance(one, Refused)]
    assert {(one.code, one.detail.get("have"), one.detail.get("limit")) for one in refusals} == {
        ("channel_quota", 1, 1)
    }
    assert len(refusals) == 49
    listed = (await admin(root, "channel list", limit=200)).items
    assert [one["code"] for one in listed if str(one["handle"]).startswith("paper")] == codes
    shown = (await admin(root, "channel show", codes[0])).items[0]
    assert {shown["owner"], *shown["subject_accounts"]} == {"ann", "ben"}


async def soon(check: Callable[[], Awaitable[T]]) -> T:
    """Wait until something holds on a node that hears of it from another; return what it gave."""
    given: list[T] = []

    async def holds() -> bool:
        with contextlib.suppress(AssertionError, Refused):
            given.append(await check())
        return bool(given)

    try:
        await until(holds, WITHIN_S)
    except TimeoutError:
        return await check()
    return given[0]


class Thread(Struct):
    """A post and those who comment on it, on all nodes."""

    code: str
    seq: int

    async def read(self, wire: Wire) -> list[int]:
        """Return the seqs of all comments, as they are read now."""
        found: list[int] = []
        more = True
        while more:
            after = found[-1] if found else 0
            page: rs.ThreadResult = await wire.ask(rq.GetThread, group=self.code, seq=self.seq, after=after)
            found += [one.seq for one in page.comments]
            more = page.more
        return found


async def commented(future: asyncio.Future[rs.PostResult]) -> int | None:
    """Return the seq of a comment, or None if a mute came first."""
    try:
        seq = (await asyncio.wait_for(future, PATIENCE_S)).seq
    except Refused as refusal:
        assert refusal.code == ErrorCode.MUTED, refusal
        return None
    assert seq is not None
    return seq


async def test_no_comment_comes_after_a_mute_on_any_node(three: Three) -> None:
    """W10.2, P12: what is there when `/mute @bob` is answered is all there ever is, until `/unmute @bob`."""
    star, bob, reader = [await three.person(user) for user in ("star", "bob", "reader")]
    before = after = 0
    for number in range(max(1, TRIES // (3 * AT_ONCE))):
        seq = await star[number % 3].post("@star", "What do you think?")
        code = (await reader[0].ask(rq.GetChannel, group="@star")).channel.id
        thread = Thread(code, seq)
        sent = [
            await wire.send(rq.Post, group=code, thread=seq, body=str(one)) for one in range(AT_ONCE) for wire in bob
        ]
        # As many are stored before it as that: from none to nearly all.
        await asyncio.gather(*sent[: 3 * (number % AT_ONCE)], return_exceptions=True)
        await star[(number + 1) % 3].run("/mute @bob 1h", code)
        there = [await thread.read(wire) for wire in reader]
        late = [await wire.send(rq.Post, group=code, thread=seq, body="late") for wire in bob]
        stored = [one for one in [await commented(future) for future in sent] if one is not None]
        assert [await commented(future) for future in late] == [None] * 3
        assert there == [sorted(stored)] * 3
        assert [await thread.read(wire) for wire in reader] == there
        before, after = before + len(stored), after + len(sent) - len(stored)
        await soon(partial(star[(number + 2) % 3].run, "/unmute @bob", code))
    assert before and after, "some came before a mute, and some after"


async def said_of(reader: Wire, handle: str) -> list[Refutation | None]:
    """Return what is said of the posts of a channel, or of what they repeat."""
    page: rs.HomeResult = await reader.ask(rq.GetPosts, group=f"@{handle}")
    return [post.refutation or (post.original.refutation if post.original else None) for post in page.posts]


async def test_a_refutation_is_on_every_copy_on_every_node(three: Three) -> None:
    """W11: three reposts and a quote, by people on all nodes; one of them is away."""
    root, star, reader = await three.root(), await three.person("source"), await three.person("watcher")
    seq = await star[0].post("@source", "The bridge has fallen!")
    code = (await reader[2].ask(rq.GetChannel, group="@source")).channel.id
    own, names = Repost(code, seq), ("rea", "reb", "rec", "red")
    others = [await three.person(name) for name in names]
    for number, (wires, body) in enumerate(zip(others, ("", "", "", "Terrible!"), strict=True)):
        await wires[number % 3].post(f"@{names[number]}", body, repost=own)
    for handle in ("source", *names):
        await reader[0].ask(rq.Follow, group=f"@{handle}")
    for wire in reader:
        await wire.ask(rq.GetHome, live=True)
    for wire in others[0]:
        await wire.close()
    options = {"seq": seq, "text": "The bridge stands.", "rule": "false_information"}
    done = await admin(root, "refutation create", code, reason="seen by the police", options=options)
    assert done.items[0]["reposts"] == 4
    for wire in reader:
        for handle in ("source", *names):
            (said,) = await said_of(wire, handle)
            assert said is not None and said.text == "The bridge stands."
        # What nodes have in memory they hear of from each other.
        await soon(partial(check_thread, wire, code, seq, said))
        # It is written to those who read home live, once for each post: the original, and those that repeat it.
        await wire.until(lambda wire=wire: len(told_of(wire, void=False)) == 5)  # type: ignore[misc]
        await soon(partial(check_no_repost, wire, own))
    for node in three.nodes:
        assert "The bridge stands." in (await node.get(f"/@red/{await newest(reader[0], 'red')}"))[1]
    async with await Wire.open(three.nodes[2].ws) as back:
        await back.ask(rq.Login, user="rea", password="a good one")
        for wire in (star[1], back, *(wires[number % 3] for number, wires in enumerate(others[1:]))):
            kind = "post_refuted" if wire is star[1] else "repost_refuted"
            (notice,) = [one for one in (await wire.ask(rq.GetNotices)).notices if one.kind == kind]
            assert "The bridge stands." in notice.text
    await admin(root, "refutation end", code, reason="it had", options={"seq": seq})
    for wire in reader:
        assert [await said_of(wire, handle) for handle in ("source", *names)] == [[None]] * 5
        await soon(partial(check_thread, wire, code, seq, None))
        await wire.until(lambda wire=wire: len(told_of(wire, void=True)) == 5)  # type: ignore[misc]
    for node in three.nodes:
        assert "The bridge stands." not in (await node.get(f"/@red/{await newest(reader[0], 'red')}"))[1]
    await soon(lambda: reader[1].post("@watcher", "", repost=own))


async def check_thread(wire: Wire, code: str, seq: int, said: Refutation | None) -> None:
    """Check that a post can be read, and what is said of it."""
    thread: rs.ThreadResult = await wire.ask(rq.GetThread, group=code, seq=seq)
    assert (thread.post.body, thread.refutation) == ("The bridge has fallen!", said)


async def check_no_repost(wire: Wire, original: Repost) -> None:
    """Check that what is refuted cannot be repeated."""
    await refused(wire.ask(rq.Post, group=f"@{wire.user}", body="", repost=original), ErrorCode.REFUTED)


def told_of(wire: Wire, *, void: bool) -> set[tuple[str, int]]:
    """Return of which posts somebody was told that they are refuted, or that they are no more."""
    told = (one for one in wire.log if isinstance(one, ev.RefutedEvent))
    return {(one.group, one.seq) for one in told if (one.refutation is None) == void}


async def newest(reader: Wire, handle: str) -> int:
    """Return the seq of a channel's newest post."""
    page: rs.HomeResult = await reader.ask(rq.GetPosts, group=f"@{handle}")
    return page.posts[0].entry.seq


async def test_what_is_deleted_on_one_node_is_nowhere_on_another(three: Three) -> None:
    """I8, P11, P13, W12: home, page, feeds, media."""
    star, fan = await three.person("painter"), await three.person("fan")
    file = planted_picture(size=(40, 30))
    asked: rs.UploadResult = await star[0].ask(rq.Upload, size=len(file))
    media = (await asyncio.to_thread(send, three.nodes[1].ws, asked.path, file, None))["id"]
    seq = await star[2].post("@painter", "A picture", media=[MediaRef(id=media)])
    code = (await fan[0].ask(rq.Follow, group="@painter")).channel.id
    feeds, page, picture = (
        ("/@painter/feed.atom", "/@painter/feed.json", "/@painter"),
        f"/@painter/{seq}",
        f"/media/{media}",
    )
    for wire, node in zip(fan, three.nodes, strict=True):
        assert [one.entry.body for one in (await wire.ask(rq.GetHome)).posts] == ["A picture"]
        assert [(await head(node, path))[0] for path in (page, picture)] == [200, 200]
        assert all("A picture" in text for text in await page_texts(node, feeds))
    await star[0].run(f"/delete {seq}", code)
    for wire, node in reversed(list(zip(fan, three.nodes, strict=True))):
        assert (await wire.ask(rq.GetHome)).posts == ()
        assert [(await head(node, path))[0] for path in (page, picture)] == [410, 410]
        assert not any("A picture" in text for text in await page_texts(node, feeds))
        await refused(wire.ask(rq.GetThread, group=code, seq=seq), ErrorCode.NO_SUCH_ENTRY)


async def head(node: Node, path: str) -> tuple[int, bytes]:
    """Ask a node for something that need not be text; return status and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    try:
        answer = await reader.read()
    finally:
        writer.close()
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


async def test_a_licence_that_has_ended_is_nowhere_on_any_node(three: Three) -> None:
    """I7.2, P8: while it lasts its number stands on all that is published; at its end nothing is, and it is gone."""
    root, editor, reader = await three.root(), await three.person("editor"), await three.person("lector")
    code = await opened(root, editor[0], "licensed")
    for wire in reader:
        await soon(partial(wire.ask, rq.Follow, group=code))
    case = (await editor[1].run(f"/apply licence {code} news publish 10120170002")).data["case"]
    await admin(root, "application approve", case, reason="seen", options={"duration": "4s"})
    seq = await soon(partial(editor[2].post, code, "An event", category="news"))
    paths = ("/@licensed", f"/@licensed/{seq}", "/@licensed/feed.atom", "/@licensed/feed.json")
    read = [await page_texts(node, paths) for node in three.nodes]
    there = ["10120170002" in await granted(wire, code, seq) for wire in reader]
    await editor[0].event(ev.CaseEvent, state="credential_ended")
    assert all("10120170002" in text for texts in read for text in texts) and all(there)
    needed = {"category": "news", "needed": "publish"}
    for node, wire, writer in zip(three.nodes, reader, editor, strict=True):
        await refused(writer.ask(rq.Post, group=code, body="Another", category="news"), "licence_required", **needed)
        assert not any("10120170002" in text for text in await page_texts(node, paths))
        assert "10120170002" not in await granted(wire, code, seq)


async def page_texts(node: Node, paths: Sequence[str]) -> list[str]:
    """Return what anybody reads at these addresses."""
    return [(await node.get(path))[1] for path in paths]


async def granted(wire: Wire, code: str, seq: int) -> str:
    """Return all that says over the wire what a channel was granted: itself, a post in its thread, and in home."""
    asked = [await wire.ask(rq.GetChannel, group=code), await wire.ask(rq.GetThread, group=code, seq=seq)]
    return str([*asked, await wire.ask(rq.GetHome)])
