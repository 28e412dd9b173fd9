"""The commands of `folkmoot admin` one by one, as a page and as a manual page (man(7)): both drawn from the rows."""

from collections.abc import Iterator
from textwrap import fill
from typing import Any

from folkmoot_governance.table import markdown
from folkmoot_protocol.admin.registry import NOUNS
from folkmoot_protocol.admin.row import Noun, Option, Verb, options_of

from .table import usage_of

HEAD = """# folkmoot admin, command by command

<!-- generated from the rows in folkmoot_protocol.admin, do not edit: make docs -->

What all commands have in common, and how they exit: [client.md](client.md#folkmoot-admin). Who has which permission:
[governance.md](governance.md#who-may-do-what).
"""
COMMON = (
    ("--server URL", "The server's address."),
    ("--user USER", "The administrator's user name; --admin USER where a command has a --user of its own."),
    ("--password-file FILE", "File with the password; otherwise FOLKMOOT_PASSWORD, a prompt or stdin."),
    ("-o, --output table|json|jsonl|csv", "How to print data."),
)
LISTING = (
    ("--columns A,B,…", "Print only these columns, in this order."),
    ("--sort COLUMN", "Sort by a column; with -COLUMN the greatest comes first."),
    ("--where COLUMN=TEXT", "Print only rows in which a column has this value."),
)
EXITS = (
    (0, "done"),
    (1, "failed"),
    (2, "usage"),
    (3, "the server cannot be reached"),
    (4, "not found"),
    (5, "denied"),
    (6, "conflict"),
)


def options_shown(verb: Verb[Any]) -> Iterator[tuple[str, str]]:
    """Yield the options of a command's own as one types them, with what they are for."""
    if verb.file:
        yield "FILE", verb.file
    if verb.target is not None:
        yield f"{verb.target.option} {verb.target.metavar}".strip(), verb.target.help
    for option in options_of(verb):
        yield _typed(option), option.flag.help + ("" if option.is_required else _default(option))
    if verb.reason:
        yield "--reason TEXT", "Why; whoever it concerns is told."
    if verb.ask:
        yield "--yes", "Do not ask for confirmation."
    if verb.saved:
        yield "--to FILE", "Where to write it; there must be nothing there yet."
    if verb.dry_run:
        yield "--dry-run", "Say what would change, without changing anything."
    if verb.paged:
        yield "--limit N", "At most N items."
        yield "--cursor CURSOR", "Continue where an earlier list ended."


def _typed(option: Option) -> str:
    if option.flag.words:
        return f"{option.flag.metavar}…"
    return option.shown if option.kind is bool else f"{option.shown} {option.flag.metavar or option.form}"


def _default(option: Option) -> str:
    return (
        ""
        if option.default in (None, "", False)
        else f" Otherwise: {getattr(option.default, 'value', option.default)}."
    )


def page() -> str:
    """Return the page of all commands, as Markdown."""
    return "\n".join([HEAD, *(part for noun in NOUNS for part in _of_noun(noun))])


def _of_noun(noun: Noun) -> Iterator[str]:
    yield f"## {noun.name}\n\n{noun.summary}\n"
    for verb in noun.verbs:
        told = fill(f"{verb.summary} Permission: `{verb.permission}`.", 120, break_long_words=False)
        yield f"### `{usage_of(verb)}`\n\n{told}\n"
        rows = [(f"`{typed}`".replace("|", "\\|"), help) for typed, help in options_shown(verb)]
        if rows:
            yield markdown(("option", "what it is for"), rows)
        for line in verb.examples:
            yield f"    folkmoot admin {line}\n"


def manual() -> str:
    """Return the manual page, in the macros of man(7)."""
    lines = [
        '.TH FOLKMOOT-ADMIN 1 "" "Folkmoot"',
        ".SH NAME",
        r"folkmoot\-admin \- administer a Folkmoot service",
        ".SH SYNOPSIS",
        ".B folkmoot admin",
        r"\fINOUN VERB\fR [\fIARGUMENTS\fR] [\fIOPTIONS\fR]",
        ".SH DESCRIPTION",
        *_text(
            "Sign in once with folkmoot admin login; folkmoot admin logout ends that. Data goes to standard output,"
        ),
        *_text("words to standard error. What punishes or destroys asks whether it is meant, unless --yes is given."),
        ".SH OPTIONS OF ALL COMMANDS",
        *_tagged(COMMON),
        ".SH OPTIONS OF LISTS",
        *_tagged(LISTING),
        ".SH COMMANDS",
    ]
    for noun in NOUNS:
        for verb in noun.verbs:
            lines += [
                f".SS {_escaped(usage_of(verb))}",
                *_text(verb.summary),
                *_text(f"Permission: {verb.permission}."),
            ]
            lines += _tagged(options_shown(verb))
            for line in verb.examples:
                lines += [".PP", ".EX", _escaped(f"folkmoot admin {line}"), ".EE"]
    lines += [".SH EXIT STATUS", *_tagged((str(code), meaning) for code, meaning in EXITS)]
    return "\n".join(lines) + "\n"


def _tagged(rows: Any) -> list[str]:
    return [line for tag, text in rows for line in (".TP", f".B {_escaped(tag)}", *_text(text))]


def _text(text: str) -> list[str]:
    return [_escaped(text)]


def _escaped(text: str) -> str:
    """Return a text of which roff takes nothing for its own."""
    plain = text.replace("\\", r"\e").replace("-", r"\-").replace("…", "...")
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain
