"""Functions that rest until they are assessed."""

from typing import Annotated, Literal

from msgspec import Meta

from ..msgids import N_
from .row import Flag, NoOptions, Noun, Options, Verb

FEATURE = Noun("feature", N_("Functions that are off until a safety assessment of them is on record."))

Name = Literal["channels", "comments", "reposts", "media"]


class NewAssessment(Options, frozen=True, kw_only=True):
    """What was assessed, and what proves which assessment it was."""

    feature: Annotated[Name, Flag(N_("Which function."))]
    sha256: Annotated[str, Meta(max_length=64), Flag(N_("SHA-256 of the assessment."), metavar="HEX")]


class OldAssessment(Options, frozen=True, kw_only=True):
    """What is to rest again."""

    feature: Annotated[Name, Flag(N_("Which function."))]


LIST_FEATURES = Verb(
    FEATURE,
    "list",
    N_("List the functions, and who has put an assessment on record."),
    "read",
    NoOptions,
    columns=("feature", "state", "by", "at", "sha256", "reason"),
)
ASSESS_FEATURE = Verb(
    FEATURE,
    "assess",
    N_("Put on record that a function was assessed: from then on it is in use."),
    "assess_feature",
    NewAssessment,
    reason=True,
    dry_run=True,
    ask=N_("Let people use {feature}?"),
)
STOP_FEATURE = Verb(
    FEATURE,
    "stop",
    N_("Turn a function off again: what was made with it stays."),
    "assess_feature",
    OldAssessment,
    reason=True,
    dry_run=True,
    ask=N_("Stop {feature}?"),
    examples=("feature stop --feature media --reason 'a new risk'",),
)
