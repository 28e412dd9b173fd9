"""Sending approved reports to the authority, and telling how many wait and for how long."""

from folkmoot_governance.duration import FOREVER_MS, SECOND_MS

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
    after_ms = 0

    def __init__(self, ledger: Ledger, clock: Clock, filings: Filings) -> None:
        self._ledger = ledger
        self._clock = clock
        self._filings = filings
        self._oldest_ms = 0

    async def do_round(self) -> None:
        now = self._clock.now_ms()
        approved = await self._ledger.due_filings(FOREVER_MS, BATCH) if self._filings.has_address else []
        for filing in approved:
            if filing.next_ms <= now:
                await self._filings.send(filing)
        self.next_ms = min((filing.next_ms for filing in approved if filing.next_ms > now), default=FOREVER_MS)
        waiting = await self._ledger.unsent_filings(now)
        FILINGS_UNSENT.set(waiting.count)
        self._oldest_ms = waiting.first_ms if waiting.count else 0
        # It grows while nobody looks into storage.
        FILINGS_OLDEST_SECONDS.set_function(self._oldest_s)

    def _oldest_s(self) -> float:
        return (self._clock.now_ms() - self._oldest_ms) / SECOND_MS if self._oldest_ms else 0.0
