"""Telling each group's `RaidWatch` what happens, and holding off the raids that it notices.

Posts of this node's own connections are looked at as they are judged, so that a raid is stopped with the very post by
which it is noticed. What other nodes stored comes as news.
"""

from folkmoot_governance import Policy
from folkmoot_governance.group.commands import RaiseAlarm
from folkmoot_governance.group.events import MemberJoined
from folkmoot_protocol.types import Role

from ...bus.messages import BusMessage, GroupUpdate
from ...live.rooms import POSTS, Room, Rooms
from .govern import GroupService

OPEN_DOORS = frozenset({"open", "question"})
"""Ways in (`MemberJoined.via`) that anyone may take without another's word."""


class RaidGuard:
    """Raises the alarm for groups that are raided. Never waits."""

    def __init__(self, rooms: Rooms, group_service: GroupService, policy: Policy, *, in_cluster: bool) -> None:
        self._rooms = rooms
        self._in_cluster = in_cluster
        self._group_service = group_service
        self._policy = policy

    def is_raided(self, room: Room, user: str, text: str, now: int) -> bool:
        """Look at a post that is allowed so far; say whether a raid is held off from now on because of it."""
        member, policy = room.state.members[user], self._policy
        if member.joined_ts <= now - policy.newcomer_ms or member.role is not Role.MEMBER:
            return False
        if not room.raid_watch.posted(user, text, now, policy):
            return False
        self._group_service.act_unasked(room, RaiseAlarm("text"))
        return room.state.holds_off_raid(now)

    def on_bus_message(self, message: BusMessage) -> None:
        """Look at what was stored, here or elsewhere."""
        policy = self._policy
        if not isinstance(message, GroupUpdate) or not (message.events or (self._in_cluster and policy.raid_repeats)):
            return
        room = self._rooms.get(message.code)
        if room is None:
            return
        waves = [
            room.raid_watch.joined(event.user, event.at, policy)
            for event in message.events
            if isinstance(event, MemberJoined) and event.via in OPEN_DOORS
        ]
        if any(waves):
            self._group_service.act_unasked(room, RaiseAlarm("joins"))
        for entry in message.entries:
            if entry.kind in POSTS and entry.from_.user in room.state.members:
                self.is_raided(room, entry.from_.user, entry.body, entry.ts)
