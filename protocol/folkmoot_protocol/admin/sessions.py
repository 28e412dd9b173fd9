"""Sessions of accounts: where somebody is signed in."""

from typing import Annotated

from ..msgids import N_
from .accounts import NAME
from .row import Flag, NoOptions, Noun, Options, Verb

SESSION = Noun("session", N_("Sessions of accounts."))


class Which(Options, frozen=True):
    """Which session is ended."""

    id: Annotated[str, Flag(N_("Only that one, by its id in the list."), metavar="ID")] = ""


LIST_SESSIONS = Verb(
    SESSION,
    "list",
    N_("List where an account is signed in: device, network, last seen."),
    "end_sessions",
    NoOptions,
    NAME,
    columns=("id", "device", "region", "created", "seen"),
)
CLOSE_SESSION = Verb(
    SESSION,
    "close",
    N_("End an account's sessions: their connections close, and it signs in again by password."),
    "end_sessions",
    Which,
    NAME,
    reason=True,
    dry_run=True,
    ask=N_("End the sessions of @{target}?"),
    examples=("session close ann --reason 'laptop stolen'",),
)
