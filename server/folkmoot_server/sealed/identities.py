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
from msgspec import Struct

from folkmoot_protocol.types import Identity

from ..crypto.sealing import KEY_BYTES, NONCE_BYTES, load_key
from ..storage.api import IdentityRow

WRAPPED_BYTES = KEY_BYTES + 8


class Given(Struct, frozen=True):
    """What somebody gives to be verified: a number in its normal form, and beside it a name and the reference of a
    document, each as far as it was given."""

    identity: Identity
    number: str
    name: str = ""
    document: str = ""


class Vault:
    """Seals and opens identity numbers."""

    def __init__(self, data_dir: Path) -> None:
        key = load_key(data_dir / "keys" / "identity.key")
        self._wrapping = _derive(key, b"folkmoot identity wrapping")
        self._blinding = _derive(key, b"folkmoot identity index")
        self._codes = _derive(key, b"folkmoot identity code")

    def row(self, user: str, given: Given, now: int) -> IdentityRow:
        """Return what was given as it is stored."""
        own_key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
        plain = "\n".join((given.number, given.name, given.document)).rstrip("\n")
        text = AESGCM(own_key).encrypt(nonce, plain.encode(), _bound_to(user, given.identity))
        sealed = base64.b64encode(aes_key_wrap(self._wrapping, own_key) + nonce + text).decode()
        return IdentityRow(user, given.identity.value, sealed, self.blind(given.identity, given.number), now)

    def code_hash(self, user: str, blind: str, code: str) -> str:
        """Return what is kept of a one-time code that was sent to the number with this blind index."""
        return hmac.new(self._codes, f"{user}|{blind}|{code}".encode(), sha256).hexdigest()

    def blind(self, identity: Identity, number: str) -> str:
        """Return what is the same for the same number, and tells nothing of it to who lacks the key."""
        return hmac.new(self._blinding, f"{identity.value}|{number}".encode(), sha256).hexdigest()

    def open(self, row: IdentityRow) -> str | None:
        """Return a number; None where it was not sealed under this key for this account."""
        given = self.open_all(row)
        return given.number if given else None

    def open_all(self, row: IdentityRow) -> Given | None:
        """As `open`, with what was given beside the number."""
        raw = base64.b64decode(row.sealed)
        wrapped, nonce, text = (
            raw[:WRAPPED_BYTES],
            raw[WRAPPED_BYTES:][:NONCE_BYTES],
            raw[WRAPPED_BYTES + NONCE_BYTES :],
        )
        try:
            own_key = aes_key_unwrap(self._wrapping, wrapped)
            plain = AESGCM(own_key).decrypt(nonce, text, _bound_to(row.user, Identity(row.identity))).decode()
        except (InvalidUnwrap, InvalidTag):
            return None
        return Given(Identity(row.identity), *plain.split("\n"))


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(key)


def _bound_to(user: str, identity: Identity) -> bytes:
    return f"{user}|{identity.value}".encode()
