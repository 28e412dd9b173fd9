"""Closing proposed measures that nobody has confirmed in time."""

import structlog

from folkmoot_governance.case.state import CaseKind
from folkmoot_governance.duration import FOREVER_MS

from ..actions.cases.sanctions import Sanctions
from ..common.clock import Clock
from ..storage.api import CaseFilter, Ledger
from .runner import Job

log = structlog.get_logger()

LOOK_S = 10.0
BATCH = 100


class Lapsing(Job):
    """The job."""

    name = "proposals"
    rest_s = LOOK_S
    goes_by_time = True
    after_ms = 0

    def __init__(self, ledger: Ledger, clock: Clock, sanctions: Sanctions) -> None:
        self._ledger = ledger
        self._clock = clock
        self._sanctions = sanctions

    async def do_round(self) -> None:
        """Close what is over; what is due first comes first."""
        found = await self._ledger.list_cases(CaseFilter(CaseKind.MEASURE, is_open=True), limit=BATCH)
        self.next_ms = found[0].due_ms if found else FOREVER_MS
        now = self._clock.now_ms()
        for case in (one for one in found if one.due_ms <= now):
            refusal = await self._sanctions.lapse(case)
            if refusal:
                log.warning("a proposal that is over could not be closed yet", case=case.number, code=refusal.code)
