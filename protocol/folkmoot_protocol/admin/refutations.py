"""What the platform says about posts of channels that are not so (W11)."""

from typing import Annotated

from msgspec import Meta

from ..msgids import N_
from .accounts import ForReport
from .groups import CODE
from .row import Flag, NoOptions, Noun, Options, Verb

REFUTATION = Noun(
    "refutation", N_("Refutations: what is shown beside posts that are not true, wherever they are reposted.")
)

Seq = Annotated[int, Meta(ge=1), Flag(N_("The number of the post."), metavar="SEQ")]


class NewRefutation(ForReport, frozen=True, kw_only=True):
    """Of which post, what is to stand beside it, and the reason for reports that it comes under."""

    seq: Seq
    text: Annotated[str, Meta(max_length=1000), Flag(N_("The text to show beside it."), metavar="TEXT")]
    rule: Annotated[str, Flag(N_("The reason for reports that it comes under."), metavar="RULE")] = ""


class OldRefutation(Options, frozen=True, kw_only=True):
    """Of which post."""

    seq: Seq


LIST_REFUTATIONS = Verb(
    REFUTATION,
    "list",
    N_("List the refuted posts of a channel."),
    "read",
    NoOptions,
    CODE,
    columns=("seq", "user", "text", "case", "at"),
)
REFUTE = Verb(
    REFUTATION,
    "create",
    N_(
        "Show a text beside a post and all its reposts; those who wrote and reposted it are told, and "
        "its author can appeal."
    ),
    "remove_entry",
    NewRefutation,
    CODE,
    reason=True,
    examples=("refutation create 4821-9067-3350 --seq 17 --text 'The bridge stands.' --reason 'seen by the police'",),
)
WITHDRAW_REFUTATION = Verb(
    REFUTATION,
    "end",
    N_("Withdraw a refutation; those who were told of it are told of that."),
    "remove_entry",
    OldRefutation,
    CODE,
    reason=True,
    examples=("refutation end 4821-9067-3350 --seq 17 --reason 'it had fallen after all'",),
)
