"""What a server writes to its log, at any level, is nothing that people said and no token."""

from collections.abc import AsyncIterator

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.codec import JSON
from tests.integration.server import Launch
from tests.integration.wire import Wire


async def in_parts(data: bytes) -> AsyncIterator[str]:
    """Yield a message in two frames: those go through the library, and would be in its own log."""
    yield data[:20].decode()
    yield data[20:].decode()


async def test_no_level_shows_texts_or_tokens(launch: Launch) -> None:
    server = launch(groups=1, members=2, server__log_level="debug")
    seat = server.seats[0][0]
    async with await Wire.open(server.url, json=True) as wire:
        await wire.socket.send(in_parts(JSON.encode(rq.Resume(id=1, token=seat.token))))
        await wire.socket.send(in_parts(JSON.encode(rq.Post(id=2, group=seat.code, body="between us"))))
        await wire.event(ev.Ok, re=2)
    server.terminate()
    log = server.stderr()
    assert "websockets.server" in log, "the libraries say nothing at this level"
    assert seat.token not in log and "between us" not in log
