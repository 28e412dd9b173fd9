"""Opening one's own channel."""

from folkmoot_governance import Refusal
from folkmoot_governance.group.commands import OpenChannel
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.types import ChannelForm

from ...delivery.session import Session
from ...live.accounts import Account
from ...live.rooms import Room
from ...storage.channels import Channels
from ..groups.govern import Act, GroupService
from ..groups.membership import Membership


class Opening:
    """Opens channels: a person's own under the user name, with the name and the category that there is by default."""

    def __init__(self, channels: Channels, groups: GroupService, membership: Membership) -> None:
        self._channels = channels
        self._groups = groups
        self._membership = membership

    async def open(self, account: Account, *, name: str = "", topic: str = "", category: str = "") -> Act | Refusal:
        """Open an account's own channel; the act is to be queued in the same step."""
        code = await self._membership.free_code()
        name = name or account.name_in("")
        category = category or self._membership.default_category
        command = OpenChannel(code, name, category, topic, form=ChannelForm.PERSONAL, handle=account.user)
        return await self._membership.found(command, account)

    async def room_of(self, group: str, session: Session) -> Room | Refusal:
        """Return the channel that somebody names to publish in; one's own is opened where it is not there yet."""
        room = await self._membership.find_room(group, session)
        if isinstance(room, Room) or session.account is None or fold_user_name(group) != session.user:
            return room
        refusal = await self.open_own(session.account)
        return refusal or await self._membership.find_room(group, session)

    async def open_own(self, account: Account) -> Refusal | None:
        """Open an account's own channel, unless it has one, and wait until it is stored; return why it was not."""
        if await self._channels.find_channel(account.user) is not None:
            return None
        refusal = await self._groups.wait_stored(await self.open(account))
        # Two of its posts may be the first one: the other has opened it.
        return None if refusal and await self._channels.find_channel(account.user) is not None else refusal
