"""Registering: a name is somebody's, however many ask for it in the same moment."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from folkmoot_server.crypto.passwords import Passwords
from tests.integration.wire import Refused, Wire
from tests.unit.server.stores import staged


async def test_of_those_who_take_a_name_in_one_moment_one_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They came to be stored in one commit, stood in each other's way, and nobody got the name."""

    async def at_once(*_arguments: Any) -> str:
        return "a hash"

    monkeypatch.setattr(Passwords, "hash", at_once)
    async with staged(tmp_path) as stage:
        wires = [await Wire.open(stage.url) for _ in range(4)]
        came = await asyncio.gather(*(wire.register("nora") for wire in wires), return_exceptions=True)
        assert sorted(one.code for one in came if isinstance(one, Refused)) == ["name_taken"] * 3
        for wire in wires:
            await wire.close()
