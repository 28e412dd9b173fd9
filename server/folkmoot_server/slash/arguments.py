"""Arguments of slash commands: how each kind is written, read and shown in the usage line."""

import re
from collections.abc import Callable, Collection

from msgspec import Struct

from folkmoot_governance import Permission, Refusal
from folkmoot_governance.duration import Span, Until, read_duration
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.line import drop_blanks, strip_blanks
from folkmoot_protocol.names import BLANK_TEXT, fold_user_name, is_blank
from folkmoot_protocol.normal import make_compatible
from folkmoot_protocol.types import ArgumentKind, CommandArgument, Entry

from ..common.i18n import N_

BARE_NUMBER = N_("{word} is not a duration: write it with a unit, as in 30s 10m 2h 7d 2w 6mo 1y, or write perm.")
NOT_A_NUMBER = N_("{word} is not a number.")
NOT_A_CHOICE = N_("{word} is not one of: {choices}.")
MISSING = N_("Usage: {usage}")
WHICH_USER = N_("Do you mean @{user}, or @{author}, to whom you reply? Write @{user}, or @{author} {words}")
WHICH_ENTRY = N_(
    "Do you mean entry #{seq}, or #{replied}, to which you reply? Write {replied} before your text, or do not reply."
)

LONGEST_WORD = 256
_BETWEEN = re.compile(r"[,，、]")

NO_PERMISSION = "none"
"""What is said for no permission at all, where to say nothing means all of them."""

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


def plain(word: str) -> str:
    """Return a word in the width of ASCII, without what is not seen: `＠ｂｏｂ`, `１０ｍ`, `＃12`.

    For words that are read, never for what people write to people. None of them is longer than `LONGEST_WORD`.
    """
    return drop_blanks(make_compatible(word[:LONGEST_WORD]))


def names_user(word: str) -> bool:
    """Say whether a word is written as a user's name: with `@`, whichever."""
    return plain(word).startswith("@")


def read_user(word: str) -> str:
    return fold_user_name(word)


class Term(Struct, frozen=True):
    """How long a measure lasts, and whether it `replaces` the one in force, which it says by a word before that."""

    span: Span
    replaces: bool = False


REPLACE = ("replace", "改为")


def take_term(text: str) -> tuple[str, str]:
    """Return the words at the beginning of a text that say how long, empty where there are none, and its rest.

    Raises `SyntaxProblem` for what looks like a duration and is not told to be one.
    """
    first, left = split_word(text)
    replaces = plain(first).lower() in REPLACE
    reading = read_duration(strip_blanks(left if replaces else text))
    if not reading.words:
        return "", text
    if reading.span is None:
        raise SyntaxProblem(BARE_NUMBER, word=reading.words)
    return f"{first} {reading.words}" if replaces else reading.words, reading.rest


def read_term(words: str) -> Term:
    """Read how long a measure lasts. Raises `SyntaxProblem` for what is not told to be a duration."""
    first, left = split_word(words)
    replaces = plain(first).lower() in REPLACE
    reading = read_duration(left if replaces else words)
    if reading.span is None or reading.rest:
        raise SyntaxProblem(BARE_NUMBER, word=words)
    return Term(reading.span, replaces)


def read_length(words: str) -> int:
    """Read a length of time in ms. Raises `SyntaxProblem` for what is none."""
    span = read_term(words).span
    if isinstance(span, Until):
        raise SyntaxProblem(BARE_NUMBER, word=words)
    return span


def read_number(word: str) -> int:
    digits = plain(word).removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise SyntaxProblem(NOT_A_NUMBER, word=word)
    return int(digits)


def read_permissions(text: str) -> frozenset[Permission]:
    """Read names of permissions, separated by spaces or commas; `none` for none."""
    words = [plain(word) for word in _BETWEEN.sub(" ", text).split()]
    if words == [NO_PERMISSION]:
        return frozenset()
    for word in words:
        read_permission(word)
    return frozenset(map(Permission, words))


def read_permission(word: str) -> Permission:
    if word not in set(Permission):
        raise SyntaxProblem(NOT_A_CHOICE, word=word, choices=" ".join(Permission))
    return Permission(word)


IN_CHINESE: dict[str, tuple[str, ...]] = {
    "开": ("on",),
    "开启": ("on",),
    "关": ("off",),
    "关闭": ("off", "closed", "close"),
    "取消": ("off",),
    "同意": ("approve",),
    "通过": ("approve",),
    "拒绝": ("deny",),
    "群主": ("owner",),
    "管理员": ("admin",),
    "成员": ("member",),
    "公开": ("on", "open"),
    "隐藏": ("off",),
    "任何人": ("open",),
    "审批": ("approval",),
    "审核": ("approval",),
    "答题": ("question",),
    "邀请": ("invite",),
    "关注者": ("followers",),
    "提及": ("mentions",),
    "添加": ("add",),
    "令牌": ("token",),
    "移除": ("remove",),
    "接收": ("in",),
    "发送": ("out",),
    "删除": ("del",),
    "列表": ("list",),
    "测试": ("test",),
    "手机": ("mobile",),
    "个人": ("person",),
    "组织": ("organisation",),
    "验证码": ("code",),
    "撤回": ("withdraw",),
    "注销": ("close",),
    "结束": ("end",),
    "中文": ("zh-cn",),
    "英文": ("en",),
}
"""Words in Chinese for what commands let one choose; of several the one that the command knows."""


def choice(*words: str) -> Read:
    """Return the reader of one word out of `words`, or of the Chinese for it."""

    def read(word: str) -> str:
        chosen = plain(word).lower()
        chosen = next((one for one in IN_CHINESE.get(chosen, ()) if one in words), chosen)
        if chosen not in words:
            raise SyntaxProblem(NOT_A_CHOICE, word=word, choices=" ".join(words))
        return chosen

    return read


def one_of(*words: str, shown: str = "") -> Argument:
    """Return an argument that is one word out of `words`."""
    return Argument(shown or "|".join(words), choice(*words), kind=ArgumentKind.CHOICE, choices=words)


USER = Argument("@user", read_user, from_reply=lambda entry: entry.from_.user, starts="@", kind=ArgumentKind.USER)
SEQ = Argument("seq", read_number, from_reply=lambda entry: entry.seq, kind=ArgumentKind.SEQ)
DURATION = Argument("duration", read_term, kind=ArgumentKind.DURATION)
REASON = Argument("reason…", optional=True, rest=True)


def usage_of(name: str, arguments: tuple[Argument, ...]) -> str:
    """Return the usage line of a command."""
    return " ".join([f"/{name}", *(argument.usage() for argument in arguments)])


def read_arguments(
    arguments: tuple[Argument, ...], text: str, replied: Entry | None, usage: str, members: Collection[str] = ()
) -> list[object] | Refusal:
    """Return one value per argument, None for optional ones that are not there, or a refusal that shows the usage.

    `members` are the user names that a word in a reply may be meant to be.
    """
    values: list[object] = []
    text = text.strip()
    for argument in arguments:
        try:
            given, text = take_word(argument, text, replied, members)
        except SyntaxProblem as problem:
            return Refusal(ErrorCode.BAD_SYNTAX, problem.text, {**problem.detail, "usage": usage})
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


def take_word(argument: Argument, text: str, replied: Entry | None, members: Collection[str]) -> tuple[str | None, str]:
    """Return the words for an argument and what is left of the line. Raises `SyntaxProblem` for what may be either."""
    if not text:
        return None, ""
    if argument.rest:
        return text, ""
    if argument.kind is ArgumentKind.DURATION and (term := take_term(text))[0]:
        return term
    word, left = split_word(text)
    supplied = replied is not None and argument.from_reply is not None
    # A reply names the target already: only an explicit @name takes precedence over it.
    if replied is None or not supplied or (argument.starts and plain(word).startswith(argument.starts)):
        return word, left
    if argument.kind is ArgumentKind.SEQ and not argument.starts and plain(word).removeprefix("#").isdecimal():
        return take_seq(word, left, replied)
    if argument.kind is ArgumentKind.USER and read_user(word) in members and read_user(word) != replied.from_.user:
        raise SyntaxProblem(WHICH_USER, user=read_user(word), author=replied.from_.user, words=text)
    return None, text


def take_seq(word: str, left: str, replied: Entry) -> tuple[str, str]:
    """Return the number that a reply has before its text, if it is the entry replied to. Raises `SyntaxProblem`."""
    if read_number(word) != replied.seq:
        raise SyntaxProblem(WHICH_ENTRY, seq=read_number(word), replied=replied.seq)
    return word, left


def split_word(text: str) -> tuple[str, str]:
    """Return the first word and what is left of a line; whatever is white parts them, as the wide space of Chinese."""
    word, *left = strip_blanks(text).split(None, 1) or [""]
    return word, "".join(left).strip()
