"""The group's own record: whom an act concerns, and whether it can still be undone."""

from collections.abc import Callable
from typing import Any

from folkmoot_protocol.types import JoinMode, LinkRule, Role

from .group import events as e
from .group.state import GroupState, case_number

WITHIN: frozenset[type[e.Event]] = frozenset({e.NoteWritten, e.NotesCleared, e.ContentFlagged, e.FlagCleared})
"""What owner and admins keep among themselves, even from the member whom it is about."""


def concerns(event: e.Event, user: str) -> bool:
    """Say whether `event` is an act of `user`, or aimed at it."""
    if event.by == user:
        return True
    aimed_at = (getattr(event, "user", ""), getattr(event, "previous", ""), *getattr(event, "users", ()))
    return user in aimed_at and type(event) not in WITHIN


def _is_out(state: GroupState, user: str) -> bool:
    """Say whether an invitation would let somebody in who cannot come in without."""
    return not any(user in held for held in (state.members, state.bans, state.invitations))


Stands = Callable[[GroupState, Any, str], bool]

IN_FORCE: dict[type[e.Event], Stands] = {
    e.MemberBanned: lambda state, event, case: event.user in state.bans and state.bans[event.user].case == case,
    e.MemberMuted: lambda state, event, case: event.user in state.mutes and state.mutes[event.user].case == case,
    e.MemberWarned: lambda state, event, case: any(
        case_number(state.code, one.number) == case for one in state.warnings.values()
    ),
    e.LadderSet: lambda state, event, case: state.ladder == event.ladder != "",
    e.LinksSet: lambda state, event, case: state.links is event.links is not LinkRule.ON,
    e.WordAdded: lambda state, event, case: event.word in state.words,
    e.WordRemoved: lambda state, event, case: event.word not in state.words,
    e.EntryPinned: lambda state, event, case: event.seq in state.pins,
    e.EntryUnpinned: lambda state, event, case: event.seq not in state.pins,
    e.HeirNamed: lambda state, event, case: state.successor == event.user,
    e.HeirDropped: lambda state, event, case: event.user in state.members and state.successor != event.user,
    e.MemberKicked: lambda state, event, case: _is_out(state, event.user),
    e.RejoinBarred: lambda state, event, case: _is_out(state, event.user),
    e.Invited: lambda state, event, case: (
        event.user in state.invitations and state.invitations[event.user].until_ms == event.until_ms
    ),
    e.InvitationRevoked: lambda state, event, case: _is_out(state, event.user),
    e.InviteCodeMade: lambda state, event, case: event.code_id in state.invite_codes,
    e.AntiraidSet: lambda state, event, case: state.antiraid_until_ms == event.until_ms,
    e.RaidNoticed: lambda state, event, case: state.antiraid_until_ms == event.until_ms,
    e.AntiraidEnded: lambda state, event, case: not state.antiraid_until_ms,
    e.MemberJoined: lambda state, event, case: state.role_of(event.user) is Role.MEMBER,
    e.JoinRequested: lambda state, event, case: event.user in state.requests,
    e.GroupLocked: lambda state, event, case: state.locked_until_ms == event.until_ms,
    e.GroupUnlocked: lambda state, event, case: not state.locked_until_ms,
    e.SlowModeSet: lambda state, event, case: state.slow_ms == event.slow_ms != 0,
    e.MemberPromoted: lambda state, event, case: state.role_of(event.user) is Role.ADMIN,
    e.MemberDemoted: lambda state, event, case: state.role_of(event.user) is Role.MEMBER,
    e.TagSet: lambda state, event, case: (
        event.user in state.members and state.members[event.user].tag == event.tag != ""
    ),
    e.TransferOffered: lambda state, event, case: state.heir == event.user and state.heir_until_ms == event.until_ms,
    e.AnnouncementSet: lambda state, event, case: state.announcement == event.announcement,
    e.RulesSet: lambda state, event, case: state.rules == event.rules != "",
    e.GroupRenamed: lambda state, event, case: state.name == event.name != event.was is not None,
    e.TopicSet: lambda state, event, case: state.topic == event.topic != event.was is not None,
    e.CategorySet: lambda state, event, case: state.category == event.category != event.was is not None,
    e.JoinModeSet: lambda state, event, case: state.join_mode is event.join_mode and event.was is not None,
    e.MemberLimitSet: lambda state, event, case: state.member_limit == event.limit and event.was is not None,
    e.QuestionSet: lambda state, event, case: (
        state.question == event.question != "" and state.join_mode is not JoinMode.QUESTION
    ),
    e.TransferWithdrawn: lambda state, event, case: not state.heir and event.user in state.members,
    e.OwnershipTransferred: lambda state, event, case: (
        state.owner == event.user and event.previous in state.members and state.heir != event.previous
    ),
}
"""For events that a command undoes: whether there is still something to undo in `state`, where the act has `case`."""


def can_be_undone(state: GroupState, event: e.Event, case: str) -> bool:
    """Say whether what `event` did, as act `case`, is still so, as far as a command undoes it.

    An event that the table does not name is taken to stand: undoing it twice is refused with the reason.
    """
    stands = IN_FORCE.get(type(event))
    return stands is None or stands(state, event, case)
