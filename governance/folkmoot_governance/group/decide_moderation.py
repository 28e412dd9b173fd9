"""Keeping order: ban, mute, lock, slow mode, delete."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import SAID, EntryKind

from ..actor import Actor
from ..duration import end_of, show_span
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
    PinWas,
    SlowModeSet,
)
from .state import GroupState

Decision = Sequence[Event] | Refusal

DELETABLE = SAID
WRITTEN = DELETABLE | {EntryKind.ANNOUNCEMENT}
"""What people say. An announcement is an act of its owner, hence in the record: it is taken down, not deleted."""


OWN_WINDOW = "policy.groups.delete_own_seconds"


def check_end(until: int, now: int) -> Refusal | None:
    """Refuse a measure whose end, given as an instant, is over."""
    return None if until > now else refuse(ErrorCode.BAD_REQUEST, N_("That end is over already."), rule="end")


def check_replaced(
    text: str, in_force: int, command: c.BanMember | c.MuteMember | c.Lock | c.SetAntiraid, line: str, **detail: object
) -> Refusal | None:
    """Refuse to put a measure in the place of one that is in force until then, unless that is asked for.

    Who asks may not know of it, and would shorten or lengthen it without having meant to. `line` has `{term}` where the
    words belong that ask for it.
    """
    if not in_force or command.replaces:
        return None
    help = line.format(term=f"replace {show_span(command.duration_ms)}".rstrip())
    return refuse(ErrorCode.CONFLICT, text, until_ms=in_force, **detail, rule="in_force", help=help)


BANNED = N_("@{user} is banned here already, {until} (case {case}). To replace that ban: {help}")
MUTED = N_("@{user} is muted here already, {until} (case {case}). To replace that mute: {help}")
LOCKED = N_("Only owner and admins may post already, {until}. To set another end: {help}")


def ban(state: GroupState, command: c.BanMember, actor: Actor, now: int, policy: Policy) -> Decision:
    """Remove and keep out until the end named."""
    user, ban = command.user, state.ban_of(command.user, now)
    in_force = state.bans_in_force(now)
    if ban is None and in_force >= policy.bans_per_group:
        return refuse(ErrorCode.CONFLICT, N_("{limit} bans are in force, which is the most allowed."), limit=in_force)
    until = end_of(now, command.duration_ms)
    refusal = check_end(until, now)
    if ban is not None:
        line = f"/ban @{user} {{term}}"
        refusal = refusal or check_replaced(BANNED, ban.until_ms, command, line, user=user, case=ban.case)
    held = (state.members, state.requests, state.invitations)
    return refusal or [
        MemberBanned(
            at=now,
            by=actor.user,
            user=user,
            until_ms=until,
            reason=command.reason,
            was_out=not any(user in one for one in held),
            was_until_ms=ban.until_ms if ban else 0,
            was_reason=ban.reason if ban else "",
        )
    ]


def unban(state: GroupState, command: c.Unban, actor: Actor, now: int, policy: Policy) -> Decision:
    ban = state.ban_of(command.user, now)
    if ban is None:
        return refuse(ErrorCode.CONFLICT, N_("@{user} is not banned here."), user=command.user, help="/bans")
    was, why = ban.until_ms, ban.reason
    return [BanLifted(at=now, by=actor.user, user=command.user, was_until_ms=was, was_reason=why)]


def check_within(state: GroupState, user: str) -> Refusal | None:
    """Refuse to silence or to warn whom the group has nothing to do with; in a channel everybody may comment."""
    if user in state.members or state.form is not None:
        return None
    return refuse(ErrorCode.NO_SUCH_USER, N_("@{user} is not a member of this group."), user=user)


def mute(state: GroupState, command: c.MuteMember, actor: Actor, now: int, policy: Policy) -> Decision:
    """Silence a member until the end named."""
    refusal = check_within(state, command.user)
    if refusal:
        return refusal
    until, mute = end_of(now, command.duration_ms), state.mute_of(command.user, now)
    refusal = check_end(until, now)
    if mute is not None:
        line = f"/mute @{command.user} {{term}}"
        refusal = refusal or check_replaced(MUTED, mute.until_ms, command, line, user=command.user, case=mute.case)
    return refusal or [muted(state, command.user, until, command.reason, actor, now)]


def muted(state: GroupState, user: str, until: int, reason: str, actor: Actor, now: int) -> MemberMuted:
    """Return that somebody is muted until then, and what that takes the place of."""
    mute = state.mute_of(user, now)
    return MemberMuted(
        at=now,
        by=actor.user,
        user=user,
        until_ms=until,
        reason=reason,
        was_until_ms=mute.until_ms if mute else 0,
        was_reason=mute.reason if mute else "",
    )


def unmute(state: GroupState, command: c.Unmute, actor: Actor, now: int, policy: Policy) -> Decision:
    mute = state.mute_of(command.user, now)
    if mute is None:
        return refuse(ErrorCode.CONFLICT, N_("@{user} is not muted here."), user=command.user, help="/mutes")
    was, why = mute.until_ms, mute.reason
    return [MuteLifted(at=now, by=actor.user, user=command.user, was_until_ms=was, was_reason=why)]


def lock(state: GroupState, command: c.Lock, actor: Actor, now: int, policy: Policy) -> Decision:
    """Mute all but owner and admins."""
    was = state.locked_until_ms if state.locked_until_ms > now else 0
    until = end_of(now, command.duration_ms)
    refusal = check_end(until, now) or check_replaced(LOCKED, was, command, "/lock {term}")
    return refusal or [GroupLocked(at=now, by=actor.user, until_ms=until, was_until_ms=was)]


def unlock(state: GroupState, command: c.Unlock, actor: Actor, now: int, policy: Policy) -> Decision:
    if state.locked_until_ms <= now:
        return refuse(ErrorCode.CONFLICT, N_("The group is not locked."))
    return [GroupUnlocked(at=now, by=actor.user, was_until_ms=state.locked_until_ms)]


def set_slow(state: GroupState, command: c.SetSlow, actor: Actor, now: int, policy: Policy) -> Decision:
    """Set or end slow mode."""
    if not 0 <= command.slow_ms <= policy.slow_max_ms:
        text = N_("Slow mode may be at most {longest}.")
        return refuse(ErrorCode.BAD_REQUEST, text, longest_ms=policy.slow_max_ms, rule="slow_mode", help="/slow")
    if command.slow_ms == state.slow_ms:
        return []
    return [SlowModeSet(at=now, by=actor.user, slow_ms=command.slow_ms, was_slow_ms=state.slow_ms)]


def delete_entry(state: GroupState, command: c.DeleteEntry, actor: Actor, now: int, policy: Policy) -> Decision:
    """Remove a post: a plain member only an own one, and only for a while after posting (G10)."""
    if command.kind is EntryKind.ANNOUNCEMENT:
        text = N_("An announcement stays in the group's record; the owner can take it down with {help}.")
        return refuse(ErrorCode.FORBIDDEN, text, rule="record", help="/announce off")
    if command.kind not in DELETABLE and command.kind is not EntryKind.REACTION:
        return refuse(
            ErrorCode.FORBIDDEN,
            N_("Notices are the group's own record: they cannot be deleted."),
            rule="record",
            help="/log",
        )
    if command.redacted:
        return refuse(ErrorCode.CONFLICT, N_("Entry #{seq} is deleted already."), seq=command.seq)
    own_only = not state.holds(actor.user, Permission.DELETE)
    if own_only and now > command.ts + policy.delete_own_ms:
        text = N_("You can delete your own entries only within {window} of posting them; ask an admin.")
        return refuse(ErrorCode.FORBIDDEN, text, window_ms=policy.delete_own_ms, rule=OWN_WINDOW, help="/report")
    pins = pins_of(state, (command.seq,))
    deleted = EntryDeleted(
        at=now, by=actor.user, user=command.user, seq=command.seq, reason=command.reason, was_pins=pins
    )
    return [deleted, *unpinned(state, (command.seq,), actor, now)]


def pins_of(state: GroupState, seqs: Iterable[int]) -> tuple[PinWas, ...]:
    """Return the pins of those of `seqs` that are pinned, as an event remembers them."""
    return tuple(PinWas(seq, state.pins[seq].by, state.pins[seq].ts) for seq in seqs if seq in state.pins)


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
