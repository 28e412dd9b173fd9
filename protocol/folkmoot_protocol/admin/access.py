"""The access log: from where an account was used."""

from typing import Annotated

from msgspec import Meta

from ..msgids import N_
from .accounts import NAME
from .row import Flag, Noun, Options, Target, Verb

ACCESS = Noun("access", N_("The access log: from where accounts were used."))


class OfCase(Options, frozen=True):
    """For which case it is read."""

    case: Annotated[
        str,
        Meta(min_length=1, max_length=64),
        Flag(N_("Case or file that it is read for; it is recorded."), metavar="CASE"),
    ]


DRAWN = Target("DRAWN", N_("What stands for an account in messages to the syslog server."))

LIST_ACCESS = Verb(
    ACCESS,
    "list",
    N_("List connections, sign-ins and acts of an account, the newest first; the look is recorded."),
    "read_access",
    OfCase,
    NAME,
    columns=("at", "kind", "address", "port", "connection", "detail"),
    examples=("access list ann --case r7f3k-1",),
)
FIND_DRAWN = Verb(
    ACCESS,
    "whose",
    N_("Say which account something stands for in messages to the syslog server; that is recorded."),
    "read_access",
    OfCase,
    DRAWN,
    examples=("access whose 3f0c9a51d2e47b80 --case 'alarm 12'",),
)
