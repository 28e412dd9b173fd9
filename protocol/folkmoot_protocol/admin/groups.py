"""Groups, and warnings to them."""

from typing import Annotated

from ..msgids import N_
from .accounts import ForATime, Suspension
from .row import Duration, Flag, NoOptions, Noun, Options, Target, Verb

GROUP = Noun("group", N_("Groups."))
SANCTION = Noun("sanction", N_("Warnings to groups, with a time within which something is to be mended."))

CODE = Target("CODE", N_("Group code, with or without hyphens."))


class NewDeadline(Options, frozen=True):
    """A new time to mend it; without one the old time stays."""

    duration: Annotated[
        Duration | None, Flag(N_("A new time within which it is to be mended."), "--for", "DURATION")
    ] = None


LIST_GROUPS = Verb(
    GROUP,
    "list",
    N_("List groups by code."),
    "read",
    NoOptions,
    paged=True,
    columns=("code", "name", "owner", "status", "members", "created"),
)
SHOW_GROUP = Verb(GROUP, "show", N_("Show one group."), "read", NoOptions, CODE)
SUSPEND_GROUP = Verb(
    GROUP,
    "suspend",
    N_("Suspend a group for a time: nobody posts."),
    "suspend_group",
    Suspension,
    CODE,
    reason=True,
    dry_run=True,
    ask=N_("Suspend group {target} for {duration}?"),
    examples=("group suspend 4821-9067-3350 --for 24h --reason raid --dry-run",),
)
RESTORE_GROUP = Verb(
    GROUP, "restore", N_("End a group's suspension."), "restore_group", NoOptions, CODE, reason=True, dry_run=True
)
APPROVE_GROUP = Verb(
    GROUP,
    "approve",
    N_("Let a group have the size that its owner asked for."),
    "review_group",
    NoOptions,
    CODE,
    reason=True,
    dry_run=True,
)
REJECT_GROUP = Verb(
    GROUP,
    "reject",
    N_("Turn down the size that a group's owner asked for."),
    "review_group",
    NoOptions,
    CODE,
    reason=True,
    dry_run=True,
)
CLOSE_GROUP = Verb(
    GROUP,
    "close",
    N_("Close a group for good."),
    "close_group",
    NoOptions,
    CODE,
    reason=True,
    dry_run=True,
    ask=N_("Close group {target} for good?"),
)

LIST_WARNINGS = Verb(
    SANCTION,
    "list",
    N_("List the open warnings to groups."),
    "read",
    NoOptions,
    paged=True,
    columns=("case", "code", "name", "owner", "reason", "mend_until", "rectified", "text"),
)
WARN_GROUP = Verb(
    SANCTION,
    "create",
    N_("Warn a group: what the reason names is to be mended within a time."),
    "warn_group",
    ForATime,
    CODE,
    reason=True,
    dry_run=True,
    ask=N_("Warn group {target}?"),
    examples=("sanction create 4821-9067-3350 --for 7d --reason 'take down the price lists'",),
)
ACCEPT_RECTIFICATION = Verb(
    SANCTION,
    "close",
    N_("Close a group's warning: it is mended."),
    "warn_group",
    NoOptions,
    CODE,
    reason=True,
    dry_run=True,
)
REJECT_RECTIFICATION = Verb(
    SANCTION,
    "reject",
    N_("Keep a group's warning open: it is not mended."),
    "warn_group",
    NewDeadline,
    CODE,
    reason=True,
    dry_run=True,
    examples=("sanction reject 4821-9067-3350 --for 2d --reason 'two are still there'",),
)
