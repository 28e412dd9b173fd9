"""Who a governance command comes from, and what an act may store besides its events."""

from collections.abc import Callable, Sequence
from typing import Protocol

import folkmoot_governance
from folkmoot_governance import Actor, GroupState, Refusal
from folkmoot_governance.group import events as e
from folkmoot_protocol.errors import ErrorCode

from ..common.i18n import N_
from ..storage.change_set import ChangeSet, account_stream


class Initiator(Protocol):
    """Who a command comes from."""

    def actor(self) -> Actor:
        """Return who it is, as rules see it."""
        ...

    def name_in(self, code: str) -> str:
        """Return the display name that notices of an act in a group show beside the user name."""
        ...


class Joint(Protocol):
    """An act that can be stored together with others (see `join`): what of it is to be stored, and to be told then."""

    change_set: ChangeSet
    also: "Sequence[Joint]"

    def take_effect(self) -> None:
        """Let what is stored take effect here, and tell of it."""
        ...


def join(act: Joint, others: "Sequence[Joint]") -> None:
    """Have `others` stored with an act, all of them or none; all were decided in this very step."""
    act.also = others
    act.change_set.also = [one.change_set for one in others]


def rests_on(actor: Actor, stream: str) -> tuple[str, int] | None:
    """Return what an act of the operator's staff on a stream rests on besides it: their own account as it was when that
    was decided, so that nobody acts by a role that is taken away at this moment."""
    own = account_stream(actor.user)
    return (own, actor.version) if actor.platform is not None and actor.version and own != stream else None


ExtraRows = Callable[[ChangeSet, GroupState, e.Event], None]
"""Adds to an act's change set what its event brings along besides; `state` has taken the event in."""


def too_many_acts(wait_ms: int, rule: str) -> Refusal:
    """Return the refusal of one act more within a minute than `rule` allows."""
    text = N_("Too many acts within a minute: wait {wait}.")
    return Refusal(ErrorCode.RATE_LIMITED, text, {"retry_after_ms": wait_ms, "rule": rule})


class Service:
    """The service itself as the doer of what it does by itself."""

    def name_in(self, code: str) -> str:
        return ""

    def actor(self) -> Actor:
        return folkmoot_governance.SERVICE


SERVICE = Service()
