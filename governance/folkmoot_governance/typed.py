"""Texts as arguments of slash commands: `off` takes away the text that there is, so does `""`; `"off"` is a text."""

from folkmoot_protocol.line import strip_blanks

from .duration import fold

OFF = "off"
NOTHING = '""'


def read_text(typed: str) -> str:
    """Return the text that somebody has typed, empty for `off` and `""`. Quotes belong to it, but around `"off"` and
    blanks."""
    if _is_quoted(typed):
        return typed[1:-1]
    return "" if fold(typed.strip()) in (OFF, NOTHING) else typed


def write_text(text: str) -> str:
    """Return how to type a text, so that `read_text` gives just that."""
    if not text:
        return OFF
    return f'"{text}"' if _needs_quotes(text) else text


def _is_quoted(typed: str) -> bool:
    return len(typed) > 2 and typed[0] == typed[-1] == '"' and _needs_quotes(typed[1:-1])


def _needs_quotes(text: str) -> bool:
    return fold(text.strip('"')) == OFF or fold(text) == NOTHING or strip_blanks(text) != text or _is_quoted(text)
