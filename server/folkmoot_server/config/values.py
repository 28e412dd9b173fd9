"""Single values of a configuration: read from text, checked, and the words for what is wrong with them."""

import difflib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from ..common.terminal import _
from .declare import Rules, Setting, Value

TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
SECRET = "********"  # noqa: S105 (what is shown instead of one)


def parse(kind: str, text: str) -> object:
    """A value from an environment variable or the command line; what doesn't fit stays as it is."""
    try:
        return _PARSERS.get(kind, str)(text)
    except ValueError:
        return text


def _parse_bool(text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError(text)
    return word in TRUE


def _parse_list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


_PARSERS: dict[str, Callable[[str], object]] = {
    "bool": _parse_bool,
    "int": int,
    "float": float,
    "list": _parse_list,
}


def convert(item: Setting, raw: object) -> Value:
    """The value as the configuration keeps it. Raises ValueError with what was found and what is allowed."""
    found = SECRET if item.rules.secret else raw
    try:
        value = _TYPES[item.kind](raw)
    except TypeError:
        raise ValueError(found_instead(found, allowed(item))) from None
    if not _in_bounds(item.rules, value):
        raise ValueError(found_instead(found, allowed(item)))
    problem = item.rules.check(value) if item.rules.check else None
    if problem:
        raise ValueError(found_instead(found, problem))
    return value


def _to_bool(raw: object) -> Value:
    if isinstance(raw, bool):
        return raw
    raise TypeError


def _to_int(raw: object) -> Value:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    raise TypeError


def _to_float(raw: object) -> Value:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return float(raw)
    raise TypeError


def _to_str(raw: object) -> Value:
    if isinstance(raw, str):
        return raw
    raise TypeError


def _to_list(raw: object) -> Value:
    if isinstance(raw, list | tuple) and all(isinstance(part, str) for part in raw):
        return tuple(raw)
    raise TypeError


def _to_path(raw: object) -> Value:
    if isinstance(raw, str | Path) and str(raw):
        return Path(raw)
    raise TypeError


def _to_optional_path(raw: object) -> Value:
    return None if raw == "" else _to_path(raw)


_TYPES: dict[str, Callable[[object], Value]] = {
    "bool": _to_bool,
    "int": _to_int,
    "float": _to_float,
    "str": _to_str,
    "list": _to_list,
    "path": _to_path,
    "optional path": _to_optional_path,
}


def _in_bounds(rules: Rules, value: Value) -> bool:
    if rules.choices and value not in rules.choices:
        return False
    if not isinstance(value, int | float):
        return True
    # Written so that NaN is out of any bounds.
    return (rules.least is None or value >= rules.least) and (rules.most is None or value <= rules.most)


def allowed(item: Setting) -> str:
    """What values a setting takes, in words: "a whole number from 1 to 10"."""
    if item.rules.choices:
        return _("one of {choices}").format(choices=", ".join(f'"{choice}"' for choice in item.rules.choices))
    words = {
        "bool": _("true or false"),
        "int": _("a whole number"),
        "float": _("a number"),
        "str": _("a string"),
        "list": _("a list of strings"),
        "path": _("a path as a string"),
        "optional path": _("a path as a string, empty for none"),
    }
    return words[item.kind] + _range(item.rules)


def _range(rules: Rules) -> str:
    if rules.least is None:
        return ""
    if rules.most is None:
        bounds = _(" of at least {least}").format(least=rules.least)
    else:
        bounds = _(" from {least} to {most}").format(least=rules.least, most=rules.most)
    return bounds + (_(" (rule {rule})").format(rule=rules.rule) if rules.rule else "")


def found_instead(raw: object, wanted: str) -> str:
    """ "found 5; allowed: a whole number from 6 to 120"."""
    return _("found {found}; allowed: {wanted}").format(found=show_found(raw), wanted=wanted)


def show_found(raw: object) -> str:
    """A value as its writer would know it again, shortened."""
    if isinstance(raw, dict):
        return _("a table")
    text = to_toml(raw) if isinstance(raw, bool | int | float | str | list | tuple | Path) else str(raw)
    return text if len(text) <= 60 else text[:57] + "…"


def to_toml(value: object) -> str:
    """A value as TOML."""
    if value is None:
        return '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(to_toml(part) for part in value) + "]"
    if isinstance(value, int | float):
        return repr(value)
    # JSON's strings are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, if any is like it at all."""
    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return found[0] if found else None
