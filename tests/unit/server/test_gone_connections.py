"""Connections that end while a request of theirs is being carried out: nothing holds on to them afterwards."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from folkmoot_protocol import requests as rq
from tests.integration.wire import Wire
from tests.unit.server.stores import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        await stage.rest()
        yield stage


class Held:
    """What waits where it was about to begin, until it may; `done` when it, and what it was done for, is over."""

    def __init__(self, act: Any) -> None:
        self._act = act
        self._waits, self._may = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[Any] | None = None

    async def __call__(self, *arguments: Any, **named: Any) -> Any:
        self._task = asyncio.current_task()
        self._waits.set()
        await self._may.wait()
        return await self._act(*arguments, **named)

    async def go_on_without(self, stage: Stage, wire: Wire) -> None:
        """Let it go on when the connection that asked for it has ended, and wait until it is over."""
        await self._waits.wait()
        wire.socket.transport.abort()
        while stage.node.audience.sessions:  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0)
        self._may.set()
        assert self._task is not None
        await self._task


async def test_home_is_told_to_nobody_who_has_gone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    seat = stage.seats[0][0]
    wire = await stage.connect(seat)
    await wire.post(f"@{seat.user}", "mine")
    await wire.ask(rq.Follow, group=f"@{seat.user}")
    channels: Any = stage.store.channels
    held = Held(channels.follows)
    monkeypatch.setattr(channels, "follows", held)
    await wire.send(rq.GetHome, live=True)
    await held.go_on_without(stage, wire)
    assert not stage.node.hub.live_home._channels


async def test_who_has_gone_while_signing_in_is_not_there(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    seat = stage.seats[0][0]
    held = Held(stage.node.app.sign_in._load_rooms)
    monkeypatch.setattr(stage.node.app.sign_in, "_load_rooms", held)
    wire = await Wire.open(stage.url)
    await wire.send(rq.Resume, token=seat.token)
    await held.go_on_without(stage, wire)
    account = await stage.node.accounts.load(seat.user)
    assert account is not None
    assert account.connections == 0
