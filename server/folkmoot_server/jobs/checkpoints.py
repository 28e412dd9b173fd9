"""Taking events of the ledger into its transparency log, with a signed checkpoint over all of them, and showing that to
witnesses."""

from time import monotonic

from folkmoot_governance.duration import FOREVER_MS, MINUTE_MS

from ..actions.event_log import AT_ONCE, EventLog
from ..actions.witnesses import Witnesses
from ..common.clock import Clock
from .runner import Job, rest_of

REST_S = 10.0
"""A checkpoint covers what was stored so long before, and what came beside it."""


class Checkpoints(Job):
    """The job. After a rest of the service it catches up, a commit at a time."""

    name = "checkpoints"
    rest_s = REST_S
    after_ms = 0

    def __init__(self, event_log: EventLog) -> None:
        self._event_log = event_log

    async def do_round(self) -> float | None:
        """Take in what one commit takes; rest no longer than for others while there is more."""
        began = monotonic()
        are_more = await self._event_log.take_in() == AT_ONCE
        return rest_of(monotonic() - began) if are_more else None


class Witnessing(Job):
    """The job that has witnesses sign. Who did not is asked again in a minute."""

    name = "witnesses"
    rest_s = REST_S
    after_ms = 0

    def __init__(self, witnesses: Witnesses, clock: Clock) -> None:
        self._witnesses = witnesses
        self._clock = clock

    async def do_round(self) -> None:
        """Show them the newest checkpoint."""
        has_all = await self._witnesses.ask()
        self.next_ms = FOREVER_MS if has_all else self._clock.now_ms() + MINUTE_MS
