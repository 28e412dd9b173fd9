"""Seals removed texts with the journal's key: AES-256-GCM (NIST SP 800-38D), HKDF (RFC 5869)."""

import contextlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12


def load_key(path: Path) -> bytes:
    """Return the key in `path`, made when there is none. Only its owner may read the file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        _make_key(path)
    return path.read_bytes()


def _make_key(path: Path) -> None:
    """Put a key into place whole, unless another node that starts at the same moment was quicker."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(handle)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)
    finally:
        partial.unlink()


class Sealer:
    """Seals the removed texts of one segment under a key of its own, each bound to its group and seq."""

    def __init__(self, key: bytes, month: str) -> None:
        info = f"folkmoot restricted {month}".encode()
        self._cipher = AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(key))

    def seal(self, grp: int, seq: int, text: bytes) -> bytes:
        """Return nonce and ciphertext of `text`."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text, f"{grp}|{seq}".encode())

    def unseal(self, grp: int, seq: int, sealed: bytes) -> bytes:
        """Return the text. Raises cryptography's InvalidTag where key, place or content is wrong."""
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], f"{grp}|{seq}".encode())
