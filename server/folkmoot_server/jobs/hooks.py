"""Telling addresses outside what is said in groups that want that."""

from folkmoot_governance.duration import FOREVER_MS

from ..actions.outgoing import Outgoing
from .runner import Job


class Calling(Job):
    """The job. An address that has more to be told than fits into one round is told the rest in the next."""

    name = "hooks"
    rest_s = 0.5
    after_ms = 2000

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def do_round(self) -> None:
        self.next_ms = await self._outgoing.do_round() or FOREVER_MS
