"""How this node is: what administration and pages show of it."""

from .. import __version__
from ..common.background import Background, LoopStatus, Remarks
from ..common.clock import Clock
from ..delivery.audience import Audience


class NodeStatus:
    """Tells of a node: its `name` in the cluster, `version`, since when it runs (`started_ts`, Unix ms)."""

    def __init__(self, name: str, clock: Clock, audience: Audience, background: Background, remarks: Remarks) -> None:
        self.name = name
        self.version = __version__
        self.started_ts = clock.now_ms()
        self._clock = clock
        self._began = clock.ticks()
        self._audience = audience
        self._background = background
        self.remarks = remarks

    def uptime_ms(self) -> int:
        """Return how long the node has run."""
        return self._clock.ticks() - self._began

    def connections(self) -> int:
        """Return how many connections are open."""
        return len(self._audience.sessions)

    def jobs(self) -> list[LoopStatus]:
        """Return how each job and background loop is."""
        return self._background.status()

    def failing_jobs(self) -> list[str]:
        """Return the names of those whose latest round failed."""
        return self._background.failing()
