"""The nodes of the service."""

from ..msgids import N_
from .row import NoOptions, Noun, Verb

NODE = Noun("node", N_("Nodes of the service."))

SHOW_NODE = Verb(
    NODE, "show", N_("Show the node that answers: version, uptime, connections and jobs."), "read", NoOptions
)
