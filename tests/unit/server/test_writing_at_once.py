"""When a connection may be written to at once: while nothing of its own has to wait."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_server.delivery.session import Session
from tests.cluster.polling import until
from tests.unit.server.stores import Stage, staged

LONG = "x" * 3000


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    limits = {"limits__posts_per_second": 0, "limits__outbox_bytes": 1 << 18}
    async with staged(tmp_path, **limits) as stage:
        yield stage
        await stage.hang_up()


def session_of(stage: Stage, user: str) -> Session:
    return next(session for session in stage.node.audience.sessions if session.user == user)


def check(stage: Stage) -> None:
    """Whoever has a reason to wait has no `write`, all others have one."""
    for session in stage.node.audience.sessions:
        socket = session.socket
        waits = socket.is_backed_up or session.outbox or session.lagged or len(session.rooms) != 1
        assert (session.write is None) == bool(waits or not socket.is_open), session.user


async def test_one_room_and_nothing_to_say(stage: Stage) -> None:
    seats = stage.seats[0]
    wires = [await stage.connect(seat) for seat in seats]
    code = seats[0].code
    seqs = [await wire.post(code, "hello") for wire in wires for _ in range(3)]
    for wire in wires:
        assert [entry.seq for entry in await wire.seen(code, seqs[-1])][-9:] == seqs
    check(stage)
    first = session_of(stage, seats[1].user)
    assert first.write is not None

    other = await wires[1].create()
    check(stage)
    assert first.write is None, "two rooms may have something to say in one turn"
    await wires[1].ask(rq.LeaveGroup, group=code)
    check(stage)
    assert first.write is not None, "one is left"
    await wires[1].run("/dissolve " + other, other)
    check(stage)


async def test_who_reads_slowly_gets_all_in_order(stage: Stage) -> None:
    seats = stage.seats[0]
    writer, slow, other = [await stage.connect(seat) for seat in seats]
    code = seats[0].code
    first = await writer.post(code, "hello")
    await slow.seen(code, first)
    session = session_of(stage, seats[1].user)
    assert session.write is not None
    slow.pause()
    last = first
    while not session.socket.is_backed_up:
        last = await writer.post(code, LONG)
        check(stage)
    last = await writer.post(code, "and one more")
    check(stage)
    assert session.write is None and session_of(stage, seats[2].user).write is not None
    slow.go_on()
    for wire in (slow, other):
        seen = [entry.seq for entry in await wire.seen(code, last)]
        assert seen[seen.index(first) :] == list(range(first, last + 1))

    async def is_ready() -> bool:
        return session.write is not None

    await until(is_ready)
    check(stage)


async def test_a_connection_that_closes_is_not_written_to(stage: Stage) -> None:
    seats = stage.seats[0]
    writer, leaver, _ = [await stage.connect(seat) for seat in seats]
    code = seats[0].code
    await leaver.seen(code, await writer.post(code, "hello"))
    session = session_of(stage, seats[1].user)
    write = session.write
    assert write is not None
    session.socket.close(1012)
    check(stage)
    assert session.write is None
    await writer.post(code, "more")
    assert await leaver.closed() == 1012
