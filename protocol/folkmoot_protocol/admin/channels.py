"""Channels, applications for them, and what the platform grants to them."""

from typing import Annotated, Literal

from msgspec import Meta

from ..msgids import N_
from .accounts import Grounded
from .cases import NUMBER, Claim, Given, Which
from .row import Duration, Flag, NoOptions, Noun, Options, Target, Verb

CHANNEL = Noun("channel", N_("Public accounts."))
APPLICATION = Noun("application", N_("Applications: for public accounts, badges, licences, more accounts."))
CREDENTIAL = Noun("credential", N_("Badges, licences and labels of channels."))

PLACE = Target("CHANNEL", N_("The channel's code, or @ and its handle."))


class Grant(Options, frozen=True):
    """How long what is granted holds, and what label a public account gets."""

    duration: Annotated[
        Duration | None, Flag(N_("For how long; if left out, as was asked, or for good."), "--for", "DURATION")
    ] = None
    label: Annotated[
        str,
        Meta(max_length=64),
        Flag(N_("The label of a public account that opens; if left out, that of its category."), metavar="TEXT"),
    ] = ""


class Granted(Grounded, frozen=True, kw_only=True):
    """Which of what was granted, and on what taking it back rests."""

    kind: Annotated[Literal["badge", "licence", "label"], Flag(N_("Which kind."))]
    category: Annotated[
        str, Meta(max_length=64), Flag(N_("Of licences: the one for this category; if left out, all."), metavar="NAME")
    ] = ""


LIST_CHANNELS = Verb(
    CHANNEL,
    "list",
    N_("List public accounts by code."),
    "read",
    NoOptions,
    paged=True,
    columns=("code", "handle", "name", "category", "status", "pending", "created"),
)
SHOW_CHANNEL = Verb(
    CHANNEL,
    "show",
    N_("Show a channel: its followers, what was granted to it, and the accounts of the same subject."),
    "read",
    NoOptions,
    PLACE,
    examples=("channel show @evening_news",),
)
LIST_APPLICATIONS = Verb(
    APPLICATION,
    "list",
    N_("List applications, those due first at the top."),
    "read",
    Which,
    paged=True,
    columns=("case", "state", "reason", "by", "group", "name", "category", "claimed_by", "due", "opened"),
    examples=("application list --state overdue",),
)
SHOW_APPLICATION = Verb(
    APPLICATION,
    "show",
    N_("Show an application with its documents; that you have seen it is recorded."),
    "open_case",
    NoOptions,
    NUMBER,
)
LOG_APPLICATION = Verb(
    APPLICATION,
    "log",
    N_("List what happened to an application, including who has read it; that you have seen it is recorded."),
    "open_case",
    NoOptions,
    NUMBER,
    paged=True,
    columns=("at", "what", "by", "detail"),
)
CLAIM_APPLICATION = Verb(
    APPLICATION,
    "claim",
    N_("Take on an application for a time: meanwhile nobody else can decide it."),
    "review_application",
    Claim,
    NUMBER,
    dry_run=True,
)
GIVE_APPLICATION = Verb(
    APPLICATION,
    "give",
    N_("Hand over a claim on an application to another of the staff, who is told."),
    "review_application",
    Given,
    NUMBER,
    dry_run=True,
)
RELEASE_APPLICATION = Verb(
    APPLICATION,
    "release",
    N_("Give up a claim on an application."),
    "review_application",
    NoOptions,
    NUMBER,
    dry_run=True,
)
APPROVE_APPLICATION = Verb(
    APPLICATION,
    "approve",
    N_("Grant what an application asks for; the applicant is told why."),
    "review_application",
    Grant,
    NUMBER,
    reason=True,
    dry_run=True,
    ask=N_("Approve application {target}?"),
    examples=("application approve q-8kq3mvt2xw --for 1y --label 'Local news' --reason 'documents are in order'",),
)
REJECT_APPLICATION = Verb(
    APPLICATION,
    "reject",
    N_("Turn down an application; the applicant is told why."),
    "review_application",
    NoOptions,
    NUMBER,
    reason=True,
    dry_run=True,
    ask=N_("Turn down application {target}?"),
)
LIST_CREDENTIALS = Verb(
    CREDENTIAL,
    "list",
    N_("List what was granted to a channel and is in force."),
    "read",
    NoOptions,
    PLACE,
    columns=("kind", "name", "category", "scope", "until", "case"),
)
REVOKE_CREDENTIAL = Verb(
    CREDENTIAL,
    "revoke",
    N_("Take back what was granted to a channel."),
    "withdraw_rights",
    Granted,
    PLACE,
    reason=True,
    dry_run=True,
    ask=N_("Take back the {kind} of {target}?"),
    examples=("credential revoke @evening_news --kind licence --category news --reason 'withdrawn by the authority'",),
)
