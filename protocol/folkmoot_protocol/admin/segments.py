"""The months that messages and the access log are kept in."""

from ..msgids import N_
from .row import NoOptions, Noun, Verb

SEGMENT = Noun("segment", N_("Months of messages and of the access log."))

LIST_SEGMENTS = Verb(
    SEGMENT,
    "list",
    N_("List the months that are kept: their size, what was sealed of them, and when they will be removed."),
    "read",
    NoOptions,
    columns=("month", "kind", "size", "entries", "sealed", "goes", "sha256"),
)
PLAN_SEGMENTS = Verb(
    SEGMENT,
    "plan",
    N_("List what happens to each month and when, how many holds may keep some of it, and what was removed or kept."),
    "read",
    NoOptions,
    columns=("month", "kind", "stage", "next", "holds", "removed", "entries", "held"),
)
CONFIRM_SEGMENTS = Verb(
    SEGMENT,
    "confirm",
    N_(
        "Confirm that the months that are due may go, however many there are, because the clock is "
        "right. Or: node confirm."
    ),
    "confirm_store",
    NoOptions,
    reason=True,
    dry_run=True,
    examples=("segment confirm --reason 'off since summer'",),
)
