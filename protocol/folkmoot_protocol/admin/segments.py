"""The months that messages and the access log are kept in."""

from ..msgids import N_
from .row import NoOptions, Noun, Verb

SEGMENT = Noun("segment", N_("Months of messages and of the access log."))

LIST_SEGMENTS = Verb(
    SEGMENT,
    "list",
    N_("List the months that are kept: their size, what was sealed of them, and when they go."),
    "read",
    NoOptions,
    columns=("month", "kind", "size", "entries", "sealed", "goes", "sha256"),
)
