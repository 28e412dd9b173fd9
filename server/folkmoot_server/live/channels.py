"""How new the posts of channels are: for each channel a time that none of its posts is later than.

Home asks the channels with the newest posts first, and stops where no other can have anything newer. A time that is too
high costs a look in vain, one that is too low would hide a post: so what is not known counts as very new.
"""

from ..common.clock import Clock
from ..storage.channels import Channels

OVERLAP_MS = 300_000
"""How far back it is looked again: a post may be stored that much after its time, by a clock that is behind as well."""

KEPT = 1_000_000
"""Channels that are remembered at most."""


class PostTimes:
    """The time (Unix ms) of the newest post of each channel, as far as it is known. Readers in threads look into
    `known`."""

    def __init__(self, channels: Channels, clock: Clock) -> None:
        self.known: dict[str, int] = {}
        self._channels = channels
        self._clock = clock
        self._looked_ms = clock.now_ms()

    async def look(self) -> dict[str, int]:
        """Find the posts of other nodes that no news has told of yet; return the seq of the newest of each channel.
        Raises StorageError."""
        since, now = self._looked_ms - OVERLAP_MS, self._clock.now_ms()
        moved = await self._channels.moved(since)
        untold = {code: seq for code, (ts, seq) in moved.items() if ts > self.known.get(code, -1)}
        for code, (ts, _seq) in moved.items():
            self.posted(code, ts)
        self._looked_ms = now
        return untold

    def learn(self, tops: dict[str, int]) -> None:
        """Take over what a page that began at the top has found; what was heard meanwhile may be newer."""
        if len(self.known) + len(tops) > KEPT:
            self.known.clear()
        for code, ts in tops.items():
            if ts > self.known.get(code, -1):
                self.known[code] = ts

    def posted(self, code: str, ts: int) -> None:
        """Note a post of a channel, also where nothing was known: a page that is being read just now may lack it."""
        self.learn({code: ts})
