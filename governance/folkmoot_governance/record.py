"""The group's own record: whom an act concerns."""

from .group import events as e

WITHIN: frozenset[type[e.Event]] = frozenset({e.NoteWritten, e.NotesCleared, e.ContentFlagged, e.FlagCleared})
"""What owner and admins keep among themselves, even from the member whom it is about."""


def concerns(event: e.Event, user: str) -> bool:
    """Say whether `event` is an act of `user`, or aimed at it."""
    if event.by == user:
        return True
    aimed_at = (getattr(event, "user", ""), getattr(event, "previous", ""), *getattr(event, "users", ()))
    return user in aimed_at and type(event) not in WITHIN
