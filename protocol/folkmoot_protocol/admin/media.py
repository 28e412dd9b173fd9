"""Pictures, sound and films."""

from typing import Annotated, Literal

from msgspec import Meta

from ..msgids import N_
from .row import Flag, NoOptions, Noun, Options, Target, Verb

MEDIA = Noun("media", N_("Pictures, sound and films that people uploaded."))

ID = Target("MEDIA", N_("Id of the upload, as an entry's data has it."))


class WhichMedia(Options, frozen=True, kw_only=True):
    """Whose uploads, and how far they are."""

    account: Annotated[str, Flag(N_("Uploads of this account."), "--user", "USER")] = ""
    state: Annotated[
        Literal["", "asked", "pending", "ready", "refused", "posted", "removed"],
        Flag(N_("Uploads in this state.")),
    ] = ""


class ForCase(Options, frozen=True, kw_only=True):
    """For which case it is looked at."""

    case: Annotated[
        str,
        Meta(min_length=1, max_length=64),
        Flag(N_("Case that it is looked at for; it is recorded."), metavar="CASE"),
    ]


LIST_MEDIA = Verb(
    MEDIA,
    "list",
    N_(
        "List uploads, the latest first: whose they are, their state, why they were refused, and where they are posted."
    ),
    "read",
    WhichMedia,
    paged=True,
    columns=("at", "media", "user", "state", "reason", "type", "size", "group", "seq"),
    examples=("media list --state refused",),
)
SHOW_MEDIA = Verb(
    MEDIA,
    "show",
    N_("Give a path at which an upload can be seen for some minutes, even a removed one; the look is recorded."),
    "read_texts",
    ForCase,
    ID,
    examples=("media show 3f0c5d0a9be14d0f8f4f6f1f5f2a7c11 --case 4821-9067-3350-17",),
)
APPROVE_MEDIA = Verb(
    MEDIA,
    "approve",
    N_("Let an upload through that is held: it can be posted."),
    "review_case",
    NoOptions,
    ID,
    reason=True,
    examples=("media approve 3f0c5d0a9be14d0f8f4f6f1f5f2a7c11 --reason 'a cactus'",),
)
REJECT_MEDIA = Verb(
    MEDIA,
    "reject",
    N_("Refuse an upload that is held: its bytes are removed, and who uploaded it reads that staff does not allow it."),
    "review_case",
    NoOptions,
    ID,
    reason=True,
    ask=N_("Refuse this upload, and remove it?"),
    examples=("media reject 3f0c5d0a9be14d0f8f4f6f1f5f2a7c11 --reason 'a person who is not asked'",),
)
