"""Who a governance command comes from, and what an act may store besides its events."""

from collections.abc import Callable
from typing import Protocol

import folkmoot_governance
from folkmoot_governance import Actor, GroupState
from folkmoot_governance.group import events as e

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


class Service:
    """The service itself as the doer of what it does by itself."""

    def name_in(self, code: str) -> str:
        return ""

    def actor(self) -> Actor:
        return folkmoot_governance.SERVICE


SERVICE = Service()
