"""The ledger: what was done, by whom, and about whom or what."""

from typing import Annotated

from ..msgids import N_
from .access import OfCase
from .row import Flag, Noun, Verb

AUDIT = Noun("audit", N_("The ledger: what was done, by whom and when."))


class Whose(OfCase, frozen=True):
    """For which case it is read, and whose acts."""

    account: Annotated[str, Flag(N_("Only what this account has done."), metavar="USER")] = ""


LIST_AUDIT = Verb(
    AUDIT,
    "list",
    N_("List what is in the ledger, without the words of it, the newest first; the look is recorded."),
    "read_access",
    Whose,
    paged=True,
    columns=("position", "at", "what", "by", "about"),
    examples=("audit list --account root --case r7f3k-1",),
)
