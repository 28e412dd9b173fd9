"""What becomes of an act whose appeal succeeded (P15). Who decides on appeals: `case.decide`."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.types import GroupStatus

from ..actor import Actor
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from . import commands as c
from .events import Event, MeasureOverturned, MemberBanned, MemberKicked
from .state import GroupState, case_number

Decision = Sequence[Event] | Refusal

REMOVALS = frozenset({MemberKicked.__struct_config__.tag, MemberBanned.__struct_config__.tag})


def overturn(state: GroupState, command: c.Overturn, actor: Actor, now: int, policy: Policy) -> Decision:
    """Say that the act is void, which lifts it; who was removed by it may come back."""
    suspension = state.status is GroupStatus.SUSPENDED and state.status_until_ms == command.until_ms
    measure = case_number(state.code, command.number)
    return [
        MeasureOverturned(
            at=now,
            by=actor.user,
            user=command.user,
            number=command.number,
            kind=command.kind,
            measure=measure,
            reason=command.reason,
            lifts_suspension=suspension,
            invited_until_ms=end_of(now, policy.invite_ms) if may_be_invited(state, command, now, policy) else 0,
        )
    ]


def may_be_invited(state: GroupState, command: c.Overturn, now: int, policy: Policy) -> bool:
    """Say whether somebody who was removed can be invited back: not past another ban, nor past the cap."""
    user = command.user
    if command.kind not in REMOVALS or state.status is GroupStatus.CLOSED or user in state.members:
        return False
    ban = state.ban_of(user, now)
    if ban is not None and ban.case != case_number(state.code, command.number):
        return False
    return user in state.invitations or len(state.invitations) < policy.invitations_per_group


APPEALS: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {c.Overturn: overturn}
