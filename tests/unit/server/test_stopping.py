"""A node stops in good order, whatever fails meanwhile: all that was acknowledged is stored."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from folkmoot_server import node as node_module
from folkmoot_server.storage.change_set import StorageError
from tests.integration.wire import PATIENCE_S
from tests.unit.server.lines import Wired


def failing(error: Exception, calls: list[str], name: str) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        calls.append(name)
        raise error

    return close


@pytest.mark.parametrize(
    "error", [OSError("cut"), StorageError("away"), RuntimeError("another operation is in progress")]
)
async def test_what_fails_as_it_is_closed_fails_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    house = Wired(tmp_path)
    calls: list[str] = []
    for name, part in (("lock", house.node._job_turn), ("bus", house.node.bus), ("store", house.node.store)):
        monkeypatch.setattr(part, "close", failing(error, calls, name))
    await house.close()
    assert calls == ["lock", "bus", "store"]


async def test_a_node_does_not_wait_for_ever_for_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "FINISH_S", 0.05)
    house = Wired(tmp_path)
    room = await house.open()
    house.shelf.broken = True
    house.queue.read_again(room, frozenset())
    async with asyncio.timeout(PATIENCE_S):
        await house.node.finish()
        await house.node.stop()
    assert (room.ready.is_set(), house.queue._starting_over) == (False, set())
    house._committing.cancel()
