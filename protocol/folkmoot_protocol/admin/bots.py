"""Bots of groups: who answers for which."""

from ..msgids import N_
from .row import NoOptions, Noun, Verb

BOT = Noun("bot", N_("Bots of groups. To end one, suspend or close its account: user suspend, user close."))

LIST_BOTS = Verb(
    BOT,
    "list",
    N_("List the bots of all groups, who answers for each, and which have posts sent to an address."),
    "read",
    NoOptions,
    paged=True,
    columns=("user", "group", "giver", "sends", "since"),
    examples=("bot list",),
)
