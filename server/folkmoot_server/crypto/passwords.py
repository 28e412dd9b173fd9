"""Passwords and session tokens. Hashing is slow on purpose, so it runs in few threads behind a short queue."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode

from ..common.i18n import N_

T = TypeVar("T")

THREADS = 2
MAX_WAITING = 64
SHORTEST = 8
LONGEST = 256

BUSY = Refusal(
    ErrorCode.UNAVAILABLE,
    N_("Too many people are signing in; try again in a moment."),
    {"retry_after_ms": 3000},
)
WEAK = Refusal(
    ErrorCode.WEAK_PASSWORD,
    N_("Choose a password of {least} to {most} characters that is not your user name."),
    {"least": SHORTEST, "most": LONGEST},
)


def check_password(user: str, password: str) -> Refusal | None:
    """Refuse a password that anyone would guess first, or that is absurdly long."""
    good = SHORTEST <= len(password) <= LONGEST and password.lower() != user and len(set(password)) > 1
    return None if good else WEAK


def new_token() -> str:
    """Return a fresh session token: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token. It is random, so one round of SHA-256 is enough; looking the hash up tells an
    attacker's clock nothing about the token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Passwords:
    """Hashes and verifies with argon2id (RFC 9106, the second recommended parameters), off the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._waiting = 0
        # An unknown user costs the same work as a known one.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    async def hash(self, password: str) -> str | Refusal:
        """Return the hash to store, or a refusal when too many wait."""
        if self._waiting >= MAX_WAITING:
            return BUSY
        return await self._run(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool | Refusal:
        """Say whether `password` fits `stored`; None (no such user) takes as long and is false."""
        if self._waiting >= MAX_WAITING:
            return BUSY
        fits = await self._run(self._fits, stored or self._nobody, password)
        return fits and bool(stored)

    async def _run(self, function: Callable[..., T], *arguments: str) -> T:
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)
        finally:
            self._waiting -= 1

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def close(self) -> None:
        """Let the threads go."""
        self._executor.shutdown(wait=False, cancel_futures=True)
