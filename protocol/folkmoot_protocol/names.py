"""The shape of names: what a user name, a display name, the name and the topic of a group may look like.

`is_blank` is asked of every text that somebody sets. Each check returns the name in the form to store, or raises
ValueError with one of the constants below, an English msgid. Whether a name is taken or reserved is not decided here.
"""

import re
import unicodedata

from .msgids import N_
from .normal import compose, make_compatible

MAX_DISPLAY_NAME = 32
MAX_GROUP_NAME = 60
MAX_GRANTED_NAME = 100
MAX_TOPIC = 300
MAX_RULES = 2000
MAX_ANNOUNCEMENT = 1000

BAD_USER_NAME = N_(
    "A user name has 3 to 32 lowercase letters, digits, `_`, `.` or `-`, and begins with a letter or a digit."
)
EMPTY_NAME = N_("A name needs at least one visible character.")
BLANK_TEXT = N_("This text has no visible characters.")
CONTROL_CHARACTER = N_("Control characters are not allowed here.")
BIDI_CHARACTER = N_("Characters that change the direction of writing are not allowed here.")
LONG_DISPLAY_NAME = N_("A display name has at most 32 characters.")
LONG_GROUP_NAME = N_("A group's name has at most 60 characters.")
LONG_GRANTED_NAME = N_("The name on a badge, and the number of a licence, have at most 100 characters.")
LONG_TOPIC = N_("A topic has at most 300 characters.")
LONG_RULES = N_("A group's rules have at most 2000 characters.")
LONG_ANNOUNCEMENT = N_("An announcement has at most 1000 characters.")

_USER_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{2,31}", re.ASCII)

# Unicode UAX #9: marks, embeddings, overrides and isolates. With one of them a name can pass itself off as
# another or turn around the text that follows it.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# Cc control, Cs half a surrogate pair, Zl and Zp line and paragraph separators.
_CONTROL = frozenset(("Cc", "Cs", "Zl", "Zp"))
# Not seen by themselves: white space, controls, and marks, joiners and fillers that only mean something beside letters.
_UNSEEN = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf", "Mn", "Mc", "Me"))
# Arabic and other signs that embrace the number after them: of category Cf, and seen.
_SEEN_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# Letters and symbols by category, blank by design: the Hangul fillers, the blank Braille pattern, the null notehead,
# the blanks among the hieroglyphs. And what Unicode keeps for ignorable characters to come (UAX #44).
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159\U00013441\U00013442\u2065") | frozenset(
    map(chr, (*range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)))
)


def is_blank(text: str) -> bool:
    """Say whether a reader sees nothing of a text: it is empty, or has spaces, marks and characters without a shape."""
    # Nearly all texts begin with ASCII or a Chinese character that is seen, and cost no more than a look at that.
    if "!" <= text[:1] <= "~" or "\u3400" <= text[:1] <= "\u9fff":
        return False
    return not any(map(_is_visible, set(text)))


def fold_user_name(text: str) -> str:
    """Return which user name is meant by what somebody wrote: `@Bob`, `ＢＯＢ` and ` bob` are all `bob`.

    Width, case and what is not seen go, as RFC 8265 (UsernameCaseMapped) has it; whether it is a name at all,
    `check_user_name` says.
    """
    seen = "".join(char for char in make_compatible(text) if unicodedata.category(char) != "Cf")
    return seen.strip().removeprefix("@").lower()


def check_user_name(name: str) -> str:
    """Return a user name. Raises ValueError(BAD_USER_NAME)."""
    if not _USER_NAME.fullmatch(name):
        raise ValueError(BAD_USER_NAME)
    return name


def check_display_name(name: str) -> str:
    """Return a display name of 1 to 32 characters, in NFC and stripped. Raises ValueError."""
    return _check_name(name, MAX_DISPLAY_NAME, LONG_DISPLAY_NAME)


def check_group_name(name: str) -> str:
    """Return a group's name of 1 to 60 characters, in NFC and stripped. Raises ValueError."""
    return _check_name(name, MAX_GROUP_NAME, LONG_GROUP_NAME)


def check_granted_name(name: str) -> str:
    """Return whom a badge is to name, or the number of a licence: 1 to 100 characters, in NFC and stripped. Raises
    ValueError."""
    return _check_name(name, MAX_GRANTED_NAME, LONG_GRANTED_NAME)


def check_topic(topic: str) -> str:
    """Return a topic of 0 to 300 characters, in NFC and stripped. Raises ValueError."""
    return _check_not_blank(_check_line(topic, MAX_TOPIC, LONG_TOPIC))


def check_rules(text: str) -> str:
    """Return a group's own rules, lines of 0 to 2000 characters in all, in NFC and stripped. Raises ValueError."""
    return _check_lines(text, MAX_RULES, LONG_RULES)


def check_announcement(text: str) -> str:
    """Return an announcement, lines of 0 to 1000 characters in all, in NFC and stripped. Raises ValueError."""
    return _check_lines(text, MAX_ANNOUNCEMENT, LONG_ANNOUNCEMENT)


def _check_name(name: str, longest: int, too_long: str) -> str:
    name = _check_line(name, longest, too_long)
    if is_blank(name):
        raise ValueError(EMPTY_NAME)
    return name


def _check_lines(text: str, longest: int, too_long: str) -> str:
    lines = text.replace("\r\n", "\n")[: 4 * longest + 1].split("\n")
    text = "\n".join(_check_line(line, longest, too_long) for line in lines).strip()
    if len(text) > longest:
        raise ValueError(too_long)
    return _check_not_blank(text)


def _check_not_blank(text: str) -> str:
    """Return a text that may be empty, which takes away what was there, but not look so."""
    if text and is_blank(text):
        raise ValueError(BLANK_TEXT)
    return text


def _check_line(text: str, longest: int, too_long: str) -> str:
    """Return one line of free text in NFC. The length comes first: it bounds the work of the rest."""
    if len(text) > 4 * longest:
        raise ValueError(too_long)
    if any(unicodedata.category(char) in _CONTROL for char in set(text)):
        raise ValueError(CONTROL_CHARACTER)
    if _BIDI.search(text):
        raise ValueError(BIDI_CHARACTER)
    text = compose(text).strip()
    if len(text) > longest:
        raise ValueError(too_long)
    return text


def _is_visible(char: str) -> bool:
    seen = unicodedata.category(char) not in _UNSEEN or char in _SEEN_FORMATS
    return seen and char not in _BLANKS
