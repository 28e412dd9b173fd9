"""The board of the operator's duties: which are met, which wait for somebody, which are broken, and what mends them.

One table has a row for each duty that the service can look at by itself (the letters name the rule set, the number its
article: README). A row judges by figures alone, so that the same figures give the same board anywhere. What a group's
owner and admins should see to is another matter: `duty`.
"""

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from .duration import DAY_MS, FOREVER_MS, HOUR_MS
from .text import N_


class DutyState(StrEnum):
    """How a duty stands: nothing to do, something to do in time, or something that should have been done."""

    MET = "met"
    DUE = "due"
    BROKEN = "broken"


class Waiting(Struct, frozen=True):
    """What waits for somebody: how much, how much of it for too long, and the time (Unix ms) that the first of it is
    due, or since when it waits; 0: nothing does."""

    count: int = 0
    late: int = 0
    first_ms: int = 0


class Figures(Struct, frozen=True, kw_only=True):
    """What the board rests on. `staff`: how many may decide on appeals, `officers` how many may close groups.

    `licence_until_ms`: when the operator's licence ends, 0 where none is named. `notice_ms`: how long before that it is
    to be seen to. `own_documents`: whether agreement and rules are the operator's own. `filings` are measures that the
    authority has still to hear of, None while nobody counts them. `levels`: of credit; `public_grades`: those with a
    public info page; `kept_months`: how long messages are kept. `emergencies`: how many are in force;
    `on_duty`: how many of those who decide on reports are.
    """

    reports: Waiting = Waiting()
    appeals: Waiting = Waiting()
    mediations: Waiting = Waiting()
    outcomes: Waiting = Waiting()
    warnings: Waiting = Waiting()
    mended: Waiting = Waiting()
    identities: Waiting = Waiting()
    held: Waiting = Waiting()
    closings: Waiting = Waiting()
    filings: Waiting | None = None
    levels: int = 0
    public_grades: int = 0
    kept_months: int = 0
    sizes: int = 0
    ungraded: int = 0
    ownerless: int = 0
    months: int = 0
    failed_jobs: int = 0
    content_rules: int = 0
    staff: int = 0
    officers: int = 0
    emergencies: int = 0
    on_duty: int = 0
    own_documents: bool = False
    needs_identity: bool = False
    renews_identity: bool = False
    licence: str = ""
    licence_until_ms: int = 0
    notice_ms: int = 0


class Judged(Struct, frozen=True):
    """How a duty stands, the figure that says so, and a time (Unix ms) that goes with it, 0 for none."""

    state: DutyState
    figure: int = 0
    at_ms: int = 0


Judge = Callable[[Figures, int], Judged]
"""Judges by figures at a time (Unix ms)."""


class Row(Struct, frozen=True):
    """A duty: its name, the articles, the duty in words, how it stands, and the command, or setting, that mends it."""

    name: str
    refs: str
    text: str
    judge: Judge
    mend: str


def _waiting(get: Callable[[Figures], Waiting]) -> Judge:
    """Judge by what waits: broken as soon as something does for too long."""

    def judge(figures: Figures, now: int) -> Judged:
        one = get(figures)
        if one.late:
            return Judged(DutyState.BROKEN, one.late, one.first_ms)
        return Judged(DutyState.DUE if one.count else DutyState.MET, one.count, one.first_ms)

    return judge


def _none(get: Callable[[Figures], int], otherwise: DutyState) -> Judge:
    """Judge by a count that should be 0."""

    def judge(figures: Figures, now: int) -> Judged:
        count = get(figures)
        return Judged(otherwise if count else DutyState.MET, count)

    return judge


def _least(get: Callable[[Figures], int], least: int, otherwise: DutyState) -> Judge:
    """Judge by a count that should be so much at least."""

    def judge(figures: Figures, now: int) -> Judged:
        count = get(figures)
        return Judged(DutyState.MET if count >= least else otherwise, count)

    return judge


def _filings(figures: Figures, now: int) -> Judged:
    # What nobody counts is not known to be done.
    if figures.filings is None:
        return Judged(DutyState.DUE)
    return _waiting(lambda one: one.filings or Waiting())(figures, now)


def _licence(figures: Figures, now: int) -> Judged:
    until = figures.licence_until_ms
    if not figures.licence:
        return Judged(DutyState.DUE)
    days = max(0, (until - now) // DAY_MS)
    if until <= now:
        return Judged(DutyState.BROKEN, 0, until)
    return Judged(DutyState.DUE if until - now <= figures.notice_ms else DutyState.MET, days, until)


DUE, BROKEN = DutyState.DUE, DutyState.BROKEN

DUTIES: tuple[Row, ...] = (
    Row(
        "documents",
        "G5 G5.2",
        N_("Agreement and rules are the operator's own, and published"),
        _least(lambda one: int(one.own_documents), 1, DUE),
        "docs/operations.md",
    ),
    Row(
        "identity_needed",
        "G6 I6 P6 W7",
        N_("Nobody publishes without a verified identity"),
        _least(lambda one: int(one.needs_identity), 1, DUE),
        "policy.identity.to_post",
    ),
    Row(
        "identity_renewed",
        "W7",
        N_("Identities are verified again after a time"),
        _least(lambda one: int(one.renews_identity), 1, DUE),
        "policy.identity.reverify_days",
    ),
    Row(
        "identities",
        "G6 I6 P6 W7",
        N_("People who ask for an identity review get an answer"),
        _waiting(lambda one: one.identities),
        "folkmoot admin identity list",
    ),
    Row(
        "closings",
        "P9.2",
        N_("Closed accounts are erased once nobody can appeal any more"),
        _waiting(lambda one: one.closings),
        "folkmoot admin node show",
    ),
    Row(
        "grading",
        "G7 P7.2 W9",
        N_("Groups are graded every day"),
        _none(lambda one: one.ungraded, BROKEN),
        "folkmoot admin node show",
    ),
    Row(
        "credit_levels",
        "G7.2 P6.2",
        N_("There are levels of credit, and what people may do depends on them"),
        _least(lambda one: one.levels, 2, DUE),
        "policy.credit.levels",
    ),
    Row(
        "info_pages",
        "G8.2",
        N_("Groups above a certain size have a public info page"),
        _least(lambda one: one.public_grades, 1, DUE),
        "policy.grades",
    ),
    Row(
        "sizes",
        "G8.3",
        N_("Groups that may not grow without a review get one"),
        _none(lambda one: one.sizes, DUE),
        "folkmoot admin group list",
    ),
    Row(
        "emergencies",
        "G5",
        N_("What was stopped in an emergency resumes as soon as possible"),
        _none(lambda one: one.emergencies, DUE),
        "folkmoot admin emergency list",
    ),
    Row(
        "owners",
        "G9",
        N_("Somebody answers for each group"),
        _none(lambda one: one.ownerless, DUE),
        "folkmoot admin group list",
    ),
    Row(
        "content_rules",
        "G10 P11 W12",
        N_("Content rules of the operator are in force"),
        _least(lambda one: one.content_rules, 1, DUE),
        "policy.content.rule_files",
    ),
    Row(
        "held_posts",
        "G10 P11 W12",
        N_("Posts waiting for review are looked at"),
        _waiting(lambda one: one.held),
        "folkmoot admin queue list",
    ),
    Row(
        "warnings",
        "G11.1",
        N_("What groups were warned about is put right in time"),
        _waiting(lambda one: one.warnings),
        "folkmoot admin sanction list",
    ),
    Row(
        "mended",
        "G11.1",
        N_("What owners say they have put right is checked"),
        _waiting(lambda one: one.mended),
        "folkmoot admin sanction list",
    ),
    Row(
        "filings",
        "G11.1 G11.2 G11.3 P11 P13 W12 I8",
        N_("Measures are reported to the authority"),
        _filings,
        "folkmoot admin filing list",
    ),
    Row(
        "reports",
        "G12 I5 P15 W14",
        N_("Reports are answered in time"),
        _waiting(lambda one: one.reports),
        "folkmoot admin case list",
    ),
    Row(
        "appeals",
        "P15",
        N_("Appeals are answered in time"),
        _waiting(lambda one: one.appeals),
        "folkmoot admin appeal list",
    ),
    Row(
        "mediations",
        "P14",
        N_("People who ask for mediation get a mediator in time"),
        _waiting(lambda one: one.mediations),
        "folkmoot admin mediation list",
    ),
    Row(
        "outcomes",
        "P15",
        N_("What was decided is carried out"),
        _waiting(lambda one: one.outcomes),
        "folkmoot admin node show",
    ),
    Row(
        "reviewers",
        "P15 G14",
        N_("Two or more may decide on appeals, so that nobody decides on their own measures"),
        _least(lambda one: one.staff, 2, BROKEN),
        "folkmoot admin role create",
    ),
    Row(
        "officers",
        "G5 P5 W6",
        N_("Somebody is safety officer, or may do what one may"),
        _least(lambda one: one.officers, 1, BROKEN),
        "folkmoot admin role create",
    ),
    Row(
        "on_duty",
        "G12 P15",
        N_("Somebody who decides on reports is on duty"),
        _least(lambda one: one.on_duty, 1, DUE),
        "folkmoot admin duty on",
    ),
    Row(
        "kept_months",
        "G13 P16 W16",
        N_("Messages are kept for six months at least"),
        _least(lambda one: one.kept_months, 6, BROKEN),
        "retention.months",
    ),
    Row(
        "retention",
        "G13 P16 W16",
        N_("Months that need not be kept any more are removed"),
        _none(lambda one: one.months, DUE),
        "folkmoot admin node confirm removal",
    ),
    Row(
        "jobs",
        "G5 G13",
        N_("Regular jobs run: none of this node's has failed in its latest round"),
        _none(lambda one: one.failed_jobs, BROKEN),
        "folkmoot admin node show",
    ),
    Row(
        "licence",
        "I4 W4",
        N_("The operator's licence is in force, and not about to end"),
        _licence,
        "operator.licence_until",
    ),
)
"""All of them."""

ANSWER_MS = 3 * DAY_MS
"""Within which time staff is to look at what has no term of its own: identities, and what owners say they mended."""

CARRY_OUT_MS = HOUR_MS
"""Within which time what was decided is to be carried out."""


class Line(Struct, frozen=True):
    """A line of the board."""

    row: Row
    judged: Judged


def next_look(figures: Figures, now: int) -> int:
    """Return from when on (Unix ms) the board may be another one though the figures' counts are not."""
    times = [figures.licence_until_ms, figures.licence_until_ms - figures.notice_ms]
    for waiting, term in (
        (figures.reports, 0),
        (figures.appeals, 0),
        (figures.mediations, 0),
        (figures.warnings, 0),
        (figures.outcomes, CARRY_OUT_MS),
        (figures.closings, CARRY_OUT_MS),
        (figures.mended, ANSWER_MS),
        (figures.identities, ANSWER_MS),
        (figures.held, ANSWER_MS),
    ):
        if waiting.count > waiting.late:
            # Of those that are not late, the first may be any after the first of all.
            times.append(max(waiting.first_ms + term, now) + 1)
    return min((one for one in times if one > now), default=FOREVER_MS)


def board(figures: Figures, now: int) -> list[Line]:
    """Return how each duty stands at `now` (Unix ms)."""
    return [Line(row, row.judge(figures, now)) for row in DUTIES]
