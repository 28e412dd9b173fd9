"""What the operator decides about the store itself: that a clock is right, that months may go, that a loss is accepted.

It belongs to no group and no account, and has a stream of its own in the ledger.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from folkmoot_protocol.errors import ErrorCode

from .actor import Actor
from .permissions import may_on_platform
from .refusal import Refusal
from .text import N_

ACT = "confirm_store"

Matter = Literal["time", "removal"]


class StoreEvent(Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of these events: when (Unix ms), and by whom; nobody for who has the machine."""

    at: int
    by: str


class TimeConfirmed(StoreEvent, frozen=True, kw_only=True, tag="time_confirmed"):
    """The clock of `node`, which had moved by `jump_ms` where nobody expected it, is right."""

    node: str
    jump_ms: int
    reason: str


class RemovalConfirmed(StoreEvent, frozen=True, kw_only=True, tag="removal_confirmed"):
    """What retention would remove in `month` (2026-11) may go, however much that is."""

    month: str
    reason: str


class LossAccepted(StoreEvent, frozen=True, kw_only=True, tag="loss_accepted"):
    """Some of the journal is lost, as `findings` say, and the store goes on with what is left."""

    findings: tuple[str, ...]
    reason: str


AnyStoreEvent = TimeConfirmed | RemovalConfirmed | LossAccepted


class ConfirmTime(Struct, frozen=True):
    """Say that the clock of `node` is right."""

    node: str
    jump_ms: int
    reason: str


class ConfirmRemoval(Struct, frozen=True):
    """Say that what is due in `month` may be removed."""

    month: str
    reason: str


def decide_on_store(command: ConfirmTime | ConfirmRemoval, actor: Actor, now: int) -> Sequence[AnyStoreEvent] | Refusal:
    """Return the events that `command` causes, or why it is refused."""
    if not may_on_platform(actor.platform, ACT):
        text = N_("Your platform role does not cover this.")
        return Refusal(ErrorCode.FORBIDDEN, text, {"act": ACT, "rule": "platform_roles", "help": "docs/governance.md"})
    if isinstance(command, ConfirmTime):
        return [TimeConfirmed(at=now, by=actor.user, node=command.node, jump_ms=command.jump_ms, reason=command.reason)]
    return [RemovalConfirmed(at=now, by=actor.user, month=command.month, reason=command.reason)]
