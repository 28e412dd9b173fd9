"""Rates: how often somebody may do something."""

from collections.abc import Hashable

from .clock import Ticks

NEVER = Ticks(0)


class Bucket:
    """A token bucket of `rate` tokens a second that holds `burst`; a rate of 0 is no limit.

    It counts by ticks: who sets the machine's clock changes nothing. The bucket is full at first.
    """

    __slots__ = ("_burst", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate / 1000
        self._burst = burst
        self._tokens = burst
        self._updated = NEVER

    def set_rate(self, rate: float, burst: float) -> None:
        """Change rate and size; what it holds stays, as far as there is room. One without a rate before is full."""
        self._tokens = min(self._tokens, burst) if self._rate else burst
        self._rate = rate / 1000
        self._burst = burst

    def take(self, now: Ticks, cost: float = 1) -> int:
        """Take `cost` tokens and return 0, or take none and return the milliseconds until they would be there."""
        if not self._rate:
            return 0
        if now > self._updated:
            self._tokens = min(self._burst, self._tokens + (now - self._updated) * self._rate)
            self._updated = now
        if self._tokens >= cost:
            self._tokens -= cost
            return 0
        return int((cost - self._tokens) / self._rate) + 1

    def wait(self, now: Ticks) -> int:
        """Return the milliseconds until one token is there, and take none."""
        self.take(now, 0)
        return 0 if not self._rate or self._tokens >= 1 else int((1 - self._tokens) / self._rate) + 1

    def spend(self, now: Ticks, cost: float) -> None:
        """Note that `cost` tokens were taken elsewhere, and be in debt for as much as `burst` if they are not here."""
        self.take(now, 0)
        self._tokens = max(-self._burst, self._tokens - cost)

    def is_full(self, now: Ticks) -> bool:
        """Say whether nothing is remembered here: the bucket can be forgotten."""
        return not self._rate or self._tokens + (now - self._updated) * self._rate >= self._burst


class Buckets:
    """A bucket for each key that a stranger can choose (an address), forgotten once it is full again."""

    def __init__(self, rate: float, burst: float, *, most: int = 10_000) -> None:
        self._rate, self._burst, self._most = rate, burst, most
        self.unlimited = not rate
        self._buckets: dict[Hashable, Bucket] = {}

    def take(self, key: Hashable, now: Ticks) -> int:
        """As `Bucket.take`, for the bucket of `key`. When there are too many keys, full buckets are dropped first."""
        return 0 if self.unlimited else self._get(key, now).take(now)

    def wait(self, key: Hashable, now: Ticks) -> int:
        """As `Bucket.wait`, for the bucket of `key`."""
        bucket = self._buckets.get(key)
        return bucket.wait(now) if bucket else 0

    def is_full(self, key: Hashable, now: Ticks) -> bool:
        """As `Bucket.is_full`, for the bucket of `key`."""
        bucket = self._buckets.get(key)
        return bucket is None or bucket.is_full(now)

    def spend(self, key: Hashable, now: Ticks, cost: float) -> None:
        """As `Bucket.spend`, for the bucket of `key`."""
        if not self.unlimited:
            self._get(key, now).spend(now, cost)

    def _get(self, key: Hashable, now: Ticks) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._most:
                self._sweep(now)
            bucket = self._buckets[key] = Bucket(self._rate, self._burst)
        return bucket

    def _sweep(self, now: Ticks) -> None:
        kept = {key: bucket for key, bucket in self._buckets.items() if not bucket.is_full(now)}
        # All of them in use: forget the oldest half rather than grow. A flood from that many addresses is beyond
        # what a limit per address can do anything about.
        if len(kept) >= self._most:
            kept = dict(list(kept.items())[self._most // 2 :])
        self._buckets = kept
