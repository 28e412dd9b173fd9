"""What a comment is about, looked up before it is judged: is the post there, does the reader follow the channel?"""

from folkmoot_governance.group.publish import Thread, policy_on
from folkmoot_protocol import requests as rq
from folkmoot_protocol.types import CommentPolicy, Entry, EntryKind

from ...live.rooms import Room
from ...storage.api import Journal
from ...storage.channels import Channels


class Threads:
    """Looks up posts that are commented on."""

    def __init__(self, channels: Channels, journal: Journal) -> None:
        self._channels = channels
        self._journal = journal

    async def look(self, room: Room, request: rq.Post, user: str) -> Thread:
        """Return what a comment is about that `user` asks to post."""
        code, seq, reply_to = room.state.code, request.thread or 0, request.reply_to or 0
        seqs = [one for one in (seq, reply_to) if 0 < one <= room.last_seq]
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
