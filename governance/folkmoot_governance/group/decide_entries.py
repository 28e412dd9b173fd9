"""What is done with entries: deleting many, removing (by the platform), pinning, announcing, and which links may be
posted."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import EntryKind

from ..actor import Actor
from ..case.rules import check_rule
from ..policy import Policy
from ..refusal import Refusal
from ..roles import outranks
from ..text import N_, NN_
from . import commands as c
from . import events as e
from .checks import refuse
from .decide_moderation import DELETABLE, WRITTEN, pins_of, unpinned
from .removed_texts import REMOVABLE_TEXTS, GroupText, text_in
from .state import GroupState

Decision = Sequence[e.Event] | Refusal

REMOVABLE = DELETABLE | {EntryKind.REACTION}
"""What the platform removes from a group's log; the rest is the group's record."""


def purge(state: GroupState, command: c.Purge, actor: Actor, now: int, policy: Policy) -> Decision:
    """Delete many entries at once, when what will go was shown and confirmed (G10).

    Entries by those whom the actor does not outrank stay, except its own.
    """
    mine = state.role_of(actor.user)
    going = [
        found for found in command.entries if found.user == actor.user or outranks(mine, state.role_of(found.user))
    ]
    seqs = tuple(sorted(found.seq for found in going))
    if not seqs:
        text = N_("There is nothing here that you could delete.")
        return refuse(ErrorCode.NO_SUCH_ENTRY, text, left_out=len(command.entries))
    if not command.confirmed:
        text = NN_(
            "This deletes {count} entry, #{first}. To confirm, type: {help}",
            "This deletes {count} entries, #{first} to #{last}. To confirm, type: {help}",
            "count",
        )
        detail = {"count": len(seqs), "first": seqs[0], "last": seqs[-1], "left_out": len(command.entries) - len(seqs)}
        return refuse(ErrorCode.CONFIRM_REQUIRED, text, **detail, help=command.again)
    pins, why = pins_of(state, seqs), command.reason
    purged = e.EntriesPurged(at=now, by=actor.user, reason=why, was_pins=pins, **_whose(going))
    return [purged, *unpinned(state, seqs, actor, now)]


def _whose(going: Sequence[c.FoundEntry]) -> dict[str, Any]:
    """Return as fields of an event which entries go, and who wrote them."""
    by = {found.seq: found.user for found in going}
    seqs, users = tuple(sorted(by)), tuple(sorted(set(by.values())))
    was_by = tuple(users.index(by[seq]) for seq in seqs) if len(users) > 1 else ()
    return {"seqs": seqs, "count": len(seqs), "users": users, "was_by": was_by}


def remove_entries(state: GroupState, command: c.RemoveEntries, actor: Actor, now: int, policy: Policy) -> Decision:
    """Remove entries of whomever, all of those named or none: a measure of the platform (G10)."""
    refusal = check_rule(command.rule, policy.cases)
    if refusal:
        return refusal
    for found in command.entries:
        if found.kind not in REMOVABLE:
            text = N_("Entry #{seq} is the group's own record: only what somebody wrote can be removed.")
            return refuse(ErrorCode.FORBIDDEN, text, seq=found.seq, rule="record", help="/log")
        if found.redacted:
            return refuse(ErrorCode.CONFLICT, N_("Entry #{seq} is deleted already."), seq=found.seq)
    if not command.entries:
        return refuse(ErrorCode.NO_SUCH_ENTRY, N_("There is nothing here to remove."))
    whose = _whose(command.entries)
    return [
        e.EntriesRemoved(
            at=now,
            by=actor.user,
            reason=command.reason,
            rule=command.rule,
            was_pins=pins_of(state, whose["seqs"]),
            **whose,
            **command.basis.fields(),
        )
    ]


def remove_text(state: GroupState, command: c.RemoveText, actor: Actor, now: int, policy: Policy) -> Decision:
    """Remove a text of the group from sight, with what has told it: a measure of the platform (G10)."""
    what = GroupText(command.what)
    refusal = check_rule(command.rule, policy.cases)
    if refusal:
        return refusal
    if what is GroupText.TAG and command.user not in (state.kept or state).members:
        text = N_("@{user} is not a member of this group.")
        return refuse(ErrorCode.NO_SUCH_USER, text, user=command.user)
    was = command.text if what is GroupText.REASON else text_in(state, what, command.user)
    instead = REMOVABLE_TEXTS[what].instead(state.code)
    if was in ("", instead):
        return refuse(ErrorCode.CONFLICT, N_("There is nothing to remove: it is removed already, or was never set."))
    return [
        e.TextRemoved(
            at=now,
            by=actor.user,
            what=what.value,
            text=instead,
            reason=command.reason,
            user=command.user if what is GroupText.TAG else "",
            acts=command.acts,
            seqs=command.seqs,
            rule=command.rule,
            was_text=was,
            was_pins=pins_of(state, command.seqs),
            **command.basis.fields(),
        )
    ]


def pin(state: GroupState, command: c.Pin, actor: Actor, now: int, policy: Policy) -> Decision:
    """Keep an entry at hand for everyone."""
    if command.kind not in WRITTEN or command.redacted:
        text = N_("Entry #{seq} cannot be pinned: only what somebody wrote, and what is still there, can be.")
        return refuse(ErrorCode.FORBIDDEN, text, seq=command.seq, rule="pins", help="/pins")
    if command.seq in state.pins:
        return refuse(ErrorCode.CONFLICT, N_("Entry #{seq} is pinned already."), seq=command.seq, help="/pins")
    if len(state.pins) >= policy.pins_per_group:
        text = N_("{limit} entries are pinned, which is the most allowed: /unpin one first.")
        return refuse(ErrorCode.CONFLICT, text, limit=policy.pins_per_group, help="/pins")
    return [e.EntryPinned(at=now, by=actor.user, user=command.user, seq=command.seq)]


def unpin(state: GroupState, command: c.Unpin, actor: Actor, now: int, policy: Policy) -> Decision:
    if command.seq not in state.pins:
        return refuse(ErrorCode.CONFLICT, N_("Entry #{seq} is not pinned."), seq=command.seq, help="/pins")
    latest = command.seq == next(reversed(state.pins))
    return [e.EntryUnpinned(at=now, by=actor.user, seq=command.seq, was_latest=latest)]


def set_links(state: GroupState, command: c.SetLinks, actor: Actor, now: int, policy: Policy) -> Decision:
    if command.links is state.links:
        return []
    return [e.LinksSet(at=now, by=actor.user, links=command.links, was_links=state.links)]


def announce(state: GroupState, command: c.Announce, actor: Actor, now: int, policy: Policy) -> Decision:
    """Put up an announcement, or take down the one there is; the same one again changes nothing."""
    if command.announcement == state.announcement:
        return []
    if not command.announcement:
        return [e.AnnouncementCleared(at=now, by=actor.user, was_announcement=state.announcement)]
    text, was = command.announcement, state.announcement
    return [e.AnnouncementSet(at=now, by=actor.user, announcement=text, was_announcement=was)]


ENTRIES: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.Purge: purge,
    c.RemoveEntries: remove_entries,
    c.RemoveText: remove_text,
    c.Pin: pin,
    c.Unpin: unpin,
    c.SetLinks: set_links,
    c.Announce: announce,
}
