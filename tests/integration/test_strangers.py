"""What strangers send costs others no more than a share of a turn, is counted whatever it is, and ends."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgpack
import pytest
from websockets.frames import Frame, Opcode

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import CloseCode, ErrorCode
from folkmoot_server.transport.websocket import FRAMES_AT_ONCE, ODD_AT_ONCE
from tests.integration.server import Seat, Server, serving
from tests.integration.wire import Closed, Wire, refused
from tests.unit.server.stores import Stage, staged


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose limits are those that a newcomer's configuration has, but few acts."""
    limits = {
        "limits__requests_per_second": 20,
        "limits__posts_per_second": 5,
        "limits__acts_per_minute": 9,
        "limits__connections_per_address": 0,
    }
    with serving(tmp_path_factory.mktemp("strict"), groups=12, members=3, **limits) as server:
        yield server


@pytest.fixture
async def own(strict: Server) -> Seat:
    return strict.seats.pop()[0]


@pytest.fixture
async def member(strict: Server, own: Seat) -> AsyncIterator[Wire]:
    async with await Wire.open(strict.url, own.token) as wire:
        yield wire


def raw(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    """Return a frame as a client sends it."""
    return Frame(opcode, data, fin).serialize(mask=True)


async def closed_by(wire: Wire, data: bytes) -> int:
    """Send bytes past the library; return the code that the server closes with."""
    wire.socket.transport.write(data)
    async with asyncio.timeout(20):
        return await wire.closed()


ODD = {
    "pings": raw(Opcode.PING) * (2 * ODD_AT_ONCE),
    "pongs nobody asked for": raw(Opcode.PONG) * (2 * ODD_AT_ONCE),
    "fragments that hold nothing": raw(Opcode.BINARY, fin=False) + raw(Opcode.CONT, fin=False) * (2 * ODD_AT_ONCE),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("signed_in", [False, True], ids=["stranger", "member"])
async def test_frames_that_are_no_messages_are_counted_and_end_the_connection(
    strict: Server, own: Seat, odd: str, signed_in: bool
) -> None:
    wire = await Wire.open(strict.url, own.token if signed_in else None)
    assert await closed_by(wire, ODD[odd]) == CloseCode.FLOODING


async def test_some_pings_are_answered(strict: Server) -> None:
    async with await Wire.open(strict.url) as wire:
        for pong in [await wire.socket.ping() for _ in range(50)]:
            await asyncio.wait_for(pong, 20)
        assert wire.close_code is None


BEFORE_SIGN_IN = {
    "unknown": lambda number: {"type": "dance", "id": number},
    "of the wrong type": lambda number: {"type": "login", "id": number, "user": 3},
    "too early": lambda number: {"type": "groups", "id": number},
    "a token that is none": lambda number: {"type": "resume", "id": number, "token": f"{number:040}"},
}


@pytest.mark.parametrize("kind", BEFORE_SIGN_IN)
async def test_requests_of_nobody_are_counted_whatever_they_are(strict: Server, kind: str) -> None:
    wire = await Wire.open(strict.url)
    frames = [msgpack.packb(BEFORE_SIGN_IN[kind](number)) for number in range(1, 200)]
    assert await closed_by(wire, b"".join(raw(Opcode.BINARY, frame) for frame in frames)) == CloseCode.FLOODING


async def test_what_cannot_be_decoded_costs_a_member_as_much_as_what_can(strict: Server, member: Wire) -> None:
    for number in range(1000, 1080):
        await member.socket.send(msgpack.packb({"type": "dance", "id": number}))
    await member.until(lambda: any(isinstance(one, ev.Error) and one.re == 1079 for one in member.log))
    codes = [one.code for one in member.log if isinstance(one, ev.Error)]
    assert codes[0] == ErrorCode.UNKNOWN_REQUEST
    assert ErrorCode.RATE_LIMITED in codes


async def test_a_command_that_is_posted_costs_what_a_command_costs(strict: Server, own: Seat, member: Wire) -> None:
    answers = [await member.send(rq.Post, group=own.code, body="/id") for _ in range(60)]
    found = await asyncio.gather(*answers, return_exceptions=True)
    assert "rate_limited" in {getattr(one, "code", "") for one in found}


async def test_a_post_to_a_group_that_is_not_there_is_counted(strict: Server, member: Wire) -> None:
    answers = [await member.send(rq.Post, group="482190673350", body="hello") for _ in range(500)]
    found = await asyncio.gather(*answers, return_exceptions=True)
    assert "rate_limited" in {getattr(one, "code", "") for one in found}


async def test_acts_that_go_into_the_record_are_bounded_for_an_account(own: Seat, member: Wire) -> None:
    for number in range(3):
        await member.run(f"/topic number {number}", own.code)
    error = await refused(member.run("/topic one too many", own.code), "rate_limited")
    assert error.detail["rule"] == "limits.acts_per_minute"
    assert error.detail["retry_after_ms"] > 0
    # What reads is not held up.
    await member.run("/info", own.code)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, limits__auth_seconds=1, limits__requests_per_second=0) as stage:
        yield stage


async def test_who_sends_much_at_once_gets_all_of_it_answered_and_others_are_not_held_up(stage: Stage) -> None:
    busy, other = [await stage.connect(seat) for seat in stage.seats[0][:2]]
    order: list[str] = []

    def note(name: str) -> "asyncio.Future[None]":
        return lambda _: order.append(name)  # type: ignore[return-value]

    many = 100 * FRAMES_AT_ONCE
    answers = [await busy.send(rq.ListGroups) for _ in range(many)]
    answers[-1].add_done_callback(note("busy"))
    (await other.send(rq.ListGroups)).add_done_callback(note("other"))
    async with asyncio.timeout(20):
        assert len(await asyncio.gather(*answers)) == many
    assert order == ["other", "busy"]


async def test_the_time_to_sign_in_ends_with_the_request_that_is_under_way(stage: Stage) -> None:
    slots = stage.node.app.sign_in._slots
    while not slots.locked():
        await slots.acquire()
    async with await Wire.open(stage.url) as slow, await Wire.open(stage.url) as silent:
        first = await slow.send(rq.Resume, token="x" * 40)
        assert await silent.closed() == CloseCode.NOT_AUTHENTICATED
        second = await slow.send(rq.Resume, token="y" * 40)
        slots.release()
        await refused(first, "auth_failed")
        assert await slow.closed() == CloseCode.NOT_AUTHENTICATED
        with pytest.raises(Closed):
            await second
