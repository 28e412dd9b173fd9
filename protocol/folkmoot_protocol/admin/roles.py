"""Roles of the operator's staff."""

from typing import Annotated

from msgspec import Meta

from ..msgids import N_
from ..types import PlatformRole
from .accounts import NAME
from .row import Duration, Flag, NoOptions, Noun, Options, Verb

ROLE = Noun("role", N_("Roles of the operator's staff."))


class Given(Options, frozen=True):
    """Which role is given; to an inspector for which cases, and for how long."""

    role: Annotated[PlatformRole, Flag(N_("The role; docs/governance.md says what each may do."))]
    case: Annotated[
        str,
        Meta(max_length=1000),
        Flag(N_("For an inspector: the numbers of the reports and appeals that the role opens."), metavar="CASES"),
    ] = ""
    duration: Annotated[Duration | None, Flag(N_("For an inspector: for how long."), "--for", "DURATION")] = None


class Course(Options, frozen=True):
    """In what somebody was trained."""

    course: Annotated[str, Meta(min_length=1, max_length=200), Flag(N_("In what."), metavar="TEXT")]


LIST_ROLES = Verb(
    ROLE,
    "list",
    N_("List who works for the operator, and in which role."),
    "read",
    NoOptions,
    columns=("user", "display_name", "role", "on_duty", "cases", "until", "rests_until"),
)
SHOW_ROLE = Verb(
    ROLE,
    "show",
    N_("Show which roles an account was given and lost, by whom and why, and its training."),
    "read",
    NoOptions,
    NAME,
    columns=("at", "what", "detail", "by", "reason"),
)
TRAIN_ROLE = Verb(
    ROLE,
    "train",
    N_("Put on record that one of the staff was trained."),
    "note_training",
    Course,
    NAME,
    dry_run=True,
    examples=("role train ann --course 'personal data, 2026'",),
)
CREATE_ROLE = Verb(
    ROLE,
    "create",
    N_("Give an account a role, in place of the one it has."),
    "grant_role",
    Given,
    NAME,
    reason=True,
    dry_run=True,
    examples=(
        "role create ann --role reviewer --reason 'hired for the night shift'",
        "role create eve --role inspector --case r-8kq3mvt2xw --for 7d --reason 'letter of 12 May'",
    ),
)
DELETE_ROLE = Verb(
    ROLE,
    "delete",
    N_("Take away an account's role; its connections stay, its next request is refused."),
    "grant_role",
    NoOptions,
    NAME,
    reason=True,
    dry_run=True,
    ask=N_("Take away the role of @{target}?"),
)
