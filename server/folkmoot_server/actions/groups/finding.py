"""Finding a group by its code, as often as somebody may who is looking for codes."""

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.names import fold_user_name

from ...common.i18n import N_
from ...delivery.session import Session
from ...live.rooms import Room, Rooms
from ...live.shared_limits import SharedLimits
from ...storage.channels import Channels

NO_SUCH_GROUP = Refusal(ErrorCode.NO_SUCH_GROUP, N_("There is no group with this code."))
NO_SUCH_CHANNEL = Refusal(ErrorCode.NO_SUCH_GROUP, N_("There is no channel with this handle."))


class GroupFinder:
    """Finds rooms. Codes that no group has are counted, by account and by address: they are not to be found by trying.

    One's own groups are found in any case.
    """

    def __init__(self, rooms: Rooms, shared_limits: SharedLimits, channels: Channels) -> None:
        self._channels = channels
        self._rooms = rooms
        self._shared_limits = shared_limits

    async def find(self, text: str, seeker: Session | None = None) -> Room | Refusal:
        """Return the room of a group code in either spelling, or of `@` and a channel's handle.

        Without a `seeker` nothing is counted, nor hidden: it is found for the operator's staff, or for one's own.
        """
        by_handle = text.startswith("@")
        code = await self._channels.find_channel(fold_user_name(text)) if by_handle else parse_group_code(text)
        if code is None:
            return NO_SUCH_CHANNEL if by_handle else NO_SUCH_GROUP
        counts = seeker is not None and (seeker.account is None or code not in seeker.account.groups)
        if seeker is not None and counts:
            wait = self._shared_limits.wait_for_code(seeker.user, seeker.address)
            if wait:
                said, rule = N_("Too many codes that no group has: wait {wait}."), "limits.unknown_codes_per_minute"
                return Refusal(ErrorCode.RATE_LIMITED, said, {"retry_after_ms": wait, "rule": rule})
        room = await self._rooms.load(code)
        if room is not None and room.state.is_pending and seeker is not None and not _is_known_to(room, seeker):
            room = None
        if room is None and seeker is not None and counts:
            self._shared_limits.take_code(seeker.user, seeker.address)
        return room or (NO_SUCH_CHANNEL if by_handle else NO_SUCH_GROUP)


def _is_known_to(room: Room, seeker: Session) -> bool:
    """Say whether who looks for a channel is one of its editors, or is to be: nobody else knows of one that is not
    open."""
    state = room.state
    return seeker.account is not None and (seeker.user in state.members or seeker.user in state.invitations)
