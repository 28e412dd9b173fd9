"""What happens by itself, and what one sets for oneself, is the same on all nodes: ann is on A, the others are on B."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import NamedTuple

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import Entry
from tests.cluster.checker import told
from tests.cluster.nodes import Cluster
from tests.cluster.polling import until
from tests.cluster.test_failures import make_administrator
from tests.integration.wire import Refused, Wire, refused

pytest.importorskip("asyncpg", reason="the extra `cluster` is not installed")


class Three(NamedTuple):
    """Ann owns `code`; bob has a second device on ann's node."""

    ann: Wire
    bob: Wire
    cat: Wire
    device: Wire
    code: str


@pytest.fixture
async def three(cluster: Cluster) -> AsyncIterator[Three]:
    async with contextlib.AsyncExitStack() as stack:
        a, b = cluster.nodes
        wires = [await stack.enter_async_context(await Wire.open(node.ws)) for node in (a, b, b)]
        for wire, user in zip(wires, ("ann", "bob", "cat"), strict=True):
            await wire.register(user)
        ann, bob, cat = wires
        code = await ann.create()
        for wire in (bob, cat):
            await wire.ask(rq.JoinGroup, group=code)
        device = await stack.enter_async_context(await Wire.open(a.ws, bob.session.token))
        yield Three(ann, bob, cat, device, code)


def events_in(entries: list[Entry]) -> list[object]:
    """Return what the notices among some entries tell of."""
    return [told(entry).get("event") for entry in entries if told(entry)]


async def test_own_settings_ends_and_closing_reach_all_nodes(three: Three) -> None:
    """One cluster for all: starting one takes longest."""
    ann, bob, cat, device, code = three
    await check_own_settings(three)

    await ann.run("/mute @bob 1s", code)
    await refused(bob.ask(rq.Post, group=code, body="hello"), "muted")
    await cat.until(lambda: "mutes_ended" in events_in(cat.entries(code)))
    await ann.seen(code, await bob.post(code, "hello"))

    await ann.run("/slow 6h", code)
    await ann.seen(code, await bob.post(code, "hello again"))
    await refused(device.ask(rq.Post, group=code, body="and again"), "slow_mode")
    await ann.run("/slow off", code)

    await ann.run("/heir @bob", code)
    seq = await ann.post(code, "good morning")
    await cat.seen(code, seq)
    await ann.run("/account close ann")
    await cat.until(lambda: "departed" in events_in(cat.entries(code)))
    group = await cat.group(code)
    assert (group.owner, group.members) == ("bob", 2)
    for wire in (cat, device):
        history = await wire.history(code)
        assert history[seq - 1].body == "good morning"
        assert history[seq - 1].from_.user.startswith("~")
        assert [events_in(history).count(event) for event in ("mutes_ended", "succeeded", "departed")] == [1, 1, 1]


async def test_a_deletion_that_is_void_is_undone_on_all_nodes(three: Three) -> None:
    ann, bob, cat, device, code = three
    await ann.run("/promote @cat", code)
    seq = await bob.post(code, "a quotation")
    await ann.seen(code, seq)
    case = (await ann.run(f"/delete {seq} rude", code)).data["case"]
    for wire in (ann, bob, cat, device):
        await wire.until(lambda wire=wire: any(one.target == seq for one in wire.entries(code)))  # type: ignore[misc]
        assert (await wire.history(code))[seq - 1].redacted
    appeal = (await bob.run(f"/appeal {case} it was not rude", code)).data["case"]
    await cat.run(f"/queue approve {appeal} so it was", code)
    for wire in (ann, bob, cat, device):
        await wire.until(lambda wire=wire: "overturned" in events_in(wire.entries(code)))  # type: ignore[misc]
        entry = (await wire.history(code))[seq - 1]
        assert (entry.body, entry.redacted) == ("a quotation", False)


async def test_a_nonce_is_one_on_all_nodes(three: Three, cluster: Cluster) -> None:
    """An answer that was lost is asked for on another node: afterwards, and while the first is still on its way."""
    ann, bob, cat, _device, code = three
    async with await Wire.open(cluster.nodes[1].ws, ann.session.token) as other:
        for number in range(8):
            warn = {"group": code, "body": f"/warn @{cat.user} number {number}", "nonce": f"w{number}"}
            found = {"name": f"Group {number}", "nonce": f"g{number}"}
            sent = [
                await wire.send(kind, **fields)
                for kind, fields in ((rq.Post, warn), (rq.CreateGroup, found))
                for wire in (ann, other)
            ]
            first, second, mine, same = await asyncio.gather(*sent)
            assert first.command.data["case"] == second.command.data["case"]
            assert mine.group.id == same.group.id
            assert (await other.ask(rq.Post, **warn)).command == first.command
            # Whatever became of it since.
            await ann.run(f"/unwarn @{cat.user}", code)
            assert (await ann.ask(rq.Post, **warn)).command == first.command
            assert (await ann.run(f"/warns @{cat.user}", code)).data["items"] == []
        assert len((await ann.run("/log warned", code)).data["acts"]) == 8
        names = [one.name for one in (await other.ask(rq.ListGroups)).groups]
        assert sorted(names) == sorted({*names})
        seq = await bob.post(code, "hello")
        edit = {"group": code, "seq": seq, "body": "hello all", "nonce": "e"}
        edited = await bob.ask(rq.Edit, **edit)
        await ann.seen(code, edited.seq)
        await ann.run(f"/delete {seq}", code)
        assert await three.device.ask(rq.Edit, **edit) == edited
        await refused(other.ask(rq.Post, group=code, body="something else", nonce="w0"), "bad_request", field="nonce")


async def test_an_emergency_and_an_announcement_reach_all_nodes_though_news_are_lost(
    cluster: Cluster, three: Three
) -> None:
    ann, bob, _, _, code = three
    await make_administrator(cluster)
    async with await Wire.open(cluster.nodes[0].ws) as root:
        await root.ask(rq.Login, user="root", password="a good one")
        for cut in (False, True):
            if cut:
                cluster.nodes[1].nats.set("cut")
            options = {"what": "read_only", "duration": "1h"}
            asked = rq.Admin, {"noun": "emergency", "verb": "start", "target": code, "reason": "raid"}
            number = (await root.ask(asked[0], **asked[1], options=options)).items[0]["number"]
            await refused(ann.ask(rq.Post, group=code, body="here at once"), "emergency", number=number)
            await until(partial(is_stopped, bob, code))
            news = {"noun": "announce", "verb": "create", "options": {"text": "Back soon."}}
            told = (await root.ask(rq.Admin, **news)).items[0]["number"]
            assert (await bob.event(ev.CaseEvent, case=told)).text == "The platform: Back soon."
            await root.ask(rq.Admin, noun="emergency", verb="end", target=number, reason="over")
            await ann.post(code, "again")
            await until(partial(may_post, bob, code))
        cluster.nodes[1].nats.set("pass")


async def is_stopped(wire: Wire, code: str) -> bool:
    try:
        await wire.post(code, "still?")
    except Refused as refusal:
        return refusal.code == "emergency"
    return False


async def may_post(wire: Wire, code: str) -> bool:
    return not await is_stopped(wire, code)


async def check_own_settings(three: Three) -> None:
    """What bob sets on one node holds on the other."""
    ann, bob, _, device, code = three
    await bob.run("/nick Bobby", code)
    entry = (await ann.seen(code, await bob.post(code, "it is me")))[-1]
    assert entry.from_.display_name == "Bobby"
    await bob.run("/notify off", code)
    await device.until(lambda: "off" in [one.group.notify for one in device.log if isinstance(one, ev.GroupEvent)])
    await bob.run("/ignore @cat")
    await device.until(
        lambda: ("cat",) in [one.account.ignored for one in device.log if isinstance(one, ev.AccountEvent)]
    )
