"""What the operator has put into force for many at once: emergencies, functions that were assessed, and what everybody
is told.

Storage has it. Each node keeps a copy, and reads it again when it hears that there is something new, and every moment
besides: news may get lost. So what asks whether something stands still reads a field.
"""

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from folkmoot_governance.actor import Emergencies
from folkmoot_governance.announcement import Announcement

from ..common.background import end
from ..common.clock import Clock
from ..storage.api import Ledger
from ..storage.change_set import StorageError

log = structlog.get_logger()

OnNews = Callable[[list[Announcement]], Coroutine[None, None, None]]
"""Told what is new of what everybody is told."""


class InForce:
    """The copy. `on_news` is called with announcements that were not there before."""

    def __init__(self) -> None:
        self.emergencies: Emergencies = ()
        self.features: frozenset[str] = frozenset()
        self.news: tuple[Announcement, ...] = ()
        self.on_news: OnNews | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self, ledger: Ledger, clock: Clock) -> None:
        """Read all of it. Raises StorageError."""
        now, known = clock.now_ms(), {one.number for one in self.news}
        self.emergencies = tuple(await ledger.emergencies(now))
        self.features = frozenset(one.feature for one in await ledger.assessments())
        self.news = tuple(await ledger.announcements(now))
        new = [one for one in self.news if one.number not in known]
        if new and self.on_news is not None:
            await self.on_news(new)

    def look(self, ledger: Ledger, clock: Clock) -> None:
        """Read it in a moment: another node has said that there is something new."""
        task = asyncio.create_task(self._look(ledger, clock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self, ledger: Ledger, clock: Clock) -> None:
        try:
            await self.load(ledger, clock)
        except StorageError as error:
            log.warning("could not read emergencies", cause=repr(error.__cause__ or error))

    async def stop(self) -> None:
        """Give up what is being read."""
        await end(self._tasks)


NOTHING = InForce()
"""Where nothing is ever put into force."""
