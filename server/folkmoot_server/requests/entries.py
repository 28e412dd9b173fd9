"""Edits and reactions."""

from typing import TYPE_CHECKING

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.results import Result

from ..actions.posts import entries
from ..delivery.session import Session

if TYPE_CHECKING:
    from ..node import Node


async def edit(node: "Node", session: Session, request: rq.Edit) -> Result | Refusal | None:
    """Give an own entry another text."""
    return await entries.edit(node, session, request)


async def react(node: "Node", session: Session, request: rq.React) -> Result | Refusal | None:
    """Put an emoji to an entry, or take it away."""
    return await entries.react(node, session, request)
