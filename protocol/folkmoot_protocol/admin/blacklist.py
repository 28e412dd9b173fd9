"""The blacklist: who, and which groups, may not do certain things for long (G11.3, P13.2)."""

from typing import Annotated

from ..msgids import N_
from .accounts import Grounded
from .row import Duration, Flag, NoOptions, Noun, Target, Verb
from .sanctions import SUBJECT

BLACKLIST = Noun("blacklist", N_("Accounts, identities and groups that are barred for a long time."))

ENTRY = Target("SUBJECT|ENTRY", N_("@user, a group code, or an entry b-… of an identity without an account."))


class NewEntry(Grounded, frozen=True, kw_only=True):
    """What an entry bars, for how long, and whether it takes the place of one that is there."""

    scope: Annotated[
        str,
        Flag(N_("What it bars: create manage join post register, separated by commas; all of them if left out.")),
    ] = ""
    duration: Annotated[
        Duration | None, Flag(N_("For how long, or perm; a year if left out."), "--for", "DURATION")
    ] = None
    replace: Annotated[bool, Flag(N_("Replace the one in force."))] = False


ADD_ENTRY = Verb(
    BLACKLIST,
    "add",
    N_("Put an account, with the identity it was verified with, or a group on the blacklist: a measure."),
    "restrict_account",
    NewEntry,
    SUBJECT,
    reason=True,
    dry_run=True,
    ask=N_("Put {target} on the blacklist?"),
    examples=(
        "blacklist add @bob --scope create,manage --for 2y --rule fraud --reason 'three groups of fraud'",
        "blacklist add 4821-9067-3350 --scope join --for perm --reason 'opened again and again'",
    ),
)
LIST_ENTRIES = Verb(
    BLACKLIST,
    "list",
    N_("List the blacklist: groups, accounts, and identities, by name."),
    "read",
    NoOptions,
    paged=True,
    columns=("subject", "scopes", "until", "case", "reason"),
)
REMOVE_ENTRY = Verb(
    BLACKLIST,
    "remove",
    N_("Take somebody, or a group, from the blacklist before the time."),
    "restrict_account",
    NoOptions,
    ENTRY,
    reason=True,
    dry_run=True,
    examples=("blacklist remove @bob --reason 'has made good'",),
)
