"""Reports and appeals."""

from typing import Annotated, Literal

from ..msgids import N_
from .row import Duration, Flag, NoOptions, Noun, Options, Target, Verb

CASE = Noun("case", N_("Reports."))
APPEAL = Noun("appeal", N_("Appeals."))

NUMBER = Target("CASE", N_("Case number."))


class Which(Options, frozen=True):
    """Which cases to list."""

    state: Annotated[Literal["open", "closed", "all"], Flag(N_("Which ones."))] = "open"


class Decision(Options, frozen=True):
    """How a report ends, for how long what was reported is suspended besides, and whether it is removed."""

    outcome: Annotated[Literal["upheld", "dismissed", "bad_faith"], Flag(N_("How it ends."))]
    suspend: Annotated[
        Duration | None, Flag(N_("Where it is upheld: also suspend what was reported."), metavar="DURATION")
    ] = None
    remove: Annotated[bool, Flag(N_("Where it is upheld: also remove the entry that was reported."))] = False


LIST_REPORTS = Verb(
    CASE,
    "list",
    N_("List reports, what is due first before the others."),
    "read",
    Which,
    paged=True,
    columns=("case", "state", "severity", "reason", "by", "group", "seq", "user", "due", "opened"),
)
SHOW_REPORT = Verb(
    CASE,
    "show",
    N_("Show a report with its evidence; that you have seen it is recorded."),
    "read",
    NoOptions,
    NUMBER,
)
CLOSE_REPORT = Verb(
    CASE,
    "close",
    N_("Decide on a report; who made it is told why."),
    "review_case",
    Decision,
    NUMBER,
    reason=True,
    dry_run=True,
    ask=N_("Close report {target} as {outcome}?"),
    examples=(
        "case close r-8kq3mvt2xw --outcome upheld --suspend 7d --reason 'sells accounts'",
        "case close r-8kq3mvt2xw --outcome upheld --remove --reason 'asks for money'",
    ),
)

LIST_APPEALS = Verb(
    APPEAL,
    "list",
    N_("List appeals, what is due first before the others."),
    "read",
    Which,
    paged=True,
    columns=("case", "state", "reason", "by", "decider", "group", "measure", "due", "opened"),
    examples=("appeal list --state all --limit 20",),
)
SHOW_APPEAL = Verb(
    APPEAL,
    "show",
    N_("Show an appeal and the measure; that you have seen it is recorded."),
    "read",
    NoOptions,
    NUMBER,
)
APPROVE_APPEAL = Verb(
    APPEAL,
    "approve",
    N_("Overturn the measure; who appealed is told why."),
    "review_appeal",
    NoOptions,
    NUMBER,
    reason=True,
    dry_run=True,
    ask=N_("Overturn the measure of appeal {target}?"),
    examples=("appeal approve a-@max-4 --reason 'mistaken for somebody else'",),
)
REJECT_APPEAL = Verb(
    APPEAL,
    "reject",
    N_("Let the measure stand; who appealed is told why."),
    "review_appeal",
    NoOptions,
    NUMBER,
    reason=True,
    dry_run=True,
    ask=N_("Turn appeal {target} down?"),
)
