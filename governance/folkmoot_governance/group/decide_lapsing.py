"""What somebody has set in motion ends with what allowed it, in the same act.

An invitation holds as long as who gave it may invite, an invite code as long as who made it may make one, what the
owner asks of the platform as long as it is that owner who asks, a channel's badge as long as its owner is who it
names, and a request to join until the group ends or bans who asked. `joining` looks at the first two again when
somebody comes in, so what older acts have left over opens no door.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from folkmoot_protocol.types import GroupStatus

from ..actor import Actor
from ..credentials import CredentialKind, in_force
from ..policy import Policy
from ..refusal import Refusal
from . import commands as c
from . import events as e
from .apply import apply
from .checks import may_invite, may_make_codes
from .decide_joining import has_request
from .state import GroupState, Invitation, InviteCode

Offer = Invitation | InviteCode

TAKES_RIGHTS = (
    e.MemberLeft,
    e.MemberDeparted,
    e.MemberKicked,
    e.MemberBanned,
    e.MemberDemoted,
    e.PermissionsSet,
    e.OwnerReplaced,
    e.OwnershipReturned,
    e.JoinModeSet,
)
"""After these somebody may no longer do what they might before."""

NEW_OWNER = (e.OwnershipTransferred, e.OwnerReplaced, e.OwnershipReturned)


def with_lapses(state: GroupState, events: Sequence[e.Event], actor: Actor, now: int) -> Sequence[e.Event]:
    """Return `events` with what ends with them: requests before them, for they name who asked; offers after them.

    A group that the platform closes keeps its requests, so those end after it.
    """
    closing = list(closed_requests(state, events, actor, now))
    if any(isinstance(event, e.GroupClosed) for event in events):
        return [*events, *closing]
    offers, size = lapsed_offers(state, events, actor, now), lapsed_size(state, events, actor, now)
    after = [*offers, *size, *lapsed_badge(state, events, now)]
    return [*closing, *events, *after] if closing or after else events


def closed_requests(state: GroupState, events: Iterable[e.Event], actor: Actor, now: int) -> Iterator[e.Event]:
    """Yield how requests to join end: with the group, or with the ban of who asked."""
    for event in events:
        if isinstance(event, e.MemberBanned) and has_request(state, event.user, now):
            yield e.JoinRequestEnded(at=now, by=actor.user, user=event.user, reason=event.reason)
        elif isinstance(event, (e.GroupDissolved, e.GroupClosed)):
            users = tuple(user for user in state.requests if has_request(state, user, now))
            if users:
                reason = getattr(event, "reason", "")
                yield e.JoinRequestsClosed(at=now, by=event.by, users=users, reason=reason)


def lapsed_offers(state: GroupState, events: Sequence[e.Event], actor: Actor, now: int) -> Iterator[e.Event]:
    """Yield what is void of what those have given who may no longer give it, one event for each of them."""
    has_offers = state.invitations or state.invite_codes
    if has_offers and any(isinstance(event, TAKES_RIGHTS) for event in events):
        after = outcome(state, events)
        # A raid passes: what plain members have given waits meanwhile, and holds again when it is over.
        void: list[Offer] = [
            *(one for one in after.invitations.values() if not may_invite(after, one.by, in_raid=False)),
            *(one for one in after.invite_codes.values() if not may_make_codes(after, one.by)),
        ]
        for giver in dict.fromkeys(one.by for one in void):
            yield void_offers(giver, void, actor, now)


def void_offers(giver: str, offers: Iterable[Offer], actor: Actor, now: int) -> e.InvitationsLapsed:
    """Return that those of `offers` which `giver` gave are void."""
    given = [one for one in offers if one.by == giver]
    users = tuple(one.user for one in given if isinstance(one, Invitation))
    code_ids = tuple(one.code_id for one in given if isinstance(one, InviteCode))
    return e.InvitationsLapsed(at=now, by=actor.user, user=giver, users=users, code_ids=code_ids)


def lapsed_badge(state: GroupState, events: Iterable[e.Event], now: int) -> Iterator[e.Event]:
    """Yield that a badge is gone which named the owner of before (W8)."""
    if state.credentials and any(isinstance(event, NEW_OWNER) for event in events):
        gone = tuple(one for one in in_force(state.credentials, now) if one.kind is CredentialKind.BADGE)
        if gone:
            yield e.CredentialRevoked(at=now, by="", credentials=gone, reason="the channel has another owner")


def lapsed_size(state: GroupState, events: Iterable[e.Event], actor: Actor, now: int) -> Iterator[e.Event]:
    """Yield that nobody asks the platform for another size any more: who did was fit to own such a group."""
    if state.asked_limit and any(isinstance(event, NEW_OWNER) for event in events):
        yield e.LimitWithdrawn(at=now, by=actor.user, limit=state.asked_limit)


def outcome(state: GroupState, events: Iterable[e.Event]) -> GroupState:
    """Return what `events` make of a group, which stays as it is."""
    held = {name: getattr(state, name) for name in state.__struct_fields__}
    after = replace(state, **{name: dict(value) for name, value in held.items() if isinstance(value, dict)})
    for event in events:
        apply(after, event)
    return after


def withdraw_offers(
    state: GroupState, command: c.WithdrawOffers, actor: Actor, now: int, policy: Policy
) -> Sequence[e.Event] | Refusal:
    """End what an account has offered; the heir that an owner has named stays: that is for when the owner is gone."""
    user = command.user
    if state.status is GroupStatus.CLOSED:
        return []
    events: list[e.Event] = []
    offers: list[Offer] = [*state.invitations.values(), *state.invite_codes.values()]
    if any(one.by == user for one in offers):
        events.append(void_offers(user, offers, actor, now))
    if state.owner == user and state.heir:
        events.append(e.TransferExpired(at=now, by=actor.user, user=state.heir))
    return events


LAPSING: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Sequence[e.Event] | Refusal]] = {
    c.WithdrawOffers: withdraw_offers,
}
