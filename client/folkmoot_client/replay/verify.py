"""Compares what was said with what the groups' history holds."""

from collections import Counter
from dataclasses import dataclass

import folkmoot_protocol as fm
from folkmoot_protocol.types import SAID

from .player import Played, Said


@dataclass(slots=True)
class Verdict:
    """How the history differs from the log."""

    messages: int = 0
    groups: int = 0
    missing: int = 0
    out_of_order: int = 0
    doubled: int = 0

    @property
    def is_good(self) -> bool:
        """Say whether every message is there once, in the order of the log."""
        return not (self.missing or self.out_of_order or self.doubled)


def compare(said: list[Said], found: list[Said]) -> tuple[int, int, int]:
    """Return how many are missing, out of order, and more often there than said.

    Order is judged by what both have.
    """
    missing, doubled = Counter(said) - Counter(found), Counter(found) - Counter(said)
    pairs = zip(_without(said, missing), _without(found, doubled), strict=True)
    return missing.total(), sum(one != other for one, other in pairs), doubled.total()


def _without(items: list[Said], surplus: Counter[Said]) -> list[Said]:
    """Return `items` less the last of each kind that are too many."""
    left, kept = Counter(surplus), []
    for item in reversed(items):
        if left[item]:
            left[item] -= 1
        else:
            kept.append(item)
    return kept[::-1]


async def read_posts(room: Played) -> list[Said]:
    """Return the posts of a channel as everybody reads them, page by page, oldest first. Raises `ClientError`."""
    found: list[Said] = []
    page = await room.owner.client.get_posts(room.group)
    while True:
        found += [Said(post.entry.from_.user, post.entry.kind, post.entry.body) for post in page.posts]
        if page.cursor is None:
            return found[::-1]
        page = await room.owner.client.get_posts(room.group, before=page.cursor)


async def verify(played: list[Played]) -> Verdict:
    """Read the whole history of all groups, each as its owner, and compare. Raises `ClientError`."""
    verdict = Verdict(groups=len(played))
    for room in played:
        found = [
            Said(entry.from_.user, entry.kind, entry.body)
            async for entry in room.owner.client.read_history(room.group)
            if entry.kind in SAID
        ]
        missing, out_of_order, doubled = compare(room.said, found)
        if room.is_channel:
            public = [one for one in room.said if one.kind is fm.EntryKind.POST]
            not_there, turned, twice = compare(public, await read_posts(room))
            missing, out_of_order, doubled = missing + not_there, out_of_order + turned, doubled + twice
        verdict.messages += len(room.said)
        verdict.missing += missing
        verdict.out_of_order += out_of_order
        verdict.doubled += doubled
    return verdict
