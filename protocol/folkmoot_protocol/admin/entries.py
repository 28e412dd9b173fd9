"""Entries of groups' logs, and texts of groups that are no entries."""

from typing import Annotated, Literal

from ..msgids import N_
from .accounts import ForReport, Grounded
from .groups import CODE
from .row import Duration, Flag, Noun, Verb

ENTRY = Noun("entry", N_("Entries of groups."))
TEXT = Noun("text", N_("Names, topics and other texts of groups."))


class WhichEntries(ForReport, frozen=True):
    """Which entries of a group: these, or what one account wrote within a time. `seqs`: numbers, separated by
    spaces."""

    seqs: Annotated[str, Flag(N_("Numbers of entries."), metavar="SEQ", words=True)] = ""
    author: Annotated[str, Flag(N_("Instead of numbers: what this account wrote."), "--user", "USER")] = ""
    since: Annotated[Duration | None, Flag(N_("With --user: how far back; a day if left out."), metavar="DURATION")] = (
        None
    )
    rule: Annotated[str, Flag(N_("The reason for reports that they come under."), metavar="RULE")] = ""


REMOVE_ENTRIES = Verb(
    ENTRY,
    "remove",
    N_("Remove entries from sight; their authors are told why, and can appeal."),
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


class WhichText(Grounded, frozen=True, kw_only=True):
    """Which text of a group; of a tag, whose; of a reason, of which act."""

    what: Annotated[
        Literal["name", "topic", "announcement", "rules", "question", "tag", "reason"],
        Flag(N_("Which text of the group.")),
    ]
    member: Annotated[str, Flag(N_("Whose tag."), metavar="USER")] = ""
    act: Annotated[str, Flag(N_("The reason of which act: its number or case."), metavar="NUMBER")] = ""


REMOVE_TEXT = Verb(
    TEXT,
    "remove",
    N_(
        "Remove a group's name, topic or other text from sight, with the notices that quote it; its "
        "owner is told and can appeal."
    ),
    "remove_entry",
    WhichText,
    CODE,
    reason=True,
    dry_run=True,
    ask=N_("Remove the {what} of group {target}?"),
    examples=(
        "text remove 4821-9067-3350 --what name --rule fraud --reason 'poses as a bank'",
        "text remove 4821-9067-3350 --what tag --member max --reason 'insults a member' --dry-run",
        "text remove 4821-9067-3350 --what reason --act 17 --reason 'names where somebody lives'",
    ),
)
