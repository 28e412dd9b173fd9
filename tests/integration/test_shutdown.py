"""Stopping in good order: what was accepted is finished, everyone is told to come back."""

import asyncio
import signal

import pytest

from folkmoot_protocol import requests as rq
from tests.integration.server import Launch, Seat, Server
from tests.integration.test_delivery import FEW, narrow
from tests.integration.wire import Closed, Refused, Wire, bodies

LIMITS = {f"limits__{name}": 0 for name in ("posts_per_second", "requests_per_second")}


async def post_until_closed(wire: Wire, code: str, acknowledged: list[str], enough: asyncio.Event) -> int:
    """Post, three at a time, until the server closes the connection; return the close code."""
    number = 0
    while wire.close_code is None:
        texts = [f"{wire.user} {(number := number + 1)}" for _ in range(3)]
        futures = [await wire.send(rq.Post, group=code, body=text) for text in texts]
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
        for text, outcome in zip(texts, outcomes, strict=True):
            if isinstance(outcome, Refused):
                assert outcome.code == "unavailable", outcome
            elif not isinstance(outcome, Closed):
                assert not isinstance(outcome, BaseException), outcome
                acknowledged.append(text)
        if len(acknowledged) > 300:
            enough.set()
    return wire.close_code


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_under_load(launch: Launch, name: signal.Signals) -> None:
    server = launch(groups=2, members=5, **LIMITS)
    seats = [seat for group in server.seats for seat in group]
    wires = [await server.connect(seat, json=index % 2 == 0) for index, seat in enumerate(seats)]
    idle = [await server.connect(), await server.connect(seats[0])]
    acknowledged: list[str] = []
    enough = asyncio.Event()
    posting = [
        asyncio.create_task(post_until_closed(wire, seat.code, acknowledged, enough))
        for wire, seat in zip(wires, seats, strict=True)
    ]
    await enough.wait()
    assert server.process is not None
    server.process.send_signal(name)
    assert set(await asyncio.gather(*posting)) == {1012}
    assert [await wire.closed() for wire in idle] == [1012, 1012]
    assert await asyncio.to_thread(server.wait) == 0

    server.start()
    assert sorted(acknowledged) == await stored(server, seats, acknowledged)


async def stored(server: Server, seats: list[Seat], texts: list[str]) -> list[str]:
    """Return those of some posts that are in the groups' histories, sorted."""
    found: list[str] = []
    for seat in {seat.code: seat for seat in seats}.values():
        async with await server.connect(seat) as wire:
            found += bodies(await wire.history(seat.code))
    return sorted(set(texts).intersection(found)) if len(found) == len(set(found)) else found


async def test_a_client_that_hangs_does_not_hold_it_up(launch: Launch) -> None:
    server = launch(groups=1, members=2, limits__outbox_bytes=65536, **LIMITS)
    ann, bob = server.seats[0]
    async with await server.connect(ann) as poster, narrow(server, bob) as hanging:
        hanging.pause()
        for _ in range(100):
            futures = [await poster.send(rq.Post, group=ann.code, body=text) for text in FEW]
            await asyncio.gather(*futures)
        assert await asyncio.to_thread(server.terminate) == 0
        assert await poster.closed() == 1012


async def test_an_empty_server_stops(launch: Launch) -> None:
    server = launch()
    assert server.terminate() == 0
    assert server.run("db", "verify").returncode == 0
