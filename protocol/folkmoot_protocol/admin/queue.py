"""Posts that a rule of the operator's holds, until staff has looked at them."""

from typing import Annotated

from msgspec import Meta

from ..msgids import N_
from .row import Flag, NoOptions, Noun, Options, Target, Verb

QUEUE = Noun("queue", N_("Posts waiting for the operator's staff."))

HELD = Target("CASE", N_("Case number, as the list has it."))
HIT = Target("CASE|CODE:SEQ", N_("Case number, or group code and number of an older entry, as the list has it."))


class ForCase(Options, frozen=True):
    """What an older entry is read for; a post that waits is its own case."""

    case: Annotated[
        str, Meta(max_length=64), Flag(N_("Of an older entry: the case or file that it is read for."), metavar="CASE")
    ] = ""


class Where(Options, frozen=True):
    """Whose posts."""

    group: Annotated[str, Flag(N_("Only what is waiting in this group."), metavar="CODE")] = ""
    retro: Annotated[bool, Flag(N_("Instead: older entries that break a rule which was set later."))] = False


LIST_QUEUE = Verb(
    QUEUE,
    "list",
    N_("List the posts that are waiting, the oldest first, without what they say."),
    "read",
    Where,
    paged=True,
    columns=("case", "group", "user", "rule", "severity", "own_rule", "held", "until"),
    examples=("queue list", "queue list --retro --group 4821-9067-3350"),
)
SHOW_HELD = Verb(
    QUEUE,
    "show",
    N_("Show a waiting post and what it says; that it was read is recorded."),
    "read_texts",
    ForCase,
    HIT,
    examples=("queue show 482190673350-17", "queue show 4821-9067-3350:17 --case r-8kq3mvt2xw"),
)
APPROVE_HELD = Verb(
    QUEUE,
    "approve",
    N_(
        "Let a post pass: it is posted, or waits for the group's admins if a word of theirs holds it "
        "as well. An older entry is left in place, and no longer listed."
    ),
    "review_post",
    NoOptions,
    HIT,
    dry_run=True,
)
DENY_HELD = Verb(
    QUEUE,
    "deny",
    N_("Turn down a post; its author is told the rule and the reason, and can appeal."),
    "review_post",
    NoOptions,
    HELD,
    reason=True,
    dry_run=True,
    examples=("queue deny 482190673350-17 --reason 'asks for money'",),
)
