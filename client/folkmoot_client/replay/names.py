"""User names and display names for nicks."""

import hashlib
import re

from folkmoot_protocol import check_display_name, check_user_name

LONGEST = 32
HASH_LENGTH = 6

_FORBIDDEN = re.compile(r"[^a-z0-9_.-]+", re.ASCII)


def user_name(nick: str, salt: str = "") -> str:
    """Return a valid user name for a nick: itself if it is one, else what is left of it with a hash that sets it apart.

    With a `salt`, always with a hash: for a name that somebody else has already.
    """
    if not salt:
        try:
            return check_user_name(nick)
        except ValueError:
            pass
    mark = hashlib.sha256(f"{salt}{nick}".encode()).hexdigest()[:HASH_LENGTH]
    stem = _FORBIDDEN.sub("-", nick.lower()).strip("-_.")[: LONGEST - HASH_LENGTH - 1]
    return f"{stem or 'nick'}-{mark}"


def display_name(nick: str) -> str | None:
    """Return a display name for a nick, None where none of it may be shown."""
    try:
        return check_display_name(nick[:LONGEST])
    except ValueError:
        return None
