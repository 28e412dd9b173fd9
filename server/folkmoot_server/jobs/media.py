"""The upkeep of media: what no post shows goes when its time is over, what was removed is sealed, and what was posted
goes with its month."""

from folkmoot_governance.duration import MINUTE_MS

from ..actions.media.upkeep import MediaUpkeep
from ..actions.media.uploads import Uploads
from ..common.clock import Clock
from .runner import Job

REST_S = 60.0


class MediaJob(Job):
    """The job."""

    name = "media"
    rest_s = REST_S
    goes_by_time = True
    after_ms = 0

    def __init__(self, upkeep: MediaUpkeep, uploads: Uploads, clock: Clock) -> None:
        self._upkeep = upkeep
        self._uploads = uploads
        self._clock = clock

    async def do_round(self) -> float | None:
        """Do what is due; come again at once while there is more, and when the next upload's time is over."""
        now = self._clock.now_ms()
        await self._upkeep.follow_removals(now)
        await self._upkeep.remove_old()
        is_held = await self._uploads.scan_again()
        self.next_ms = await self._upkeep.remove_unused(now)
        if is_held:
            self.next_ms = min(self.next_ms, now + MINUTE_MS)
        return 0 if self.next_ms <= now else None
