"""Settling cases that whoever decided them has left unsettled, because a crash came in between."""

from folkmoot_governance.duration import FOREVER_MS, SECOND_MS

from ..actions.cases.settle import CaseSettler
from ..common.clock import Clock
from ..storage.api import Ledger
from .runner import Job

LOOK_S = 5.0
"""How often storage is asked for cases whose outcome was not carried out."""


GRACE_MS = 10 * SECOND_MS
"""How long who decided has for it."""


class Settling(Job):
    """The job: settles the cases that who decided them has left unsettled."""

    name = "settling"
    rest_s = LOOK_S
    after_ms = GRACE_MS

    def __init__(self, ledger: Ledger, clock: Clock, settler: CaseSettler) -> None:
        self._ledger = ledger
        self._clock = clock
        self._settler = settler

    async def do_round(self) -> None:
        await self.sweep(self._clock.now_ms())

    async def sweep(self, now: int) -> int:
        """Settle what was decided a while before `now` (Unix ms); return how many cases that were."""
        numbers = await self._ledger.unsettled_cases(now - GRACE_MS)
        self.next_ms = 0 if numbers else FOREVER_MS
        for number in numbers:
            await self._settler.settle(number)
        return len(numbers)
