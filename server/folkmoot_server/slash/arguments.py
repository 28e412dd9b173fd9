"""Arguments of slash commands: how each kind is written, read and shown in the usage line."""

from collections.abc import Callable

from msgspec import Struct

from folkmoot_governance import Permission, Refusal
from folkmoot_governance.duration import parse_duration
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import BLANK_TEXT, fold_user_name, is_blank
from folkmoot_protocol.types import ArgumentKind, CommandArgument, Entry

from ..common.i18n import N_

BARE_NUMBER = N_("{word} is not a duration: write the unit, as in 30s 10m 2h 7d 2w 6mo 1y, or perm.")
NOT_A_NUMBER = N_("{word} is not a number.")
NOT_A_CHOICE = N_("{word} is not one of: {choices}.")
MISSING = N_("Usage: {usage}")

WIDE_AT = "＠"
"""What Chinese and Japanese keyboards give for `@`."""

Read = Callable[[str], object]


class Argument(Struct, frozen=True):
    """One argument. `read` makes its value from a word and raises ValueError with a text; `rest` takes the whole line.

    `from_reply`, if set, makes the value from the entry that the command replies to, when no word gives it. `kind` and
    `choices` tell clients how to complete it.
    """

    shown: str
    read: Read = str
    optional: bool = False
    rest: bool = False
    from_reply: Callable[[Entry], object] | None = None
    starts: str = ""
    kind: ArgumentKind = ArgumentKind.TEXT
    choices: tuple[str, ...] = ()

    def describe(self) -> CommandArgument:
        """Return the argument as clients complete it."""
        replied = self.from_reply is not None
        return CommandArgument(
            name=self.shown, kind=self.kind, optional=self.optional, rest=self.rest, reply=replied, choices=self.choices
        )

    def usage(self) -> str:
        """Return how the argument stands in a usage line; `shown` may spell it out with brackets of its own."""
        if self.shown[0] in "<[":
            return self.shown
        return f"[{self.shown}]" if self.optional else self.shown if self.shown[0] == "@" else f"<{self.shown}>"


class SyntaxProblem(ValueError):
    """A word that is not what its argument takes; `text` is a msgid, `detail` fills it."""

    def __init__(self, text: str, **detail: object) -> None:
        super().__init__(text)
        self.text = text
        self.detail = detail


def read_user(word: str) -> str:
    return fold_user_name(word)


def read_duration(word: str) -> int:
    duration = parse_duration(word)
    if duration is None:
        raise SyntaxProblem(BARE_NUMBER, word=word)
    return duration


def begins_like_duration(word: str) -> bool:
    """Say whether a word is more likely a duration gone wrong (`10`, `7days`, `-5m`) than the start of a reason."""
    return word[:1].isdecimal() or (word[:1] in "+-" and word[1:2].isdecimal())


def read_number(word: str) -> int:
    digits = word.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise SyntaxProblem(NOT_A_NUMBER, word=word)
    return int(digits)


def read_permissions(text: str) -> frozenset[Permission]:
    """Read names of permissions, separated by spaces or commas."""
    words = text.replace(",", " ").split()
    for word in words:
        read_permission(word)
    return frozenset(map(Permission, words))


def read_permission(word: str) -> Permission:
    if word not in set(Permission):
        raise SyntaxProblem(NOT_A_CHOICE, word=word, choices=" ".join(Permission))
    return Permission(word)


def choice(*words: str) -> Read:
    """Return the reader of one word out of `words`."""

    def read(word: str) -> str:
        if word.lower() not in words:
            raise SyntaxProblem(NOT_A_CHOICE, word=word, choices=" ".join(words))
        return word.lower()

    return read


def one_of(*words: str, shown: str = "") -> Argument:
    """Return an argument that is one word out of `words`."""
    return Argument(shown or "|".join(words), choice(*words), kind=ArgumentKind.CHOICE, choices=words)


USER = Argument("@user", read_user, from_reply=lambda entry: entry.from_.user, starts="@", kind=ArgumentKind.USER)
SEQ = Argument("seq", read_number, from_reply=lambda entry: entry.seq, kind=ArgumentKind.SEQ)
DURATION = Argument("duration", read_duration, kind=ArgumentKind.DURATION)
REASON = Argument("reason…", optional=True, rest=True)


def usage_of(name: str, arguments: tuple[Argument, ...]) -> str:
    """Return the usage line of a command."""
    return " ".join([f"/{name}", *(argument.usage() for argument in arguments)])


def read_arguments(
    arguments: tuple[Argument, ...], text: str, replied: Entry | None, usage: str
) -> list[object] | Refusal:
    """Return one value per argument, None for optional ones that are not there, or a refusal that shows the usage."""
    values: list[object] = []
    text = text.strip()
    for argument in arguments:
        given, text = take_word(argument, text, replied)
        if given is not None and is_blank(given):
            return Refusal(ErrorCode.BAD_SYNTAX, BLANK_TEXT, {"usage": usage})
        if given is None and replied is not None and argument.from_reply is not None:
            values.append(argument.from_reply(replied))
        elif given is None and not argument.optional:
            return Refusal(ErrorCode.BAD_SYNTAX, MISSING, {"usage": usage})
        else:
            try:
                values.append(None if given is None else argument.read(given))
            except SyntaxProblem as problem:
                return Refusal(ErrorCode.BAD_SYNTAX, problem.text, {**problem.detail, "usage": usage})
    if text:
        return Refusal(ErrorCode.BAD_SYNTAX, MISSING, {"usage": usage})
    return values


def take_word(argument: Argument, text: str, replied: Entry | None) -> tuple[str | None, str]:
    """Return the words for an argument and what is left of the line."""
    if not text:
        return None, ""
    if argument.rest:
        return text, ""
    word, left = split_word(text)
    supplied = replied is not None and argument.from_reply is not None
    # A reply names the target already: only an explicit @name takes precedence over it.
    if supplied and not (argument.starts and word.replace(WIDE_AT, "@", 1).startswith(argument.starts)):
        return None, text
    return word, left


def split_word(text: str) -> tuple[str, str]:
    """Return the first word and what is left of a line; whatever is white parts them, as the wide space of Chinese."""
    word, *left = text.split(None, 1) or [""]
    return word, "".join(left)
