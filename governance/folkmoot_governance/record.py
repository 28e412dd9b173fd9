"""The group's own record: whom an act concerns, and who reads the texts in it."""

from collections.abc import Callable

from msgspec.structs import replace

from .group import events as e

WITHIN: frozenset[type[e.Event]] = frozenset({e.NoteWritten, e.NotesCleared, e.ContentFlagged, e.FlagCleared})
"""What owner and admins keep among themselves, even from the member whom it is about."""


def concerns(event: e.Event, user: str) -> bool:
    """Say whether `event` is an act of `user`, or aimed at it."""
    if event.by == user:
        return True
    aimed_at = (getattr(event, "user", ""), getattr(event, "previous", ""), *getattr(event, "users", ()))
    return user in aimed_at and type(event) not in WITHIN


READ_BY: dict[type[e.Event], tuple[tuple[str, ...], str]] = {
    e.JoinRequested: (("answer",), "requests"),
    e.WordAdded: (("word",), "words"),
    e.WordRemoved: (("word",), "words"),
    e.ContentRefused: (("rule",), "words"),
    e.ContentHeld: (("rule", "own_rule"), "words"),
    e.ContentFlagged: (("rule",), "words"),
}
"""Texts in acts that not every admin reads, and the row of `permissions.READS` that they take: a rule of the group's
own is called after its word. That there was the act all admins see."""

UNREAD = "…"


def as_read(event: e.Event, user: str, may_read: Callable[[str], bool]) -> e.Event:
    """Return an act as `user` reads it, who may read these rows of `permissions.READS`: without the texts that are not
    for them. Whose act it is, or whom it is about, has read them anyway."""
    fields, what = READ_BY.get(type(event), ((), ""))
    if not fields or user in (event.by, getattr(event, "user", "")) or may_read(what):
        return event
    return replace(event, **{field: UNREAD for field in fields if getattr(event, field)})
