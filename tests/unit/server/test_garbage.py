"""What comes and goes leaves nothing to the garbage collector, which is not shown it: see `main.keep_survivors`."""

import asyncio
import contextlib
import gc
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import h11
import pytest
from uvicorn.protocols.http.h11_impl import RequestResponseCycle

from folkmoot_protocol import requests as rq
from folkmoot_server.delivery.session import Session
from folkmoot_server.doors.websocket import Conversation
from folkmoot_server.http import server as http
from folkmoot_server.http.server import HttpConnection
from folkmoot_server.live import accounts, rooms
from folkmoot_server.live.accounts import Account
from folkmoot_server.live.rooms import Room
from folkmoot_server.main import keep_survivors
from folkmoot_server.transport.websocket import WebSocket
from tests.cluster.polling import until
from tests.integration.wire import PATIENCE_S, Wire, refused
from tests.unit.server.stores import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    # Nor to timers that run out.
    for name in ("REQUEST_S", "KEEP_ALIVE_S"):
        monkeypatch.setattr(http, name, 1000)
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
def no_collector() -> Iterator[None]:
    # What tests before have left is not looked at: metrics know the last node until there is another.
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def alive() -> list[str]:
    """Return the kinds of those that are there, one for each."""
    kinds = (WebSocket, Conversation, Session, Account, Room, HttpConnection, h11.Connection, RequestResponseCycle)
    return sorted(type(one).__name__ for one in gc.get_objects() if issubclass(type(one), kinds))


async def come_and_go(stage: Stage, group: int) -> None:
    """Let the members of a group do this and that; one leaves politely, one is cut off, one closes with a stranger."""
    seats = stage.seats[group]
    wires = [await Wire.open(stage.url, seat.token) for seat in seats]
    code = seats[0].code
    await asyncio.gather(*(wire.post(code, f"post {number}") for number in range(3) for wire in wires))
    await wires[0].history(code)
    await wires[0].run("/topic tea", code)
    await refused(wires[1].ask(rq.Resume, token="x" * 40), "bad_request")
    await refused(wires[2].ask(rq.GetGroup, group="999999999999"), "no_such_group")
    stranger = await Wire.open(stage.url)
    await refused(stranger.ask(rq.Resume, token="x" * 40), "auth_failed")
    wires[0].socket.transport.abort()
    await asyncio.gather(*(wire.close() for wire in (*wires, stranger)))


async def look_at_pages(stage: Stage) -> None:
    """Fetch pages and what is none; one connection ends politely, one with garbage, two are cut off."""
    port = urlsplit(stage.url).port
    for end in (b"GET / HTTP/1.0\r\n\r\n", b"no request\r\n\r\n", b"GET /rules HTT", b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for method, path in (("GET", f"/groups/{stage.seats[0][0].code}"), ("GET", "/nowhere"), ("POST", "/metrics")):
            writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r")[0]))
        writer.write(end)
        if end.endswith(b"\n"):
            await reader.read()
            writer.close()
        else:
            await writer.drain()
            # Thus the peer hears of a reset.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


async def forget_all(stage: Stage) -> None:
    """Forget who was there, and accounts and rooms, until none is left; what only a collection would free stays."""

    async def none_is_left() -> bool:
        # Whose own posts are not known to storage as read is not forgotten before.
        await stage.node.app.account_service.store_own_reads()
        stage.node.rooms.forget_idle()
        stage.node.accounts.forget_idle()
        return not alive()

    with contextlib.suppress(TimeoutError):
        await until(none_is_left, PATIENCE_S)


@pytest.mark.usefixtures("no_collector")
async def test_what_came_and_went_is_gone_without_a_collection(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "IDLE_MS", -1)
    monkeypatch.setattr(rooms, "IDLE_MS", -1)
    for group in (0, 1, 2):
        await come_and_go(stage, group)
        await look_at_pages(stage)
    await forget_all(stage)
    assert alive() == []
    # Nor does the queue keep what it stored until there is something else.
    wire = await Wire.open(stage.url, stage.seats[0][0].token)
    await wire.post(stage.seats[0][0].code, "the last one")
    await wire.close()
    for account in stage.node.accounts.with_unstored_reads():
        account.unstored_reads.clear()
    del account
    await forget_all(stage)
    assert alive() == []


@pytest.mark.usefixtures("no_collector")
def test_what_a_full_collection_found_alive_is_not_walked_again() -> None:
    gc.callbacks.append(keep_survivors)
    try:
        gc.collect(1)
        kept = gc.get_freeze_count()
        mine = [object()]
        gc.collect(1)
        assert gc.get_freeze_count() == kept
        gc.collect()
        assert gc.get_freeze_count() > kept
        assert not any(one is mine for one in gc.get_objects())
    finally:
        gc.callbacks.remove(keep_survivors)
        gc.unfreeze()
