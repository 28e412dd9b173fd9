"""Refutations, through the real server: beside a post and all that repeats it, until they are withdrawn (W11)."""

from collections.abc import Iterator

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Refutation, Repost
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.wire import Wire, refused

TEXT = "The bridge stands."


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {f"limits__{name}": 0 for name in ("sign_ins_per_minute", "acts_per_minute", "connections_per_address")}
    with serving(tmp_path_factory.mktemp("refutations"), admin="root", **limits) as server:
        yield server


async def said_of(reader: Wire, handle: str) -> list[tuple[str, Refutation | None, Refutation | None]]:
    """Return what the posts of a channel say, what is said of them, and of what they repeat."""
    page: rs.HomeResult = await reader.ask(rq.GetPosts, group=f"@{handle}")
    return [
        (post.entry.body, post.refutation, post.original.refutation if post.original else None) for post in page.posts
    ]


async def kinds(wire: Wire) -> list[str]:
    return [one.kind for one in (await wire.ask(rq.GetNotices)).notices]


async def test_a_refutation_is_on_the_original_and_all_that_repeats_it(staffed: Server) -> None:
    people: list[Wire] = []
    for name in ("star", "ann", "bob", "carol", "dave", "reader"):
        wire = await Wire.open(staffed.url)
        await wire.register(name, PASSWORD)
        people.append(wire)
    star, *reposters, reader = people
    seq = await star.post("@star", "The bridge has fallen!")
    code = (await reader.ask(rq.GetChannel, group="@star")).channel.id
    own = Repost(code, seq)
    for who, body in zip(reposters, ("", "", "", "Terrible!"), strict=True):
        await who.post(f"@{who.user}", body, repost=own)
    for followed in ("star", "dave"):
        await reader.ask(rq.Follow, group=f"@{followed}")
    await reader.ask(rq.GetHome, live=True)
    await reposters[0].close()
    root = await Wire.open(staffed.url)
    await root.ask(rq.Login, user="root", password=PASSWORD)
    options = {"seq": seq, "text": TEXT, "rule": "false_information"}
    done = await root.ask(
        rq.Admin, noun="refutation", verb="create", target=code, reason="seen by the police", options=options
    )
    assert done.items[0]["reposts"] == 4
    told = [await reader.event(ev.RefutedEvent, group=one) for one in (code, (await channel_of(reader, "dave")))]
    assert [one.refutation.text for one in told if one.refutation] == [TEXT, TEXT]
    (original,) = await said_of(reader, "star")
    assert original[0] == "The bridge has fallen!" and original[1] is not None and original[1].text == TEXT
    for who in reposters:
        ((_body, own_part, of_original),) = await said_of(reader, who.user)
        assert own_part is None and of_original == original[1]
    thread: rs.ThreadResult = await reader.ask(rq.GetThread, group=code, seq=seq)
    assert thread.refutation == original[1]
    await refused(reader.ask(rq.Post, group="@reader", body="", repost=own), ErrorCode.REFUTED)
    # Who was not there finds it, too.
    back = await Wire.open(staffed.url)
    back.session = await back.ask(rq.Login, user="ann", password=PASSWORD)
    for who in (back, *reposters[1:]):
        assert (await kinds(who))[0] == "repost_refuted"
    (notice,) = [one for one in (await star.ask(rq.GetNotices)).notices if one.kind == "post_refuted"]
    assert (notice.data["seq"], notice.data["reason"]) == (seq, "seen by the police")
    assert TEXT in notice.text
    (filing,) = (await root.ask(rq.Admin, noun="filing", verb="show", target=notice.case)).items
    assert filing["measure"] == "entry_refute"
    listed = await root.ask(rq.Admin, noun="refutation", verb="list", target=code)
    assert [one["seq"] for one in listed.items] == [seq]
    await root.ask(rq.Admin, noun="refutation", verb="end", target=code, reason="it had", options={"seq": seq})
    void = await reader.event(ev.RefutedEvent, group=code, refutation=None)
    assert void.seq == seq
    assert await said_of(reader, "star") == [("The bridge has fallen!", None, None)]
    assert await said_of(reader, "dave") == [("Terrible!", None, None)]
    assert "refutation_over" in await kinds(star)
    assert (await kinds(reposters[3]))[0] == "repost_refutation_over"
    await reader.post("@reader", "", repost=own)
    for wire in (*people, root, back):
        await wire.close()


async def channel_of(reader: Wire, handle: str) -> str:
    found: rs.ChannelResult = await reader.ask(rq.GetChannel, group=f"@{handle}")
    return found.channel.id
