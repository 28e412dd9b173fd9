"""Deadlines of many by one timer."""

import asyncio

from folkmoot_server.common.deadlines import AT_ONCE, Deadlines


async def test_a_call_is_made_when_its_time_has_passed_unless_it_was_dropped() -> None:
    deadlines, passed, over = Deadlines(0.01), list[str](), asyncio.Event()
    deadlines.set("first", lambda: passed.append("first"))
    deadlines.set("dropped", lambda: passed.append("dropped"))
    deadlines.set("last", over.set)
    deadlines.drop("dropped")
    deadlines.drop("unknown")
    await over.wait()
    assert passed == ["first"]


async def test_a_key_keeps_the_time_that_it_has_and_gets_another_once_that_has_passed() -> None:
    deadlines, passed = Deadlines(0.01), asyncio.Queue[int]()
    deadlines.set("key", lambda: passed.put_nowait(1))
    deadlines.set("key", lambda: passed.put_nowait(2))
    assert await passed.get() == 1
    deadlines.set("key", lambda: passed.put_nowait(3))
    assert (await passed.get(), passed.empty()) == (3, True)


async def test_what_a_call_sets_and_drops_counts_at_once() -> None:
    deadlines, passed, over = Deadlines(0.01), list[str](), asyncio.Event()

    def first() -> None:
        deadlines.drop("second")
        deadlines.set("later", over.set)
        passed.append("first")

    deadlines.set("first", first)
    deadlines.set("second", lambda: passed.append("second"))
    await over.wait()
    assert passed == ["first"]


async def test_thousands_that_pass_together_leave_turns_to_others() -> None:
    deadlines, passed, turns = Deadlines(0.01), list[int](), list[int]()
    most = 3 * AT_ONCE
    for number in range(most):
        deadlines.set(number, lambda number=number: passed.append(number))  # type: ignore[misc]  # of this round
    while len(passed) < most:
        before = len(passed)
        await asyncio.sleep(0)
        turns.append(len(passed) - before)
    assert passed == list(range(most))
    assert max(turns) <= AT_ONCE
