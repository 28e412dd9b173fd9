"""What becomes of an act whose appeal succeeded (P15). Who decides on appeals: `case.decide`."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.types import GroupStatus

from ..actor import Actor
from ..case.effects import Effect
from ..credentials import Credentials, in_force
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from ..restrictions import is_back, of_act
from . import commands as c
from .events import Event, GroupClosed, MeasureOverturned, MemberBanned, MemberKicked, TextRemoved
from .removed_texts import GroupText, text_in
from .state import GroupState, case_number

Decision = Sequence[Event] | Refusal

CLOSING = GroupClosed.__struct_config__.tag
REMOVALS = frozenset({MemberKicked.__struct_config__.tag, MemberBanned.__struct_config__.tag})


def overturn(state: GroupState, command: c.Overturn, actor: Actor, now: int, policy: Policy) -> Decision:
    """Say that the act is void, which lifts it; who was removed by it may come back, and so do entries."""
    restored = tuple(sorted(command.restores))
    pins = [pin for pin in command.pins if pin.seq in restored and pin.seq not in state.pins]
    place = state.kept or state
    back = text_back(state, command)
    suspension = place.status is GroupStatus.SUSPENDED and place.status_until_ms == command.until_ms
    measure = case_number(state.code, command.number)
    reopens = command.kind == CLOSING and state.kept is not None and state.kept.number == command.number
    invited = end_of(now, policy.invite_ms) if may_be_invited(state, command, now, policy) else 0
    asked = asked_again(state, command)
    granted = credentials_back(state, command, now)
    suspended_ms = command.back_until_ms if suspension and command.back_until_ms > now else 0
    if reopens:
        effect = Effect.REOPENED
    elif restored or back:
        effect = Effect.RESTORED
    elif asked:
        effect = Effect.ASKED
    elif suspended_ms or earlier_holds(state, measure, now):
        effect = Effect.EARLIER
    elif command.is_post and may_be_posted(state, command.user, now):
        effect = Effect.POSTED
    elif suspension or granted or is_in_force(state, command, now):
        effect = Effect.LIFTED
    else:
        effect = Effect.INVITED if invited else Effect.VOID
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
            invited_until_ms=invited,
            reopens=reopens,
            back_until_ms=suspended_ms,
            effect=effect,
            restored=restored,
            was_pins=tuple(pins[: max(0, policy.pins_per_group - len(state.pins))]),
            what=back.what if back else "",
            whose=back.user if back else "",
            text=back.was_text if back else "",
            asked_limit=asked,
            credentials=granted,
            acts=back.acts if back and back.what == GroupText.REASON else (),
        )
    ]


def may_be_posted(state: GroupState, user: str, now: int) -> bool:
    """Say whether what a member wrote may be posted now in their name; no content rule is asked again."""
    is_open = state.standing(now) in (GroupStatus.ACTIVE, GroupStatus.WARNED)
    return is_open and user in state.members and state.mute_of(user, now) is None


def asked_again(state: GroupState, command: c.Overturn) -> int:
    """Return the size that waits for an answer again, 0 for none: not past another one that was asked for meanwhile, or
    granted."""
    is_free = state.kept is None and not state.asked_limit and state.status is not GroupStatus.CLOSED
    return command.asked_limit if is_free and command.asked_limit > state.member_limit else 0


def credentials_back(state: GroupState, command: c.Overturn, now: int) -> Credentials:
    """Return what the channel has again of what the act took: not past what was granted in its place since."""
    taken = {one.slot for one in in_force(state.credentials, now)}
    return tuple(one for one in in_force(command.credentials, now) if one.slot not in taken)


def text_back(state: GroupState, command: c.Overturn) -> TextRemoved | None:
    """Return the removal of a text whose text comes back: not past another one that was set meanwhile."""
    removed = command.removed
    if removed is not None and removed.what == GroupText.REASON:
        return removed
    if removed is None or (removed.user and removed.user not in (state.kept or state).members):
        return None
    return removed if text_in(state, GroupText(removed.what), removed.user) == removed.text else None


def is_in_force(state: GroupState, command: c.Overturn, now: int) -> bool:
    """Say whether a ban, mute or warning that the act made, by the group or the platform, holds until now."""
    measure = case_number(state.code, command.number)
    ban, mute = state.ban_of(command.user, now), state.mute_of(command.user, now)
    warning = state.warnings.get(command.number)
    return (
        (ban is not None and ban.case == measure)
        or (mute is not None and mute.case == measure)
        or (warning is not None and warning.until_ms > now)
        or (state.kept or state).rectify_case == command.number
        or any(one.case == measure for one in state.refutations.values())
        or of_act(state.restrictions, measure, now) is not None
    )


def earlier_holds(state: GroupState, case: str, now: int) -> bool:
    """Say whether a restriction gives way to the one whose place it had taken."""
    return of_act(state.restrictions, case, now) is not None and is_back(state.restrictions, case, now)


def may_be_invited(state: GroupState, command: c.Overturn, now: int, policy: Policy) -> bool:
    """Say whether somebody who was removed can be invited back: not past another ban, nor past the cap."""
    user, place = command.user, state.kept or state
    if command.kind not in REMOVALS or place.status is GroupStatus.CLOSED or user in place.members:
        return False
    ban = state.ban_of(user, now)
    if ban is not None and ban.case != case_number(state.code, command.number):
        return False
    return user in place.invitations or len(place.invitations) < policy.invitations_per_group


APPEALS: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {c.Overturn: overturn}
