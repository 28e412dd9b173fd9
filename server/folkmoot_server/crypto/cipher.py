"""Sealing small texts, each bound to what it belongs to."""

import base64
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .sealing import KEY_BYTES, NONCE_BYTES, load_key


class Sealed:
    """Seals texts under a key made from the journal's, each bound to what it belongs to. `purpose` makes the key."""

    def __init__(self, data_dir: Path | None, purpose: bytes, key: bytes = b"") -> None:
        """`key`: the journal's, where it is known already."""
        if data_dir is not None:
            key = load_key(data_dir / "keys" / "journal.key")
        self._cipher = AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(key))
        self._draw_key = HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose + b", drawn").derive(key)

    def seal(self, text: bytes, bound_to: bytes) -> str:
        """Return a text as it may be stored."""
        return base64.b64encode(self.seal_raw(text, bound_to)).decode()

    def seal_raw(self, text: bytes, bound_to: bytes) -> bytes:
        """As `seal`, for where bytes can be stored."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text, bound_to)

    def draw(self, of: str) -> bytes:
        """Return bytes that follow from a text, and that nobody without the key can tell."""
        return hmac.digest(self._draw_key, of.encode(), "sha256")

    def open(self, sealed: str, bound_to: bytes) -> bytes | None:
        """Return a text; None where it is not what was sealed under this key."""
        return self.open_raw(base64.b64decode(sealed), bound_to)

    def open_raw(self, raw: bytes, bound_to: bytes) -> bytes | None:
        """As `open`, of what `seal_raw` gave."""
        try:
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            # Too short to be anything, or not what was sealed.
            return None
