"""Reading channels: home, the posts of one, a post with the comments on it."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from folkmoot_governance import GroupState, Refusal
from folkmoot_governance.group.publish import policy_on
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import HomeResult, ThreadResult
from folkmoot_protocol.types import ChannelPost, Entry, EntryKind, Refutation

from ...bus.api import Bus
from ...bus.messages import RefutedUpdate
from ...common.clock import Clock
from ...common.i18n import N_
from ...delivery.live_home import LiveHome
from ...delivery.session import Session
from ...live.channels import PostTimes
from ...live.rooms import Room
from ...storage.api import Journal
from ...storage.channels import NEWEST, ChannelRow, Channels, Place, PostPage
from ..groups.membership import NO_SUCH_ENTRY
from ..posts.form import as_published, repost_in
from .following import MOST_FOLLOWS, view_of
from .threads import is_in_thread

REMOVED = Refusal(ErrorCode.NO_SUCH_ENTRY, NO_SUCH_ENTRY.text, {"removed": True})

Name = tuple[str, int]
"""The code of a channel, and the seq of a post."""

BAD_CURSOR = Refusal(ErrorCode.BAD_REQUEST, N_("This is not a cursor from an earlier page."), {"field": "before"})


class Reading:
    """Reads what channels have published. What is removed is not there, nor what nobody may read."""

    def __init__(
        self, channels: Channels, journal: Journal, times: PostTimes, live_home: LiveHome, clock: Clock, bus: Bus
    ) -> None:
        self._bus = bus
        self._channels = channels
        self._journal = journal
        self._times = times
        self._live_home = live_home
        self._clock = clock

    def tell_refuted(self, posts: Iterable[Name], refutation: Refutation | None) -> None:
        """Let who reads home live hear what is said about posts from now on."""
        self._bus.publish(RefutedUpdate(tuple(posts), refutation))

    async def home(self, session: Session, before: str | None, limit: int, live: bool | None) -> HomeResult | Refusal:
        """Return a page of the posts of the channels that an account follows."""
        place = place_of(before)
        if place is None:
            return BAD_CURSOR
        user, now = session.user, self._clock.now_ms()
        if live is False:
            self._live_home.forget(session)
        elif live:
            # Before the page is read: what is posted meanwhile comes twice rather than not at all.
            codes = await self._channels.follows(user, limit=MOST_FOLLOWS)
            if not session.is_gone and session.user == user:
                self._live_home.listen(session, codes)
        page = await self._channels.home(user, self._times.known, place, limit, now)
        self._times.learn(dict(page.tops))
        return await self._result_of(page, now)

    async def posts(self, row: ChannelRow, before: str | None, limit: int) -> HomeResult | Refusal:
        """Return a page of the posts of one channel."""
        place, now = place_of(before), self._clock.now_ms()
        if place is None:
            return BAD_CURSOR
        return await self._result_of(await self._channels.posts(row.code, place, limit, now), now)

    async def reposts(self, row: ChannelRow, seq: int, before: str | None, limit: int) -> HomeResult | Refusal:
        """Return a page of what repeats a post."""
        place, now = place_of(before), self._clock.now_ms()
        if place is None:
            return BAD_CURSOR
        return await self._result_of(await self._channels.reposts(row.code, seq, place, limit, now), now)

    async def thread(self, room: Room, row: ChannelRow, seq: int, after: int, limit: int) -> ThreadResult | Refusal:
        """Return a post and a page of the comments on it."""
        found = (await self._journal.versions(row.code, (seq,))).get(seq)
        if found is None or found.entry.kind is not EntryKind.POST:
            return NO_SUCH_ENTRY
        if found.entry.redacted:
            return REMOVED
        comments = await self._channels.comments(row.code, seq, after, limit + 1)
        now = self._clock.now_ms()
        view, post = view_of(row, now), as_published(found.standing, row, now)
        shown, more = tuple(comments[:limit]), len(comments) > limit
        featured = () if after else await self._featured(room, seq)
        policy = policy_on(room.state, seq)
        named = repost_in(post)
        originals = await self._originals([named] if named else [], {})
        return ThreadResult(
            channel=view,
            post=post,
            comments=shown,
            more=more,
            policy=policy,
            featured=featured,
            original=originals.get(named) if named else None,
            refutation=refuted_in(room.state, seq),
        )

    async def _result_of(self, page: PostPage, now: int) -> HomeResult:
        """Return a page as its readers get it: what only repeats a post that stands on it as well is left out."""
        there = _published(page, now)
        named = {key: found for key, post in there.items() if (found := repost_in(post.entry)) is not None}
        originals = await self._originals(named.values(), there)
        posts = [
            replace(post, original=originals.get(named[key])) if key in named else post
            for key, post in there.items()
            if key not in named or post.entry.body or named[key] not in there
        ]
        used = {post.group for post in posts}
        channels = [view_of(row, now) for code, row in page.channels.items() if code in used]
        return HomeResult(posts=tuple(posts), channels=tuple(channels), cursor=_cursor(page.end))

    async def _originals(self, named: Iterable[Name], known: Mapping[Name, ChannelPost]) -> dict[Name, ChannelPost]:
        """Return what posts repeat, as it stands now; what is gone, or cannot be read, is left out."""
        wanted = {Place(0, int(code), seq) for code, seq in named if (code, seq) not in known}
        if not wanted:
            return dict(known)
        now = self._clock.now_ms()
        return {**known, **_published(await self._channels.posts_at(wanted, now), now)}

    async def _featured(self, room: Room, seq: int) -> tuple[Entry, ...]:
        """Return the comments on a post that are pinned, the latest pin first."""
        pins = tuple(reversed(room.state.pins))
        found = await self._journal.versions(room.state.code, pins) if pins else {}
        there = (found[one].standing for one in pins if one in found)
        return tuple(one for one in there if one.kind is EntryKind.COMMENT and is_in_thread(one, seq))


def _published(page: PostPage, now: int) -> dict[Name, ChannelPost]:
    """Return the posts of a page as the public reads them, each with what the platform says about it."""
    found = {}
    for place, entry in page.posts:
        name = str(place.grp), place.seq
        if channel := page.channels.get(name[0]):
            shown = as_published(entry, channel, now)
            found[name] = ChannelPost(group=name[0], entry=shown, refutation=page.refuted.get(name))
    return found


def refuted_in(state: GroupState, seq: int) -> Refutation | None:
    """Return what the platform says about a post."""
    one = state.refutations.get(seq)
    return Refutation(one.text, one.ts, one.case) if one is not None else None


def _cursor(end: Place | None) -> str | None:
    return f"{end.ts}.{end.grp}.{end.seq}" if end is not None else None


def place_of(cursor: str | None) -> Place | None:
    """Return the place that a cursor names, above all posts without one; None where it is none."""
    if cursor is None:
        return NEWEST
    parts = cursor.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 17 for part in parts):
        return None
    return Place(*map(int, parts))
