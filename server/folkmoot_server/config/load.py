"""Loads a declared configuration from its sources, and says all that is wrong with them at once.

Sources, the later ones winning: the declared defaults, the profile's defaults, the file (TOML), the
environment (`FOLKMOOT_SERVER__LISTEN`, or `FOLKMOOT_SERVER__LISTEN_FILE` naming a file that holds the value),
the command line. A profile only moves defaults: whatever somebody wrote down wins over it.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from ..common.private_files import is_readable_for_others
from ..common.terminal import _
from .declare import LABELS, NAME, NAMED, SECTION, SETTING, Setting, Value, find, join, matches, settings_of
from .values import convert, found_instead, nearest, parse

PREFIX = "FOLKMOOT_"
DEFAULT, PROFILE, FILE = "default", "profile", "file"
ENVIRONMENT, COMMAND_LINE = "environment", "command line"

T = TypeVar("T")
CrossCheck = Callable[[Any], Iterator[tuple[tuple[str, ...], str]]]
"""Looks at a whole configuration; yields (the keys concerned, what is wrong between them)."""


class ConfigError(Exception):
    """The configuration can't be used. `problems` has a sentence for each thing that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Given:
    """A checked value of a setting and where it comes from, one of DEFAULT … COMMAND_LINE."""

    value: Value
    origin: str


@dataclass(slots=True)
class Sources:
    """What the sources gave so far, by concrete key; the problems met and the keys that they concern.

    `exposed`: files that have a secret and that others may read.
    """

    root: type
    given: dict[str, Given] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    bad_keys: set[str] = field(default_factory=set)
    exposed: list[Path] = field(default_factory=list)

    def complain(self, key: str, problem: str) -> None:
        self.problems.append(problem)
        self.bad_keys.add(key)

    def take(self, item: Setting, key: str, raw: object, origin: str, shown: str = "") -> None:
        """Checks one value and keeps it; `shown` is how its source spells the key."""
        try:
            check_names(item, key)
            self.given[key] = Given(convert(item, raw), origin)
        except ValueError as wrong:
            self.complain(key, f"{shown or key}: {wrong}")


def check_names(item: Setting, key: str) -> None:
    """Raises ValueError when a name that the operator chose isn't one."""
    for want, have in zip(item.key.split("."), key.split("."), strict=True):
        if want.isupper() and not NAME.fullmatch(have):
            hint = _("a name has 1 to 32 characters a-z, 0-9, _ and -, the first of them a letter")
            raise ValueError(f'"{have}": {hint}')


def load(
    root: type[T],
    path: Path | None,
    env: Mapping[str, str],
    overrides: Mapping[str, object],
    *,
    cross_check: CrossCheck,
) -> tuple[T, dict[str, str], tuple[Path, ...]]:
    """Reads all sources; answers the configuration, each concrete key's origin, and which files with secrets others may
    read. Raises ConfigError."""
    sources = Sources(root)
    if path is not None:
        _read_file(sources, path)
    _read_environment(sources, env)
    _read_overrides(sources, overrides)
    resolved = resolve(root, sources.given)
    config: T = build(root, {key: given.value for key, given in resolved.items()})
    for keys, problem in cross_check(config):
        # A problem between settings of which one is wrong by itself would only be an echo.
        if sources.bad_keys.isdisjoint(keys):
            sources.problems.append(problem)
    if sources.problems:
        raise ConfigError(sources.problems)
    return config, {key: given.origin for key, given in resolved.items()}, tuple(sources.exposed)


def _read_file(sources: Sources, path: Path) -> None:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        sources.problems.append(_("{path}: can't be read: {reason}").format(path=path, reason=reason))
    except ValueError as error:  # not UTF-8, or not TOML
        sources.problems.append(_("{path}: is not TOML: {reason}").format(path=path, reason=error))
    else:
        _read_table(sources, document, "")
        has_secret = any(item.rules.secret and item.key in sources.given for item in settings_of(sources.root))
        if has_secret and is_readable_for_others(path):
            sources.exposed.append(path)


def _read_table(sources: Sources, table: Mapping[str, object], prefix: str) -> None:
    for name, value in table.items():
        key = join(prefix, name)
        item = find(sources.root, key)
        if item is not None:
            sources.take(item, key, value, FILE)
        elif not is_table(sources.root, key):
            sources.complain(key, unknown_key(sources.root, key))
        elif isinstance(value, dict):
            _read_table(sources, value, key)
        else:
            wanted = _("a table [{key}]").format(key=key)
            sources.complain(key, f"{key}: {found_instead(value, wanted)}")


def is_table(root: type, key: str) -> bool:
    """Whether something is declared below the concrete `key`."""
    depth = key.count(".") + 1
    parents = (item.key.split(".")[:depth] for item in settings_of(root) if item.key.count(".") >= depth)
    return any(matches(".".join(parent), key) for parent in parents)


def _read_environment(sources: Sources, env: Mapping[str, str]) -> None:
    for variable, text in sorted(env.items()):
        key = key_of(variable)
        if key is None:
            continue
        item = find(sources.root, key)
        if item is not None:
            sources.take(item, key, parse(item.kind, text), ENVIRONMENT, variable)
        elif (item := find(sources.root, key.removesuffix("_file"))) is not None:
            _read_secret(sources, item, variable, Path(text), env)
        elif "__" in variable:
            sources.complain(key, unknown_variable(sources.root, variable))


def _read_secret(sources: Sources, item: Setting, variable: str, path: Path, env: Mapping[str, str]) -> None:
    plain = variable.removesuffix("_FILE")
    key = key_of(plain) or ""
    if plain in env:
        problem = _("{variable} and {plain} are both set; only one may be")
        sources.complain(key, problem.format(variable=variable, plain=plain))
        return
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problem = _("{variable}: {path} can't be read: {reason}")
        sources.complain(key, problem.format(variable=variable, path=path, reason=reason))
    else:
        sources.take(item, key, parse(item.kind, text), ENVIRONMENT, variable)
        if is_readable_for_others(path):
            sources.exposed.append(path)


def key_of(variable: str) -> str | None:
    """The key that an environment variable's name spells, None for a variable that is not ours."""
    if not variable.startswith(PREFIX):
        return None
    return variable.removeprefix(PREFIX).lower().replace("__", ".")


def variable_of(key: str) -> str:
    """The environment variable for a key: `server.listen` -> `FOLKMOOT_SERVER__LISTEN`."""
    return PREFIX + key.upper().replace(".", "__")


def _read_overrides(sources: Sources, overrides: Mapping[str, object]) -> None:
    for key, raw in overrides.items():
        if raw is None:
            continue
        item = find(sources.root, key)
        if item is None:
            sources.complain(key, unknown_key(sources.root, key))
        else:
            value = parse(item.kind, raw) if isinstance(raw, str) else raw
            sources.take(item, key, value, COMMAND_LINE)


def unknown_key(root: type, key: str) -> str:
    """The sentence for a key that nobody declared."""
    return _unknown(key, nearest(key, _candidates(root, key)))


def unknown_variable(root: type, variable: str) -> str:
    """The same for an environment variable."""
    key = key_of(variable) or ""
    near = nearest(key, _candidates(root, key))
    return _unknown(variable, near and variable_of(near))


def _unknown(name: str, near: str | None) -> str:
    if near:
        return _("unknown key {name}; did you mean {near}?").format(name=name, near=near)
    return _("unknown key {name}").format(name=name)


def _candidates(root: type, key: str) -> set[str]:
    """Every declared key and table, with the names that `key` uses where the operator chooses them."""
    have = key.split(".")
    found: set[str] = set()
    for item in settings_of(root):
        parts = item.key.split(".")
        for at, part in enumerate(parts):
            if part.isupper():
                parts[at] = have[at] if at < len(have) else item.names[0][0] if item.names else part.lower()
        found.update(".".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    return found


def resolve(root: type, given: Mapping[str, Given]) -> dict[str, Given]:
    """Every concrete key in declared order: what was given, else the profile's default, else the declared."""
    profile = given.get("profile")
    is_open = profile is not None and profile.value == "open"
    return {
        key: given.get(key) or _default(item, value, is_open)
        for item in settings_of(root)
        for key, value in concrete(item, given)
    }


def _default(item: Setting, value: Value, is_open: bool) -> Given:
    if is_open and item.rules.open is not None:
        return Given(item.rules.open, PROFILE)
    return Given(value, DEFAULT)


def concrete(item: Setting, given: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
    """The keys that a declared setting has, with their defaults: one, or one for each name that exists."""
    parts = item.key.split(".")
    at = next((i for i, part in enumerate(parts) if part.isupper()), None)
    if at is None:
        yield item.key, item.default
        return
    for name, default in names_of(item, ".".join(parts[:at]), given).items():
        yield ".".join([*parts[:at], name, *parts[at + 1 :]]), default


def names_of(item: Setting, table: str, given: Mapping[str, object]) -> dict[str, Value]:
    """The names in a table of names, with their defaults for this leaf."""
    chosen = dict.fromkeys(children(table, given), item.default)
    existing = {} if item.replaced and chosen else dict(item.names)
    # Existing names come first, and keep their own defaults.
    return existing | chosen | existing


def children(table: str, keys: Mapping[str, object]) -> list[str]:
    """The names that stand directly under `table` in concrete keys, once each, in order."""
    start = table + "."
    return list(dict.fromkeys(key.removeprefix(start).split(".")[0] for key in keys if key.startswith(start)))


def build(cls: type, values: Mapping[str, Value], prefix: str = "") -> Any:
    """Makes the dataclass `cls` from complete concrete keys."""
    made: dict[str, object] = {}
    for item in fields(cls):
        key, meta = join(prefix, item.name), item.metadata
        if SETTING in meta:
            made[item.name] = values[key]
        elif SECTION in meta:
            made[item.name] = build(meta[SECTION], values, key)
        elif NAMED in meta:
            made[item.name] = {n: build(meta[NAMED], values, join(key, n)) for n in children(key, values)}
        elif LABELS in meta:
            made[item.name] = {name: values[join(key, name)] for name in children(key, values)}
    return cls(**made)
