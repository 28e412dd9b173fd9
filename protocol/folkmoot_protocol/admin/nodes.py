"""The nodes of the service."""

from ..msgids import N_
from .row import NoOptions, Noun, Target, Verb

NODE = Noun("node", N_("Nodes of the service."))

MATTER = Target("MATTER", N_("time: the clock of the node that answers; removal: what retention removes."))

SHOW_NODE = Verb(
    NODE, "show", N_("Show the node that answers: version, uptime, connections and jobs."), "read", NoOptions
)
CONFIRM = Verb(
    NODE,
    "confirm",
    N_("Confirm that the clock of the node that answers is right, or that the months that are due may go."),
    "confirm_store",
    NoOptions,
    MATTER,
    reason=True,
    dry_run=True,
    examples=("node confirm time --reason 'set by hand, checked'",),
)
