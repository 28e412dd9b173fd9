"""The six promises of "Delivery" in docs/protocol.md, seen from the wire. What a crash does is in test_crash.py."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.types import Entry
from tests.integration.cast import Cast
from tests.integration.server import Launch, Seat, Server, SignIn
from tests.integration.wire import Refused, Wire, bodies, plain, refused


def seqs(entries: list[Entry]) -> list[int]:
    return [entry.seq for entry in entries]


def no_holes(entries: list[Entry], first: int) -> bool:
    """Say whether entries follow each other from `first` on, each once."""
    return seqs(entries) == list(range(first, first + len(entries)))


async def post_all(wire: Wire, code: str, texts: list[str]) -> list[int]:
    """Send posts without waiting for each other's answers; return their seqs in the order of sending."""
    futures = [await wire.send(rq.Post, group=code, body=text) for text in texts]
    return [result.seq for result in await asyncio.gather(*futures)]


async def test_ok_comes_before_ones_own_entry(cast: Cast) -> None:
    for wire in (cast.ann, cast.bob):
        posted = await post_all(wire, cast.code, [f"line {number}" for number in range(50)])
        await wire.seen(cast.code, posted[-1])
        place = {frame.re: index for index, frame in enumerate(wire.log) if isinstance(frame, ev.Ok)}
        answered = {ok.result["seq"]: place[ok.re] for ok in wire.log if isinstance(ok, ev.Ok) and "seq" in ok.result}
        heard = {frame.entry.seq: index for index, frame in enumerate(wire.log) if isinstance(frame, ev.EntryEvent)}
        assert all(answered[seq] < heard[seq] for seq in posted)


async def test_ok_to_a_command_comes_before_its_notice(cast: Cast) -> None:
    first = (await cast.ann.group(cast.code)).last_seq or 0
    for number in range(20):
        await cast.does("ann", f"/topic number {number}")
    assert no_holes(await cast.ann.seen(cast.code, first + 20), first + 1)
    frames = [frame for frame in cast.ann.log if isinstance(frame, (ev.Ok, ev.EntryEvent))]
    assert all(isinstance(before, ev.Ok) for before, frame in pairwise(frames) if isinstance(frame, ev.EntryEvent))


async def test_posts_of_one_connection_keep_their_order(cast: Cast) -> None:
    texts = [f"line {number}" for number in range(300)]
    posted = await post_all(cast.bob, cast.code, texts)
    assert posted == list(range(posted[0], posted[0] + 300))
    assert bodies(await cast.ann.seen(cast.code, posted[-1])) == texts


async def test_all_see_the_same_in_the_same_order(cast: Cast, sign_in: SignIn) -> None:
    devices = [await sign_in(seat, json=index % 2 == 0) for index, seat in enumerate(cast.seats)]
    first = devices[0].session.groups[0].last_seq or 0
    posts = [post_all(wire, cast.code, [f"{wire.user} {number}" for number in range(40)]) for wire in devices]
    acts = [cast.does("ann", f"/topic {number}") for number in range(10)]
    last = max(max(one) for one in await asyncio.gather(*posts))
    await asyncio.gather(*acts)
    last = (await cast.ann.group(cast.code)).last_seq or last
    everything = [plain(await wire.seen(cast.code, last)) for wire in (*devices, cast.ann, cast.bob)]
    assert len(everything[0]) == 40 * len(devices) + 10
    assert all(one == everything[0] for one in everything)
    history = await cast.ann.history(cast.code)
    assert no_holes(history, 1)
    assert plain(history)[first:] == everything[0]


async def test_refusals_leave_no_hole(cast: Cast) -> None:
    await cast.does("ann", "/mute @{bob} 1h")
    before = (await cast.ann.group(cast.code)).last_seq or 0
    for number in range(10):
        await refused(cast.bob.post(cast.code, "but"), "muted")
        assert await cast.says("ann", f"line {number}") == before + number + 1


async def test_a_nonce_makes_a_post_safe_to_repeat(cast: Cast, sign_in: SignIn, seats: list[Seat]) -> None:
    device = await sign_in(seats[1])
    futures = []
    for _ in range(5):
        for wire in (cast.bob, device):
            futures.append(await wire.send(rq.Post, group=cast.code, body="once", nonce="n1"))
    places = {(result.seq, result.ts) for result in await asyncio.gather(*futures)}
    assert len(places) == 1
    # The same nonce is another post for another account.
    await cast.says("carol", "mine", nonce="n1")
    assert bodies(await cast.ann.history(cast.code)) == ["once", "mine"]
    await cast.does("ann", "/mute @{bob} 1h")
    assert await cast.bob.post(cast.code, "once", nonce="n1") == next(iter(places))[0]


async def test_a_nonce_holds_across_restarts(launch: Launch) -> None:
    server = launch(groups=2, members=2)
    seat, elsewhere = server.seats[0][1], server.seats[1][1]
    async with await server.connect(seat) as wire:
        first: rs.PostResult = await wire.ask(rq.Post, group=seat.code, body="once", nonce="n")
    server.restart()
    async with await server.connect(seat) as wire, await server.connect(elsewhere) as other:
        again: rs.PostResult = await wire.ask(rq.Post, group=seat.code, body="once", nonce="n")
        assert (again.seq, again.ts) == (first.seq, first.ts)
        assert await other.post(elsewhere.code, "mine", nonce="n") == 3
    server.kill()
    server.start()
    async with await server.connect(seat) as wire:
        assert await wire.post(seat.code, "once", nonce="n") == first.seq
        assert bodies(await wire.history(seat.code)) == ["once"]


async def test_slow_mode_holds_across_restarts(launch: Launch) -> None:
    server = launch(groups=1, members=3)
    ann, bob, cat = server.seats[0]
    async with (
        await server.connect(ann) as owner,
        await server.connect(bob) as wire,
        await server.connect(cat) as other,
    ):
        await wire.post(ann.code, "before")
        await other.post(ann.code, "before")
        await owner.run("/slow 6h", ann.code)
        # What was posted before does not count, then and later.
        seq = await wire.post(ann.code, "one")
        await refused(wire.post(ann.code, "two"), "slow_mode")
    for again in (server.restart, lambda: (server.kill(), server.start())):
        again()
        async with await server.connect(bob) as wire, await server.connect(ann) as owner:
            refusal = await refused(wire.post(ann.code, "two"), "slow_mode")
            assert 0 < refusal.detail["retry_after_ms"] < 6 * 3_600_000
            await wire.ask(rq.Edit, group=ann.code, seq=seq, body="one, I mean")
            await owner.post(ann.code, "I may")
    async with await server.connect(cat) as other:
        await other.post(ann.code, "one")
        await refused(other.post(ann.code, "two"), "slow_mode")


@contextlib.asynccontextmanager
async def talking(wire: Wire, code: str) -> AsyncIterator[list[int]]:
    """Post all the while, three posts open at a time; gives the list of seqs, growing."""
    posted: list[int] = []
    stop = asyncio.Event()

    async def talk(number: int) -> None:
        while not stop.is_set():
            posted.append(await wire.post(code, f"talk {number}"))

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(talk(number))
        try:
            yield posted
        finally:
            stop.set()


async def test_who_comes_back_hears_all_from_the_last_seq_given(cast: Cast, shared: Server, seats: list[Seat]) -> None:
    async with talking(cast.ann, cast.code):
        for turn in range(20):
            async with await shared.connect(seats[4], json=turn % 2 == 0) as wire:
                (group,) = wire.session.groups
                first = (group.last_seq or 0) + 1
                heard = await wire.seen(cast.code, first + 10)
                assert no_holes(heard, first)


async def test_who_joins_hears_all_from_the_last_seq_given(cast: Cast) -> None:
    async with talking(cast.ann, cast.code):
        for _ in range(20):
            since = len(cast.dave.log)
            joined: rs.JoinResult = await cast.dave.ask(rq.JoinGroup, group=cast.code)
            assert joined.group is not None
            first = (joined.group.last_seq or 0) + 1
            await cast.dave.seen(cast.code, first + 10)
            await cast.dave.ask(rq.LeaveGroup, group=cast.code)
            left = await cast.dave.event(ev.LeftEvent, since=since)
            frames = cast.dave.log[since : cast.dave.log.index(left, since)]
            heard = [frame.entry for frame in frames if isinstance(frame, ev.EntryEvent) and frame.group == cast.code]
            assert no_holes(heard, first)
            assert heard[0].data
            assert (heard[0].data["event"], heard[0].data["user"]) == ("joined", cast.dave.user)


async def test_a_mute_is_final_for_posts_on_many_connections(cast: Cast, sign_in: SignIn, seats: list[Seat]) -> None:
    """Promise 6, in the hardest case: twenty connections of bob post without a pause while ann mutes him."""
    devices = [cast.bob, *[await sign_in(seats[1]) for _ in range(19)]]
    refusals = []

    async def chatter(wire: Wire, silenced: asyncio.Event) -> None:
        while not silenced.is_set():
            futures = [await wire.send(rq.Post, group=cast.code, body="and another thing") for _ in range(5)]
            outcomes = await asyncio.gather(*futures, return_exceptions=True)
            refusals.extend(one.code for one in outcomes if isinstance(one, Refused))

    for _ in range(5):
        silenced = asyncio.Event()
        since = len(cast.ann.log)
        async with asyncio.TaskGroup() as group:
            for wire in devices:
                group.create_task(chatter(wire, silenced))
            await cast.ann.until(lambda since=since: len(cast.ann.log) > since + 200)  # type: ignore[misc]
            case = (await cast.does("ann", "/mute @{bob} 1h")).data["case"]
            # Some rounds more after the ok, for posts that were on their way and those that come now.
            for _ in range(3):
                await cast.says("ann", "quiet")
            silenced.set()
        entries = await cast.ann.seen(cast.code, cast.seq)
        notice = next(entry.seq for entry in entries if entry.data and entry.data["case"] == case)
        assert max(entry.seq for entry in entries if entry.from_.user == cast.bob.user) < notice
        await cast.does("ann", "/unmute @{bob}")
    assert refusals
    assert set(refusals) == {"muted"}
    assert no_holes(await cast.carol.history(cast.code), 1)


FEW = ["字" * 4000] * 4
"""As much as fits into the smallest outbox at once, 48 kB: a connection that reads never lags."""


@contextlib.asynccontextmanager
async def narrow(server: Server, seat: Seat) -> AsyncIterator[Wire]:
    """A connection whose end takes in little: small buffers below, one message at a time above."""
    pipe = socket.socket()
    pipe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    parts = urlsplit(server.url)
    pipe.connect((parts.hostname, parts.port))
    wire = await Wire.open(server.url, seat.token, sock=pipe, max_queue=1)
    try:
        yield wire
    finally:
        await wire.close()


def told(wire: Wire, code: str) -> list[range]:
    """Return the ranges of seq that the frames for a group account for, in their order."""
    found = []
    for frame in wire.log:
        if isinstance(frame, ev.EntryEvent) and frame.group == code:
            found.append(range(frame.entry.seq, frame.entry.seq + 1))
        elif isinstance(frame, ev.LagEvent) and frame.group == code:
            found.append(range(frame.from_, frame.to + 1))
    return found


@pytest.fixture
def slow(launch: Launch) -> Server:
    return launch(groups=2, members=3, limits__outbox_bytes=65536, limits__posts_per_second=0)


async def test_who_reads_too_slowly_is_told_what_it_missed(slow: Server) -> None:
    """Promise 3: entries come once and in order; what could not be taken in is named by `lag`, and can be fetched."""
    ann, bob, carol = slow.seats[0]
    code = ann.code
    async with (
        await slow.connect(ann) as poster,
        await slow.connect(bob, json=True) as reader,
        narrow(slow, carol) as sluggish,
    ):
        for _ in range(2):
            sluggish.pause()
            for _ in range(125):
                last = (await post_all(poster, code, FEW))[-1]
            # The others don't wait for it.
            assert no_holes(await reader.seen(code, last), 4)
            sluggish.go_on()
            await sluggish.until(lambda last=last: last in told(sluggish, code)[-1])  # type: ignore[misc]
        # Quick again, it hears things as they come.
        last = await poster.post(code, "still there?")
        assert (await sluggish.seen(code, last))[-1].body == "still there?"

        accounted = told(sluggish, code)
        assert [seq for one in accounted for seq in one] == list(range(4, last + 1))
        lags = [one for one in accounted if len(one) > 1]
        assert lags
        fetched = [entry for lag in lags for entry in await fetch(sluggish, code, lag)]
        everything = sorted([*sluggish.entries(code), *fetched], key=lambda entry: entry.seq)
        assert everything == await reader.seen(code, last)


async def test_many_that_do_not_read_cost_the_others_nothing_and_miss_nothing(launch: Launch) -> None:
    """Six of eight stop reading. The other two get everything at once; the six have it all in the end, once."""
    server = launch(groups=1, members=8, limits__outbox_bytes=65536, limits__posts_per_second=0)
    first, second, *others = server.seats[0]
    code, rounds = first.code, 150
    async with contextlib.AsyncExitStack() as stack:
        poster = await stack.enter_async_context(await server.connect(first))
        reader = await stack.enter_async_context(await server.connect(second))
        sluggish = [await stack.enter_async_context(narrow(server, seat)) for seat in others]
        for wire in sluggish:
            wire.pause()
        for _ in range(rounds):
            last = (await post_all(poster, code, FEW))[-1]
        everything = await reader.seen(code, last)
        assert len(everything) == rounds * len(FEW)
        first_seq = everything[0].seq
        for wire in sluggish:
            wire.go_on()
            await wire.until(lambda wire=wire: last in told(wire, code)[-1])  # type: ignore[misc]
            accounted = told(wire, code)
            assert [seq for one in accounted for seq in one] == list(range(first_seq, last + 1))
            lags = [one for one in accounted if len(one) > 1]
            assert lags, "it took all that was sent: the test posts too little"
            fetched = [entry for lag in lags for entry in await fetch(wire, code, lag)]
            assert sorted([*wire.entries(code), *fetched], key=lambda entry: entry.seq) == everything


async def fetch(wire: Wire, code: str, lag: range) -> list[Entry]:
    """Return the entries that a lag named, from history."""
    entries: list[Entry] = []
    while not entries or entries[-1].seq < lag[-1]:
        after = entries[-1].seq if entries else lag[0] - 1
        page: rs.HistoryResult = await wire.ask(rq.GetHistory, group=code, after=after, limit=50)
        entries += [entry for entry in page.entries if entry.seq in lag]
    return entries


async def test_nobody_is_told_of_lag_in_a_group_that_they_left(slow: Server) -> None:
    ann, bob, _ = slow.seats[1]
    code = ann.code
    async with await slow.connect(ann) as poster, narrow(slow, bob) as sluggish:
        sluggish.pause()
        for _ in range(125):
            await post_all(poster, code, FEW)
        await poster.run(f"/kick @{bob.user}", code)
        last = await poster.post(code, "gone")
        sluggish.go_on()
        left = await sluggish.event(ev.LeftEvent)
        await refused(sluggish.ask(rq.GetHistory, group=code), "not_a_member")
        assert not [frame for frame in sluggish.log[sluggish.log.index(left) + 1 :] if isinstance(frame, ev.LagEvent)]
        assert all(entry.seq < last for entry in sluggish.entries(code))
