"""The texts of removed entries: how they are sealed, and read again once a removal was overturned.

Removing an entry blanks its row and keeps text and data sealed in its month's restricted part. Whether it is removed is
what `redactions` says, and nothing else: an entry that is not, and has a blank row, is read from the restricted part.
So a removal is undone by taking its row out of `redactions`, in a month that is never written to again as well.
"""

from functools import lru_cache

import msgspec

from ...crypto.sealing import Sealer
from .kept_posts import KeptTexts

_decode = msgspec.json.Decoder(tuple[str, str | None]).decode


class RemovedTexts:
    """Seals and opens removed texts with the journal's key."""

    def __init__(self, key: bytes) -> None:
        self.kept = KeptTexts.of_key(key)
        self._sealer = lru_cache(maxsize=64)(lambda month: Sealer(key, month))

    def seal(self, month: str, grp: int, seq: int, text: tuple[str, str | None]) -> bytes:
        """Return the text and the data of an entry, sealed. `month`: as `2026-11`, the one that the entry stands in."""
        return self._sealer(month).seal(grp, seq, msgspec.json.encode(text))

    def open(self, month: str, grp: int, seq: int, sealed: bytes) -> tuple[str, str | None]:
        """Return text and data of an entry. Raises cryptography's InvalidTag where they were sealed otherwise."""
        return _decode(self._sealer(month).unseal(grp, seq, sealed))
