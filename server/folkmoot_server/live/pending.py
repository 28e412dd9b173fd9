"""What waits in the commit queue, and why it may not be stored."""

from collections.abc import Callable
from typing import Protocol

from folkmoot_governance import Refusal
from folkmoot_protocol.errors import ErrorCode

from ..common.i18n import N_
from ..storage.change_set import ChangeSet
from .rooms import Room

NOT_STORED = Refusal(
    ErrorCode.UNAVAILABLE,
    N_("The server could not store this; try again in a moment."),
    {"retry_after_ms": 1000},
)


TOO_BUSY = Refusal(
    ErrorCode.UNAVAILABLE, N_("The server is too busy; try again in a moment."), {"retry_after_ms": 1000}
)


OVERTAKEN = Refusal(ErrorCode.CONFLICT, N_("Somebody changed this at the same moment; try again."))


class PendingCommit(Protocol):
    """A decided request on its way to disk. `room` is the room that it was decided on, if any."""

    change_set: ChangeSet
    tries: int

    @property
    def room(self) -> Room | None:
        """Where it was decided."""
        ...

    def done(self) -> None:
        """Answer and tell: the change set is on stable storage."""
        ...

    def fail(self, refusal: Refusal) -> None:
        """Answer that it was not stored."""
        ...

    def rollback(self) -> frozenset[str]:
        """Take back what was counted for it in memory; return the users whose accounts must be read again."""
        ...

    def retry(self) -> None:
        """Decide again, after the room was read again; queue or fail."""
        ...


class Storing(PendingCommit, Protocol):
    """A pending commit that is waited for: `on_done` is called when it is stored, `on_fail` when it could not be."""

    on_done: Callable[[], None]
    on_fail: Callable[[Refusal], None]
