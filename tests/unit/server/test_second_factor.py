"""Codes of an authenticator: which counts, once, and what else opens an account that asks for one."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from folkmoot_governance import Actor, PlatformRole
from folkmoot_governance.account_commands import GrantRole
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import CloseCode
from folkmoot_server.crypto.one_time_codes import STEP_S, address_of, code_at, step_of
from tests.integration.server import PASSWORD
from tests.integration.wire import Wire, refused
from tests.unit.server.stores import Stage, staged

RFC_6238 = b"12345678901234567890"
"""The secret of its test vectors, of which these are the last six digits."""


@pytest.mark.parametrize(("second", "code"), [(1234567890, "005924"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    step = second // STEP_S
    assert code_at(RFC_6238, step) == code
    around = [step_of(RFC_6238, code, (second + late * STEP_S) * 1000) for late in (-2, -1, 0, 1, 2)]
    assert around == [None, step, step, step, None]


def test_apps_are_given_an_address() -> None:
    address = address_of(RFC_6238, "ann", "Folkmoot")
    assert address.startswith("otpauth://totp/Folkmoot:ann?")
    assert base64.b32encode(RFC_6238).decode() in address


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, staff__require_otp=True) as stage:
        now = stage.node.clock.now_ms()
        stage.node.clock.now_ms = lambda: now  # type: ignore[method-assign]
        yield stage


async def log_in(stage: Stage, code: str | None = None) -> Wire:
    wire = await Wire.open(stage.url)
    wire.session = await wire.ask(rq.Login, user="ann", password=PASSWORD, otp=code)
    return wire


async def set_up(stage: Stage, wire: Wire) -> tuple[bytes, int, tuple[str, ...]]:
    """Set up a second factor with the code of the step before; return secret, current step and recovery codes."""
    begun = await wire.ask(rq.SecondFactor, act="begin", password=PASSWORD)
    secret = base64.b32decode(begun.secret)
    assert begun.secret in begun.uri
    step = stage.node.clock.now_ms() // 1000 // STEP_S
    await refused(wire.ask(rq.SecondFactor, act="confirm", code=code_at(secret, step + 7)), "auth_failed")
    confirmed = await wire.ask(rq.SecondFactor, act="confirm", code=code_at(secret, step - 1))
    return secret, step, confirmed.codes


async def test_signing_in_asks_for_a_code_and_takes_each_once(stage: Stage) -> None:
    async with await Wire.open(stage.url) as wire:
        await wire.register("ann", PASSWORD)
        other = await log_in(stage)
        await refused(wire.ask(rq.SecondFactor, act="begin", password="not that one"), "auth_failed")
        await refused(wire.ask(rq.SecondFactor, act="confirm", code="123456"), "auth_failed")
        secret, step, codes = await set_up(stage, wire)
        assert await other.closed() == CloseCode.FORBIDDEN, "it was signed in without a code"
        await refused(wire.ask(rq.SecondFactor, act="begin", password=PASSWORD), "conflict")
        await refused(log_in(stage), "otp_required")
        await refused(log_in(stage, code_at(secret, step - 1)), "auth_failed", rule="second_factor")
        first = await log_in(stage, f" {code_at(secret, step)[:3]} {code_at(secret, step)[3:]}")
        await refused(log_in(stage, code_at(secret, step)), "auth_failed", rule="second_factor")
        await (await log_in(stage, code_at(secret, step + 1))).close()
        assert len(set(codes)) == 10
        await (await log_in(stage, codes[3].upper())).close()
        await refused(log_in(stage, codes[3]), "auth_failed")
        await (await log_in(stage, codes[9])).close()
        told = (await first.ask(rq.GetNotices)).notices
        assert sorted(one.kind for one in told) == ["recovery_code_used", "recovery_code_used", "second_factor_set"]
        assert sorted(one.data.get("left", 0) for one in told) == [0, 8, 9]
        row = await stage.store.ledger.find_second_factor("ann")
        assert row is not None
        assert secret not in base64.b64decode(row.sealed)
        assert not any(code in row.codes for code in codes)
        await first.close()


async def test_wrong_codes_are_slowed_down(stage: Stage) -> None:
    async with await Wire.open(stage.url) as wire:
        await wire.register("ann", PASSWORD)
        secret, step, _ = await set_up(stage, wire)
        for _ in range(4):
            await refused(log_in(stage, "000000"), "auth_failed")
        await refused(log_in(stage, code_at(secret, step)), "rate_limited")


async def test_it_is_ended_by_password_and_code(stage: Stage) -> None:
    async with await Wire.open(stage.url) as wire:
        await wire.register("ann", PASSWORD)
        secret, step, codes = await set_up(stage, wire)
        await refused(wire.ask(rq.SecondFactor, act="end", code=codes[0]), "bad_request")
        await refused(wire.ask(rq.SecondFactor, act="end", password=PASSWORD), "auth_failed")
        used = code_at(secret, step - 1)
        await refused(wire.ask(rq.SecondFactor, act="end", password=PASSWORD, code=used), "auth_failed")
        await wire.ask(rq.SecondFactor, act="end", password=PASSWORD, code=codes[0])
        await (await log_in(stage)).close()
        assert await stage.store.ledger.find_second_factor("ann") is None
        await refused(wire.ask(rq.SecondFactor, act="end", password=PASSWORD, code=codes[1]), "conflict")


async def test_staff_acts_with_a_second_factor_alone(stage: Stage) -> None:
    async with await Wire.open(stage.url) as wire:
        await wire.register("ann", PASSWORD)
        account = await stage.node.accounts.load("ann")
        assert account is not None
        machine = Actor("", platform=PlatformRole.SUPERADMIN)
        grant = GrantRole(PlatformRole.SUPERADMIN, "x")
        assert await stage.node.app.account_service.carry_out(account.state, grant, machine) is None
        whom = stage.seats[0][1].user
        act = {"noun": "user", "verb": "suspend", "target": whom, "reason": "spam", "options": {"duration": "1h"}}
        await refused(wire.ask(rq.Admin, **act), "forbidden", rule="staff.require_otp")
        assert (await wire.ask(rq.Admin, noun="user", verb="show", target=whom)).items
        await set_up(stage, wire)
        assert (await wire.ask(rq.Admin, **act)).changed == 1
