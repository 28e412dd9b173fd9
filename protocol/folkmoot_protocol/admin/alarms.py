"""Emergencies, and what everybody is told."""

from typing import Annotated, Literal

from msgspec import Meta

from ..msgids import N_
from .row import Duration, Flag, NoOptions, Noun, Options, Target, Verb

EMERGENCY = Noun("emergency", N_("The emergency switch: stop something for a time."))
ANNOUNCE = Noun("announce", N_("What everybody is told."))

SCOPE = Target("SCOPE", N_("Where: platform, category:NAME, or a group code."))
NUMBER = Target("NUMBER", N_("Number of the emergency."))


class NewEmergency(Options, frozen=True, kw_only=True):
    """What stops, for how long, and what those whom it concerns are told."""

    what: Annotated[
        Literal["read_only", "slow", "joins", "creation", "registration"],
        Flag(N_("What stops: posting, joining, creating groups, registering; slow: posting, but for one at a time.")),
    ]
    duration: Annotated[Duration, Flag(N_("For how long: 30s 10m 2h 7d 2w 6mo 1y, or perm."), "--for", "DURATION")]
    every: Annotated[Duration | None, Flag(N_("With --what slow: the time between two posts."), metavar="DURATION")] = (
        None
    )
    announcement: Annotated[
        str, Meta(max_length=1000), Flag(N_("What the people it concerns are told."), "--announce", "TEXT")
    ] = ""


class News(Options, frozen=True, kw_only=True):
    """What everybody is told, and until when who signs in finds it."""

    text: Annotated[str, Meta(min_length=1, max_length=1000), Flag(N_("What everybody is told."), metavar="TEXT")]
    duration: Annotated[
        Duration, Flag(N_("How long it is kept for those who have not seen it."), "--for", "DURATION")
    ] = Duration(30 * 86_400_000)


START_EMERGENCY = Verb(
    EMERGENCY,
    "start",
    N_("Stop something for a time, at once and on all nodes; staff, appeals and reports are not affected."),
    "declare_emergency",
    NewEmergency,
    SCOPE,
    reason=True,
    dry_run=True,
    ask=N_("Stop {what} for {duration}?"),
    examples=(
        "emergency start platform --what registration --for 2h --reason 'a wave of bots'",
        "emergency start 4821-9067-3350 --what read_only --for 1h --reason raid --announce 'Back in an hour.'",
    ),
)
LIST_EMERGENCIES = Verb(
    EMERGENCY,
    "list",
    N_("List the emergencies in force, the oldest first."),
    "read",
    NoOptions,
    columns=("number", "scope", "what", "until", "reason", "by", "started"),
)
END_EMERGENCY = Verb(
    EMERGENCY,
    "end",
    N_("Let it resume."),
    "declare_emergency",
    NoOptions,
    NUMBER,
    reason=True,
    dry_run=True,
    examples=("emergency end e-8kq3mvt2xw --reason 'it is over'",),
)

CREATE_ANNOUNCEMENT = Verb(
    ANNOUNCE,
    "create",
    N_("Tell everybody something; it stays in each account's notices until it is read."),
    "announce",
    News,
    dry_run=True,
    ask=N_("Tell everybody?"),
    examples=("announce create --text 'Closed for repairs tonight, 23:00 UTC.' --for 3d",),
)
LIST_ANNOUNCEMENTS = Verb(
    ANNOUNCE,
    "list",
    N_("List what everybody is told, the oldest first."),
    "read",
    NoOptions,
    columns=("number", "at", "until", "by", "text"),
)
