"""Texts in the reader's language, from gettext catalogues (`locale/*.po`, read without a build step)."""

import gettext
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from folkmoot_governance.duration import FOREVER_MS, show_duration

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


def show_end(ms: int, translate: Callable[[str], str]) -> str:
    """Return the end of a measure as a phrase: `until …`, or that there is none."""
    if ms >= FOREVER_MS:
        return translate(N_("permanently"))
    return translate(N_("until {time}")).format(time=show_instant(ms))


def readable(detail: Mapping[str, object], translate: Callable[[str], str]) -> dict[str, object]:
    """Return `detail` with a readable twin of each `…_ms`: ends as `until …`, lengths as durations; and of `users`, as
    `names`."""
    filled = dict(detail)
    users = detail.get("users")
    if isinstance(users, (tuple, list)):
        filled["names"] = " ".join(f"@{user}" for user in users)
    for key, value in detail.items():
        if not key.endswith("_ms") or not isinstance(value, int):
            continue
        name = "wait" if key == "retry_after_ms" else key.removesuffix("_ms")
        if name in detail:
            continue  # Whoever gave it said it in a form for people already.
        filled[name] = show_end(value, translate) if name == "until" else show_duration(value) if value else "0"
    return filled


@cache
def translator(language: str) -> Translate:
    """Return the function that says texts in `language`, English where there is no such language."""
    translate = catalogue(language).gettext

    def say(text: str, detail: Mapping[str, object] | None = None) -> str:
        spoken = translate(text) if text else ""
        return spoken.format_map(readable(detail, translate)) if detail else spoken

    return say
