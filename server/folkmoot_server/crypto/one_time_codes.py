"""Codes that an authenticator app shows, one for each half minute (TOTP, RFC 6238)."""

import base64
import hmac
import os

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECRET_BYTES = 20
STEP_S = 30
DIGITS = 6
AROUND = (0, -1, 1)
"""Steps beside the current one whose codes count: people type slowly, and clocks differ."""


def new_secret() -> bytes:
    """Return a fresh secret."""
    return os.urandom(SECRET_BYTES)


def show_secret(secret: bytes) -> str:
    """Return a secret as one types it into an app."""
    return base64.b32encode(secret).decode()


def address_of(secret: bytes, user: str, issuer: str) -> str:
    """Return the `otpauth:` address that apps read from a picture."""
    return _totp(secret).get_provisioning_uri(user, issuer)


def step_of(secret: bytes, code: str, now_ms: int) -> int | None:
    """Return the time step that a code is of, if it counts at `now_ms` (Unix ms)."""
    current = now_ms // (1000 * STEP_S)
    found = None
    for step in (current + near for near in AROUND):
        # All are compared, so that it takes as long whichever it is.
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a time step."""
    return _totp(secret).generate(step * STEP_S).decode()


def _totp(secret: bytes) -> TOTP:
    # Apps know no other hash for certain; what it is used for here, HMAC, does not suffer from collisions.
    return TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303  # see above
