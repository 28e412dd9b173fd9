"""Holding off a raid: by hand, and by the service when it notices one."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus

from ..actor import Actor
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .checks import refuse
from .decide_moderation import check_end, check_replaced
from .events import AntiraidEnded, AntiraidSet, Event, RaidNoticed
from .state import GroupState

Decision = Sequence[Event] | Refusal

HELD_OFF = N_("The raid guard is on already, {until}. To set another end: {help}")


def set_antiraid(state: GroupState, command: c.SetAntiraid, actor: Actor, now: int, policy: Policy) -> Decision:
    """Hold off a raid until the end named, or for as long as the operator has set."""
    until = end_of(now, policy.antiraid_ms if command.duration_ms is None else command.duration_ms)
    newcomers = now - policy.newcomer_ms
    was = state.antiraid_until_ms if state.holds_off_raid(now) else 0
    refusal = check_end(until, now) or check_replaced(HELD_OFF, was, command, "/antiraid on {term}")
    return refusal or [AntiraidSet(at=now, by=actor.user, newcomers_ms=newcomers, until_ms=until, was_until_ms=was)]


def end_antiraid(state: GroupState, command: c.EndAntiraid, actor: Actor, now: int, policy: Policy) -> Decision:
    if not state.holds_off_raid(now):
        return refuse(ErrorCode.CONFLICT, N_("The raid guard is off."))
    return [AntiraidEnded(at=now, by=actor.user)]


def raise_alarm(state: GroupState, command: c.RaiseAlarm, actor: Actor, now: int, policy: Policy) -> Decision:
    """Hold off a raid, unless that is done already or somebody has ended it by hand a short while ago."""
    ended_by_hand = state.antiraid_until_ms == 0 and now < state.antiraid_since_ms + policy.antiraid_ms
    if state.status is GroupStatus.CLOSED or ended_by_hand or state.holds_off_raid(now):
        return []
    return [
        RaidNoticed(
            at=now,
            by=actor.user,
            newcomers_ms=now - policy.newcomer_ms,
            until_ms=end_of(now, policy.antiraid_ms),
            cause=command.cause,
        )
    ]


ANTIRAID: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.SetAntiraid: set_antiraid,
    c.EndAntiraid: end_antiraid,
    c.RaiseAlarm: raise_alarm,
}
