"""The turnstile: so many in a turn, nobody forgotten, nobody overtaken."""

import asyncio
from functools import partial

from folkmoot_server.transport.accept_throttle import AcceptThrottle


async def test_so_many_pass_in_a_turn_and_the_others_in_the_turns_after_it() -> None:
    accept_throttle, passed = AcceptThrottle(3), list[int]()
    entered = [accept_throttle.enter(partial(passed.append, number)) for number in range(8)]
    assert entered == [True] * 3 + [False] * 5
    lengths = []
    for _ in range(4):
        lengths.append(len(passed))
        await asyncio.sleep(0)
    assert lengths == [3, 6, 8, 8]
    assert passed == list(range(8))


async def test_who_comes_later_does_not_overtake_those_who_wait() -> None:
    accept_throttle, passed = AcceptThrottle(2), list[int]()
    for number in range(5):
        accept_throttle.enter(partial(passed.append, number))
    await asyncio.sleep(0)
    assert passed == [0, 1, 2, 3]
    assert not accept_throttle.enter(partial(passed.append, 5))
    await asyncio.sleep(0)
    assert passed == [0, 1, 2, 3, 4, 5]
    await asyncio.sleep(0)
    assert accept_throttle.enter(partial(passed.append, 6))


async def test_others_have_their_turns_meanwhile() -> None:
    accept_throttle, passed, seen = AcceptThrottle(1), list[int](), list[int]()
    for number in range(4):
        accept_throttle.enter(partial(passed.append, number))
    while len(passed) < 4:
        asyncio.get_running_loop().call_soon(lambda: seen.append(len(passed)))
        await asyncio.sleep(0)
    assert seen == [2, 3, 4]


async def test_who_waits_goes_on_in_its_turn_and_who_has_given_up_does_not_matter() -> None:
    accept_throttle, passed = AcceptThrottle(1), list[int]()

    async def go(number: int) -> None:
        await accept_throttle.wait()
        passed.append(number)

    going = [asyncio.create_task(go(number)) for number in range(4)]
    await asyncio.sleep(0)
    assert passed == [0]
    going[1].cancel()
    await asyncio.wait(going)
    assert passed == [0, 2, 3]
