"""Taking out what concerns a case, as a signed bundle, for who inspects the service (G13, P16, W16)."""

from typing import Annotated, Literal

from msgspec import Meta

from ..msgids import N_
from .cases import NUMBER
from .row import Flag, NoOptions, Noun, Options, Verb

EXPORT = Noun("export", N_("Export what concerns a case, signed, for an inspection."))

Reason = Annotated[
    str,
    Meta(min_length=1, max_length=1000),
    Flag(N_("Why: who asks for it, and by what right; it is recorded."), metavar="TEXT"),
]


class Approval(Options, frozen=True):
    """Why identities are to go along."""

    reason: Reason


class Extent(Options, frozen=True, kw_only=True):
    """How much is taken out: which entries, from when until when, and whether identities go along."""

    reason: Reason
    scope: Annotated[
        Literal["entry", "user", "group"],
        Flag(
            N_(
                "Which entries: the reported one and those around it, those of the people it is "
                "about, or all of the group's."
            )
        ),
    ] = "entry"
    since: Annotated[
        str,
        Meta(max_length=32),
        Flag(N_("From when (UTC); otherwise a week before the case was opened."), metavar="2026-11-30[T12:00]"),
    ] = ""
    until: Annotated[
        str, Meta(max_length=32), Flag(N_("Until when (UTC); otherwise until now."), metavar="2026-11-30[T12:00]")
    ] = ""
    identities: Annotated[
        bool, Flag(N_("With the identity numbers of those the case is about: two have approved that."))
    ] = False


EXPORT_CASE = Verb(
    EXPORT,
    "case",
    N_("Write a signed bundle of what concerns a report or an appeal; that, and why, is recorded."),
    "export_case",
    Extent,
    NUMBER,
    saved="folkmoot-{target}.zip",
    dry_run=True,
    examples=(
        "export case r-8kq3mvt2xw --reason 'letter of the court, 12 C 34/26'",
        "export case r-8kq3mvt2xw --scope group --since 2026-11-01 --until 2026-11-08 --reason 'order 7'",
    ),
)
APPROVE_EXPORT = Verb(
    EXPORT,
    "approve",
    N_(
        "Approve that a case's next export includes identity numbers, and removed messages if they need approval; "
        "two of the staff have to, within a week."
    ),
    "export_case",
    Approval,
    NUMBER,
    dry_run=True,
    examples=("export approve r-8kq3mvt2xw --reason 'letter of the court, 12 C 34/26'",),
)
SHOW_KEY = Verb(
    EXPORT,
    "key",
    N_("Show the public key by which bundles are verified, and the SHA-256 of their verify.py: publish both on paper."),
    "read",
    NoOptions,
)
