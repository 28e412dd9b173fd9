"""Sessions that nobody uses end; those in use go on."""

from pathlib import Path

import pytest

from folkmoot_governance.duration import DAY_MS
from folkmoot_server.crypto.passwords import hash_token
from folkmoot_server.jobs.forgetting import Forgetting
from folkmoot_server.node import Node
from folkmoot_server.transport.addresses import region_of
from tests.integration.wire import Wire, refused
from tests.unit.server.stores import staged


def set_day(node: Node, first: int, day: int) -> None:
    node.clock.now_ms = lambda: first + day * DAY_MS  # type: ignore[method-assign]


async def test_a_session_ends_so_long_after_its_last_use(tmp_path: Path) -> None:
    async with staged(tmp_path, accounts__token_days=7) as stage:
        node, (ann, bob, _) = stage.node, stage.seats[0]
        first, ledger = node.clock.now_ms(), stage.store.ledger
        await stage.rest()
        set_day(node, first, 6)
        await (await stage.connect(ann)).close()
        await node.app.sessions.store_seen()
        set_day(node, first, 12)
        await stage.connect(ann)
        async with await Wire.open(stage.url) as wire:
            await refused(wire.resume(bob.token), "auth_failed")
        await stage.job(Forgetting).do_round()
        assert await ledger.find_token(hash_token(bob.token)) is None
        assert await ledger.find_token(hash_token(ann.token)) == ann.user


async def test_an_open_connection_is_use(tmp_path: Path) -> None:
    async with staged(tmp_path, accounts__token_days=7) as stage:
        node, seat = stage.node, stage.seats[0][0]
        first, ticks = node.clock.now_ms(), node.clock.ticks()
        await stage.rest()
        await stage.connect(seat)
        for day in range(0, 30, 5):
            set_day(node, first, day)
            node.clock.ticks = lambda day=day: ticks + day * DAY_MS  # type: ignore[method-assign,misc]
            await node.app.sessions.store_seen()
        assert [one.seen_ts for one in await stage.store.ledger.list_sessions(seat.user)] == [first + 25 * DAY_MS]


async def test_a_session_that_was_ended_does_not_come_back_by_its_use(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        node, seat = stage.node, stage.seats[0][0]
        await stage.rest()
        wire = await stage.connect(seat)
        account = await node.accounts.load(seat.user)
        assert account is not None
        assert await node.app.sessions.end_own(account, await stage.store.ledger.list_sessions(seat.user)) is None
        await node.app.sessions.store_seen()
        assert await stage.store.ledger.list_sessions(seat.user) == []
        await wire.closed()


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("nowhere", ""),
    ],
)
def test_of_an_address_the_network_is_told(address: str, region: str) -> None:
    assert region_of(address) == region
