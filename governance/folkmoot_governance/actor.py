"""Who asks: what a rule may know of an account."""

from msgspec import Struct

from folkmoot_protocol.types import Identity
from folkmoot_protocol.types import PlatformRole as PlatformRole

from .credit import START
from .restrictions import Held


class Emergency(Struct, frozen=True):
    """That something (`emergency.Halt`) stands still in a scope until `until_ms`; `slow_ms`: between two posts."""

    number: str
    scope: str
    halt: str
    until_ms: int
    reason: str
    started_ts: int = 0
    by: str = ""
    slow_ms: int = 0


Emergencies = tuple[Emergency, ...]


class Actor(Struct, frozen=True):
    """The account behind a command, with the counts that caps are checked against (G8.1), what the platform has taken
    from it for a time, and the emergencies that concern it: none of them concerns the operator's staff. `platform` is
    the role that counts now, and `cases` are those that it is about, where it is about some alone. `version` is that
    of the account when all this was so; 0 where it is none that is stored. `home` is the group that a bot was made for,
    empty for people: identity, credit and restrictions of a bot are those of who answers for it.
    """

    user: str
    groups_created: int = 0
    groups_joined: int = 0
    identity: Identity = Identity.NONE
    platform: PlatformRole | None = None
    credit: int = START
    restrictions: Held = ()
    verified_ts: int = 0
    version: int = 0
    emergencies: Emergencies = ()
    cases: tuple[str, ...] = ()
    home: str = ""


SERVICE = Actor("")
"""The service itself, which does by itself what was decided before: it ends what has run out. No account."""
