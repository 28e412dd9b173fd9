"""How acts of the operator's staff change a group, and appeals that succeeded."""

from collections.abc import Callable
from typing import Any

from folkmoot_protocol.types import GroupStatus

from ..credentials import with_one
from ..credentials import without as without_credentials
from ..restrictions import Restriction, without, without_act
from . import events as e
from .keeping import place_of, reopen
from .removed_texts import GroupText, put_text
from .state import GroupState, Invitation, Kept, Pinned, Refuted, case_number


def _restricted(state: GroupState, event: e.GroupRestricted) -> None:
    case = case_number(state.code, state.version)
    taken = Restriction(event.measure, case, event.until_ms, event.reason, event.scopes)
    state.restrictions = (*state.restrictions, taken)


def _restriction_ended(state: GroupState, event: e.GroupRestrictionEnded) -> None:
    state.restrictions = without(state.restrictions, event.measure)


def _overturned(state: GroupState, event: e.MeasureOverturned) -> None:
    """Lift what the act did, as far as it is the one in force."""
    if event.reopens:
        reopen(state)
        return
    for held in (state.bans, state.mutes):
        one = held.get(event.user)
        if one is not None and one.case == event.measure:
            held.pop(event.user)
    state.warnings.pop(event.number, None)
    state.refutations = {seq: one for seq, one in state.refutations.items() if one.case != event.measure}
    place = place_of(state)
    if place.rectify_case == event.number:
        close_rectification(place)
    if event.lifts_suspension:
        place.status = GroupStatus.SUSPENDED if event.back_until_ms else GroupStatus.ACTIVE
        place.status_until_ms = event.back_until_ms
    state.restrictions = without_act(state.restrictions, event.measure)
    if event.invited_until_ms:
        place.waits.pop(event.user, None)
        place.invitations[event.user] = Invitation(event.user, event.invited_until_ms, event.by)
    for pin in event.was_pins:
        state.pins[pin.seq] = Pinned(pin.seq, pin.by, pin.ts)
    for credential in event.credentials:
        state.credentials = with_one(state.credentials, credential)
    if event.asked_limit:
        state.asked_limit = event.asked_limit
    if event.what:
        put_text(state, place, GroupText(event.what), event.whose, event.text, acts=event.acts)


def _entries_removed(state: GroupState, event: e.EntriesRemoved) -> None:
    for pin in event.was_pins:
        state.pins.pop(pin.seq)


def _text_removed(state: GroupState, event: e.TextRemoved) -> None:
    put_text(state, place_of(state), GroupText(event.what), event.user, event.text, event.was_text, event.acts)
    for pin in event.was_pins:
        state.pins.pop(pin.seq)


def _reviewed(state: GroupState, event: e.ChannelReviewed) -> None:
    state.opened_ts = event.at


def _granted(state: GroupState, event: e.CredentialGranted) -> None:
    state.credentials = with_one(state.credentials, event.credential)


def _credentials_gone(state: GroupState, event: e.CredentialRevoked | e.CredentialsEnded) -> None:
    state.credentials = without_credentials(state.credentials, event.credentials)


def _refuted(state: GroupState, event: e.PostRefuted) -> None:
    case, reposters = case_number(state.code, state.version), " ".join(event.reposters)
    state.refutations[event.seq] = Refuted(event.seq, event.user, event.text, event.at, case, reposters)


def _refutation_withdrawn(state: GroupState, event: e.RefutationWithdrawn) -> None:
    state.refutations.pop(event.seq, None)


def close_rectification(state: GroupState | Kept) -> None:
    """Forget a warning of the platform: it is closed."""
    state.rectify_case = state.rectify_until_ms = state.rectified_ms = 0
    state.inspect_until_ms = state.date_told = 0
    state.rectify_reason = state.rectified_text = ""


def _group_warned(state: GroupState, event: e.GroupWarned) -> None:
    state.rectify_case, state.rectify_until_ms, state.rectify_reason = state.version, event.until_ms, event.reason


def _told(state: GroupState, event: e.RectificationTold) -> None:
    state.rectified_ms, state.rectified_text = event.at, event.text
    state.inspect_until_ms, state.date_told = event.inspect_until_ms, 0


def _accepted(state: GroupState, event: e.RectificationAccepted) -> None:
    close_rectification(state)


def _rejected(state: GroupState, event: e.RectificationRejected) -> None:
    state.rectify_until_ms, state.rectify_reason = event.until_ms, event.reason
    state.rectified_ms, state.rectified_text = 0, ""
    state.inspect_until_ms = state.date_told = 0


def _near(state: GroupState, event: e.MendingDueSoon | e.InspectionDueSoon) -> None:
    state.date_told = 1


def _over(state: GroupState, event: e.MendingOverdue | e.InspectionOverdue) -> None:
    state.date_told = 2


PLATFORM_APPLIERS: dict[type[e.Event], Callable[[GroupState, Any], None]] = {
    e.MeasureOverturned: _overturned,
    e.EntriesRemoved: _entries_removed,
    e.PostRefuted: _refuted,
    e.RefutationWithdrawn: _refutation_withdrawn,
    e.TextRemoved: _text_removed,
    e.GroupRestricted: _restricted,
    e.GroupRestrictionEnded: _restriction_ended,
    e.GroupWarned: _group_warned,
    e.RectificationTold: _told,
    e.RectificationAccepted: _accepted,
    e.RectificationRejected: _rejected,
    e.MendingDueSoon: _near,
    e.MendingOverdue: _over,
    e.InspectionDueSoon: _near,
    e.InspectionOverdue: _over,
    e.ChannelReviewed: _reviewed,
    e.CredentialGranted: _granted,
    e.CredentialRevoked: _credentials_gone,
    e.CredentialsEnded: _credentials_gone,
}
