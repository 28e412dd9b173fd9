"""The thread that the loop hands work to."""

import threading

import pytest

from folkmoot_server.storage.sqlite.worker import Worker


async def test_calls_are_made_in_order_in_one_thread() -> None:
    worker, seen = Worker("test"), []
    calls = [worker.run(lambda n=n: (seen.append(n), threading.current_thread().name)[1]) for n in range(200)]
    names = {await call for call in calls}
    worker.shut_down()
    assert seen == list(range(200))
    assert names == {"folkmoot-test"}


async def test_a_mistake_comes_back_to_who_called_and_harms_no_other() -> None:
    worker = Worker("test")
    bad, good = worker.run(int, "x"), worker.run(int, "7")
    with pytest.raises(ValueError, match="invalid literal"):
        await bad
    assert await good == 7
    worker.shut_down()


async def test_what_nobody_waits_for_is_done_all_the_same() -> None:
    worker, done, go = Worker("test"), threading.Event(), threading.Event()
    first = worker.run(go.wait)
    dropped = worker.run(done.set)
    dropped.cancel()
    go.set()
    assert await first
    await worker.run(int)
    assert done.is_set()
    worker.shut_down()


async def test_shutting_down_finishes_what_was_handed_over() -> None:
    worker, seen = Worker("test"), []
    calls = [worker.run(seen.append, number) for number in range(200)]
    worker.shut_down()
    assert len(seen) == len(calls)
    for call in calls:
        await call
