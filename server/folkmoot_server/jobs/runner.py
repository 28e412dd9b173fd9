"""What is done in rounds, by one node at a time, without anybody asking for it.

A job goes by what is stored, not by what it remembers: so it does not matter which node does it, nor how long none did.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import structlog

from ..storage.change_set import StorageError

if TYPE_CHECKING:
    from ..node import Node

log = structlog.get_logger()


class Job(ABC):
    """A job. `trouble` is what the log says when storage fails a round; the next round begins anew."""

    rest_s: ClassVar[float]
    """Between two rounds, and between two looks at whether the jobs are this node's."""
    trouble: ClassVar[str]

    def __init__(self, node: "Node") -> None:
        self._node = node

    async def run(self) -> None:
        """Do rounds until cancelled."""
        while True:
            rest_s = None
            try:
                if await self._node.has_jobs():
                    rest_s = await self.look()
            except StorageError as error:
                log.error(self.trouble, cause=repr(error.__cause__ or error))
            await asyncio.sleep(self.rest_s if rest_s is None else rest_s)

    @abstractmethod
    async def look(self) -> float | None:
        """Do one round; return how long to rest after it if that is not `rest_s`. Raises StorageError."""


async def every(rest_s: float, call: Callable[[], None]) -> None:
    """Call something again and again, on every node, until cancelled."""
    while True:
        await asyncio.sleep(rest_s)
        call()
