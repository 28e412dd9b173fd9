"""Filling a store for load tests of channels: people with channels of their own, their posts, and who follows them."""

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from folkmoot_governance import case_number, founded
from folkmoot_governance.group.events import ChannelOpened
from folkmoot_governance.notice_entry import author_of, notice_of
from folkmoot_governance.store_acts import HandleTaken
from folkmoot_protocol.types import Author, ChannelForm, Entry, EntryKind, JoinMode, Role

from ...common.i18n import translator
from ..change_set import ChangeSet, NewEntry, group_stream, handle_stream
from ..changes import follow_row
from ..sql.projection import group_row, member_table_row

FOLLOWS_AT_ONCE = 1000


class ChannelSeeds(NamedTuple):
    """How many `channels` there shall be, each with so many `posts`: members of groups own the first of them, others
    the rest. How many of them each member `follows`, chosen by chance; and how many `followers`, who follow nothing
    else, the first one has besides."""

    channels: int = 0
    posts: int = 1
    follows: int = 0
    followers: int = 0


def owners_of(count: int, members: Sequence[str]) -> list[str]:
    """Return the user names of who owns a channel: members of groups, and then others."""
    return [*members[:count], *(f"c{index}-star" for index in range(len(members), count))]


def follower(index: int) -> str:
    """Return the user name of somebody who follows the first channel alone."""
    return f"f{index}-fan"


def channel_work(user: str, code: str, display_name: str, now: int) -> ChangeSet:
    """Return the change set that opens a person's channel, with its handle."""
    opened = ChannelOpened(
        at=now,
        by=user,
        code=code,
        name=display_name,
        category="general",
        topic="",
        join_mode=JoinMode.INVITE,
        member_limit=100,
        form=ChannelForm.PERSONAL,
        handle=user,
    )
    state = founded(opened)
    author = author_of(state, opened, display_name)
    notice = notice_of(opened, case=case_number(code, 1), author=author, say=translator("en"))
    assert notice is not None, "a channel is told of its opening"
    rows = [group_row(state), member_table_row(state, "members", user)]
    taken = HandleTaken(at=now, by=user, handle=user, code=code)
    work = ChangeSet(group_stream(code), 0, [opened], rows, [NewEntry(notice, version=1)])
    work.also = [ChangeSet(handle_stream(user), 0, [taken])]
    return work


def posts(codes: Sequence[str], owners: Sequence[str], count: int, now: int, span_ms: int) -> Iterator[ChangeSet]:
    """Return the posts of all channels in the order of their times, which fill `span_ms` (ms) from `now` on."""
    step = span_ms / max(1, len(codes) * count)
    order = list(range(len(codes)))
    dice = random.Random(1)  # noqa: S311 - no secret
    for number in range(count):
        dice.shuffle(order)
        for place, index in enumerate(order, number * len(codes)):
            user = owners[index]
            author = Author(user, user.capitalize(), Role.OWNER, ("creator",))
            body = f"Post {number} of @{user}: what there is to say today, in about as many words as people need."
            entry = Entry(seq=0, ts=now + int(place * step), kind=EntryKind.POST, from_=author, body=body)
            yield ChangeSet(group_stream(codes[index]), 1, entries=[NewEntry(entry)])


def follows(codes: Sequence[str], readers: Sequence[str], seeds: ChannelSeeds, now: int) -> Iterator[ChangeSet]:
    """Return the rows of who follows which channels."""
    dice = random.Random(2)  # noqa: S311 - no secret
    chosen = ((user, code) for user in readers for code in dice.sample(codes, min(seeds.follows, len(codes))))
    yield from _in_runs(chosen, now)
    yield from _in_runs(((follower(index), codes[0]) for index in range(seeds.followers)), now)


def _in_runs(pairs: Iterator[tuple[str, str]], now: int) -> Iterator[ChangeSet]:
    rows = []
    for user, code in pairs:
        rows.append(follow_row(user, code, now))
        if len(rows) == FOLLOWS_AT_ONCE:
            yield ChangeSet(rows=rows)
            rows = []
    if rows:
        yield ChangeSet(rows=rows)
