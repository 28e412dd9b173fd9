"""Who answers for a group when its owner no longer can (G9): the heir, else the admin who has served longest.

A plain member never is made owner unasked: who answers for a group has agreed to some part of it before. Where nobody
is fit, the owner stays the owner by name, and the group is locked until the owner is back or the platform has acted:
never is a group without somebody who answers for it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, GroupStatus, Role

from ..actor import Actor
from ..classification import grade_in_force
from ..duration import FOREVER_MS
from ..measure_checks import check_power
from ..policy import Policy
from ..refusal import Refusal
from ..restrictions import Power
from ..text import N_
from . import commands as c
from .checks import check_founder, check_owner, check_subject, refuse
from .events import (
    Event,
    GroupDissolved,
    HeirDropped,
    HeirNamed,
    LockEnded,
    MemberDeparted,
    OwnerMissing,
    OwnerReplaced,
    OwnershipReturned,
)
from .state import GroupState

Decision = Sequence[Event] | Refusal


def name_heir(state: GroupState, command: c.NameHeir, actor: Actor, now: int, policy: Policy) -> Decision:
    """Say who takes over when the owner is gone; the one named may refuse by leaving, or hand over in turn."""
    if command.user not in state.members:
        return refuse(ErrorCode.NO_SUCH_USER, N_("@{user} is not a member of this group."), user=command.user)
    if state.successor == command.user:
        return []
    return check_owner(state, command.user) or [
        HeirNamed(at=now, by=actor.user, user=command.user, was_heir=state.successor)
    ]


def drop_heir(state: GroupState, command: c.DropHeir, actor: Actor, now: int, policy: Policy) -> Decision:
    if not state.successor:
        return refuse(ErrorCode.CONFLICT, N_("No heir is named."), help="/heir @user")
    return [HeirDropped(at=now, by=actor.user, user=state.successor)]


def in_line(state: GroupState, since: dict[str, int]) -> list[str]:
    """Return who may take over, in order: the heir, then the admins, by when they became that (`since`, Unix ms)."""
    people = (one for one in state.members.values() if not one.giver)
    admins = [one for one in people if one.role is Role.ADMIN and one.user != state.successor]
    admins.sort(key=lambda one: (since.get(one.user, one.joined_ts), one.joined_ts, one.user))
    return [*filter(None, [state.successor]), *(one.user for one in admins)]


def succeed(state: GroupState, command: c.Succeed, actor: Actor, now: int, policy: Policy) -> Decision:
    """Replace an owner who is shut out for long by the first in line who is fit; nobody fit: lock the group.

    With an owner whose account is closed, a group that nobody else is in ends, and so does a person's own channel.
    """
    if state.status is GroupStatus.CLOSED or command.owner != state.owner:
        return []
    if command.absent_until_ms < now + policy.absence_ms:
        return []
    is_own = state.form is ChannelForm.PERSONAL and state.owner == state.handle
    if command.closed and (is_own or len(state.members) == 1):
        return [GroupDissolved(at=now, by=state.owner)]
    grade = grade_in_force(policy.grades, state)
    for candidate in command.candidates:
        heir = candidate.actor
        is_fit = (
            candidate.absent_until_ms <= now
            and check_owner(state, heir.user) is None
            and check_power(heir.restrictions, Power.MANAGE, now) is None
            and check_founder(heir, grade, now, policy) is None
            and check_subject(candidate.have, candidate.limit) is None
        )
        if is_fit and candidate.actor.user in in_line(state, {}):
            return [replaced(state, candidate.actor.user, actor, now)]
    if state.locked_until_ms >= FOREVER_MS:
        return []
    return [OwnerMissing(at=now, by=actor.user, user=state.owner)]


def replaced(state: GroupState, user: str, actor: Actor, now: int) -> OwnerReplaced:
    """Return that `user` owns the group from now on, and what was before: an appeal may bring it back."""
    heir = state.members[user]
    return OwnerReplaced(
        at=now,
        by=actor.user,
        user=user,
        previous=state.owner,
        was_role=heir.role,
        was_permissions=tuple(sorted(heir.permissions)),
        was_successor=state.successor,
    )


def return_ownership(state: GroupState, command: c.ReturnOwnership, actor: Actor, now: int, policy: Policy) -> Decision:
    """Make somebody the owner again who lost the group by a suspension that was overturned.

    Not past the group's own will: who took over must still be the owner, and who lost it still a member. Where nobody
    took over, and the group was locked for that, it is open again.
    """
    user, previous = command.user, command.previous
    if state.owner == user == previous and state.locked_until_ms >= FOREVER_MS:
        return [LockEnded(at=now, by=actor.user)]
    if user == previous or state.owner != previous or user not in state.members:
        return []
    role, permissions = command.role, command.permissions
    admins = sum(one.role is Role.ADMIN and one.user != user for one in state.members.values())
    if role is not Role.ADMIN or admins >= policy.admins_per_group:
        role, permissions = Role.MEMBER, ()
    successor = command.successor if command.successor in state.members and command.successor != user else ""
    return [
        OwnershipReturned(
            at=now,
            by=actor.user,
            user=user,
            previous=previous,
            was_role=role,
            was_permissions=permissions,
            was_successor=successor,
        )
    ]


def depart(state: GroupState, command: c.Depart, actor: Actor, now: int, policy: Policy) -> Decision:
    """End what an account that was closed has here, unless it owns the group: that is never without an owner (G9)."""
    user, place = command.user, state.kept or state
    has_any = user in place.members or user in place.requests or user in place.invitations
    if not has_any or user == state.owner:
        return []
    return [MemberDeparted(at=now, by=actor.user, user=user)]


SUCCESSION: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.NameHeir: name_heir,
    c.DropHeir: drop_heir,
    c.Succeed: succeed,
    c.ReturnOwnership: return_ownership,
    c.Depart: depart,
}
