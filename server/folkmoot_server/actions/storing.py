"""Waiting until an act is stored."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from folkmoot_governance import Refusal

from ..live.commit_queue import CommitQueue
from ..live.pending import PendingCommit


class Storing(PendingCommit, Protocol):
    """An act on its way to disk. `on_done` is called when it is stored, `on_fail` when it could not be."""

    on_done: Callable[[], None]
    on_fail: Callable[[Refusal], None]


async def wait_stored(commit_queue: CommitQueue, act: Storing | Refusal) -> Refusal | None:
    """Queue an act that was decided in this very step and wait until it is stored; return why it was not."""
    if isinstance(act, Refusal):
        return act
    outcome: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
    act.on_done = lambda: outcome.set_result(None)
    act.on_fail = outcome.set_result
    commit_queue.put(act)
    # A connection that goes away must not take the outcome with it: the commit queue still finishes the act.
    return await asyncio.shield(outcome)
