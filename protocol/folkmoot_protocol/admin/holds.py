"""Legal holds: what is kept beyond its time for a case."""

from typing import Annotated

from msgspec import Meta

from ..msgids import N_
from .row import Duration, Flag, NoOptions, Noun, Options, Target, Verb

HOLD = Noun("hold", N_("Legal holds: what is kept beyond its time for a case."))

NUMBER = Target("HOLD", N_("Number of the hold, or of the case that holds."))


class NewHold(Options, frozen=True, kw_only=True):
    """What is held, for which case, and for how long."""

    case: Annotated[
        str,
        Meta(min_length=1, max_length=64),
        Flag(N_("Case or file that it is held for; it is recorded."), metavar="CASE"),
    ]
    duration: Annotated[Duration, Flag(N_("For how long it is held, from now."), "--for", "DURATION")]
    group: Annotated[str, Flag(N_("What was written in this group."), metavar="CODE")] = ""
    account: Annotated[str, Flag(N_("What this account wrote, and from where it connected."), metavar="USER")] = ""
    since: Annotated[
        Duration | None, Flag(N_("How far back it begins; everything if left out."), metavar="DURATION")
    ] = None
    till: Annotated[
        Duration | None,
        Flag(N_("How far back it ends; if left out, what is yet to come is included."), metavar="DURATION"),
    ] = None


LIST_HOLDS = Verb(
    HOLD,
    "list",
    N_("List what staff, and cases that are not final, hold: until when, and how much is kept of months that went."),
    "read",
    NoOptions,
    paged=True,
    columns=("hold", "case", "group", "user", "seq", "since", "till", "until", "kept"),
)
CREATE_HOLD = Verb(
    HOLD,
    "create",
    N_("Hold what was written in a group, by an account, or both, beyond its time; an open case holds what it names."),
    "hold_entries",
    NewHold,
    reason=True,
    dry_run=True,
    examples=("hold create --case file-7 --group 4821-9067-3350 --since 1y --for 6mo --reason 'asked for by a court'",),
)
END_HOLD = Verb(
    HOLD,
    "end",
    N_("End a hold of the staff's before its time; what it has kept of months that are gone is removed."),
    "hold_entries",
    NoOptions,
    NUMBER,
    reason=True,
    dry_run=True,
    ask=N_("End the hold {target}, and remove what it has kept?"),
    examples=("hold end h12 --reason 'the case is over'",),
)
SHOW_HOLD = Verb(
    HOLD,
    "show",
    N_("List what a hold has kept of months that are gone; the look is recorded."),
    "hold_entries",
    NoOptions,
    NUMBER,
    paged=True,
    columns=("at", "kind", "group", "seq", "user", "address", "port", "text"),
)
