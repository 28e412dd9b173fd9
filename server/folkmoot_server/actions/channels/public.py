"""Channels for those who have no account: what their pages and feeds are made of."""

from folkmoot_governance import Refusal
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.results import HomeResult, ThreadResult

from ...storage.channels import ChannelRow, Channels
from ..groups.finding import GroupFinder
from .reading import Reading


class PublicReading:
    """Finds channels by their handles, and reads them as anybody may."""

    def __init__(self, channels: Channels, finder: GroupFinder, reading: Reading) -> None:
        self._channels = channels
        self._finder = finder
        self._reading = reading

    async def find(self, handle: str) -> ChannelRow | None:
        """Return the channel that has a handle; one that the platform has not let open is not there."""
        code = await self._channels.find_channel(fold_user_name(handle))
        row = (await self._channels.channels([code])).get(code) if code is not None else None
        return row if row is not None and row.is_open else None

    async def posts(self, row: ChannelRow, before: str | None, limit: int) -> HomeResult | Refusal:
        """Return a page of posts."""
        return await self._reading.posts(row, before, limit)

    async def thread(self, row: ChannelRow, seq: int, after: int, limit: int) -> ThreadResult | Refusal:
        """Return a post and comments on it."""
        room = await self._finder.find(row.code)
        return room if isinstance(room, Refusal) else await self._reading.thread(room, row, seq, after, limit)
