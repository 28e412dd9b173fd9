"""How settings are declared.

A configuration is a tree of frozen dataclasses. A leaf is made by `setting`, a table by `section`, a table
of names that the operator chooses by `named` (each name a table of its own), `labels` (each name a string) or
`numbers` (each name a whole number).
From that one declaration come the loader (`config_load`) and all texts (`config_text`).

Keys are dotted paths as in TOML. A capital word in a declared key stands for a name of the operator's:
`policy.quota.LEVEL.groups_created` declares `policy.quota.standard.groups_created` and its like.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

Value = bool | int | float | str | tuple[str, ...] | Path | None
Check = Callable[[Any], str | None]
"""Looks at a value of the right type; answers what is wrong with it, or None."""

KINDS: dict[object, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    tuple[str, ...]: "list",
    Path: "path",
    Path | None: "optional path",
}
NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
SETTING, SECTION, NAMED, LABELS = "setting", "section", "named", "labels"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a setting's declaration says beside its type and default."""

    help: str
    open: Value
    least: float | None
    most: float | None
    choices: tuple[str, ...]
    check: Check | None
    rule: str
    secret: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """One declared leaf: `key` is dotted, `kind` one of the values of KINDS.

    Under a name that the operator chooses, `names` has the names that exist anyway and their values for this
    leaf; with `replaced` they exist only as long as the operator gives none.
    """

    key: str
    kind: str
    default: Value
    rules: Rules
    names: tuple[tuple[str, Value], ...] = ()
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One declared table."""

    key: str
    help: str


@dataclass(frozen=True, slots=True)
class Existing:
    """The names that exist anyway in a table of tables, each with what it is by default."""

    names: tuple[tuple[str, Any], ...] = ()
    replaced: bool = False


def setting(
    default: Value,
    help: str,
    *,
    open: Value = None,
    least: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] = (),
    check: Check | None = None,
    rule: str = "",
    secret: bool = False,
) -> Any:
    """Declares a leaf of a configuration dataclass.

    `open` is the default under the profile `open` where it differs; `least` and `most` are inclusive bounds;
    `rule` names the article that a bound comes from (`G13`); `config show` doesn't print a `secret`.
    """
    rules = Rules(help, open, least, most, choices, check, rule, secret)
    return field(default=default, metadata={SETTING: rules})


def section(cls: type, help: str) -> Any:
    """Declares a table with fixed keys, described by the dataclass `cls`."""
    return field(default_factory=cls, metadata={SECTION: cls, "help": help})


def named(cls: type, placeholder: str, help: str, default: Mapping[str, object], *, replaced: bool = False) -> Any:
    """Declares a table of tables: operator's name -> `cls`.

    The names in `default` exist in any case; with `replaced`, only as long as the operator gives none.
    """
    existing = Existing(tuple(default.items()), replaced)
    metadata = {NAMED: cls, "help": help, "placeholder": placeholder, "existing": existing}
    return field(default_factory=lambda: dict(default), metadata=metadata)


def labels(placeholder: str, help: str, default: Mapping[str, str], *, check: Check) -> Any:
    """Declares a table of strings: operator's name -> label. Labels that are given replace the defaults."""
    rules = Rules(help, None, None, None, (), check, "", False)
    metadata = {LABELS: dict(default), "help": help, "placeholder": placeholder, "rules": rules}
    return field(default_factory=lambda: dict(default), metadata=metadata)


def numbers(placeholder: str, help: str, default: Mapping[str, int], *, least: float, most: float) -> Any:
    """Declares a table of whole numbers, as `labels` does one of strings."""
    rules = Rules(help, None, least, most, (), None, "", False)
    metadata = {LABELS: dict(default), "help": help, "placeholder": placeholder, "rules": rules}
    return field(default_factory=lambda: dict(default), metadata=metadata)


def join(prefix: str, name: str) -> str:
    """The dotted key of `name` in the table `prefix` ("" is the root)."""
    return f"{prefix}.{name}" if prefix else name


@cache
def declared(root: type, prefix: str = "", existing: Existing = Existing()) -> tuple[Setting | Table, ...]:
    """All that `root` declares: each table before its settings, its settings before its sub-tables."""
    hints = get_type_hints(root)
    found: list[Setting | Table] = []
    # TOML needs a table's own keys before any sub-table's header.
    for item in sorted(fields(root), key=lambda item: SETTING not in item.metadata):
        found.extend(_declared_by(item, hints[item.name], join(prefix, item.name), existing))
    return tuple(found)


def _declared_by(item: Field[Any], hint: object, key: str, existing: Existing) -> Iterator[Setting | Table]:
    meta = item.metadata
    if SETTING in meta:
        default = cast(Value, item.default)  # `setting` always gives one
        names = tuple((name, getattr(one, item.name)) for name, one in existing.names)
        yield Setting(key, KINDS[hint], default, meta[SETTING], names, existing.replaced)
    elif SECTION in meta:
        yield Table(key, meta["help"])
        yield from declared(meta[SECTION], key)
    elif NAMED in meta:
        inner = join(key, meta["placeholder"])
        yield Table(inner, meta["help"])
        yield from declared(meta[NAMED], inner, meta["existing"])
    elif LABELS in meta:
        yield Table(key, meta["help"])
        defaults = tuple(meta[LABELS].items())
        values = get_args(hint)[1]
        yield Setting(join(key, meta["placeholder"]), KINDS[values], values(), meta["rules"], defaults, replaced=True)


def settings_of(root: type) -> tuple[Setting, ...]:
    """The leaves alone of what `root` declares."""
    return tuple(item for item in declared(root) if isinstance(item, Setting))


def matches(declared_key: str, key: str) -> bool:
    """Whether `declared_key` declares the concrete `key`, whatever names stand for its capital words."""
    want, have = declared_key.split("."), key.split(".")
    return len(want) == len(have) and all(a.isupper() or a == b for a, b in zip(want, have, strict=True))


def find(root: type, key: str) -> Setting | None:
    """The setting that declares the concrete `key`, if any."""
    return next((item for item in settings_of(root) if matches(item.key, key)), None)
