"""What a comment, or a repost, is about, looked up before it is judged: is the post there, does the reader follow the
channel?"""

from folkmoot_governance import Refusal
from folkmoot_governance.group.publish import Original, Thread, policy_on
from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import CommentPolicy, Entry, EntryKind, Repost

from ...delivery.session import Session
from ...live.rooms import Room
from ...storage.api import Journal
from ...storage.channels import Channels
from ..groups.finding import GroupFinder
from ..posts.form import repost_in


class Threads:
    """Looks up posts that are commented on, or repeated."""

    def __init__(self, channels: Channels, journal: Journal, finder: GroupFinder) -> None:
        self._channels = channels
        self._journal = journal
        self._finder = finder

    async def look_at(self, repost: Repost, session: Session) -> Original | Refusal:
        """Return the post that another one is to repeat; of what says nothing itself, what that repeats."""
        room = await self._finder.find(repost.group, session)
        if isinstance(room, Refusal):
            return room
        found = (await self._journal.versions(room.state.code, (repost.seq,))).get(repost.seq)
        entry = found.standing if found else None
        further = repost_in(entry) if entry is not None and not entry.body else None
        if further is not None:
            return await self.look_at(Repost(*further), session)
        is_post = entry is not None and entry.kind is EntryKind.POST and not entry.redacted
        declared = (entry.data or {}).get("category") if entry is not None else None
        is_there = is_post and room.state.form is not None
        return Original(room.state, repost.seq, is_there, declared or room.state.category, entry)

    async def look(self, room: Room, request: rq.Post, user: str) -> Thread:
        """Return what a comment is about that `user` asks to post."""
        code, seq, reply_to = room.state.code, request.thread or 0, request.reply_to or 0
        # What is stored counts: of a post that another node has just published `room` need not know.
        seqs = [one for one in (seq, reply_to) if one]
        found = await self._journal.versions(code, seqs)
        there = [found[one].standing for one in seqs if one in found]
        is_there = len(there) == 1 + bool(reply_to) and all(is_in_thread(entry, seq) for entry in there)
        asks = policy_on(room.state, seq) is CommentPolicy.FOLLOWERS
        return Thread(seq, is_there, asks and await self._channels.is_following(user, code))


def is_in_thread(entry: Entry, seq: int) -> bool:
    """Say whether an entry is the post of a thread, or a comment on it, and was not removed."""
    is_of_it = (entry.kind is EntryKind.POST and entry.seq == seq) or (
        entry.kind is EntryKind.COMMENT and entry.target == seq
    )
    return is_of_it and not entry.redacted
