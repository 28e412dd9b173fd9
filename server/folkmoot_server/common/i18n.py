"""Texts in the reader's language, from gettext catalogues (`locale/*.po`, read without a build step)."""

import gettext
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from folkmoot_governance.duration import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS, SECOND_MS, UNITS_MS
from folkmoot_governance.text import NN_, Counted

from .labels import say_value

LANGUAGES = ("en", "zh-CN")

Translate = Callable[..., str]
"""`say(text, detail={})`: the translated text with its placeholders filled in."""


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name, which message extractors look for
    """Return `text` unchanged; mark it for the message catalogue."""
    return text


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; English is the texts themselves."""
    if language not in LANGUAGES or language == "en":
        return gettext.NullTranslations()
    source = files("folkmoot_server") / "locale" / language.replace("-", "_") / "LC_MESSAGES" / "folkmoot.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes())))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def show_instant(ms: int) -> str:
    """Return a Unix time in ms as people read it: `2026-11-22 14:05 UTC`."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def show_end(ms: int, texts: gettext.NullTranslations) -> str:
    """Return the end of a measure as a phrase: `until …`, or that there is none."""
    if ms >= FOREVER_MS:
        return texts.gettext(N_("permanently"))
    return texts.gettext(N_("until {time}")).format(time=show_instant(ms))


LENGTHS = (
    (UNITS_MS["y"], NN_("{n} year", "{n} years", "n")),
    (DAY_MS, NN_("{n} day", "{n} days", "n")),
    (HOUR_MS, NN_("{n} hour", "{n} hours", "n")),
    (MINUTE_MS, NN_("{n} minute", "{n} minutes", "n")),
    (SECOND_MS, NN_("{n} second", "{n} seconds", "n")),
)
"""Units in which people say how long something is, the longest first; ms."""


def show_length(ms: int, texts: gettext.NullTranslations) -> str:
    """Return a length of time as people say it: `2 minutes 30 seconds`; what two units do not say is rounded up."""
    if ms >= FOREVER_MS:
        return texts.gettext(N_("permanently"))
    largest = next((at for at, (unit, _) in enumerate(LENGTHS) if ms >= unit), len(LENGTHS) - 1)
    least = LENGTHS[min(largest + 1, len(LENGTHS) - 1)][0]
    left, parts = -(-ms // least) * least, []
    for unit, text in LENGTHS:
        number, left = divmod(left, unit)
        if number:
            parts.append(texts.ngettext(text.one, text, number).format(n=number))
    return " ".join(parts) or texts.ngettext(LENGTHS[-1][1].one, LENGTHS[-1][1], 0).format(n=0)


def spoken(text: str, detail: Mapping[str, object] | None, texts: gettext.NullTranslations) -> str:
    """Return a text in a language, in the form for the number that it has, its placeholders not filled in."""
    if not isinstance(text, Counted):
        return texts.gettext(text) if text else ""
    count = (detail or {}).get(text.number)
    return texts.ngettext(text.one, text, count if isinstance(count, int) else 0)


def readable(detail: Mapping[str, object], texts: gettext.NullTranslations) -> dict[str, object]:
    """Return `detail` with a readable twin of each `…_ms`: ends as `until …`, lengths as people say them; of `users`,
    as `names`; and with the values that have a label (`labels`) as people read them."""
    filled = dict(detail)
    users = detail.get("users")
    if isinstance(users, (tuple, list)):
        filled["names"] = " ".join(f"@{user}" for user in users)
    for key, value in detail.items():
        # In one place `previous` is a grade, in others a user name.
        field = "grade" if key == "previous" and "grade" in detail else key
        said = say_value(field, value, texts.gettext)
        if said is not None:
            filled[key] = said
        if not key.endswith("_ms") or not isinstance(value, int):
            continue
        name = "wait" if key == "retry_after_ms" else key.removesuffix("_ms")
        if name in detail:
            continue  # Whoever gave it said it in a form for people already.
        filled[name] = show_end(value, texts) if name == "until" else show_length(value, texts)
    return filled


@cache
def translator(language: str) -> Translate:
    """Return the function that says texts in `language`, English where there is no such language."""
    texts = catalogue(language)

    def say(text: str, detail: Mapping[str, object] | None = None) -> str:
        said = spoken(text, detail, texts)
        return said.format_map(readable(detail, texts)) if detail else said

    return say
