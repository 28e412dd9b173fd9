"""Counting who reads channels: each account once a day and channel (P7.2, W9), and nobody knows afterwards who it was.

Who opens a channel's posts is noted in memory, and stored every few seconds with all others: reading waits for nothing
and writes nothing. What is stored is what the service's key makes of day, channel and account (`Sealed.draw`), so that
two nodes count the same reader once, and who has the files knows neither who read nor that it was the same reader on
another day or in another channel. When the day (UTC) is over these rows go; the number stays until the next one.
A node that is killed loses the reads of the last seconds.
"""

from collections import Counter
from pathlib import Path

from folkmoot_governance.duration import DAY_MS

from ...common.clock import Clock
from ...crypto.cipher import Sealed
from ...live.accounts import Account
from ...storage.changes import Read, read_row, remove_reads
from ...storage.channels import Channels
from ..accounts.govern import AccountService

STORE_S = 5.0
"""How often what was noted is stored."""

AT_ONCE = 1000
"""Reads that are stored in one piece."""

MOST_WAITING = 20_000
"""Reads that wait to be stored at most; what comes beyond that is noted when the same account reads again."""

MOST_KNOWN = 200_000
"""Reads of a day that a node remembers: of what it has forgotten storage finds that it was counted."""

EACH = 500
"""Channels that one account counts as a reader of in a day, at a node."""


class Reads:
    """What was read here of channels, and is not stored yet."""

    def __init__(self, channels: Channels, accounts: AccountService, clock: Clock, data_dir: Path) -> None:
        self._channels = channels
        self._accounts = accounts
        self._clock = clock
        self._sealed = Sealed(data_dir, b"folkmoot readers of channels")
        self._day = 0
        self._known: set[str] = set()
        self._by_account: Counter[str] = Counter()
        self._waiting: list[Read] = []

    def note(self, account: Account, code: str) -> None:
        """Note that an account has opened a channel; its editors are no readers of it."""
        day = self._today()
        if code in account.groups or len(self._waiting) >= MOST_WAITING:
            return
        if day != self._day or len(self._known) >= MOST_KNOWN:
            self._day = day
            self._known.clear()
            self._by_account.clear()
        reader = self._sealed.draw(f"{day} {code} {account.user}").hex()[:32]
        if reader in self._known or self._by_account[account.user] >= EACH:
            return
        self._known.add(reader)
        self._by_account[account.user] += 1
        self._waiting.append(Read(code, day, reader))

    async def store(self) -> None:
        """Store what was noted."""
        while self._waiting:
            part, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            if await self._accounts.store_rows("", list(map(read_row, part))):
                self._waiting[:0] = part
                return

    async def count(self, code: str) -> int:
        """Return how many accounts have opened a channel today (UTC), as far as it is stored. Raises StorageError."""
        return await self._channels.count_reads(code, self._today())

    async def forget(self, now: int) -> None:
        """Remove who read on days that are over at `now` (Unix ms), in pieces between which others are stored. Raises
        StorageError."""
        while oldest := await self._channels.oldest_reads(now // DAY_MS):
            if await self._accounts.store_rows("", [remove_reads(*oldest)]):
                return

    def _today(self) -> int:
        return self._clock.now_ms() // DAY_MS
