"""The commands of `folkmoot admin` as the documentation lists them: Markdown, drawn from the rows."""

from collections.abc import Iterator
from typing import Any

from folkmoot_governance.table import markdown, replace_between
from folkmoot_protocol.admin.registry import VERBS
from folkmoot_protocol.admin.row import Option, Verb, options_of

BEGIN = "<!-- commands of administration: generated from the rows in folkmoot_protocol.admin, do not edit -->"
END = "<!-- end of the commands of administration -->"
HEAD = ("command", "takes", "what it does", "permission")


def command_table() -> str:
    """Return the table of all commands, and examples, as Markdown."""
    rows = [(f"`{usage_of(verb)}`", takes(verb), verb.summary, f"`{verb.permission}`") for verb in VERBS.values()]
    examples = [f"    folkmoot admin {line}\n" for verb in VERBS.values() for line in verb.examples]
    return f"{markdown(HEAD, rows)}\nFor example:\n\n{''.join(examples)}"


def with_table(document: str) -> str:
    """Return `document` with the table of today between `BEGIN` and `END`. Raises ValueError without them."""
    return replace_between(document, BEGIN, END, command_table())


def usage_of(verb: Verb[Any]) -> str:
    """Return a command with its arguments."""
    target = verb.argument.metavar if verb.argument else ""
    return " ".join(filter(None, (str(verb), "FILE" if verb.file else "", target)))


def takes(verb: Verb[Any]) -> str:
    """Return the options of a command's own, those in brackets that may be left out."""
    return ", ".join(f"`{one}`".replace("|", "\\|") for one in _options(verb))


def _options(verb: Verb[Any]) -> Iterator[str]:
    if verb.target is not None and verb.target.option:
        yield f"[{verb.target.option} {verb.target.metavar}]"
    for option in options_of(verb):
        yield _shown(option) if option.is_required else f"[{_shown(option)}]"
    if verb.reason:
        yield "--reason TEXT"
    if verb.ask:
        yield "[--yes]"
    if verb.dry_run:
        yield "[--dry-run]"
    if verb.paged:
        yield from ("[--limit N]", "[--cursor CURSOR]")


def _shown(option: Option) -> str:
    if option.flag.words:
        return f"{option.flag.metavar}…"
    return f"{option.shown} {option.flag.metavar or '|'.join(option.choices)}".rstrip()
