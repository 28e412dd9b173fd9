"""The commands `folkmoot admin <noun> <verb>`, a row for each. Nouns, verbs and options are those of INTERFACE.md."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from folkmoot_governance.duration import parse_duration
from folkmoot_protocol import Identity

from ..terminal import USAGE, _, fail
from .noun import Noun, parameters_of
from .run import Options, Order


class State(StrEnum):
    """Which cases to list."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


class Outcome(StrEnum):
    """How a report ends."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"
    BAD_FAITH = "bad_faith"


User = Annotated[str, typer.Argument(metavar="USER", help=_("User name."))]
Group = Annotated[str, typer.Argument(metavar="CODE", help=_("Group code, with or without hyphens."))]
Case = Annotated[str, typer.Argument(metavar="CASE", help=_("Case number."))]
Word = Annotated[str, typer.Argument(metavar="WORD", help=_("A term, a /pattern/ or a domain."))]

ForOption = Annotated[
    str, typer.Option("--for", metavar="DURATION", help=_("For how long: 30s 10m 2h 7d 2w 6mo 1y, or perm."))
]
NewTimeOption = Annotated[
    str | None, typer.Option("--for", metavar="DURATION", help=_("A new time within which it is to be mended."))
]
SuspendOption = Annotated[
    str | None, typer.Option(metavar="DURATION", help=_("Where it is upheld: also suspend what was reported."))
]
IdentityOption = Annotated[Identity, typer.Option(help=_("The check that was passed."))]
LookForOption = Annotated[
    str, typer.Option("--case", metavar="CASE", help=_("What it is for: a case number or a file reference."))
]
StateOption = Annotated[State, typer.Option(help=_("Which ones."))]
OutcomeOption = Annotated[Outcome, typer.Option(help=_("How it ends."))]
ScoreOption = Annotated[int, typer.Option(min=0, max=1000, metavar="N", help=_("The new score."))]
VerdictOption = Annotated[str, typer.Option(metavar="refuse|hold|flag", help=_("What follows."))]
PostedToOption = Annotated[str | None, typer.Option(metavar="CODE", help=_("Only what was posted to this group."))]
RuleFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help=_("Rule file."))]


def check_duration(text: str) -> str:
    """Return a duration, or end the command."""
    if parse_duration(text) is None:
        fail(_("{text} is no duration: 30s 10m 2h 7d 2w 6mo 1y, or perm.").format(text=text), USAGE)
    return text


# The own parameters of commands that have any (`noun.Own`).


def for_a_time(duration: ForOption) -> Options:
    return {"duration": check_duration(duration)}


def for_a_new_time(duration: NewTimeOption = None) -> Options:
    return for_a_time(duration) if duration is not None else {}


def as_checked(identity: IdentityOption) -> Options:
    return {"identity": identity.value}


def for_a_case(case: LookForOption) -> Options:
    return {"case": case}


def in_state(state: StateOption = State.OPEN) -> Options:
    return {"state": state.value}


def with_outcome(outcome: OutcomeOption, suspend: SuspendOption = None) -> Options:
    options: Options = {"outcome": outcome.value}
    if suspend is not None:
        options["suspend"] = check_duration(suspend)
    return options


def to_score(score: ScoreOption) -> Options:
    return {"score": score}


def with_verdict(verdict: VerdictOption = "refuse") -> Options:
    return {"verdict": verdict}


def posted_to(group: PostedToOption = None) -> Options:
    return {"group": group} if group else {}


def try_rules(file: RuleFile, group: PostedToOption = None) -> Order:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(str(error), USAGE)
    return Order("rule", "test", group, text=text)


users = Noun("user", _("Accounts."), User)
users.add_list(_("List accounts by user name."))
users.add_look("show", _("Show one account."))
users.add_change(
    "suspend",
    _("Suspend an account for a time; its connections close at once."),
    for_a_time,
    ask=_("Suspend @{target} for {duration}?"),
)
users.add_change("restore", _("End an account's suspension."))
users.add_change("verify", _("Note that an account's identity was checked."), as_checked)
users.add_change(
    "close",
    _("Close an account for good; what it wrote stays under a tag."),
    ask=_("Close the account @{target} for good?"),
)

groups = Noun("group", _("Groups."), Group)
groups.add_list(_("List groups by code."))
groups.add_look("show", _("Show one group."))
groups.add_change(
    "suspend",
    _("Suspend a group for a time: nobody posts."),
    for_a_time,
    ask=_("Suspend group {target} for {duration}?"),
)
groups.add_change("restore", _("End a group's suspension."))
groups.add_change("approve", _("Let a group have the size that its owner asked for."))
groups.add_change("reject", _("Turn down the size that a group's owner asked for."))
groups.add_change("close", _("Close a group for good."), ask=_("Close group {target} for good?"))

rules = Noun("rule", _("Content rules."))
rules.add_list(_("List the content rules in force."))
rules.add(
    "reload",
    _("Read the rule files again at once; a broken one leaves all as it was."),
    (),
    lambda: Order("rule", "reload"),
)
rules.add(
    "test",
    _("Try a rule file on what was posted in the last days; nothing is armed."),
    parameters_of(try_rules),
    try_rules,
)

identities = Noun("identity", _("Reviews of identity."), User)
identities.add_list(_("List who asks for a review, by user name."))
identities.add_look("show", _("Read the numbers that an account has given; each look is on record."), for_a_case)
identities.add_change("approve", _("Verify an account at the level that it asks for."))
identities.add_change("reject", _("Turn down what an account asks for; the number is erased."))

credit = Noun("credit", _("Credit of accounts."), User)
credit.add_look("show", _("Show an account's credit and how it came about."))
credit.add_change("set", _("Set an account's credit."), to_score, ask=_("Set the credit of @{target} to {score}?"))

cases = Noun("case", _("Reports."), Case)
cases.add_list(_("List reports, what is due first before the others."), in_state)
cases.add_look("show", _("Show a report with its evidence; that you have seen it is recorded."))
cases.add_change(
    "close",
    _("Decide on a report; who made it is told why."),
    with_outcome,
    ask=_("Close report {target} as {outcome}?"),
)

appeals = Noun("appeal", _("Appeals."), Case)
appeals.add_list(_("List appeals, what is due first before the others."), in_state)
appeals.add_look("show", _("Show an appeal and the measure; that you have seen it is recorded."))
appeals.add_change(
    "approve",
    _("Overturn the measure; who appealed is told why."),
    ask=_("Overturn the measure of appeal {target}?"),
)
appeals.add_change("reject", _("Let the measure stand; who appealed is told why."), ask=_("Turn appeal {target} down?"))

sanctions = Noun("sanction", _("Warnings to groups, with a time within which something is to be mended."), Group)
sanctions.add_list(_("List the open warnings to groups."))
sanctions.add_change(
    "create",
    _("Warn a group: what the reason names is to be mended within a time."),
    for_a_time,
    ask=_("Warn group {target}?"),
)
sanctions.add_change("close", _("Close a group's warning: it is mended."))
sanctions.add_change("reject", _("Keep a group's warning open: it is not mended."), for_a_new_time)

words = Noun("word", _("Words that no group may post."), Word)
words.add("list", _("List the words in force."), (), lambda: Order("word", "list"))
words.add_change("create", _("Add a word for all groups, or give it another verdict; it holds at once."), with_verdict)
words.add_change("delete", _("Take a word out."))
words.add_look("test", _("Try a word on what was posted in the last days; nothing is armed."), posted_to)

admin_app = typer.Typer(
    help=_("Administer the platform, as a named administrator."), no_args_is_help=True, rich_markup_mode=None
)
for noun in (users, groups, rules, identities, credit, cases, appeals, sanctions, words):
    admin_app.add_typer(noun.app, name=noun.name)
