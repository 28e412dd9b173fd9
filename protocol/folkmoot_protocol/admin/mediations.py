"""Mediation of disputes: who waits for a mediator. What is said in one is not for administration."""

from ..msgids import N_
from .cases import NUMBER, Which
from .row import NoOptions, Noun, Verb

MEDIATION = Noun("mediation", N_("Mediations between two accounts."))

LIST_MEDIATIONS = Verb(
    MEDIATION,
    "list",
    N_("List mediations, those waiting longest for a mediator at the top; not what is said in them."),
    "read",
    Which,
    paged=True,
    columns=("case", "state", "by", "user", "mediator", "group", "due", "opened", "closed"),
)
TAKE_MEDIATION = Verb(
    MEDIATION,
    "take",
    N_("Take on a mediation as its mediator; both parties are told. Continue with /mediate."),
    "review_case",
    NoOptions,
    NUMBER,
    dry_run=True,
    examples=("mediation take m-8kq3mvt2xw",),
)
