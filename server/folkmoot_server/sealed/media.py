"""Bytes of media whose posts were removed: sealed as the texts of these are, under a key of their month."""

from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag

from folkmoot_governance.media import Media

from ..crypto.sealing import Sealer, load_key


class SealedMedia:
    """Seals and opens bytes, each bound to the entry that showed them."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "keys" / "journal.key"
        self._sealer = lru_cache(maxsize=8)(lambda month: Sealer(load_key(self._path), f"media {month}"))

    def seal(self, media: Media, data: bytes) -> bytes:
        """Return bytes as they may be kept. Slow: in a thread of its own."""
        return self._sealer(media.month).seal(int(media.code), media.seq, data)

    def open(self, media: Media, sealed: bytes) -> bytes | None:
        """Return the bytes; None where they were not sealed under this key for this entry."""
        try:
            return self._sealer(media.month).unseal(int(media.code), media.seq, sealed)
        except (InvalidTag, ValueError):
            return None
