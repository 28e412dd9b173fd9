"""Who a governance command comes from, and what an act may store besides its events."""

from collections.abc import Callable
from typing import Protocol

import folkmoot_governance
from folkmoot_governance import Actor, GroupState, Refusal
from folkmoot_governance.group import events as e
from folkmoot_protocol.errors import ErrorCode

from ..common.i18n import N_
from ..storage.change_set import ChangeSet


class Initiator(Protocol):
    """Who a command comes from."""

    def actor(self) -> Actor:
        """Return who it is, as rules see it."""
        ...

    def name_in(self, code: str) -> str:
        """Return the display name that notices of an act in a group show beside the user name."""
        ...


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
