"""Slow work in few threads: whoever asks for much waits for its own, and nobody else's."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import pytest

from folkmoot_server.common.fair_threads import BEHIND, FairThreads, Full


class Bench(NamedTuple):
    """One thread, which works only as the test lets it; `done` is the order in which work was done."""

    threads: FairThreads
    may_go: threading.Semaphore
    done: list[str]

    def work(self, name: str) -> Callable[[], str]:
        def do() -> str:
            self.may_go.acquire()
            self.done.append(name)
            return name

        return do

    def ask(self, whose: str, name: str) -> "asyncio.Task[str]":
        return asyncio.create_task(self.threads.run(whose, self.work(name)))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    threads = FairThreads(1, "test", most=6, most_of_one=4)
    one = Bench(threads, threading.Semaphore(0), [])
    yield one
    one.may_go.release(100)
    threads.close()


async def turn() -> None:
    await asyncio.sleep(0)


async def test_those_who_ask_take_turns(bench: Bench) -> None:
    asked = [bench.ask("a", f"a{number}") for number in range(4)]
    await turn()
    asked += [bench.ask("b", "b0"), bench.ask("c", "c0"), bench.ask("b", "b1")]
    await turn()
    bench.may_go.release(7)
    assert sorted(await asyncio.gather(*asked)) == sorted(bench.done)
    assert bench.done == ["a0", "a1", "b0", "c0", "a2", "b1", "a3"]


async def test_one_has_no_more_than_its_share_waiting(bench: Bench) -> None:
    asked = [bench.ask("a", f"a{number}") for number in range(5)]
    await turn()
    with pytest.raises(Full):
        await bench.ask("a", "one too many")
    bench.may_go.release(5)
    assert len(await asyncio.gather(*asked)) == 5


async def test_who_has_most_waiting_gives_way_when_there_is_no_room(bench: Bench) -> None:
    greedy = [bench.ask("a", f"a{number}") for number in range(5)]
    await turn()
    others = [bench.ask(name, name) for name in ("b", "c", "d")]
    await turn()
    with pytest.raises(Full):
        await greedy[-1]
    bench.may_go.release(10)
    assert await asyncio.gather(*others) == ["b", "c", "d"]
    assert await asyncio.gather(*greedy[:-1]) == ["a0", "a1", "a2", "a3"]


async def test_what_fails_and_who_goes_away_hold_up_nobody(bench: Bench) -> None:
    def fail() -> str:
        raise ValueError("no")

    first = bench.ask("a", "a0")
    await turn()
    gone, broken, last = (
        bench.ask("b", "b0"),
        asyncio.create_task(bench.threads.run("c", fail)),
        bench.ask("d", "d0"),
    )
    await turn()
    gone.cancel()
    await turn()
    bench.may_go.release(2)
    with pytest.raises(ValueError, match="no"):
        await broken
    assert await first + await last == "a0d0"
    assert bench.done == ["a0", "d0"]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
async def test_what_does_not_hold_the_interpreter_takes_what_the_loop_leaves() -> None:
    def how_nice() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    mine = how_nice()
    for behind, nice in ((False, mine), (True, max(mine, BEHIND))):
        threads = FairThreads(1, "test", 1, 1, behind=behind)
        try:
            assert await threads.run("ann", how_nice) == nice
        finally:
            threads.close()
    assert how_nice() == mine
