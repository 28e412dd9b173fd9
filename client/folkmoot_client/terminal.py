"""The terminal: its language, its colours, and how commands end."""

import gettext
import io
import os
import platform
import sys
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

DONE, FAILED, USAGE, NOT_REACHABLE, NOT_FOUND, DENIED, CONFLICT = range(7)

WIDE = 1000
"""Columns of what is no terminal: nothing is cut there."""

VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def terminal_language() -> str:
    """The language that the environment asks for; as in gettext, the first variable that is set decides."""
    wanted = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")
    return "zh-CN" if wanted.lower().startswith("zh") else "en"


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the texts in a language; English is the texts themselves."""
    if language == "en":
        return gettext.NullTranslations()
    # Reading a catalogue costs a command's whole start-up time, so only those pay who need it.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = files("folkmoot_client") / "locale" / language.replace("-", "_") / "LC_MESSAGES" / "folkmoot.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes())))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _(text: str) -> str:
    """Return the text in the terminal's language."""
    return catalogue(terminal_language()).gettext(text) if text else ""


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name, which message extractors look for
    """Return `text` unchanged; mark it for the message catalogue."""
    return text


def new_console(*, stderr: bool = False) -> "Console":
    """Return a console for tables and progress; it honours NO_COLOR."""
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDE
    return console


def say(text: str) -> None:
    """Say something to the person; data goes to stdout, words go here."""
    typer.echo(text, err=True)


class Failed(typer.Exit):
    """A command that ends because something went wrong, which was said."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(code)
        self.text = text


def fail(text: str, code: int) -> NoReturn:
    """Say what went wrong and end the command."""
    say(text)
    raise Failed(text, code)


def device_name() -> str:
    """Return what this program on this machine is called in an account's list of sessions."""
    return f"folkmoot, {platform.node() or platform.system()}"[:64]


def is_interactive() -> bool:
    """Say whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
