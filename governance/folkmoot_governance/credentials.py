"""What staff has granted to a channel until an end: a badge, licences, a label (W8, P8, W10).

Readers see all of them on the channel and its posts. What has ended is nowhere from that instant on: whoever shows or
asks compares with the time.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from .duration import FOREVER_MS


class CredentialKind(StrEnum):
    """What a credential is. The ledger has these words: they never change."""

    BADGE = "badge"
    LICENCE = "licence"
    LABEL = "label"


class Scope(StrEnum):
    """What a licence allows in its category: to publish (which includes to relay), or only to repost."""

    PUBLISH = "publish"
    RELAY = "relay"


class Credential(Struct, frozen=True, omit_defaults=True):
    """A credential until `until_ms` (Unix ms), which the application `case` asked for.

    `name` is what readers see: whom a badge names, the number of a licence, a label's text. A licence is for a
    `category` and has a `scope`. A channel has one of a kind, of licences one for a category.
    """

    kind: CredentialKind
    name: str
    until_ms: int
    case: str
    category: str = ""
    scope: Scope | None = None

    @property
    def slot(self) -> tuple[CredentialKind, str]:
        """What a channel has one of."""
        return self.kind, self.category


Credentials = tuple[Credential, ...]


def in_force(held: Credentials, now: int) -> Credentials:
    """Return the credentials that count at `now` (Unix ms)."""
    return tuple(one for one in held if one.until_ms > now)


def ended(held: Credentials, now: int) -> Credentials:
    """Return those whose end has come."""
    return tuple(one for one in held if one.until_ms <= now)


def with_one(held: Credentials, granted: Credential) -> Credentials:
    """Return the credentials with one more, in place of the one of its slot."""
    return (*(one for one in held if one.slot != granted.slot), granted)


def without(held: Credentials, gone: Sequence[Credential]) -> Credentials:
    """Return the credentials without some: one that took the place of another since stays."""
    return tuple(one for one in held if one not in gone)


def allows(held: Credentials, category: str, needed: Scope, now: int) -> bool:
    """Say whether a licence in force covers what takes `needed` in a category."""
    enough = {Scope.PUBLISH} if needed is Scope.PUBLISH else set(Scope)
    return any(
        one.kind is CredentialKind.LICENCE and one.category == category and one.scope in enough
        for one in in_force(held, now)
    )


def next_end(held: Credentials) -> int:
    """Return when the next of them ends, 0 where none does."""
    return min((one.until_ms for one in held if one.until_ms < FOREVER_MS), default=0)
