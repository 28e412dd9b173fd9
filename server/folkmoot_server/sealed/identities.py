"""The vault: identity numbers sealed under a key that the database does not have, and compared without opening them.

Envelope encryption: each number has a key of its own (AES-256-GCM, bound to its account and level), which is wrapped
(RFC 3394) under a key made (HKDF, RFC 5869) from `keys/identity.key`. Equality goes by a keyed hash (HMAC-SHA-256).
"""

import base64
import hmac
import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from folkmoot_protocol.types import Identity

from ..crypto.sealing import KEY_BYTES, NONCE_BYTES, load_key
from ..storage.api import IdentityRow
from ..storage.change_set import RowChange
from ..storage.changes import identity_row

WRAPPED_BYTES = KEY_BYTES + 8


class Vault:
    """Seals and opens identity numbers."""

    def __init__(self, data_dir: Path) -> None:
        key = load_key(data_dir / "keys" / "identity.key")
        self._wrapping = _derive(key, b"folkmoot identity wrapping")
        self._blinding = _derive(key, b"folkmoot identity index")

    def row(self, user: str, identity: Identity, number: str, now: int) -> RowChange:
        """Return the row of a number in its normal form."""
        own_key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
        text = AESGCM(own_key).encrypt(nonce, number.encode(), _bound_to(user, identity))
        sealed = base64.b64encode(aes_key_wrap(self._wrapping, own_key) + nonce + text).decode()
        return identity_row(IdentityRow(user, identity.value, sealed, self.blind(identity, number), now))

    def blind(self, identity: Identity, number: str) -> str:
        """Return what is the same for the same number, and tells nothing of it to who lacks the key."""
        return hmac.new(self._blinding, f"{identity.value}|{number}".encode(), sha256).hexdigest()

    def open(self, row: IdentityRow) -> str | None:
        """Return a number; None where it was not sealed under this key for this account."""
        raw = base64.b64decode(row.sealed)
        wrapped, nonce, text = (
            raw[:WRAPPED_BYTES],
            raw[WRAPPED_BYTES:][:NONCE_BYTES],
            raw[WRAPPED_BYTES + NONCE_BYTES :],
        )
        try:
            own_key = aes_key_unwrap(self._wrapping, wrapped)
            return AESGCM(own_key).decrypt(nonce, text, _bound_to(row.user, Identity(row.identity))).decode()
        except (InvalidUnwrap, InvalidTag):
            return None


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(key)


def _bound_to(user: str, identity: Identity) -> bytes:
    return f"{user}|{identity.value}".encode()
