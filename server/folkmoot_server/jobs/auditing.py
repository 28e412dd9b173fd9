"""Telling the operator's syslog server what is done."""

from folkmoot_governance.duration import FOREVER_MS, SECOND_MS

from ..actions.audit import Audit
from ..common.clock import Clock
from .runner import Job

LOOK_S = 2.0


class Auditing(Job):
    """The job. It goes on where it was, whichever node did it then."""

    name = "audit"
    rest_s = LOOK_S
    after_ms = 0

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock

    async def do_round(self) -> float | None:
        """Send what is new. What was not taken is tried again, though nothing is stored meanwhile."""
        rest_s = await self._audit.send_events() if self._audit.is_on else None
        self.next_ms = FOREVER_MS if rest_s is None else self._clock.now_ms() + int(rest_s * SECOND_MS)
        return rest_s
