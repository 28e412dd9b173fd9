"""Groups."""

from ..msgids import N_
from .accounts import Grounded, Suspension
from .row import NoOptions, Noun, Target, Verb

GROUP = Noun("group", N_("Groups."))

CODE = Target("CODE", N_("Group code, with or without hyphens."))


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
    Grounded,
    CODE,
    reason=True,
    dry_run=True,
)
CLOSE_GROUP = Verb(
    GROUP,
    "close",
    N_("Close a group for good."),
    "close_group",
    Grounded,
    CODE,
    reason=True,
    dry_run=True,
    ask=N_("Close group {target} for good?"),
    examples=("group close 4821-9067-3350 --report r-8kq3mvt2xw --reason 'sells accounts'",),
)
