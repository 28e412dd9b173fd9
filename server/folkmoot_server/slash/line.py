"""What a posted text, or the line of a `command`, means: a text, or the name of a command with its arguments."""

import re
from difflib import get_close_matches

from msgspec import Struct

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.line import COMMA, SLASHES, begins_word, split_line

from ..common.i18n import N_
from .arguments import plain, split_word
from .registry import BY_NAME, find_slash

UNKNOWN = N_(
    "There is no command /{name}; /help lists them. To post a text that begins with a slash, write two: //{name}"
)
MEANT = N_(
    "There is no command /{name}: did you mean /{near}? To post a text that begins with a slash, write two: //{name}"
)

_NAME = re.compile(r"[^\W\d_]+")


class Line(Struct, frozen=True):
    """A command as it was written: `name` in small letters, without the slash, and its arguments."""

    name: str
    text: str


def read_body(body: str) -> str | Line:
    """Return the text to publish, or the command that is meant, be there one of that name or not.

    A path (`/etc/passwd`), a slash by itself and one before anything but a letter are texts.
    """
    parts = split_line(body)
    if parts is None:
        return body
    blank, signs, rest = parts
    if len(signs) > 1:
        return blank + signs[1:] + rest if signs[0] in SLASHES or begins_word(rest) else body
    word, text = split_word(rest)
    if not word:
        return body
    if any(char.isspace() for char in rest.partition(word)[0]):
        # `/ mute @bob`: not said to be a command, and nothing to publish either.
        return Line("", rest) if find_slash(plain(word)) else body
    return read_name(plain(word), text, signs) or body


def read_name(word: str, text: str, sign: str) -> Line | None:
    """Return the command that a word after a slash sign is, None where it begins a text."""
    found = _NAME.match(word)
    if found is None or any(slash in word for slash in SLASHES):
        return None
    name, more = found[0].lower(), word[found.end() :]
    is_known = find_slash(name) is not None
    if is_known and more.startswith("@"):
        return Line(name, f"{more} {text}".rstrip())
    if sign == COMMA and not is_known:
        # After this sign a sentence in Chinese may go on; words in Latin letters hardly do.
        return Line(name, text) if name.isascii() and not more else None
    return Line(name + more, text) if is_known or not more else None


def read_command(line: str) -> Line:
    """Return what the line of a `command` request says: there everything is a command, with the slash or without."""
    parts = split_line(line)
    word, text = split_word(parts[2] if parts else line)
    meant = read_name(plain(word), text, SLASHES)
    return meant or Line(plain(word).lower(), text)


def unknown(line: Line) -> Refusal:
    """Return the refusal of a command that there is not, with the name that comes nearest, and the way around it."""
    if not line.name:
        # There is such a command, but it was written apart from its slash.
        name = plain(split_word(line.text)[0]).lower()
        detail: dict[str, object] = {"name": name, "help": f"/{name}"}
        said = N_("Did you mean /{name}? Write it without a space after the slash; as a text it is posted with //")
        return Refusal(ErrorCode.UNKNOWN_COMMAND, said, detail)
    name = line.name[:64]
    near = next((one for one in BY_NAME if len(one) > 1 and name.startswith(one)), None)
    near = near or next(iter(get_close_matches(name, BY_NAME, n=1, cutoff=0.7)), None)
    if near is None:
        return Refusal(ErrorCode.UNKNOWN_COMMAND, UNKNOWN, {"name": name, "help": "/help"})
    return Refusal(ErrorCode.UNKNOWN_COMMAND, MEANT, {"name": name, "near": near, "help": f"/help {near}"})
