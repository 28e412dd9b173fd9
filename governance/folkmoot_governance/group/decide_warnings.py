"""Warnings, what follows on them, and notes about members."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from ..actor import Actor
from ..duration import end_of
from ..ladder import OFF, Ladder, Measure, Step, parse_ladder, show_ladder, step_at
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from . import events as e
from .checks import refuse
from .decide_joining import bar
from .decide_moderation import check_within, muted
from .state import GroupState, Warned

Decision = Sequence[e.Event] | Refusal


def ladder_of(state: GroupState, policy: Policy) -> Ladder:
    """Return the ladder in force: the group's own, or the operator's."""
    return parse_ladder(state.ladder or policy.ladder) or ()


def warn(state: GroupState, command: c.Warn, actor: Actor, now: int, policy: Policy) -> Decision:
    """Warn a member; the ladder may add a measure in the name of the same actor."""
    refusal = check_within(state, command.user)
    if refusal:
        return refusal
    count = len(state.warnings_of(command.user, now)) + 1
    if count > policy.warnings_per_member:
        text = N_("@{user} has {limit} warnings in force, and more are not counted: take a measure.")
        return refuse(ErrorCode.CONFLICT, text, user=command.user, limit=policy.warnings_per_member, help="/ban")
    until = end_of(now, policy.warning_ms)
    warned = e.MemberWarned(
        at=now, by=actor.user, user=command.user, until_ms=until, count=count, reason=command.reason
    )
    step = step_at(ladder_of(state, policy), count)
    return [warned, *(consequence(state, command, actor, now, policy, step) if step else ())]


def consequence(
    state: GroupState, command: c.Warn, actor: Actor, now: int, policy: Policy, step: Step
) -> list[e.Event]:
    """Return what a step of the ladder does; a mute in force that lasts longer stays as it is."""
    by, user, reason, until = actor.user, command.user, command.reason, end_of(now, step.duration_ms)
    if step.measure is Measure.MUTE:
        mute = state.mute_of(user, now)
        if mute and mute.until_ms >= until:
            return []
        return [muted(state, user, until, reason, actor, now)]
    if step.measure is Measure.KICK or state.bans_in_force(now) >= policy.bans_per_group:
        if user not in state.members:
            # Who comments in a channel is not in it.
            return []
        kicked = e.MemberKicked(at=now, by=by, user=user, reason=reason)
        return [kicked, *bar(user, reason, actor, now, policy.kick_wait_ms)]
    return [e.MemberBanned(at=now, by=by, user=user, until_ms=until, reason=reason)]


def unwarn(state: GroupState, command: c.Unwarn, actor: Actor, now: int, policy: Policy) -> Decision:
    """Take back one warning: the one named, else the latest in force."""
    warnings = state.warnings_of(command.user, now)
    chosen: Sequence[Warned] = [one for one in warnings if command.number in (0, one.number)]
    if not chosen:
        text = N_("@{user} has no such warning in force here.")
        return refuse(ErrorCode.CONFLICT, text, user=command.user, help=f"/warns @{command.user}")
    return [e.WarningLifted(at=now, by=actor.user, user=command.user, number=chosen[-1].number)]


def set_ladder(state: GroupState, command: c.SetLadder, actor: Actor, now: int, policy: Policy) -> Decision:
    """Say what follows on warnings; an empty ladder is the operator's again."""
    steps = parse_ladder(command.ladder) if command.ladder else None
    if command.ladder and steps is None:
        text = N_("Write the steps as in: 3 mute 1h, 4 kick, 5 ban 7d; at most {limit}, counts rising; or {off}.")
        return refuse(ErrorCode.BAD_SYNTAX, text, limit=10, off=OFF, help="/ladder")
    shown = "" if steps is None else show_ladder(steps)
    if shown == state.ladder:
        return []
    in_force = shown or show_ladder(parse_ladder(policy.ladder) or ())
    return [e.LadderSet(at=now, by=actor.user, ladder=shown, steps=in_force, was_ladder=state.ladder)]


def write_note(state: GroupState, command: c.WriteNote, actor: Actor, now: int, policy: Policy) -> Decision:
    """Record that a note was written; its text is personal data and is kept beside the ledger, not in it."""
    return [e.NoteWritten(at=now, by=actor.user, user=command.user)]


def clear_notes(state: GroupState, command: c.ClearNotes, actor: Actor, now: int, policy: Policy) -> Decision:
    return [e.NotesCleared(at=now, by=actor.user, user=command.user, number=command.number)]


WARNINGS: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.Warn: warn,
    c.Unwarn: unwarn,
    c.SetLadder: set_ladder,
    c.WriteNote: write_note,
    c.ClearNotes: clear_notes,
}
