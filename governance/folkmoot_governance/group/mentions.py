"""Who is called by name in a post."""

import re
from collections.abc import Container

MAX_MENTIONS = 20

_NAME = re.compile(r"(?<![a-z0-9_.@＠-])[@＠]([a-z0-9][a-z0-9_.-]{2,31})", re.IGNORECASE)


def find_called(body: str) -> list[tuple[str, ...]]:
    """Return who a text calls as `@name`, each once, in its order, at most `MAX_MENTIONS`: the names that each may be,
    of which the first that there is counts."""
    called = dict.fromkeys(match[1].lower() for match in _NAME.finditer(body))
    # A name may hold a dot or a hyphen, and so may what follows it in a sentence.
    return [tuple(dict.fromkeys((name, name.rstrip("._-")))) for name in called][:MAX_MENTIONS]


def find_mentions(body: str, members: Container[str]) -> tuple[str, ...]:
    """Return the members that a text calls as `@user`, each once, in its order, at most `MAX_MENTIONS`."""
    found: dict[str, None] = {}
    for match in _NAME.finditer(body):
        name = match[1].lower()
        # A name may hold a dot or a hyphen, and so may what follows it in a sentence.
        user = name if name in members else name.rstrip("._-")
        if user in members:
            found[user] = None
            if len(found) == MAX_MENTIONS:
                break
    return tuple(found)
