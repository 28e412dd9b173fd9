"""What an account may have so many of, and asks for on several connections at the same time: on a real store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from types import ModuleType

import pytest

from folkmoot_governance.case import application, mediation
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_server.actions.channels import following
from tests.integration.wire import Refused
from tests.unit.server.stores import Stage, staged

CONNECTIONS = 3


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, limits__requests_per_second=0, limits__acts_per_minute=0) as stage:
        yield stage


async def ask_at_once(*asked: Awaitable[object]) -> list[str]:
    """Ask for all at once; return why some of it was refused."""
    answers = await asyncio.gather(*asked, return_exceptions=True)
    return [one.code if isinstance(one, Refused) else str(one) for one in answers if isinstance(one, BaseException)]


async def test_no_more_channels_are_followed_than_one_may(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_FOLLOWS", 1)
    for seat in stage.seats[0]:
        await (await stage.connect(seat)).post(f"@{seat.user}", "hello")
    own = [await stage.connect(stage.seats[1][0]) for _ in range(CONNECTIONS)]
    asked = [wire.ask(rq.Follow, group=f"@{seat.user}") for wire, seat in zip(own, stage.seats[0], strict=True)]
    assert await ask_at_once(*asked) == [ErrorCode.FOLLOW_QUOTA] * (CONNECTIONS - 1)


@pytest.mark.parametrize(("module", "line"), [(application, "/apply quota 9"), (mediation, "/mediate @{other} Talk")])
async def test_no_more_cases_are_open_than_one_may_have(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, module: ModuleType, line: str
) -> None:
    monkeypatch.setattr(module, "MOST_OPEN", 1)
    own, other = stage.seats[0][:2]
    wires = [await stage.connect(own) for _ in range(CONNECTIONS)]
    asked = [wire.run(line.format(other=other.user), own.code) for wire in wires]
    assert await ask_at_once(*asked) == [ErrorCode.CONFLICT] * (CONNECTIONS - 1)
