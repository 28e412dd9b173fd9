"""Reports to the authority."""

from typing import Annotated, Literal

from msgspec import Meta

from ..msgids import N_
from .row import Flag, NoOptions, Noun, Options, Verb
from .sanctions import CASE

FILING = Noun("filing", N_("Reports of measures to the authority."))


class WhichFilings(Options, frozen=True):
    """Which reports to list."""

    state: Annotated[Literal["draft", "approved", "sent", "received", "all"], Flag(N_("Which ones: their state."))] = (
        "all"
    )


class Approval(Options, frozen=True):
    """What goes along."""

    identity: Annotated[
        bool, Flag(N_("With the identity numbers of those it is about, if two administrators have said so."))
    ] = False


class Way(Options, frozen=True):
    """How it is sent."""

    form: Annotated[
        Literal["webhook", "json", "csv"],
        Flag(N_("To the webhook, or the document, signed, to send it by hand."), "--as"),
    ] = "webhook"


class Lists(Options, frozen=True):
    """What is taken out, and as what."""

    what: Annotated[Literal["channels"], Flag(N_("What is taken out: public accounts."))] = "channels"
    form: Annotated[Literal["json", "csv"], Flag(N_("As what."), "--as")] = "json"


class Receipt(Options, frozen=True):
    """What the authority answered."""

    number: Annotated[str, Meta(min_length=1, max_length=64), Flag(N_("The number that the authority gave."))]


LIST_FILINGS = Verb(
    FILING,
    "list",
    N_("List reports of measures, the oldest first."),
    "read",
    WhichFilings,
    paged=True,
    columns=("case", "measure", "state", "user", "group", "at", "sent", "receipt", "problem"),
)
SHOW_FILING = Verb(FILING, "show", N_("Show the report of a measure."), "read", NoOptions, CASE)
APPROVE_FILING = Verb(
    FILING,
    "approve",
    N_("Approve the report of a measure: it is sent."),
    "file_report",
    Approval,
    CASE,
    dry_run=True,
    ask=N_("Report {target} to the authority?"),
    examples=("filing approve @bob-7",),
)
SEND_FILING = Verb(
    FILING,
    "send",
    N_("Send an approved report now, or take it out to send it by hand."),
    "file_report",
    Way,
    CASE,
    dry_run=True,
    examples=("filing send @bob-7 --as csv",),
)
NOTE_RECEIPT = Verb(
    FILING,
    "receipt",
    N_("Note the number that the authority gave for a report."),
    "file_report",
    Receipt,
    CASE,
    dry_run=True,
    examples=("filing receipt @bob-7 --number 2026-4711",),
)
EXPORT_LIST = Verb(
    FILING,
    "export",
    N_("Take out, signed, what is filed with the authority as a list: public accounts by code."),
    "file_report",
    Lists,
    paged=True,
    examples=("filing export --what channels --as csv",),
)
