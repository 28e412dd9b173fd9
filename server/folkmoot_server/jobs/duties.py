"""Setting the figures of the operator's duties that /metrics shows."""

from ..actions.oversight import Oversight
from .runner import Job

LOOK_S = 300.0


class Duties(Job):
    """The job. Each node does it by itself, for each has figures of its own."""

    name = "duties"
    rest_s = LOOK_S
    after_ms = 0

    def __init__(self, oversight: Oversight) -> None:
        self._oversight = oversight

    async def do_round(self) -> None:
        """Look how the duties stand, and when one will be late though nothing is stored meanwhile."""
        self.next_ms = await self._oversight.note()
