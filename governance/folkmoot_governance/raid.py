"""Noticing a raid: many who come in at once, or new members who post the same text.

A `RaidWatch` belongs to one group and remembers a minute of it, at most `MAX_TEXTS` texts. It is told what happened
and when; it never reads a clock. What it says is only an alarm: `RaiseAlarm` decides what follows. It is measured in
docs/antiraid.md.
"""

from collections import deque

from msgspec import Struct, field

from folkmoot_protocol.normal import make_compatible

from .duration import MINUTE_MS
from .policy import Policy

WINDOW_MS = MINUTE_MS
MAX_TEXTS = 64
LONGEST_TEXT = 200
LEAST_LETTERS = 16
"""A shorter text (hello, thanks, same here) is said by many at once without any harm."""
FIRST_WIDE = 0x2E80
"""From here on a letter of Unicode says about as much as two of an alphabet: Chinese, Japanese, Korean."""


def fingerprint(text: str) -> str:
    """Return what stays of a text when case, width, digits, marks and spaces do not count; "" if it is too short."""
    letters = "".join(filter(str.isalpha, make_compatible(text[:LONGEST_TEXT]).casefold()))
    weight = sum(2 if ord(letter) >= FIRST_WIDE else 1 for letter in letters)
    return letters if weight >= LEAST_LETTERS else ""


class RaidWatch(Struct):
    """What the last minute of a group looked like. Times are Unix ms and may come a little out of order.

    `posted` and `joined` may be told of the same post or join twice: it counts once.
    """

    joins: deque[tuple[int, str]] = field(default_factory=deque)
    posts: dict[str, deque[tuple[int, str]]] = field(default_factory=dict)

    def joined(self, user: str, ts: int, policy: Policy) -> bool:
        """Take in that `user` came in by a door that was open to anyone; say whether this is a wave of joins."""
        if not policy.raid_joins:
            return False
        _note(self.joins, (ts, user), policy.raid_joins)
        return len({one for _, one in self.joins}) >= policy.raid_joins

    def posted(self, user: str, text: str, ts: int, policy: Policy) -> bool:
        """Take in a post of a new member; say whether new members, two at least, are posting one text."""
        mark = fingerprint(text) if policy.raid_repeats else ""
        if not mark:
            return False
        found = self.posts.pop(mark, None)
        if found is None and len(self.posts) >= MAX_TEXTS:
            del self.posts[next(iter(self.posts))]
        # Put back as the newest: the text that was not heard for longest is forgotten first.
        told = self.posts[mark] = found if found is not None else deque()
        _note(told, (ts, user), policy.raid_repeats)
        return len(told) >= policy.raid_repeats and len({one for _, one in told}) > 1


def _note(told: deque[tuple[int, str]], what: tuple[int, str], most: int) -> None:
    """Add what happened, once; forget what is older than a minute, and more than can ever count."""
    if what in told:
        return
    told.append(what)
    while told[0][0] <= what[0] - WINDOW_MS or len(told) > 2 * most:
        told.popleft()
