"""Roles and who answers for the group: promote, demote, tags, transfer, dissolve."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Role

from ..actor import Actor
from ..classification import grade_in_force
from ..duration import end_of
from ..likeness import check_free_name, look
from ..policy import Policy
from ..refusal import Refusal
from ..roles import Permission
from ..text import N_
from . import commands as c
from .checks import check_founder, check_owner, check_subject, refuse
from .events import (
    Event,
    GroupDissolved,
    MemberDemoted,
    MemberPromoted,
    OwnershipTransferred,
    PermissionsSet,
    TagSet,
    TransferOffered,
    TransferWithdrawn,
)
from .state import BOT, GroupState

Decision = Sequence[Event] | Refusal

LIKE_BOT = frozenset(map(look, (BOT, "机器人")))
"""How the tag of bots looks, in the languages in which it is shown."""


def check_has_role(state: GroupState, user: str, needed: Role) -> Refusal | None:
    """Refuse where the account aimed at does not hold exactly the role `needed`."""
    role = state.role_of(user)
    if role is None:
        return refuse(ErrorCode.NO_SUCH_USER, N_("@{user} is not a member of this group."), user=user)
    if role is not needed:
        text = N_("@{user} is {role} here, not {needed}.")
        return refuse(ErrorCode.CONFLICT, text, user=user, role=role, needed=needed)
    return None


def check_permissions(state: GroupState, given: frozenset[Permission]) -> Refusal | None:
    """Refuse permissions that there are in groups alone, or in channels alone."""
    known = " ".join(sorted(state.permissions))
    for permission in sorted(given - state.permissions):
        text = N_("There is no permission {permission} here; there are: {known}.")
        return refuse(ErrorCode.BAD_REQUEST, text, permission=permission, known=known, help="/rights")
    return None


def check_admin_seat(state: GroupState, allowed: int) -> Refusal | None:
    """Refuse one admin more than `allowed`."""
    admins = sum(member.role is Role.ADMIN for member in state.members.values())
    if admins < allowed:
        return None
    text = N_("The group has {current} admins, which is the most allowed.")
    return refuse(ErrorCode.CONFLICT, text, current=admins, rule="policy.groups.admins_per_group")


def check_heir_seat(state: GroupState, heir: str, policy: Policy) -> Refusal | None:
    """Refuse a transfer that makes the old owner one admin too many; an heir who is admin frees a seat.

    One seat there is always: an operator who allows no admins must not tie an owner to the group.
    """
    if state.role_of(heir) is Role.ADMIN:
        return None
    return check_admin_seat(state, max(1, policy.admins_per_group))


def promote(state: GroupState, command: c.Promote, actor: Actor, now: int, policy: Policy) -> Decision:
    """Make a member an admin with the permissions named."""
    refusal = (
        check_has_role(state, command.user, Role.MEMBER)
        or check_admin_seat(state, policy.admins_per_group)
        or check_permissions(state, command.permissions)
    )
    if refusal:
        return refusal
    granted = tuple(sorted(command.permissions))
    return [MemberPromoted(at=now, by=actor.user, user=command.user, permissions=granted)]


def set_permissions(state: GroupState, command: c.SetPermissions, actor: Actor, now: int, policy: Policy) -> Decision:
    """Change what an admin may do."""
    granted = tuple(sorted(command.permissions))
    refusal = check_has_role(state, command.user, Role.ADMIN) or check_permissions(state, command.permissions)
    if refusal or command.permissions == state.members[command.user].permissions:
        return refusal or []
    was = tuple(sorted(state.members[command.user].permissions))
    return [PermissionsSet(at=now, by=actor.user, user=command.user, permissions=granted, was_permissions=was)]


def demote(state: GroupState, command: c.Demote, actor: Actor, now: int, policy: Policy) -> Decision:
    refusal = check_has_role(state, command.user, Role.ADMIN)
    if refusal:
        return refusal
    was = tuple(sorted(state.members[command.user].permissions))
    return [MemberDemoted(at=now, by=actor.user, user=command.user, was_permissions=was)]


def set_tag(state: GroupState, command: c.SetTag, actor: Actor, now: int, policy: Policy) -> Decision:
    """Give a member a free tag (G8.3)."""
    if command.user not in state.members:
        return refuse(ErrorCode.NO_SUCH_USER, N_("@{user} is not a member of this group."), user=command.user)
    was = state.members[command.user].tag
    if command.tag == was:
        return []
    refusal = check_free_tag(command.tag) if command.tag else None
    return refusal or [TagSet(at=now, by=actor.user, user=command.user, tag=command.tag, was_tag=was)]


def check_free_tag(tag: str) -> Refusal | None:
    """Refuse a tag that could be taken for one that the server gives."""
    if look(tag) not in LIKE_BOT:
        return check_free_name(tag)
    text = N_("{name} is what bots are marked with: choose another tag.")
    return refuse(ErrorCode.BAD_NAME, text, name=tag, rule="reserved_names", help="docs/governance.md")


def offer_transfer(state: GroupState, command: c.OfferTransfer, actor: Actor, now: int, policy: Policy) -> Decision:
    """Offer the group to a member; a new offer replaces the open one."""
    if command.user not in state.members:
        return refuse(ErrorCode.NO_SUCH_USER, N_("@{user} is not a member of this group."), user=command.user)
    until = end_of(now, policy.transfer_ms)
    nothing = not state.heir or state.heir_until_ms <= now
    return (check_owner(state, command.user) or check_heir_seat(state, command.user, policy)) or [
        TransferOffered(at=now, by=actor.user, user=command.user, until_ms=until, was_nothing=nothing)
    ]


def withdraw_transfer(
    state: GroupState, command: c.WithdrawTransfer, actor: Actor, now: int, policy: Policy
) -> Decision:
    if not state.heir or state.heir_until_ms <= now:
        return refuse(ErrorCode.CONFLICT, N_("There is no open offer to transfer this group."))
    return [TransferWithdrawn(at=now, by=actor.user, user=state.heir)]


def accept_transfer(state: GroupState, command: c.AcceptTransfer, actor: Actor, now: int, policy: Policy) -> Decision:
    """Become the owner: only who was offered it, in time, and fit to answer for a group (G8.3, G9)."""
    if state.heir != actor.user or state.heir_until_ms <= now:
        return refuse(ErrorCode.CONFLICT, N_("There is no open offer to transfer this group to you."))
    grade = grade_in_force(policy.grades, state)
    refusal = (
        check_owner(state, actor.user)
        or check_founder(actor, grade, now, policy)
        or check_heir_seat(state, actor.user, policy)
        or check_subject(command.have, command.limit)
    )
    return refusal or [OwnershipTransferred(at=now, by=actor.user, user=actor.user, previous=state.owner)]


def dissolve(state: GroupState, command: c.Dissolve, actor: Actor, now: int, policy: Policy) -> Decision:
    """End the group, if its code was typed as confirmation."""
    if command.confirm != state.code:
        text = N_("This ends the group for good. To confirm, type: /dissolve {code}")
        return refuse(ErrorCode.CONFIRM_REQUIRED, text, code=state.code)
    return [GroupDissolved(at=now, by=actor.user)]


OWNERSHIP: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.Promote: promote,
    c.SetPermissions: set_permissions,
    c.Demote: demote,
    c.SetTag: set_tag,
    c.OfferTransfer: offer_transfer,
    c.WithdrawTransfer: withdraw_transfer,
    c.AcceptTransfer: accept_transfer,
    c.Dissolve: dissolve,
}
