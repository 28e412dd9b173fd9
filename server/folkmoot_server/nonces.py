"""Which nonces a group has seen in the last 24 hours (PROTOCOL, Delivery 5)."""

from collections.abc import Iterable

from folkmoot_governance.duration import DAY_MS

MOST = 10_000
"""Nonces that a room remembers. An older one of the last 24 hours is looked up in the journal."""


class NonceBook:
    """The newest nonces of a group, each with the seq and time of its entry, stored or about to be.

    While fewer than `MOST` came within 24 hours the book is complete: a nonce that is not in it is new. Otherwise the
    journal must be asked about a nonce that the book does not have; `needs_journal` says so.
    """

    def __init__(self, recent: Iterable[tuple[str, str, int, int]] = ()) -> None:
        self._seen: dict[tuple[str, str], tuple[int, int]] = {}
        self._forgotten_until = 0
        for user, nonce, seq, ts in recent:
            self.add(user, nonce, seq, ts)

    def add(self, user: str, nonce: str, seq: int, ts: int) -> None:
        """Remember a post; the oldest is forgotten when the book is full."""
        if len(self._seen) >= MOST:
            oldest = next(iter(self._seen))
            self._forgotten_until = self._seen.pop(oldest)[1]
        self._seen[user, nonce] = seq, ts

    def find(self, user: str, nonce: str, now: int) -> tuple[int, int] | None:
        """Return (seq, ts) of the post of `user` with `nonce` within the 24 hours before `now`."""
        found = self._seen.get((user, nonce))
        if found and found[1] <= now - DAY_MS:
            del self._seen[user, nonce]
            return None
        return found

    def needs_journal(self, now: int) -> bool:
        """Say whether nonces of the last 24 hours were forgotten here."""
        return self._forgotten_until > now - DAY_MS
