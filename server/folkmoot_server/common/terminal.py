"""Texts of the command line, in the language of the terminal it runs in."""

import os
import sys

VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def terminal_language() -> str:
    """The language that the environment asks for; as in gettext, the first variable that is set decides."""
    wanted = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")
    return "zh-CN" if wanted.lower().startswith("zh") else "en"


def _(text: str) -> str:
    """Return the text in the terminal's language."""
    language = terminal_language()
    if language == "en":
        return text
    # Reading a catalogue costs a command's whole start-up time, so only those pay who need it.
    from .i18n import catalogue

    return catalogue(language).gettext(text)


def say_on_stderr(text: str) -> None:
    """Tell the person who started the command something; data alone goes to stdout."""
    sys.stderr.write(f"{text}\n")
