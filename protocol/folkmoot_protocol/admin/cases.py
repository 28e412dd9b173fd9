"""Reports and appeals."""

from typing import Annotated, Literal

from msgspec import Meta

from ..msgids import N_
from .row import Duration, Flag, NoOptions, Noun, Options, Target, Verb

CASE = Noun("case", N_("Reports."))
APPEAL = Noun("appeal", N_("Appeals."))

NUMBER = Target("CASE", N_("Case number."))


class Which(Options, frozen=True):
    """Which cases to list."""

    state: Annotated[Literal["open", "overdue", "closed", "all"], Flag(N_("Which ones."))] = "open"


class Claim(Options, frozen=True):
    """How long a reviewer works on a case."""

    duration: Annotated[
        Duration | None, Flag(N_("For how long; without it, what the configuration says."), "--for", "DURATION")
    ] = None


class Given(Options, frozen=True):
    """To whom a claim is handed over."""

    to: Annotated[str, Flag(N_("Which of the staff to give it to."), metavar="USER")]


class Heir(Options, frozen=True):
    """To whom all claims are handed over, if to anybody."""

    to: Annotated[
        str, Flag(N_("Also hand over everything that you have claimed to this one of the staff."), metavar="USER")
    ] = ""


class Decision(Options, frozen=True):
    """How a report ends, for how long what was reported is suspended besides, and whether it is removed."""

    outcome: Annotated[Literal["upheld", "dismissed", "bad_faith"], Flag(N_("How it ends."))]
    suspend: Annotated[Duration | None, Flag(N_("If upheld: also suspend what was reported."), metavar="DURATION")] = (
        None
    )
    remove: Annotated[bool, Flag(N_("If upheld: also remove the entry that was reported."))] = False
    of: Annotated[
        str, Flag(N_("If bad_faith, and several people reported: which of them, by user name."), metavar="USERS")
    ] = ""


class Sample(Options, frozen=True):
    """Of how long back, how many, and by which word reports are drawn."""

    since: Annotated[
        Duration | None, Flag(N_("How far back; a quarter of a year if left out."), metavar="DURATION")
    ] = None
    count: Annotated[int, Meta(ge=1, le=100), Flag(N_("How many."), metavar="N")] = 20
    word: Annotated[
        str,
        Meta(max_length=64),
        Flag(
            N_("A word of your choice: the same word draws the same reports again. Otherwise one is made up."),
            metavar="WORD",
        ),
    ] = ""


class Note(Options, frozen=True):
    """What to note."""

    text: Annotated[str, Meta(max_length=4000), Flag(N_("What to note."), metavar="TEXT")]


LIST_REPORTS = Verb(
    CASE,
    "list",
    N_("List reports, those due first at the top."),
    "read",
    Which,
    paged=True,
    columns=(
        "case",
        "state",
        "severity",
        "reason",
        "reporters",
        "by",
        "group",
        "seq",
        "user",
        "claimed_by",
        "due",
        "opened",
    ),
    examples=("case list --state overdue",),
)
SHOW_REPORT = Verb(
    CASE,
    "show",
    N_("Show a report with its evidence; that you have seen it is recorded."),
    "read_case",
    NoOptions,
    NUMBER,
)
LOG_REPORT = Verb(
    CASE,
    "log",
    N_("List what happened to a report, including who has read it; that you have seen it is recorded."),
    "open_case",
    NoOptions,
    NUMBER,
    paged=True,
    columns=("at", "what", "by", "detail"),
)
SAMPLE_REPORTS = Verb(
    CASE,
    "sample",
    N_("Draw reports that were decided, by a word of yours, to see how they were handled: no names and no texts."),
    "read_case",
    Sample,
    columns=("case", "reason", "severity", "opened", "read", "claimed", "due", "closed", "outcome", "late", "readers"),
    examples=("case sample --since 90d --count 30 --word 'inspection of 12 May'",),
)
CLAIM_REPORT = Verb(
    CASE,
    "claim",
    N_("Take on a report for a time: meanwhile nobody else can decide it."),
    "review_case",
    Claim,
    NUMBER,
    dry_run=True,
    examples=("case claim r-8kq3mvt2xw --for 4h",),
)
NOTE_REPORT = Verb(
    CASE,
    "note",
    N_("Write a note for others who work on a report."),
    "review_case",
    Note,
    NUMBER,
    examples=("case note r-8kq3mvt2xw --text 'asked the bank'",),
)
LIST_TEMPLATES = Verb(
    CASE,
    "templates",
    N_("List the texts that a reason may stand for: `--reason @NAME` gives the text of that name."),
    "read",
    NoOptions,
    columns=("name", "text"),
)
GIVE_REPORT = Verb(
    CASE,
    "give",
    N_("Hand over a claim on a report to another of the staff, who is told."),
    "review_case",
    Given,
    NUMBER,
    dry_run=True,
    examples=("case give r-8kq3mvt2xw --to rea",),
)
RELEASE_REPORT = Verb(
    CASE, "release", N_("Give up a claim on a report."), "review_case", NoOptions, NUMBER, dry_run=True
)
CLOSE_REPORT = Verb(
    CASE,
    "close",
    N_("Decide on a report; those who made it are told why."),
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
    N_("List appeals, those due first at the top."),
    "read",
    Which,
    paged=True,
    columns=("case", "state", "reason", "by", "decider", "group", "measure", "claimed_by", "due", "opened"),
    examples=("appeal list --state all --limit 20",),
)
SHOW_APPEAL = Verb(
    APPEAL,
    "show",
    N_("Show an appeal and the measure; that you have seen it is recorded."),
    "read_case",
    NoOptions,
    NUMBER,
)
LOG_APPEAL = Verb(
    APPEAL,
    "log",
    N_("List what happened to an appeal, including who has read it; that you have seen it is recorded."),
    "open_case",
    NoOptions,
    NUMBER,
    paged=True,
    columns=("at", "what", "by", "detail"),
)
CLAIM_APPEAL = Verb(
    APPEAL,
    "claim",
    N_("Take on an appeal for a time: meanwhile nobody else can decide it."),
    "review_appeal",
    Claim,
    NUMBER,
    dry_run=True,
)
GIVE_APPEAL = Verb(
    APPEAL,
    "give",
    N_("Hand over a claim on an appeal to another of the staff, who is told."),
    "review_appeal",
    Given,
    NUMBER,
    dry_run=True,
)
RELEASE_APPEAL = Verb(
    APPEAL, "release", N_("Give up a claim on an appeal."), "review_appeal", NoOptions, NUMBER, dry_run=True
)
APPROVE_APPEAL = Verb(
    APPEAL,
    "approve",
    N_("Overturn the measure; the one who appealed is told why."),
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
    N_("Uphold the measure; the one who appealed is told why."),
    "review_appeal",
    NoOptions,
    NUMBER,
    reason=True,
    dry_run=True,
    ask=N_("Turn down appeal {target}?"),
)
