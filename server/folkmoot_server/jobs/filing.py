"""Sending approved reports to the authority, and telling how many wait and for how long."""

from folkmoot_governance.duration import SECOND_MS

from ..actions.cases.filings import Filings
from ..common.clock import Clock
from ..common.metrics import FILINGS_OLDEST_SECONDS, FILINGS_UNSENT
from ..storage.api import Ledger
from .runner import Job

LOOK_S = 10.0
BATCH = 20


class Sending(Job):
    """The job. What could not be sent is tried again, after longer and longer waits."""

    name = "filings"
    rest_s = LOOK_S

    def __init__(self, ledger: Ledger, clock: Clock, filings: Filings) -> None:
        self._ledger = ledger
        self._clock = clock
        self._filings = filings

    async def do_round(self) -> None:
        now = self._clock.now_ms()
        if self._filings.has_address:
            for filing in await self._ledger.due_filings(now, BATCH):
                await self._filings.send(filing)
        waiting = await self._ledger.unsent_filings(now)
        FILINGS_UNSENT.set(waiting.count)
        FILINGS_OLDEST_SECONDS.set((now - waiting.first_ms) / SECOND_MS if waiting.count else 0)
