"""The permission table as people read it: Markdown, drawn from the rows that `decide` reads."""

from collections.abc import Iterable, Sequence

from .group.commands import Command
from .permissions import OPEN_INVITE, OWN_ENTRY, PLATFORM_RULES, RULES, SERVICE_ACTS, Rule
from .published import TEXTS, Text

BEGIN = "<!-- permission table: generated from permissions.py, do not edit -->"
END = "<!-- end of the permission table -->"

BEGIN_TEXTS = "<!-- table of texts: generated from published.py, do not edit -->"
END_TEXTS = "<!-- end of the table of texts -->"

GROUP_HEAD = ("command", "what it does", "least role", "admin needs", "outranks target", "while suspended")
PLATFORM_HEAD = ("act", "platform roles")
TEXTS_HEAD = (
    "text",
    "who reads it",
    "identity",
    "mute",
    "suspension",
    "content rules",
    "what takes it away",
    "why not",
)


def permission_table() -> str:
    """Return both tables, commands to a group and acts of the operator's staff, as Markdown."""
    rows = [_group_row(command.__name__, command.__doc__ or "", rule) for command, rule in RULES.items()]
    rows.append(_group_row("Invite", "In a group with join mode `open`.", OPEN_INVITE))
    rows.append(_group_row("DeleteEntry", "An entry of one's own, while it is fresh.", OWN_ENTRY))
    rows += [_service_row(command) for command in sorted(SERVICE_ACTS, key=lambda one: one.__name__)]
    acts = [(f"`{act}`", ", ".join(sorted(roles))) for act, roles in PLATFORM_RULES.items()]
    return f"{markdown(GROUP_HEAD, rows)}\n{markdown(PLATFORM_HEAD, acts)}"


def texts_table() -> str:
    """Return the table of texts that others read, as Markdown."""
    return markdown(TEXTS_HEAD, map(_text_row, TEXTS))


def with_table(document: str) -> str:
    """Return `document` with the tables of today between their markers. Raises ValueError without them."""
    document = replace_between(document, BEGIN, END, permission_table())
    return replace_between(document, BEGIN_TEXTS, END_TEXTS, texts_table())


def replace_between(document: str, begin: str, end: str, text: str) -> str:
    """Return `document` with `text` between two markers. Raises ValueError without them."""
    before, _, rest = document.partition(begin)
    _, closing, after = rest.partition(end)
    if not closing:
        raise ValueError(f"the document has no place for it: {begin}")
    return f"{before}{begin}\n\n{text}\n{end}{after}"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---" for _ in head], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _group_row(name: str, doc: str, rule: Rule) -> tuple[str, ...]:
    least = rule.least or "anyone"
    permission = f"`{rule.permission}`" if rule.permission else ""
    flags = _yes(rule.outranks), _yes(rule.while_suspended)
    return f"`{name}`", doc.partition("\n")[0], least, permission, *flags


def _text_row(text: Text) -> tuple[str, ...]:
    checks = map(_yes, (text.identity, text.mute, text.standing, text.is_judged))
    return f"`{text.name}`", text.readers.value, *checks, text.removal, text.why


def _service_row(command: type[Command]) -> tuple[str, ...]:
    return f"`{command.__name__}`", (command.__doc__ or "").partition("\n")[0], "the service", "", "no", "yes"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
