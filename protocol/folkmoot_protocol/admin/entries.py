"""Entries of groups' logs."""

from typing import Annotated

from ..msgids import N_
from .groups import CODE
from .row import Duration, Flag, Noun, Options, Verb

ENTRY = Noun("entry", N_("Entries of groups."))


class WhichEntries(Options, frozen=True):
    """Which entries of a group: these, or what one account wrote within a time. `seqs`: numbers, separated by
    spaces."""

    seqs: Annotated[str, Flag(N_("Numbers of entries."), metavar="SEQ", words=True)] = ""
    author: Annotated[str, Flag(N_("Instead of numbers: what this account wrote."), "--user", "USER")] = ""
    since: Annotated[
        Duration | None, Flag(N_("With --user: how far back, a day where it is left out."), metavar="DURATION")
    ] = None
    rule: Annotated[str, Flag(N_("The reason for reports that they come under."), metavar="RULE")] = ""


REMOVE_ENTRIES = Verb(
    ENTRY,
    "remove",
    N_("Remove entries from sight; who wrote them is told why, and can appeal."),
    "remove_entry",
    WhichEntries,
    CODE,
    reason=True,
    dry_run=True,
    ask=N_("Remove entries of group {target}?"),
    examples=(
        "entry remove 4821-9067-3350 17 18 --rule fraud --reason 'asks for money'",
        "entry remove 4821-9067-3350 --user max --since 2h --reason 'spam wave' --dry-run",
    ),
)
