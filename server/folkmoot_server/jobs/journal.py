"""The upkeep of the journal: months that need not be kept any longer go, and search hears of what came."""

import asyncio

import structlog

from ..common.clock import Clock
from ..common.metrics import ENTRIES
from ..storage.api import Journal
from .runner import Job

log = structlog.get_logger()

ROTATE_S = 24 * 60 * 60
TURN_S = 10
"""How soon a node that takes over the jobs, or whose storage failed, looks which months may go."""
INDEX_S = 5
INDEX_REST = 9
"""In a rush, indexing takes a tenth of the time at most: posts go first, and search looks through the rest itself."""
RUSH_PER_S = 1000
"""So many entries a second are a rush."""


def index_rest_s(took_s: float, stored: int) -> float:
    """Return how long to rest after a piece of indexing during which so many entries were stored."""
    return INDEX_REST * took_s if stored > RUSH_PER_S * took_s else 0.0


class Rotation(Job):
    """The job that removes months, at start and every day (G13)."""

    name = "rotation"
    rest_s = TURN_S

    def __init__(self, journal: Journal, clock: Clock, months: int) -> None:
        self._journal = journal
        self._clock = clock
        self._months = months

    async def do_round(self) -> float:
        for segment in await self._journal.rotate(self._clock.now_ms(), self._months):
            log.info("removed a month of the journal", month=segment.month, bytes=segment.size)
        return ROTATE_S


class Indexing(Job):
    """The job that keeps search up to what is stored, a piece each round."""

    name = "search_index"
    rest_s = INDEX_S

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def do_round(self) -> float | None:
        loop = asyncio.get_running_loop()
        began, before = loop.time(), ENTRIES.count
        if not await self._journal.index():
            return None
        return index_rest_s(loop.time() - began, ENTRIES.count - before)
