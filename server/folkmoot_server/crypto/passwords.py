"""Passwords and session tokens. Hashing is slow on purpose, so it runs in few threads behind a short queue."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from precis_i18n import get_profile

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode

from ..common.fair_threads import FairThreads, Full
from ..common.i18n import N_
from .guesser import Guesser

THREADS = 2
MAX_WAITING, MAX_OF_ONE = 64, 16
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


UNFIT = Refusal(
    ErrorCode.WEAK_PASSWORD,
    N_("The password has a character that other keyboards may not be able to type; choose another one."),
    {"rule": "password_characters"},
)

_OPAQUE_STRING = get_profile("OpaqueString")


def prepare_password(password: str) -> str | Refusal:
    """Return a password as it is hashed: what one types on one device must be what one types on another (RFC 8265,
    OpaqueString: composed, every space an ordinary one, nothing that cannot be seen)."""
    if password.isascii() and password.isprintable():
        return password
    try:
        return str(_OPAQUE_STRING.enforce(password))
    except UnicodeEncodeError:
        return UNFIT


def readings_of(password: str) -> list[str]:
    """Return what may have been hashed of a password that fits: as prepared, or as it came, before that was done."""
    prepared = prepare_password(password)
    found = [password, *(unicodedata.normalize(form, password) for form in ("NFC", "NFD"))]
    if isinstance(prepared, str):
        found.insert(0, prepared)
    return list(dict.fromkeys(found))


GUESSED = Refusal(
    ErrorCode.WEAK_PASSWORD,
    N_("This password is among the first that others would guess. Three or four unrelated words make a good one."),
    {"least": SHORTEST, "most": LONGEST},
)
LEAST_GUESSES = 30_000
"""Passwords that are found sooner, going by the library's lists of common passwords, names, dates and patterns, are
refused: as many as its list of passwords has."""
LOCAL = ("folkmoot", "woaini", "woaiwojia", "iloveu", "zhang", "wang", "5201314", "1314520", "woshishei", "mima")
"""What people here begin with, besides what the library's lists have."""


def check_password(password: str) -> Refusal | None:
    """Refuse a password that is too short, or absurdly long."""
    return None if SHORTEST <= len(password) <= LONGEST else WEAK


def is_guessed(password: str, names: Sequence[str], guesses: Callable[[str, Sequence[str]], float]) -> bool:
    """Say whether a password is among the first that somebody who knows `names` would try; `guesses` says how many it
    takes by the lists. Raises what that raises."""
    left = password.lower()
    for name in names:
        left = left.replace(name.lower(), "") if name else left
    if not re.search(r"[^\W\d_]", left) and len(left) < SHORTEST:
        return True
    return guesses(password, [name.lower() for name in (*names, *LOCAL) if name]) < LEAST_GUESSES


def new_token() -> str:
    """Return a fresh session token: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token. It is random, so one round of SHA-256 is enough; looking the hash up tells an
    attacker's clock nothing about the token."""
    return hashlib.sha256(token.encode()).hexdigest()


HOOK = "hook-"
"""What the hash of a webhook's token begins with: what opens one door opens no other."""


def hash_hook(token: str) -> str:
    """Return what is stored of the token in the address of a webhook."""
    return HOOK + hash_token(token)


class Passwords:
    """Hashes and verifies with argon2id (RFC 9106, the second recommended parameters), off the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._threads = FairThreads(THREADS, "argon2", MAX_WAITING, MAX_OF_ONE, behind=True)
        self._guesser = Guesser()
        # An unknown user costs the same work as a known one.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    async def hash(self, whose: str, password: str, names: Sequence[str]) -> str | Refusal:
        """Return the hash to store of a new password; refuse one that is easy to guess, and when too many wait.

        `whose`: the address it comes from. `names`: of the account.
        """
        try:
            return await self._threads.run(whose, partial(self._hash, password, names)) or GUESSED
        except (Full, OSError):
            # OSError: no process can be had that says whether it is easy to guess.
            return BUSY

    async def verify(self, whose: str, stored: str | None, password: str) -> bool | Refusal:
        """Say whether `password` fits `stored`; None (no such user) takes as long and is false."""
        try:
            fits = await self._threads.run(whose, partial(self._fits, stored or self._nobody, password))
        except Full:
            return BUSY
        return fits and bool(stored)

    def close(self) -> None:
        """Let the threads go, and the process that knows common passwords."""
        self._threads.close()
        self._guesser.close()

    def _hash(self, password: str, names: Sequence[str]) -> str | None:
        return None if is_guessed(password, names, self._guesser.guesses) else self._hasher.hash(password)

    def _fits(self, stored: str, password: str) -> bool:
        return any(self._fits_as_it_is(stored, reading) for reading in readings_of(password))

    def _fits_as_it_is(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
