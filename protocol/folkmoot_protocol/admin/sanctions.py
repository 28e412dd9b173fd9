"""Measures of the platform against accounts and groups, and warnings to groups with a time to mend something."""

from typing import Annotated, Literal

from msgspec import Meta

from ..msgids import N_
from .accounts import Grounded
from .groups import CODE
from .row import Duration, Flag, NoOptions, Noun, Options, Target, Verb

SANCTION = Noun("sanction", N_("Measures of the platform against accounts and groups."))

SUBJECT = Target("SUBJECT", N_("Whom it is against: @user, or a group code."))
MATTER = Target("CODE|CASE", N_("Group code, or the case number of a proposed measure."))
CASE = Target("CASE", N_("Case number."))

Which = Literal[
    "warn",
    "mute",
    "join",
    "create",
    "manage",
    "staff",
    "credit",
    "blacklist",
    "suspend",
    "close",
    "publish",
    "comments",
    "reposts",
    "follows",
]


class NewMeasure(Grounded, frozen=True):
    """A measure: which, for how long where it has an end, and whether it takes the place of one that is in force."""

    measure: Annotated[
        Which,
        Flag(
            N_(
                "Which one. For @user: manage create staff mute join credit blacklist suspend close; "
                "for a group: warn join blacklist suspend close; for a channel also: publish comments reposts follows."
            )
        ),
    ] = "warn"
    duration: Annotated[Duration | None, Flag(N_("For how long; its usual time if left out."), "--for", "DURATION")] = (
        None
    )
    score: Annotated[
        int | None, Meta(ge=0, le=1000), Flag(N_("With --measure credit: the new score."), metavar="N")
    ] = None
    replace: Annotated[bool, Flag(N_("Replace the one in force."))] = False


class OldMeasure(Options, frozen=True):
    """Which measure ends."""

    measure: Annotated[Which, Flag(N_("Which one."))]


class NewDeadline(Options, frozen=True):
    """A new time to mend it; without one the old time stays."""

    duration: Annotated[Duration | None, Flag(N_("A new time within which to put it right."), "--for", "DURATION")] = (
        None
    )


LIST_WARNINGS = Verb(
    SANCTION,
    "list",
    N_("List the open warnings to groups."),
    "read",
    NoOptions,
    paged=True,
    columns=("case", "code", "name", "owner", "state", "reason", "mend_until", "rectified", "inspect_until", "text"),
)
LIST_PROPOSALS = Verb(
    SANCTION,
    "status",
    N_("List the measures waiting for a second administrator."),
    "read",
    NoOptions,
    paged=True,
    columns=("case", "measure", "user", "group", "reason", "by", "due"),
)
SHOW_SANCTION = Verb(
    SANCTION,
    "show",
    N_("Show a measure by its case number, with the statement of reasons."),
    "read",
    NoOptions,
    CASE,
)
TAKE_MEASURE = Verb(
    SANCTION,
    "create",
    N_("Take a measure, or propose it if two have to decide. Against a group, a warning unless another is named."),
    "warn_group",
    NewMeasure,
    SUBJECT,
    reason=True,
    dry_run=True,
    ask=N_("Take this measure against {target}?"),
    examples=(
        "sanction create 4821-9067-3350 --for 7d --reason 'take down the price lists'",
        "sanction create @bob --measure mute --for 3d --rule spam --reason 'the same in ten groups'",
        "sanction create @sue --measure staff --for 7d --reason 'read cases of a neighbour'",
        "sanction create 4821-9067-3350 --measure comments --for 7d --reason 'not moderated'",
        "sanction create @max --measure manage --entry 4821-9067-3350:17 --reason 'lets fraud stand'",
    ),
)
END_MEASURE = Verb(
    SANCTION,
    "restore",
    N_("End a measure early: one that lasts for a time, or a suspension."),
    "restore_account",
    OldMeasure,
    SUBJECT,
    reason=True,
    dry_run=True,
    examples=("sanction restore @bob --measure mute --reason 'has understood'",),
)
CONFIRM_MEASURE = Verb(
    SANCTION,
    "approve",
    N_("Confirm a measure that another administrator has proposed: it is taken."),
    "warn_group",
    NoOptions,
    CASE,
    dry_run=True,
    ask=N_("Take the measure {target}?"),
    examples=("sanction approve p-8kq3mvt2xw",),
)
ACCEPT_RECTIFICATION = Verb(
    SANCTION,
    "close",
    N_("Close a group's warning: it has been put right."),
    "warn_group",
    NoOptions,
    CODE,
    reason=True,
    dry_run=True,
)
REJECT_RECTIFICATION = Verb(
    SANCTION,
    "reject",
    N_("Keep a group's warning open because it has not been put right; or turn down a proposed measure."),
    "warn_group",
    NewDeadline,
    MATTER,
    reason=True,
    dry_run=True,
    examples=(
        "sanction reject 4821-9067-3350 --for 2d --reason 'two are still there'",
        "sanction reject p-8kq3mvt2xw --reason 'a warning is enough'",
    ),
)
