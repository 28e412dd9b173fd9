"""What the operator owes, and what became of what people asked."""

from typing import Annotated

from ..msgids import N_
from .row import Duration, Flag, NoOptions, Noun, Options, Verb

DUTY = Noun("duty", N_("How the operator's duties stand; it ends with 1 where one is broken."), is_verb=True)
FIGURES = Noun("figures", N_("Reports and appeals in figures: by reason, and by kind of measure."), is_verb=True)


class Since(Options, frozen=True):
    """How far back cases are counted."""

    since: Annotated[
        Duration | None, Flag(N_("How far back; a quarter of a year where it is left out."), metavar="DURATION")
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
SHOW_FIGURES = Verb(
    FIGURES,
    "show",
    FIGURES.summary,
    "read",
    Since,
    columns=("kind", "reason", "received", "decided", "granted", "bad_faith", "overdue", "median_hours"),
    examples=("figures --since 30d -o csv",),
)
