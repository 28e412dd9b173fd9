"""The permission table as people read it: Markdown, drawn from the rows that `decide` reads."""

from collections.abc import Iterable, Sequence

from .access import OPEN_TO_ALL, REQUESTS, ROLES, STATES, Lacks, Needs, Request
from .group.commands import Command
from .permissions import OPEN_INVITE, OWN_ENTRY, PLATFORM_RULES, READS, RULES, SERVICE_ACTS, Rule
from .published import TEXTS, Text

BEGIN = "<!-- permission table: generated from permissions.py, do not edit -->"
END = "<!-- end of the permission table -->"

BEGIN_TEXTS = "<!-- table of texts: generated from published.py, do not edit -->"
END_TEXTS = "<!-- end of the table of texts -->"

BEGIN_ACCESS = "<!-- table of access: generated from access.py, do not edit -->"
END_ACCESS = "<!-- end of the table of access -->"

STATES_HEAD = ("who", "lacks, and is refused with", "has all the same", "can sign in")
REQUESTS_HEAD = ("request", "signed in", "agreement", "in the group", "and")
READS_HEAD = ("read", "least role", "admin needs")
AGREEMENT_HEAD = ("without the new terms one can still", "slash commands")
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


def access_tables() -> str:
    """Return who lacks what, what requests ask, what takes no agreement, and who reads what, as Markdown."""
    roles = [(f"{role or 'no member'}", _lacked(lacks), "", "yes") for role, lacks in ROLES.items()]
    states = [(one.name, _lacked(one.lacks), _listed(one.has), _yes(one.signed_in)) for one in STATES]
    requests = [_request_row(str(kind.__struct_config__.tag), row) for kind, row in REQUESTS.items()]
    free = [(what, " ".join(f"`/{name}`" for name in sorted(names))) for what, names in OPEN_TO_ALL.items()]
    reads = [(f"`{name}`", str(rule.least), _permission(rule)) for name, rule in READS.items()]
    tables = (
        (STATES_HEAD, [*roles, *states]),
        (REQUESTS_HEAD, requests),
        (AGREEMENT_HEAD, free),
        (READS_HEAD, reads),
    )
    return "\n".join(markdown(head, rows) for head, rows in tables)


def with_table(document: str) -> str:
    """Return `document` with the tables of today between their markers. Raises ValueError without them."""
    document = replace_between(document, BEGIN, END, permission_table())
    document = replace_between(document, BEGIN_ACCESS, END_ACCESS, access_tables())
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
    flags = _yes(rule.outranks), _yes(rule.while_suspended)
    return f"`{name}`", doc.partition("\n")[0], least, _permission(rule), *flags


def _permission(rule: Rule) -> str:
    return f"`{rule.permission}`" if rule.permission else ""


def _text_row(text: Text) -> tuple[str, ...]:
    checks = map(_yes, (text.identity, text.mute, text.standing, text.is_judged))
    return f"`{text.name}`", text.readers.value, *checks, text.removal, text.why


def _lacked(lacks: Lacks) -> str:
    codes = dict.fromkeys(lacks.values())
    return "; ".join(
        f"{', '.join(need for need, code in lacks.items() if code is one)}: `{one.value}`" for one in codes
    )


def _request_row(name: str, row: Request) -> tuple[str, ...]:
    login = {True: "yes", False: "no", None: "yes, or by password"}[row.login]
    inside = "; ".join(f"{_listed(needs)} (with {' and '.join(fields)})" for fields, needs in row.about if needs)
    return f"`{name}`", login, _yes(row.agreed), inside, _listed(row.needs)


def _listed(needs: Needs) -> str:
    return ", ".join(sorted(needs))


def _service_row(command: type[Command]) -> tuple[str, ...]:
    return f"`{command.__name__}`", (command.__doc__ or "").partition("\n")[0], "the service", "", "no", "yes"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
