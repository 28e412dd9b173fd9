"""What storage promises of channels: `Channels`. Who follows which, and posts by time."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from folkmoot_governance.credentials import Credentials, in_force
from folkmoot_protocol.types import ChannelForm, CommentPolicy, Entry, GroupStatus, Refutation

from .rows import KeptPost

HIGHEST = 2**63 - 1


class ChannelRow(Struct, frozen=True):
    """A channel as its readers are shown it."""

    code: str
    handle: str
    form: ChannelForm
    name: str
    topic: str
    category: str
    status: GroupStatus
    status_until_ms: int
    created_ts: int
    opened_ts: int
    credentials: Credentials
    comments: CommentPolicy = CommentPolicy.OPEN

    @property
    def is_open(self) -> bool:
        """Whether the platform has let it open: of others nobody but their editors knows."""
        return self.opened_ts > 0

    def granted(self, now: int) -> Credentials:
        """Return what the platform has granted to it, as far as it counts at `now` (Unix ms)."""
        return in_force(self.credentials, now) if self.credentials else ()

    def standing(self, now: int) -> GroupStatus:
        """Return the status in force at `now` (Unix ms), of a suspension that has ended that there is none."""
        is_over = self.status is GroupStatus.SUSPENDED and now >= self.status_until_ms
        return GroupStatus.ACTIVE if is_over else self.status

    def is_readable(self, now: int) -> bool:
        """Say whether people may read it at `now` (Unix ms)."""
        return self.is_open and self.standing(now) not in (GroupStatus.SUSPENDED, GroupStatus.CLOSED)


class Place(Struct, frozen=True, order=True):
    """Where a post stands among those of all channels: time (Unix ms), the channel's code as a number, seq."""

    ts: int
    grp: int
    seq: int


NEWEST = Place(HIGHEST, 0, 0)
"""Before every post."""


class PostPage(Struct, frozen=True):
    """Posts as they stand, the newest first, each with where it stands. `end` is the place below which there may be
    others, None where there are none: what is gone, or cannot be read, is left out, so a page may have no post at all.

    `tops` has the time of the newest post (0 for none) of channels that were looked at from the top, even of one that
    was removed: it may stand again; `refuted` what the platform says about posts, by the code and the seq.
    """

    posts: Sequence[tuple[Place, Entry]]
    channels: Mapping[str, ChannelRow]
    end: Place | None
    tops: Mapping[str, int]
    refuted: Mapping[tuple[str, int], Refutation]

    @property
    def more(self) -> bool:
        """Whether there may be others below."""
        return self.end is not None


def end_of_page(places: Sequence[Place], limit: int) -> Place | None:
    """Return where a page of `limit` posts ends, given the places of one more, if there are so many."""
    return places[limit - 1] if len(places) > limit else None


class KeptPosts(Protocol):
    """Posts that are kept beyond their month, and keeping them.

    Promises: a post that was kept is among the posts of its channel, with its editor for those who may know, also when
    its month is gone; one that was removed, or whose text was taken out, is not.
    """

    async def posts_of_month(self, month: str, after: tuple[int, int, int], limit: int) -> list[tuple[int, int, int]]:
        """Return the posts of a month (as `2026-11`): the channel's code as a number, ts and seq, in this order, those
        after one."""
        ...

    async def kept_of_month(self, month: str, after: tuple[str, int], limit: int) -> list[KeptPost]:
        """Return what is kept of a month, by code and seq, from the one after `after`."""
        ...

    async def kept_of_channel(self, code: str, after: int, limit: int) -> list[int]:
        """Return the seqs of posts of a channel that are kept and not taken out, from the one after `after`."""
        ...

    async def ended_kept(self, since_ms: int, limit: int) -> Sequence[tuple[str, int]]:
        """Return the code and seq of posts that are kept and were removed before a time, or whose channel was closed
        for good."""
        ...


class Channels(KeptPosts, Protocol):
    """Channels, who follows them, and their posts.

    Promises: what is removed is not among the posts, nor is what channels say that people may not read at `now`; a page
    has exactly the newest posts below `before`, whatever `tops` says, as long as it says nothing too low.
    """

    async def find_channel(self, handle: str) -> str | None:
        """Return the code of the channel that has a handle."""
        ...

    async def channels(self, codes: Collection[str]) -> dict[str, ChannelRow]:
        """Return those of the groups that are channels, by code."""
        ...

    async def follows(self, user: str, after: str = "", limit: int = 100) -> list[str]:
        """Return the codes of channels that `user` follows, from the one after `after`."""
        ...

    async def count_follows(self, user: str) -> int:
        """Return how many channels `user` follows."""
        ...

    async def is_following(self, user: str, code: str) -> bool:
        """Say whether `user` follows a channel."""
        ...

    async def count_followers(self, code: str) -> int:
        """Return how many follow a channel: a number that is kept, at what any channel's costs."""
        ...

    async def count_reads(self, code: str, day: int) -> int:
        """Return how many accounts have read a channel on a day (days since 1970, UTC), the latest one that there is;
        of those before nothing is known."""
        ...

    async def oldest_reads(self, day: int) -> tuple[int, int] | None:
        """Return a day before `day`, and a part of it, of which it is still stored who has read."""
        ...

    async def subject_channels(self, user: str) -> list[str]:
        """Return the codes of the public accounts that the person or organisation behind `user` owns, open or not, with
        whichever account of theirs: closed ones are not among them."""
        ...

    async def badged_channels(self, user: str) -> list[str]:
        """Return the codes of the channels of `user` that have a badge, be it that its time is over."""
        ...

    async def list_public(self, after: str = "", limit: int = 100) -> list[ChannelRow]:
        """Return public accounts by code, from the one after `after`."""
        ...

    async def moved(self, since_ms: int) -> dict[str, tuple[int, int]]:
        """Return the channels with posts later than a time, by code, each with the time (Unix ms) and the seq of the
        newest."""
        ...

    async def home(self, user: str, tops: Mapping[str, int], before: Place, limit: int, now: int) -> PostPage:
        """Return the posts of the channels that `user` follows. `tops`: for channels of which that is known, a time
        (Unix ms) that none of their posts is later than."""
        ...

    async def posts(self, code: str, before: Place, limit: int, now: int) -> PostPage:
        """Return the posts of one channel."""
        ...

    async def posts_at(self, places: Collection[Place], now: int) -> PostPage:
        """Return those of the posts that are there, by channel and seq; their times are not looked at."""
        ...

    async def reposts(self, code: str, seq: int, before: Place, limit: int, now: int) -> PostPage:
        """Return the posts that repeat one."""
        ...

    async def comments(self, code: str, seq: int, after: int, limit: int) -> list[Entry]:
        """Return up to `limit` comments on a post as they stand, with seqs above `after`, oldest first; one that was
        removed has no text."""
        ...

    async def comments_by(self, user: str, before: Place, limit: int) -> list[Place]:
        """Return where the comments of an account stand, in whatever channel, removed or not, the newest first."""
        ...
