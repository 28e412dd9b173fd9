"""Texts made from a declared configuration: the example file, the documentation, `folkmoot config show`."""

import re
from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any
from unicodedata import east_asian_width

from folkmoot_governance.text import N_

from ..common.terminal import _
from .declare import Setting, Table, declared, settings_of
from .load import concrete, variable_of
from .values import SECRET, allowed, to_toml

COLUMNS = 108
DOCS_COLUMNS = 120
PIECE = re.compile(r" ?(?:[^ ⺀-￿]+|[⺀-￿])[、。，：；）]*")

EXAMPLE_HEAD = N_(
    "Folkmoot configuration. Every setting is listed here, commented out at its default; to change "
    "one, remove its #. If left alone, a setting follows the profile. Any of them can be given in "
    "the environment: server.listen as FOLKMOOT_SERVER__LISTEN, lists with commas, and "
    "FOLKMOOT_SERVER__LISTEN_FILE names a file that holds the value."
)

DOCS_HEAD = """\
# Configuration

<!-- Generated from server/folkmoot_server/config/settings.py by `make docs`. -->

`folkmoot serve --config FILE` reads a TOML file. `folkmoot config example` prints one with every setting in
it, `folkmoot config check --config FILE` says all that is wrong with one, `folkmoot config show`
prints what holds and where each value comes from.

Sources, the later ones winning: the defaults below, the profile's defaults, the file, the environment, the
command line. Each setting can be given as an environment variable: `server.listen` as
`FOLKMOOT_SERVER__LISTEN`, a list with commas between its items; `FOLKMOOT_SERVER__LISTEN_FILE` names a file
that holds the value instead. A key that is not known is an error, in the file and in the environment. A
capital word in a key stands for a name of your own.
"""


def example(root: type) -> str:
    """A file that loads as the defaults: tables stand, settings are commented out under their help."""
    lines = [*_comment(_(EXAMPLE_HEAD)), ""]
    for table, items in _by_table(root):
        lines.extend(_example_table(table, items))
    return "\n".join(lines).rstrip() + "\n"


def _example_table(table: Table | None, items: list[Setting]) -> Iterator[str]:
    """The table; of one whose names the operator chooses, one for each that exists, described once."""
    rows = [(item, *key.rpartition(".")[::2], default) for item in items for key, default in concrete(item, {})]
    if table is not None and not rows:
        # One of names of which none exists until the operator chooses it.
        yield from [*_comment(_(table.help)), f"[{table.key}]", *_comment(_describe(items[0])), ""]
    described: set[str] = set()
    for header in dict.fromkeys(header for _item, header, _name, _default in rows):
        if table is not None:
            yield from _comment(_(table.help)) if not described else ()
            yield f"[{header}]"
        for item, place, name, default in rows:
            if place != header:
                continue
            if item.key not in described:
                described.add(item.key)
                yield from _comment(_describe(item))
            yield f"#{name} = {to_toml(default)}"
        yield ""


def _by_table(root: type) -> Iterator[tuple[Table | None, list[Setting]]]:
    """Tables that have settings of their own, with these; first the root's."""
    table: Table | None = None
    items: list[Setting] = []
    for item in declared(root):
        if isinstance(item, Setting):
            items.append(item)
            continue
        if items:
            yield table, items
        table, items = item, []
    if items:
        yield table, items


def _describe(item: Setting) -> str:
    sentences = [_(item.rules.help), _("Allowed: {values}.").format(values=allowed(item))]
    if item.rules.open is not None:
        sentences.append(_('Under the profile "open": {value}.').format(value=to_toml(item.rules.open)))
    return " ".join(sentences)


def _comment(text: str) -> list[str]:
    """The text in lines of `COLUMNS`, broken between words and between Chinese characters, but before no mark."""
    lines = ["#"]
    for piece in PIECE.findall(f" {text}"):
        if columns_of(lines[-1] + piece) > COLUMNS:
            lines.append("# " + piece.lstrip())
        else:
            lines[-1] += piece
    return lines


def columns_of(text: str) -> int:
    """How wide a text is on a terminal."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)


def docs(root: type) -> str:
    """A page with a heading for each table and each setting."""
    parts = [DOCS_HEAD]
    for table, items in _by_table(root):
        if table is not None:
            parts.append(f"## `[{table.key}]`\n\n{_paragraph(table.help)}\n")
        parts.extend(_docs_setting(item) for item in items)
    return "\n".join(parts)


def _docs_setting(item: Setting) -> str:
    rows = [f"Allowed: {allowed(item)}", f"Default: {_default_text(item)}"]
    if item.rules.open is not None:
        rows.append(f"Under the profile `open`: `{to_toml(item.rules.open)}`")
    rows.append(f"Environment: `{variable_of(item.key)}`")
    listed = "\n".join(_paragraph(f"- {row}", indent="  ") for row in rows)
    return f"### `{item.key}`\n\n{_paragraph(item.rules.help)}\n\n{listed}\n"


def _paragraph(text: str, indent: str = "") -> str:
    """The text in lines as long as those of the documentation may be."""
    return fill(text, DOCS_COLUMNS, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _default_text(item: Setting) -> str:
    if all(default == item.default for _name, default in item.names):
        return f"`{to_toml(item.default)}`"
    return ", ".join(f"`{name} = {to_toml(default)}`" for name, default in item.names)


def show(config: Any, origins: Mapping[str, str]) -> str:
    """The configuration as TOML that loads as the same, each line with its value's origin in a comment."""
    lines: list[str] = []
    tables: dict[str, list[str]] = {}
    for item in settings_of(type(config)):
        for key, _default in concrete(item, origins):
            table, _dot, name = key.rpartition(".")
            value = value_at(config, key)
            if item.rules.secret and value:
                value = SECRET
            origin = origins.get(key, "default")
            tables.setdefault(table, []).append(f"{name} = {to_toml(value)}  # {origin}")
    for table, rows in tables.items():
        lines.extend(["", f"[{table}]", *rows] if table else rows)
    return "\n".join(lines) + "\n"


def value_at(config: Any, key: str) -> Any:
    """The value that a loaded configuration has for a concrete key."""
    found = config
    for part in key.split("."):
        found = found[part] if isinstance(found, Mapping) else getattr(found, part)
    return found
