"""Wrong passwords: a brake for whoever tries them, which cannot keep the owner of an account out."""

from collections import Counter

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode

from ...common.clock import Clock
from ...common.i18n import N_
from ...common.rate_limit import Buckets
from ...transport.addresses import network_of

FROM_ONE, FROM_ONE_EACH_S = 5, 300
"""Wrong passwords for one account from one address: so many at once, then one in so many seconds."""
FROM_ALL, FROM_ALL_PER_HOUR = 50, 50
"""Wrong passwords for one account from anywhere: beyond them an address has one, not `FROM_ONE`."""
MAX_KNOWN = 10_000
"""Accounts of which it is known how many wrong passwords were tried."""

TOO_MANY = N_("Too many wrong passwords for this account: wait {wait}. You stay signed in elsewhere.")


class SignInBrake:
    """Counts wrong passwords on this node, by account and address.

    Whoever has the right password gets in at the first try from any address that has not tried wrong ones.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pairs = Buckets(1 / FROM_ONE_EACH_S, FROM_ONE)
        self._accounts = Buckets(FROM_ALL_PER_HOUR / 3600, FROM_ALL)
        self._failed: Counter[str] = Counter()

    def check(self, user: str, address: str) -> Refusal | None:
        """Refuse a try at an account from an address that has tried too many."""
        now, pair = self._clock.ticks(), (user, network_of(address))
        wait = self._pairs.wait(pair, now)
        if not wait and not self._pairs.is_full(pair, now):
            wait = self._accounts.wait(user, now)
        return Refusal(ErrorCode.RATE_LIMITED, TOO_MANY, {"retry_after_ms": wait}) if wait else None

    def failed(self, user: str, address: str) -> int:
        """Count a wrong password; return how many there were for this account since its owner was last told."""
        now = self._clock.ticks()
        self._pairs.take((user, network_of(address)), now)
        self._accounts.take(user, now)
        if user not in self._failed and len(self._failed) >= MAX_KNOWN:
            del self._failed[next(iter(self._failed))]
        self._failed[user] += 1
        return self._failed[user]

    def take_failed(self, user: str) -> int:
        """Return how many wrong passwords there were for an account, and forget them: its owner is told now."""
        return self._failed.pop(user, 0)
