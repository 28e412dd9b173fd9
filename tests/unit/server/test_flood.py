"""Who is told to slow down and goes on is cut off; who sent much before it was told is not."""

import pytest

from folkmoot_protocol.codec import MSGPACK
from folkmoot_protocol.errors import CloseCode
from folkmoot_server.delivery.flood import MAX_EARLY_FLOODS, MAX_FLOODS, PATIENCE_MS, charge, limit
from folkmoot_server.delivery.session import PACE_AT_ONCE
from tests.builders.rules import NOW
from tests.unit.server.lines import House, Peer


@pytest.fixture
async def peer() -> Peer:
    return House().peer(MSGPACK, "mia")


@pytest.fixture
async def stranger() -> Peer:
    return House().peer(MSGPACK)


async def test_who_may_is_let_through(peer: Peer) -> None:
    assert limit(peer.session, 0, NOW) is None
    assert peer.session.floods == 0


async def test_who_is_too_fast_is_told_how_long_to_wait(peer: Peer) -> None:
    refusal = limit(peer.session, 300, NOW)
    assert refusal is not None
    assert (refusal.code, refusal.detail) == ("rate_limited", {"retry_after_ms": 300})


async def test_who_goes_on_for_a_while_is_cut_off(peer: Peer) -> None:
    for _ in range(MAX_FLOODS + 1):
        limit(peer.session, 1, NOW)
    limit(peer.session, 1, NOW + PATIENCE_MS)
    assert not peer.closed, "it was all sent before the first refusal came back"
    limit(peer.session, 1, NOW + PATIENCE_MS + 1)
    assert peer.closed == [(CloseCode.FLOODING, "")]


async def test_so_many_are_forgiven(peer: Peer) -> None:
    limit(peer.session, 1, NOW)
    for _ in range(MAX_FLOODS - 1):
        limit(peer.session, 1, NOW + 2 * PATIENCE_MS)
    assert not peer.closed
    limit(peer.session, 1, NOW + 2 * PATIENCE_MS)
    assert peer.closed


async def test_each_that_is_let_through_takes_back_one_and_the_time_begins_anew_from_none(peer: Peer) -> None:
    session = peer.session
    for _ in range(3):
        limit(session, 1, NOW)
    limit(session, 0, NOW)
    assert session.floods == 2
    for _ in range(4):
        limit(session, 0, NOW)
    assert (session.floods, session.floods_since) == (0, NOW)
    limit(session, 1, NOW + 9)
    assert (session.floods, session.floods_since) == (1, NOW + 9)
    limit(session, 1, NOW + 10)
    assert session.floods_since == NOW + 9


async def test_whom_nobody_has_signed_in_to_is_charged_for_every_frame_and_cut_off_sooner(stranger: Peer) -> None:
    answers = [charge(stranger.session, 1, NOW) for _ in range(PACE_AT_ONCE + MAX_EARLY_FLOODS)]
    assert [answer is None for answer in answers] == [True] * PACE_AT_ONCE + [False] * MAX_EARLY_FLOODS
    assert not stranger.closed
    charge(stranger.session, 1, NOW)
    assert stranger.closed == [(CloseCode.FLOODING, "")]


async def test_an_account_is_charged_over_all_its_connections(peer: Peer) -> None:
    account = peer.session.account
    assert account is not None
    before = account.requests._tokens
    assert charge(peer.session, 5, NOW) is None
    assert account.requests._tokens == before - 5
