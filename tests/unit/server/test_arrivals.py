"""Many who sign in at once: a few at a time, none of them given up for waiting, and posts in between."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import CloseCode
from folkmoot_server.actions.accounts import sign_in
from folkmoot_server.actions.accounts.sign_in import SIGN_IN_SLOTS
from tests.integration.wire import Wire
from tests.unit.server.stores import Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, limits__auth_seconds=2) as stage:
        yield stage


async def test_who_waits_for_a_turn_is_not_given_up_and_members_go_on_meanwhile(hasty: Stage) -> None:
    member, late = hasty.seats[0][:2]
    ann = await hasty.connect(member)
    for _ in range(SIGN_IN_SLOTS):
        await hasty.node.app.sign_in._slots.acquire()
    async with await Wire.open(hasty.url) as waiting:
        resumed = await waiting.send(rq.Resume, token=late.token)
        silent = await Wire.open(hasty.url)
        # The time to sign in ends first for the one, then for the other.
        assert await silent.closed() == CloseCode.NOT_AUTHENTICATED
        await ann.post(member.code, "hello")
        assert not resumed.done()
        for _ in range(SIGN_IN_SLOTS):
            hasty.node.app.sign_in._slots.release()
        assert (await resumed).account.user == late.user
        assert waiting.close_code is None


async def test_one_sign_in_too_many_ends_the_oldest(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "MAX_TOKENS", 3)
    login = {"user": "newcomer", "password": "a good one"}
    async with await Wire.open(stage.url) as first, await Wire.open(stage.url) as second:
        await first.register("newcomer")
        mine = await second.ask(rq.Login, **login)
        for _ in range(2):
            async with await Wire.open(stage.url) as other:
                await other.ask(rq.Login, **login)
        assert await first.closed() == CloseCode.FORBIDDEN
        async with await Wire.open(stage.url, mine.token) as again:
            assert again.user == "newcomer"
        assert second.close_code is None
