"""Who asks: what a rule may know of an account."""

from msgspec import Struct

from folkmoot_protocol.types import Identity
from folkmoot_protocol.types import PlatformRole as PlatformRole

from .credit import START
from .restrictions import Held


class Actor(Struct, frozen=True):
    """The account behind a command, with the counts that caps are checked against (G8.1), and what the platform has
    taken from it for a time. `version` is that of the account when all this was so; 0 where it is none that is stored.
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


SERVICE = Actor("")
"""The service itself, which does by itself what was decided before: it ends what has run out. No account."""
