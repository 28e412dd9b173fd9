"""Keeping order: ban, mute, lock, slow mode, delete."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import EntryKind

from ..actor import Actor
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from ..roles import Permission
from ..text import N_
from . import commands as c
from .checks import refuse
from .events import (
    BanLifted,
    EntryDeleted,
    EntryUnpinned,
    Event,
    GroupLocked,
    GroupUnlocked,
    MemberBanned,
    MemberMuted,
    MuteLifted,
    SlowModeSet,
)
from .state import GroupState

Decision = Sequence[Event] | Refusal

DELETABLE = frozenset({EntryKind.TEXT, EntryKind.ACTION})
WRITTEN = DELETABLE | {EntryKind.ANNOUNCEMENT}
"""What people say. An announcement is an act of its owner, hence in the record: it is taken down, not deleted."""


OWN_WINDOW = "policy.groups.delete_own_seconds"


def ban(state: GroupState, command: c.BanMember, actor: Actor, now: int, policy: Policy) -> Decision:
    """Remove and keep out until the end named."""
    in_force = state.bans_in_force(now)
    if state.ban_of(command.user, now) is None and in_force >= policy.bans_per_group:
        return refuse(ErrorCode.CONFLICT, N_("{limit} bans are in force, and no more are allowed."), limit=in_force)
    until = end_of(now, command.duration_ms)
    return [MemberBanned(at=now, by=actor.user, user=command.user, until_ms=until, reason=command.reason)]


def unban(state: GroupState, command: c.Unban, actor: Actor, now: int, policy: Policy) -> Decision:
    if state.ban_of(command.user, now) is None:
        return refuse(ErrorCode.CONFLICT, N_("@{user} is not banned here."), user=command.user, help="/bans")
    return [BanLifted(at=now, by=actor.user, user=command.user)]


def mute(state: GroupState, command: c.MuteMember, actor: Actor, now: int, policy: Policy) -> Decision:
    """Silence a member until the end named."""
    if command.user not in state.members:
        return refuse(ErrorCode.NO_SUCH_USER, N_("@{user} is not a member of this group."), user=command.user)
    until = end_of(now, command.duration_ms)
    return [MemberMuted(at=now, by=actor.user, user=command.user, until_ms=until, reason=command.reason)]


def unmute(state: GroupState, command: c.Unmute, actor: Actor, now: int, policy: Policy) -> Decision:
    if state.mute_of(command.user, now) is None:
        return refuse(ErrorCode.CONFLICT, N_("@{user} is not muted here."), user=command.user, help="/mutes")
    return [MuteLifted(at=now, by=actor.user, user=command.user)]


def lock(state: GroupState, command: c.Lock, actor: Actor, now: int, policy: Policy) -> Decision:
    """Mute all but owner and admins; a new lock replaces the one in force."""
    return [GroupLocked(at=now, by=actor.user, until_ms=end_of(now, command.duration_ms))]


def unlock(state: GroupState, command: c.Unlock, actor: Actor, now: int, policy: Policy) -> Decision:
    if state.locked_until_ms <= now:
        return refuse(ErrorCode.CONFLICT, N_("The group is not locked."))
    return [GroupUnlocked(at=now, by=actor.user)]


def set_slow(state: GroupState, command: c.SetSlow, actor: Actor, now: int, policy: Policy) -> Decision:
    """Set or end slow mode."""
    if not 0 <= command.slow_ms <= policy.slow_max_ms:
        text = N_("Slow mode may be at most {longest}.")
        return refuse(ErrorCode.BAD_REQUEST, text, longest_ms=policy.slow_max_ms, rule="slow_mode", help="/slow")
    return [] if command.slow_ms == state.slow_ms else [SlowModeSet(at=now, by=actor.user, slow_ms=command.slow_ms)]


def delete_entry(state: GroupState, command: c.DeleteEntry, actor: Actor, now: int, policy: Policy) -> Decision:
    """Remove a post: a plain member only an own one, and only for a while after posting (G10)."""
    if command.kind is EntryKind.ANNOUNCEMENT:
        text = N_("An announcement stays in the group's record; the owner takes it down with {help}.")
        return refuse(ErrorCode.FORBIDDEN, text, rule="record", help="/announce off")
    if command.kind not in DELETABLE and command.kind is not EntryKind.REACTION:
        return refuse(
            ErrorCode.FORBIDDEN,
            N_("Notices are the group's own record: they cannot be deleted."),
            rule="record",
            help="/log",
        )
    if command.redacted:
        return refuse(ErrorCode.CONFLICT, N_("Entry {seq} is deleted already."), seq=command.seq)
    own_only = not state.holds(actor.user, Permission.DELETE)
    if own_only and now > command.ts + policy.delete_own_ms:
        text = N_("You can delete an entry of your own for {window} after posting it; ask an admin.")
        return refuse(ErrorCode.FORBIDDEN, text, window_ms=policy.delete_own_ms, rule=OWN_WINDOW, help="/report")
    deleted = EntryDeleted(at=now, by=actor.user, user=command.user, seq=command.seq, reason=command.reason)
    return [deleted, *unpinned(state, (command.seq,), actor, now)]


def unpinned(state: GroupState, seqs: Iterable[int], actor: Actor, now: int) -> list[EntryUnpinned]:
    """Return what takes off the pins those of `seqs` that are pinned: what is gone cannot be at hand."""
    return [EntryUnpinned(at=now, by=actor.user, seq=seq) for seq in seqs if seq in state.pins]


MODERATION: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.BanMember: ban,
    c.Unban: unban,
    c.MuteMember: mute,
    c.Unmute: unmute,
    c.Lock: lock,
    c.Unlock: unlock,
    c.SetSlow: set_slow,
    c.DeleteEntry: delete_entry,
}
