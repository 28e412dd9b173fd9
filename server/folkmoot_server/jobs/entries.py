"""Taking what was posted, and who connected, into the ledger's log: within some minutes, or later in a rush."""

from functools import partial

from folkmoot_governance.duration import FOREVER_MS

from ..actions.entries_log import EntriesLog
from ..common.clock import Clock
from .runner import Job, rest_of

REST_S = 60.0
REST = 39
"""It takes a fortieth of the time at most: posts go first."""


class Entries(Job):
    """The job. A node that has just been started has better things to do: it begins a minute later."""

    name = "entries_log"
    rest_s = REST_S
    after_ms = 0

    def __init__(self, entries_log: EntriesLog, clock: Clock) -> None:
        self._entries_log = entries_log
        self._clock = clock
        self._has_begun = False

    async def do_round(self) -> None:
        """Take in what there is."""
        is_more = True
        if self._has_begun:
            is_more = await self._entries_log.take_in(partial(rest_of, rest=REST))
        self._has_begun = True
        # The last blocks are taken in a round later, though nothing is stored meanwhile.
        self.next_ms = self._clock.now_ms() + int(REST_S * 1000) if is_more else FOREVER_MS
