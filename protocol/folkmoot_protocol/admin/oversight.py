"""What the operator owes, and what became of what people asked."""

from typing import Annotated

from ..msgids import N_
from .cases import Heir
from .row import Duration, Flag, NoOptions, Noun, Options, Verb

DUTY = Noun("duty", N_("Show how the operator's duties stand; the exit code is 1 if one is broken."), usual="show")
FIGURES = Noun("figures", N_("Reports and appeals in figures: by reason, and by kind of measure."), usual="show")


class Since(Options, frozen=True):
    """How far back cases are counted."""

    since: Annotated[
        Duration | None, Flag(N_("How far back; a quarter of a year if left out."), metavar="DURATION")
    ] = None


SHOW_DUTIES = Verb(
    DUTY,
    "show",
    DUTY.summary,
    "read",
    NoOptions,
    columns=("duty", "state", "figure", "at", "rule", "text", "mend"),
    alarm=("state", "broken"),
    examples=("duty -o json",),
)
BEGIN_DUTY = Verb(
    DUTY,
    "on",
    N_("Say that you are on duty: reminders come to you before others."),
    "read",
    NoOptions,
    dry_run=True,
)
END_DUTY = Verb(
    DUTY,
    "off",
    N_("Say that you are no longer on duty."),
    "read",
    Heir,
    dry_run=True,
    examples=("duty off --to rea",),
)
SHOW_FIGURES = Verb(
    FIGURES,
    "show",
    FIGURES.summary,
    "read",
    Since,
    columns=("kind", "reason", "received", "decided", "granted", "bad_faith", "overdue", "median_hours"),
    examples=("figures --since 30d -o csv",),
)
