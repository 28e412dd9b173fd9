"""What a post is while it is decided on."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from folkmoot_protocol import requests as rq
from folkmoot_protocol.results import PostResult, Result
from folkmoot_protocol.types import EntryKind

from ...delivery.session import Session
from ...live.rooms import Room


class Form(Struct, frozen=True):
    """What kind of entry a post becomes, and how its place (seq, ts) is answered.

    `target`: the entry that it is about (an edit, a reaction), which makes it no post that slow mode counts. `data`
    stands in the entry besides what its text brings.
    """

    kind: EntryKind
    result: Callable[[int, int], Result]
    target: int | None = None
    data: dict[str, object] = {}


TEXT = Form(EntryKind.TEXT, lambda seq, ts: PostResult(seq=seq, ts=ts))


class AskedPost(Protocol):
    """A post that somebody asks for: who, where, and what it is to say."""

    session: Session
    request: rq.Post
    room: Room
    body: str
    form: Form
