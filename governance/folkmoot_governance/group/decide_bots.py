"""Bots: accounts of programs, each made for one group by somebody there who answers for it.

A bot is a member like others: the same gate, the same measures, the same caps. What is different: it comes in by the
word of an admin alone, everybody sees that it is one, and it speaks only while who answers for it is there.
"""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode

from ..actor import Actor
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .checks import check_outsider, check_room, refuse
from .events import BotTaken, Event, MemberJoined, MemberKicked
from .state import GroupState

Decision = Sequence[Event] | Refusal


def add(state: GroupState, command: c.AddBot, actor: Actor, now: int, policy: Policy) -> Decision:
    """Take in a bot, unless the group has as many as it may have, or has banned it."""
    refusal = check_outsider(state, command.user, now) or check_bots(state, policy) or check_room(state, policy)
    return refusal or [MemberJoined(at=now, by=actor.user, user=command.user, via="bot", giver=actor.user)]


def check_bots(state: GroupState, policy: Policy) -> Refusal | None:
    """Refuse one bot more than a group may have."""
    rule, limit = "policy.groups.bots_per_group", policy.bots_per_group
    if not limit:
        return refuse(ErrorCode.FORBIDDEN, N_("The operator of this server wants no bots."), rule=rule)
    current = sum(bool(member.giver) for member in state.members.values())
    if current < limit:
        return None
    text = N_("The group has {current} bots, which is the most allowed.")
    return refuse(ErrorCode.CONFLICT, text, current=current, rule=rule, help="/bot list")


def check_is_bot(state: GroupState, user: str) -> Refusal | None:
    """Refuse who is no bot of the group."""
    member = state.members.get(user)
    if member is not None and member.giver:
        return None
    return refuse(ErrorCode.NO_SUCH_USER, N_("There is no bot @{user} in this group."), user=user, help="/bot list")


def take(state: GroupState, command: c.TakeBot, actor: Actor, now: int, policy: Policy) -> Decision:
    """Answer for a bot from now on, whose token is another one."""
    refusal = check_is_bot(state, command.user)
    if refusal:
        return refusal
    was = state.members[command.user].giver
    return [BotTaken(at=now, by=actor.user, user=command.user, was_giver=was)]


def remove(state: GroupState, command: c.RemoveBot, actor: Actor, now: int, policy: Policy) -> Decision:
    """Remove a bot; it may be added again at once."""
    refusal = check_is_bot(state, command.user)
    return refusal or [MemberKicked(at=now, by=actor.user, user=command.user)]


BOTS: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.AddBot: add,
    c.TakeBot: take,
    c.RemoveBot: remove,
}
