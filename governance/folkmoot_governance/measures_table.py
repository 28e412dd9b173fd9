"""The measures of the platform as people read them: Markdown, drawn from the rows that the rules read."""

from .case.effects import DONE, VOID, Effect
from .duration import FOREVER_MS, show_duration
from .measures import MEASURES, Row
from .permissions import PLATFORM_RULES
from .restrictions import Subject
from .table import markdown, replace_between

BEGIN = "<!-- measures: generated from measures.py, do not edit -->"
END = "<!-- end of the measures -->"

HEAD = ("measure", "who may", "lasts", "stops", "two may be asked for")
TOLD_HEAD = ("measure", "who is told", "what, at once and at each sign-in until it is read", "and when it is over")
APPEAL_HEAD = ("measure", "when an appeal succeeds and it was in force", "and when nothing was left to undo")
STATEMENT_HEAD = ("measure", "field", "code")

WHO = {
    Subject.ACCOUNT: "whose account it is",
    Subject.GROUP: "owner and admins, besides a notice in the group",
    Subject.ENTRY: "each author, besides a tombstone in the group",
    Subject.TEXT: "owner and admins, of a tag its bearer as well, besides a notice in the group",
}
ENDS_BY = {
    "entry_refute": "when staff withdraws it",
    "account_suspend": "nothing: who signs in sees it",
    "group_warn": "when staff finds it mended",
    "group_suspend": "a notice in the group",
}
UNDONE = {
    "account_credit": Effect.CREDITED,
    "account_close": Effect.GIVEN_BACK,
    "group_close": Effect.REOPENED,
    "entry_remove": Effect.RESTORED,
    "account_unname": Effect.RESTORED,
    "account_unverify": Effect.VERIFIED,
    "group_size": Effect.ASKED,
    **{row.name: Effect.RESTORED for row in MEASURES if row.subject is Subject.TEXT},
}


def measures_page() -> str:
    """Return the tables, as Markdown."""
    parts = [
        ("The ladder", markdown(HEAD, map(_row, MEASURES))),
        ("Who is told what", markdown(TOLD_HEAD, map(_told, MEASURES))),
        ("What an appeal does", markdown(APPEAL_HEAD, map(_undone, MEASURES))),
        ("In the statement of reasons", markdown(STATEMENT_HEAD, map(_statement, MEASURES))),
    ]
    return "\n".join(f"## {title}\n\n{table}" for title, table in parts)


def with_measures(document: str) -> str:
    """Return `document` with the tables of today between `BEGIN` and `END`. Raises ValueError without them."""
    return replace_between(document, BEGIN, END, measures_page())


def _row(row: Row) -> tuple[str, ...]:
    who = ", ".join(sorted(PLATFORM_RULES[row.act]))
    return f"`{row.name}`", who, _lasts(row), ", ".join(sorted(row.stops)) or "–", "yes" if row.four_eyes else "no"


def _lasts(row: Row) -> str:
    if not row.longest_ms:
        return "no end"
    longest = "any time" if row.longest_ms >= FOREVER_MS else f"up to {show_duration(row.longest_ms)}"
    return f"{show_duration(row.default_ms)}, {longest}"


def _told(row: Row) -> tuple[str, ...]:
    return f"`{row.name}`", WHO[row.subject], row.text, row.free or ENDS_BY.get(row.name, "")


def _undone(row: Row) -> tuple[str, ...]:
    done = DONE[UNDONE.get(row.name, Effect.LIFTED)]
    return f"`{row.name}`", done, VOID[str(row.event.__struct_config__.tag)]


def _statement(row: Row) -> tuple[str, ...]:
    field, code = row.statement
    return f"`{row.name}`", f"`{field}`", f"`{code}`"
