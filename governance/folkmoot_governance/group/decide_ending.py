"""What ends by itself. Every question compares with the time it is asked at, so nothing here makes a measure end:
it says so to those concerned, at the time that was set, and clears away what is over."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from folkmoot_protocol.types import GroupStatus

from ..actor import Actor
from ..credentials import ended as credentials_ended
from ..duration import DAY_MS, end_of
from ..policy import Policy
from ..refusal import Refusal
from ..restrictions import ended as over
from . import commands as c
from . import events as e
from .state import Ban, GroupState, Invitation, JoinRequest, Mute

MAX_AT_ONCE = 100
"""Of one kind in one act: what is left over is the next act's."""

LONGER_MS = DAY_MS
"""How much longer what a closed group had is kept each time while an appeal waits for an answer."""


def end_measures(
    state: GroupState, command: c.EndMeasures, actor: Actor, now: int, policy: Policy
) -> Sequence[e.Event] | Refusal:
    """Tell of everything whose end has come. Nothing to tell of: nothing happens."""
    events: list[e.Event] = []
    if 0 < state.locked_until_ms <= now:
        events.append(e.LockEnded(at=now, by=actor.user))
    if state.status is GroupStatus.SUSPENDED and state.status_until_ms <= now:
        events.append(e.SuspensionEnded(at=now, by=actor.user))
    if 0 < state.antiraid_until_ms <= now:
        events.append(e.AntiraidLapsed(at=now, by=actor.user))
    if state.heir and state.heir_until_ms <= now:
        events.append(e.TransferExpired(at=now, by=actor.user, user=state.heir))
    events += [
        e.GroupRestrictionEnded(at=now, by=actor.user, measure=measure) for measure in over(state.restrictions, now)
    ]
    if gone := credentials_ended(state.credentials, now):
        events.append(e.CredentialsEnded(at=now, by=actor.user, credentials=gone))
    events += end_of_keeping(state, command, actor, now)
    if users := ended(state.mutes, now):
        events.append(e.MutesEnded(at=now, by=actor.user, users=users))
    if users := ended(state.bans, now):
        events.append(e.BansEnded(at=now, by=actor.user, users=users))
    if numbers := tuple(one.number for one in state.warnings.values() if one.until_ms <= now)[:MAX_AT_ONCE]:
        events.append(e.WarningsExpired(at=now, by=actor.user, numbers=numbers))
    if users := ended(state.requests, now):
        events.append(e.RequestsExpired(at=now, by=actor.user, users=users))
    if users := ended(state.invitations, now):
        events.append(e.InvitationsExpired(at=now, by=actor.user, users=users))
    return events


def end_of_keeping(state: GroupState, command: c.EndMeasures, actor: Actor, now: int) -> list[e.Event]:
    """Let go what a closed group had when nobody can appeal any more, or the appeal was turned down: it is final."""
    if state.kept is None or not (command.final or state.kept.until_ms <= now):
        return []
    if command.appealed and not command.final:
        return [e.KeptLonger(at=now, by=actor.user, until_ms=end_of(now, LONGER_MS))]
    return [e.KeptLetGo(at=now, by=actor.user)]


def ended(
    held: Mapping[str, Ban] | Mapping[str, Mute] | Mapping[str, JoinRequest] | Mapping[str, Invitation], now: int
) -> tuple[str, ...]:
    """Return the users for whom it is over, as many as one act takes."""
    return tuple(islice((user for user, one in held.items() if one.until_ms <= now), MAX_AT_ONCE))


ENDING: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Sequence[e.Event] | Refusal]] = {
    c.EndMeasures: end_measures,
}
