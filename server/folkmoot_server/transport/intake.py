"""How many connections there may be: each counts from the moment it is accepted, whatever it becomes."""

import sys
from collections.abc import Callable

import structlog

log = structlog.get_logger()

SPARE_SHARE = 4
"""One part in so many of the files that may be open is kept back: storage must be able to open its own."""
MOST_SPARE = 4096


def room_for(files: int) -> int:
    """Return how many connections may be open where so many files may."""
    return files - min(files // SPARE_SHARE, MOST_SPARE)


class Intake:
    """Counts the connections of a server.

    `on_accept` is told of each one's peer and says whether that peer may have it; `on_gone` is told when it has ended.
    """

    def __init__(
        self,
        most: int = sys.maxsize,
        on_accept: Callable[[str], bool] = lambda peer: True,
        on_gone: Callable[[str], None] = lambda peer: None,
    ) -> None:
        self._most = most
        self._open = 0
        self._on_accept = on_accept
        self._on_gone = on_gone

    def enter(self, peer: str) -> bool:
        """Count a connection; False: there are too many, it is to end at once and is not counted."""
        if self._open >= self._most:
            log.warning("too many connections: one was refused", most=self._most, help="raise ulimit -n")
            return False
        if not self._on_accept(peer):
            return False
        self._open += 1
        return True

    def leave(self, peer: str) -> None:
        """Count it no more."""
        self._open -= 1
        self._on_gone(peer)
