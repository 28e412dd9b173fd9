"""Edits and reactions."""

from folkmoot_governance import Refusal
from folkmoot_protocol import requests as rq
from folkmoot_protocol.results import Result

from ..actions.app import App
from ..delivery.session import Session


async def edit(app: App, session: Session, request: rq.Edit) -> Result | Refusal | None:
    """Give an own entry another text."""
    return await app.posts.editing.edit(session, request)


async def react(app: App, session: Session, request: rq.React) -> Result | Refusal | None:
    """React to an entry with an emoji, or take that back."""
    return await app.posts.editing.react(session, request)
