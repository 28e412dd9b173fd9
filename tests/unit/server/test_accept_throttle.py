"""The turnstile: so many in a turn, nobody forgotten, nobody overtaken."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from folkmoot_server.transport import accept_throttle
from folkmoot_server.transport.accept_throttle import LONGEST_REST_S, AcceptThrottle


async def test_so_many_pass_in_a_turn_and_the_others_in_the_turns_after_it() -> None:
    throttle, passed = AcceptThrottle(3), list[int]()
    entered = [throttle.enter(partial(passed.append, number)) for number in range(8)]
    assert entered == [True] * 3 + [False] * 5
    lengths = []
    for _ in range(4):
        lengths.append(len(passed))
        await asyncio.sleep(0)
    assert lengths == [3, 6, 8, 8]
    assert passed == list(range(8))


async def test_who_comes_later_does_not_overtake_those_who_wait() -> None:
    throttle, passed = AcceptThrottle(2), list[int]()
    for number in range(5):
        throttle.enter(partial(passed.append, number))
    await asyncio.sleep(0)
    assert passed == [0, 1, 2, 3]
    assert not throttle.enter(partial(passed.append, 5))
    await asyncio.sleep(0)
    assert passed == [0, 1, 2, 3, 4, 5]
    await asyncio.sleep(0)
    assert throttle.enter(partial(passed.append, 6))


async def test_others_have_their_turns_meanwhile() -> None:
    throttle, passed, seen = AcceptThrottle(1), list[int](), list[int]()
    for number in range(4):
        throttle.enter(partial(passed.append, number))
    while len(passed) < 4:
        asyncio.get_running_loop().call_soon(lambda: seen.append(len(passed)))
        await asyncio.sleep(0)
    assert seen == [2, 3, 4]


async def test_who_waits_goes_on_in_its_turn_and_who_has_given_up_does_not_matter() -> None:
    throttle, passed = AcceptThrottle(1), list[int]()

    async def go(number: int) -> None:
        await throttle.wait()
        passed.append(number)

    going = [asyncio.create_task(go(number)) for number in range(4)]
    await asyncio.sleep(0)
    assert passed == [0]
    going[1].cancel()
    await asyncio.wait(going)
    assert passed == [0, 2, 3]


async def test_the_slower_the_turns_the_longer_nobody_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    now, later = 0.0, list[tuple[float, Callable[[], None]]]()
    monkeypatch.setattr(accept_throttle, "monotonic", lambda: now)
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_later", lambda seconds, call: later.append((round(seconds, 4), call)))
    throttle, passed, rests = AcceptThrottle(1, rest=4), list[int](), list[float]()
    for number in range(6):
        throttle.enter(partial(passed.append, number))
    for took in (0.001, 0.01, 0.001, 1, 0):
        now += took
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ((rest, go_on),) = later
        later.clear()
        assert len(passed) == len(rests) + 1
        rests.append(rest)
        go_on()
    assert passed == list(range(6))
    assert rests == [0.004, 0.04, 0.036, LONGEST_REST_S, LONGEST_REST_S]
