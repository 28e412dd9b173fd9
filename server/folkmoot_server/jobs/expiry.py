"""Telling of ends on time: bans, mutes, locks and whatever else ends by itself.

No rule waits for this: every decision compares with the time it is asked at. But a group is to read that a mute is
over when it is over, whoever is connected and however often the server was started again meanwhile. So one node (the
one whose turn the jobs are) asks storage what ends next, and lets `EndMeasures` decide on each group that is due.
"""

import structlog

from folkmoot_governance import Refusal, case_number
from folkmoot_governance.case.decide import appeal_against
from folkmoot_governance.duration import FOREVER_MS, SECOND_MS
from folkmoot_governance.group.commands import EndMeasures

from ..actions.acting import SERVICE
from ..actions.groups.govern import GroupService
from ..common.clock import Clock
from ..live.rooms import Rooms
from ..storage.api import Ledger
from .runner import Job

log = structlog.get_logger()

LOOK_S = 1.0
"""How often storage is asked; what was decided meanwhile to end sooner is told of that much late at most."""
BATCH = 200


class Expiry(Job):
    """The job."""

    name = "ends"
    rest_s = LOOK_S
    goes_by_time = True
    after_ms = 0

    def __init__(self, ledger: Ledger, clock: Clock, rooms: Rooms, group_service: GroupService) -> None:
        self._ledger = ledger
        self._clock = clock
        self._rooms = rooms
        self._group_service = group_service

    async def do_round(self) -> float:
        """Tell of what has ended by now, as much as one round takes; return the seconds until the next round."""
        ends = await self._ledger.next_ends(BATCH)
        now = self._clock.now_ms()
        due = dict.fromkeys(code for until, code in ends if until <= now)
        self.next_ms = ends[0][0] if ends else FOREVER_MS
        told = [await self._end(code) for code in due]
        if not all(told):
            return LOOK_S
        if due:
            return 0.0
        return min(LOOK_S, (ends[0][0] - now) / SECOND_MS) if ends else LOOK_S

    async def _end(self, code: str) -> bool:
        """End what is over in one group; say whether there was anything and it is stored."""
        is_appealed = await self._is_appealed(code)
        room = await self._rooms.load(code)
        assert room is not None, "what ends is in a group"
        act = self._group_service.act(room, EndMeasures(appealed=is_appealed), SERVICE)
        if isinstance(act, Refusal) or not act.events:
            log.warning("nothing to end where something was due", group=code)
            return False
        return await self._group_service.wait_stored(act) is None

    async def _is_appealed(self, code: str) -> bool:
        """Say whether an appeal is open against the closing of a group: until it is answered, what it had is kept."""
        room = await self._rooms.load(code)
        kept = room.state.kept if room is not None else None
        appeal = await self._ledger.load_case(appeal_against(case_number(code, kept.number))) if kept else None
        return appeal is not None and not appeal.is_settled
