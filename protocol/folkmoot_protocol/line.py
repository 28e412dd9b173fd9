"""What a posted text begins with: whether it means to be a command, for server and clients alike.

A slash sign begins a command, after whatever is not seen: a space, a wide one, a byte order mark, characters without
width. `／` is a slash of the width of Chinese, `⁄`, `∕` and `⧸` look like one,
`、` is what the key of the slash gives in Chinese. Two of them at the
start are a text that begins with one. Which names there are the server alone knows; it has the last word.
"""

import re

SLASHES = "/／⁄∕⧸"
COMMA = "、"

# White space, and Default_Ignorable_Code_Point of Unicode with the other characters that are blank by design.
_BLANK = (
    r"\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
begins_plainly = re.compile(r"[!-.0-~\u3400-\u9fff]").match
"""Says of nearly all texts, by their first character, that they are no command: it is ASCII or Chinese, and no sign."""

_BLANKS = re.compile(f"[{_BLANK}]*")
_ALL_BLANKS = re.compile(f"[{_BLANK}]+")
_SIGNS = re.compile(f"([{_BLANK}]*)([{SLASHES}]+|{COMMA}+)")


def split_line(body: str) -> tuple[str, str, str] | None:
    """Return the blank beginning of a text, its slash signs, and what is left; None where it begins with none."""
    found = _SIGNS.match(body)
    return (found[1], found[2], body[found.end() :]) if found else None


def strip_blanks(text: str) -> str:
    """Return a text without what it has at its beginning that is not seen, and without white space at its end."""
    found = _BLANKS.match(text)
    return text[found.end() if found else 0 :].rstrip()


def drop_blanks(text: str) -> str:
    """Return a text without what is not seen of it, wherever that is."""
    return _ALL_BLANKS.sub("", text)


def begins_word(text: str) -> bool:
    """Say whether a letter comes first of all that is seen of a text."""
    return strip_blanks(text)[:1].isalpha()


def starts_command(body: str) -> bool:
    """Say whether the server may take a text for a command: it has one slash sign before anything else."""
    parts = split_line(body)
    return parts is not None and len(parts[1]) == 1


def as_text(body: str) -> str:
    """Return what to post so that `body` is published as it stands, whatever it begins with."""
    parts = split_line(body)
    if parts is None or (parts[1][0] == COMMA and not begins_word(parts[2])):
        return body
    blank, signs, rest = parts
    return f"{blank}{signs[0]}{signs}{rest}"
