"""Reasons that look as if they were meant to be something else: asked about, never guessed."""

import re

from folkmoot_governance import Refusal
from folkmoot_governance.duration import read_duration
from folkmoot_protocol.errors import ErrorCode

from ..common.i18n import N_
from .arguments import names_user, plain, read_user, split_word
from .call import Call

_NUMBERS = re.compile(r"[#\d\s,、，]+")


def check_reason(call: Call, reason: str | None) -> Refusal | None:
    """Refuse a reason that begins with another member: many at once is not what this does."""
    word, _ = split_word(reason or "")
    user = read_user(word)
    if not names_user(word) or user not in call.room.state.members:
        return None
    text = N_(
        "One account to a line: write another line for @{user}. If it is meant as a reason, begin with another word."
    )
    return Refusal(ErrorCode.BAD_SYNTAX, text, {"user": user})


def refuse_term(reason: str | None, name: str, help: str) -> Refusal | None:
    """Refuse a reason that begins with a duration, where `name` takes none; `help` is what does."""
    words = read_duration(reason or "").words
    if not words:
        return None
    text = N_(
        "{name} does not have a duration ({word}): for a limited time, use {help} {word}. If "
        "it is meant as a reason, begin with another word."
    )
    return Refusal(ErrorCode.BAD_SYNTAX, text, {"name": name, "word": words, "help": help})


def refuse_numbers(reason: str | None, name: str) -> Refusal | None:
    """Refuse a reason that is nothing but numbers: many at once is not what this does."""
    if not _NUMBERS.fullmatch(plain(reason or "")):
        return None
    text = N_("One entry to a line: write a line for each of {name} {numbers}; /purge deletes many.")
    return Refusal(ErrorCode.BAD_SYNTAX, text, {"name": name, "numbers": reason, "help": "/purge"})
