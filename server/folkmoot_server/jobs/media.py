"""The upkeep of uploads: what no post shows goes when its time is over."""

from ..actions.media.uploads import Uploads
from ..common.clock import Clock
from .runner import Job

REST_S = 60.0
AT_ONCE = 100


class MediaUpkeep(Job):
    """The job."""

    name = "media"
    rest_s = REST_S
    goes_by_time = True
    after_ms = 0

    def __init__(self, uploads: Uploads, clock: Clock) -> None:
        self._uploads = uploads
        self._clock = clock

    async def do_round(self) -> float | None:
        """Remove what is not used; come again at once while there is more, and when the next one's time is over."""
        now = self._clock.now_ms()
        self.next_ms = await self._uploads.remove_unused(now, AT_ONCE)
        return 0 if self.next_ms <= now else None
