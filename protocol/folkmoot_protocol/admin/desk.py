"""The desk: all that waits for a decision of the operator's staff, in one list."""

from typing import Annotated

from msgspec import Meta

from ..msgids import N_
from .row import Flag, NoOptions, Noun, Options, Target, Verb

DESK = Noun("desk", N_("What is waiting for a decision of the operator's staff."), usual="list")

ITEM = Target("CASE|USER", N_("Case number, or for a review of identity the user name, as the list has it."))


class LookedAtFor(Options, frozen=True):
    """What the numbers of an identity are read for."""

    case: Annotated[
        str,
        Meta(max_length=64),
        Flag(N_("Of a review of identity: the case or file that the numbers are read for."), metavar="CASE"),
    ] = ""


LIST_DESK = Verb(
    DESK,
    "list",
    N_("List what is waiting, what is due first at the top, with the ways in which you may decide on it."),
    "read",
    NoOptions,
    columns=("what", "case", "why", "user", "claimed_by", "state", "due"),
    examples=("desk",),
)
SHOW_DESK = Verb(
    DESK,
    "show",
    N_("Show one of them in words, with what people wrote; that you have seen it is recorded."),
    "read",
    LookedAtFor,
    ITEM,
    examples=("desk show r-8kq3mvt2xw",),
)
