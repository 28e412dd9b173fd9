"""Waiting until an act is stored."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from folkmoot_governance import Refusal

from ..live.pending import PendingCommit
from .groups.govern import Act

if TYPE_CHECKING:
    from ..node import Node


class Storing(PendingCommit, Protocol):
    """Something on its way to disk whose outcome can be waited for."""

    on_done: Callable[[], None]
    on_fail: Callable[[Refusal], None]


async def stored(node: "Node", act: Storing | Refusal) -> Refusal | None:
    """Queue an act on an account or a case and wait until it is stored; return why it was not."""
    if isinstance(act, Refusal):
        return act
    settled: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
    act.on_done = lambda: settled.set_result(None)
    act.on_fail = settled.set_result
    node.commit_queue.put(act)
    # A connection that goes away must not take the outcome with it: the commit queue still finishes the act.
    return await asyncio.shield(settled)


async def settled(node: "Node", act: Act) -> Refusal | None:
    """Queue an act on a group that was decided in this very step, and wait until it is stored; return why it was not.

    For what the service does by itself: a request is answered by `requests.groups.queue_act`.
    """
    outcome: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
    act.on_done = lambda stored: outcome.set_result(None)
    act.on_fail = outcome.set_result
    node.group_service.queue(act)
    return await asyncio.shield(outcome)
