"""Accounts, reviews of identity, credit."""

from typing import Annotated

from msgspec import Meta

from ..msgids import N_
from ..types import Identity
from .row import Duration, Flag, NoOptions, Noun, Options, Target, Verb

USER = Noun("user", N_("Accounts."), also="account")
IDENTITY = Noun("identity", N_("Reviews of identity."))
CREDIT = Noun("credit", N_("Credit of accounts."))

NAME = Target("USER", N_("User name."))


Report = Annotated[str, Flag(N_("The report that it answers, which it upholds."), metavar="CASE")]


class ForReport(Options, frozen=True):
    """Which report a measure is taken for: that is upheld by it, and its reporters are told."""

    report: Report = ""


class Grounded(Options, frozen=True):
    """What a measure rests on besides its reason: whom it hits is told all of it."""

    rule: Annotated[str, Flag(N_("The reason for reports that it comes under."), metavar="RULE")] = ""
    law: Annotated[str, Flag(N_("The law that is broken, where one is."), metavar="TEXT")] = ""
    entry: Annotated[str, Flag(N_("The entry that it is about."), metavar="CODE:SEQ")] = ""
    report: Report = ""


class ForATime(Grounded, frozen=True, kw_only=True):
    """How long a measure lasts."""

    duration: Annotated[Duration, Flag(N_("For how long: 30s 10m 2h 7d 2w 6mo 1y, or perm."), "--for", "DURATION")]


class Suspension(ForATime, frozen=True):
    """How long a suspension lasts, and whether it takes the place of one that is in force."""

    replace: Annotated[bool, Flag(N_("Replace the suspension in force."))] = False


class Check(Grounded, frozen=True, kw_only=True):
    """Which check of identity was passed."""

    identity: Annotated[Identity, Flag(N_("The check that was passed."))]


class Purpose(Options, frozen=True):
    """What a look is for."""

    case: Annotated[str, Flag(N_("What it is for: a case number or a file reference."), metavar="CASE")]


class Approval(Options, frozen=True):
    """What is known of other accounts with the same number."""

    same_person: Annotated[bool, Flag(N_("Others verified with this number are the same person."))] = False


class Score(Grounded, frozen=True, kw_only=True):
    """A credit score."""

    score: Annotated[int, Meta(ge=0, le=1000), Flag(N_("The new score."), metavar="N")]


LIST_USERS = Verb(
    USER,
    "list",
    N_("List accounts by user name."),
    "read",
    NoOptions,
    paged=True,
    columns=("user", "display_name", "identity", "platform", "suspended_until", "created"),
)
SHOW_USER = Verb(USER, "show", N_("Show one account."), "read", NoOptions, NAME)
SUSPEND_USER = Verb(
    USER,
    "suspend",
    N_("Suspend an account for a time; its connections close at once."),
    "suspend_account",
    Suspension,
    NAME,
    reason=True,
    dry_run=True,
    ask=N_("Suspend @{target} for {duration}?"),
    examples=("user suspend bob --for 7d --reason 'spam in three groups'",),
)
RESTORE_USER = Verb(
    USER,
    "restore",
    N_("End an account's suspension."),
    "restore_account",
    NoOptions,
    NAME,
    reason=True,
    dry_run=True,
)
VERIFY_USER = Verb(
    USER,
    "verify",
    N_("Record that an account's identity was checked; a lower level than the present one is a measure."),
    "attest_identity",
    Check,
    NAME,
    reason=True,
    dry_run=True,
    examples=(
        "user verify ann --identity person --reason 'passport seen at the desk'",
        "user verify max --identity none --rule fraud --reason 'a passport of somebody else'",
    ),
)
UNNAME_USER = Verb(
    USER,
    "unname",
    N_("Remove the names that an account has chosen: its user name is shown instead, with what it wrote as well."),
    "remove_entry",
    Grounded,
    NAME,
    reason=True,
    dry_run=True,
    ask=N_("Remove the names that @{target} has chosen?"),
    examples=("user unname bob --rule fraud --reason 'calls himself a bank'",),
)
RECOVER_USER = Verb(
    USER,
    "recover",
    N_("Give out a code, shown once, with which somebody who has lost a password can set another one within a day."),
    "recover_account",
    NoOptions,
    NAME,
    reason=True,
    dry_run=True,
    ask=N_("Are you sure that the one who asks is the owner of the account @{target}?"),
    examples=("user recover ann --reason 'called back on the number we know'",),
)
UNLOCK_USER = Verb(
    USER,
    "unlock",
    N_("End an account's second factor when its device is lost: signing in needs only the password."),
    "recover_account",
    NoOptions,
    NAME,
    reason=True,
    dry_run=True,
    ask=N_("Are you sure that the one who asks is the owner of the account @{target}?"),
)
CLOSE_USER = Verb(
    USER,
    "close",
    N_("Close an account: shut out now, erased once nobody can appeal any more; what it wrote stays under a tag."),
    "close_account",
    Grounded,
    NAME,
    reason=True,
    dry_run=True,
    ask=N_("Close the account @{target} for good?"),
)

LIST_ASKING = Verb(
    IDENTITY,
    "list",
    N_("List accounts that ask for a review, by user name."),
    "read",
    NoOptions,
    paged=True,
    columns=("user", "asked", "since"),
)
SHOW_IDENTITY = Verb(
    IDENTITY,
    "show",
    N_("Read the numbers that an account has given; every look is recorded."),
    "read_identity",
    Purpose,
    NAME,
    examples=("identity show ann --case 'file 7'",),
)
APPROVE_IDENTITY = Verb(
    IDENTITY,
    "approve",
    N_("Verify an account at the level that it asks for."),
    "attest_identity",
    Approval,
    NAME,
    reason=True,
    dry_run=True,
)
REJECT_IDENTITY = Verb(
    IDENTITY,
    "reject",
    N_("Turn down what an account asks for; the number is erased."),
    "attest_identity",
    NoOptions,
    NAME,
    reason=True,
    dry_run=True,
)

SHOW_CREDIT = Verb(CREDIT, "show", N_("Show an account's credit and how it came to be."), "read", NoOptions, NAME)
SET_CREDIT = Verb(
    CREDIT,
    "set",
    N_("Set an account's credit."),
    "set_credit",
    Score,
    NAME,
    reason=True,
    dry_run=True,
    ask=N_("Set the credit of @{target} to {score}?"),
    examples=("credit set max --score 40 --reason 'bots'",),
)
