"""Brigades: many who know each other and report the same thing within a short time (G12).

A brigade is shown to who decides, and nothing else follows from it: many reports within an hour are also what a crowd
makes that has seen something bad. Who knows whom is seen by the groups that they are in together.
"""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from ..duration import HOUR_MS

SPAN_MS = HOUR_MS
"""Within which time."""
LEAST = 5
"""So many reporters are many."""


class Brigade(Struct, frozen=True):
    """Reporters who know each other and reported between `since_ms` and `until_ms`, and groups that they share."""

    users: tuple[str, ...]
    since_ms: int
    until_ms: int
    groups: tuple[str, ...]


def find_brigade(reported: Mapping[str, int], groups: Mapping[str, Collection[str]], code: str) -> Brigade | None:
    """Return the largest brigade among reporters, None for none.

    `reported` is when each of them did, `groups` are those that each is in. `code` is the group that the report is
    about: all who report an entry of it are in it, which tells nothing.
    """
    order = sorted(reported, key=lambda user: (reported[user], user))
    found: Brigade | None = None
    for start, first in enumerate(order):
        within = [user for user in order[start:] if reported[user] - reported[first] <= SPAN_MS]
        brigade = _who_know_each_other(within, reported, groups, code)
        if brigade is not None and (found is None or len(brigade.users) > len(found.users)):
            found = brigade
    return found


def _who_know_each_other(
    users: Sequence[str], reported: Mapping[str, int], groups: Mapping[str, Collection[str]], code: str
) -> Brigade | None:
    """Return those of `users` who share a group with at least half of all who share one, if they are many."""
    if len(users) < LEAST:
        return None
    known = {user: set(groups.get(user, ())) - {code} for user in users}
    friends = {user: {one for one in users if one != user and known[user] & known[one]} for user in users}
    some = {user for user, others in friends.items() if others}
    circle = [user for user in users if user in some and 2 * len(friends[user]) >= len(some) - 1]
    if len(circle) < LEAST:
        return None
    shared = {group for user in circle for group in known[user] if sum(group in known[one] for one in circle) > 1}
    times = [reported[user] for user in circle]
    return Brigade(tuple(circle), min(times), max(times), tuple(sorted(shared)))
