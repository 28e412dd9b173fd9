"""How events change a group: the only place where a `GroupState` is written."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from folkmoot_protocol.types import ChannelForm, CommentPolicy, GroupStatus, Role

from ..duration import FOREVER_MS
from . import events as e
from .apply_platform import PLATFORM_APPLIERS
from .keeping import KEEPING, place_of
from .state import (
    Ban,
    GroupState,
    Invitation,
    InviteCode,
    JoinRequest,
    Kept,
    Member,
    Mute,
    Pinned,
    Review,
    Wait,
    Warned,
    Word,
    case_number,
)


def founded(event: e.GroupCreated) -> GroupState:
    """Return the group that `event` founds, with its owner in it."""
    owner = Member(event.by, Role.OWNER, event.at)
    return GroupState(
        code=event.code,
        name=event.name,
        creator=event.by,
        owner=event.by,
        created_ts=event.at,
        topic=event.topic,
        category=event.category,
        join_mode=event.join_mode,
        member_limit=event.member_limit,
        grade=event.grade,
        form=event.form if isinstance(event, e.ChannelOpened) else None,
        handle=event.handle if isinstance(event, e.ChannelOpened) else "",
        opened_ts=event.at if isinstance(event, e.ChannelOpened) and event.form is ChannelForm.PERSONAL else 0,
        version=1,
        members={event.by: owner},
    )


def apply(state: GroupState, event: e.Event) -> None:
    """Change `state` as `event` says. An event once decided is never refused here."""
    state.version += 1
    APPLIERS[type(event)](state, event)


def replay(events: Iterable[e.Event]) -> GroupState:
    """Return the state that a whole stream of events, the founding first, leads to."""
    stream = iter(events)
    first = next(stream)
    assert isinstance(first, e.GroupCreated), "a group's stream begins with its founding"
    state = founded(first)
    for event in stream:
        apply(state, event)
    return state


def _drop_member(state: GroupState | Kept, user: str) -> None:
    """Forget a membership and what hangs on it; bans and mutes stay."""
    state.members.pop(user, None)
    if state.heir == user:
        _clear_heir(state)
    if state.successor == user:
        state.successor = ""


def _clear_heir(state: GroupState | Kept) -> None:
    state.heir, state.heir_until_ms = "", 0


def _joined(state: GroupState, event: e.MemberJoined) -> None:
    state.members[event.user] = Member(event.user, Role.MEMBER, event.at, giver=event.giver)
    state.requests.pop(event.user, None)
    state.invitations.pop(event.user, None)
    state.waits.pop(event.user, None)


def _bot_taken(state: GroupState, event: e.BotTaken) -> None:
    state.members[event.user] = replace(state.members[event.user], giver=event.by)


def _join_requested(state: GroupState, event: e.JoinRequested) -> None:
    state.requests = {user: one for user, one in state.requests.items() if one.until_ms > event.at}
    state.requests[event.user] = JoinRequest(event.user, event.at, event.until_ms, event.answer)


def _join_request_ended(state: GroupState, event: e.JoinRequestEnded) -> None:
    state.requests.pop(event.user, None)


def _invited(state: GroupState, event: e.Invited) -> None:
    state.invitations = {user: one for user, one in state.invitations.items() if one.until_ms > event.at}
    state.invitations[event.user] = Invitation(event.user, event.until_ms, event.by)
    state.waits.pop(event.user, None)


def _invitation_revoked(state: GroupState, event: e.InvitationRevoked) -> None:
    state.invitations.pop(event.user, None)


def _invitations_lapsed(state: GroupState, event: e.InvitationsLapsed) -> None:
    for user in event.users:
        state.invitations.pop(user, None)
    for code_id in event.code_ids:
        state.invite_codes.pop(code_id, None)


def _rejoin_barred(state: GroupState, event: e.RejoinBarred) -> None:
    case = case_number(state.code, state.version)
    state.waits = {user: wait for user, wait in state.waits.items() if wait.until_ms > event.at}
    state.waits[event.user] = Wait(event.user, event.until_ms, event.by, event.reason, case)


def _code_made(state: GroupState, event: e.InviteCodeMade) -> None:
    state.invite_codes = {name: code for name, code in state.invite_codes.items() if code.until_ms > event.at}
    state.invite_codes[event.code_id] = InviteCode(event.code_id, event.until_ms, event.uses, event.by)


def _code_used(state: GroupState, event: e.InviteCodeUsed) -> None:
    code = state.invite_codes[event.code_id]
    if code.uses > 1:
        state.invite_codes[event.code_id] = replace(code, uses=code.uses - 1)
    else:
        del state.invite_codes[event.code_id]


def _code_revoked(state: GroupState, event: e.InviteCodeRevoked) -> None:
    del state.invite_codes[event.code_id]


def _question(state: GroupState, event: e.QuestionSet) -> None:
    state.question, state.answers = event.question, "\n".join(event.answers)


def _left(state: GroupState, event: e.MemberLeft | e.MemberKicked) -> None:
    _drop_member(state, event.user)


def _departed(state: GroupState, event: e.MemberDeparted) -> None:
    place = place_of(state)
    _drop_member(place, event.user)
    place.requests.pop(event.user, None)
    place.invitations.pop(event.user, None)


def _banned(state: GroupState, event: e.MemberBanned) -> None:
    _drop_member(state, event.user)
    state.requests.pop(event.user, None)
    state.invitations.pop(event.user, None)
    case = case_number(state.code, state.version)
    state.bans = {user: ban for user, ban in state.bans.items() if ban.until_ms > event.at}
    state.bans[event.user] = Ban(event.user, event.until_ms, event.by, event.reason, case)


def _unbanned(state: GroupState, event: e.BanLifted) -> None:
    state.bans.pop(event.user, None)


def _muted(state: GroupState, event: e.MemberMuted) -> None:
    case = case_number(state.code, state.version)
    state.mutes = {user: mute for user, mute in state.mutes.items() if mute.until_ms > event.at}
    state.mutes[event.user] = Mute(event.user, event.until_ms, event.by, event.reason, case)


def _unmuted(state: GroupState, event: e.MuteLifted) -> None:
    state.mutes.pop(event.user, None)


def _warned(state: GroupState, event: e.MemberWarned) -> None:
    number = state.version
    state.warnings[number] = Warned(number, event.user, event.until_ms, event.by, event.reason, event.at)


def _unwarned(state: GroupState, event: e.WarningLifted) -> None:
    state.warnings.pop(event.number, None)


def _ladder(state: GroupState, event: e.LadderSet) -> None:
    state.ladder = event.ladder


def _noted(state: GroupState, event: e.NoteWritten | e.NotesCleared) -> None:
    """Notes are kept beside the group: it remembers only that its version moved on."""


def _locked(state: GroupState, event: e.GroupLocked) -> None:
    state.locked_until_ms = event.until_ms


def _unlocked(state: GroupState, event: e.GroupUnlocked | e.LockEnded) -> None:
    state.locked_until_ms = 0


def _slow_mode(state: GroupState, event: e.SlowModeSet) -> None:
    state.slow_ms = event.slow_ms


def _entry_deleted(state: GroupState, event: e.EntryDeleted | e.EntriesPurged) -> None:
    """The entries are the journal's; the group remembers only that its version moved on."""


def _pinned(state: GroupState, event: e.EntryPinned) -> None:
    state.pins[event.seq] = Pinned(event.seq, event.by, event.at)


def _unpinned(state: GroupState, event: e.EntryUnpinned) -> None:
    state.pins.pop(event.seq, None)


def _comments(state: GroupState, event: e.CommentsSet) -> None:
    if not event.seq:
        state.comments = event.comments
    elif event.comments is CommentPolicy.OPEN:
        state.threads.pop(event.seq, None)
    else:
        state.threads[event.seq] = event.comments


def _links(state: GroupState, event: e.LinksSet) -> None:
    state.links = event.links


def _promoted(state: GroupState, event: e.MemberPromoted | e.PermissionsSet) -> None:
    member = state.members[event.user]
    state.members[event.user] = replace(member, role=Role.ADMIN, permissions=frozenset(event.permissions))


def _demoted(state: GroupState, event: e.MemberDemoted) -> None:
    state.members[event.user] = replace(state.members[event.user], role=Role.MEMBER, permissions=frozenset())


def _tagged(state: GroupState, event: e.TagSet) -> None:
    state.members[event.user] = replace(state.members[event.user], tag=event.tag)


def _transfer_offered(state: GroupState, event: e.TransferOffered) -> None:
    state.heir, state.heir_until_ms = event.user, event.until_ms


def _transfer_withdrawn(state: GroupState, event: e.TransferWithdrawn | e.TransferExpired) -> None:
    _clear_heir(state)


def _transferred(state: GroupState, event: e.OwnershipTransferred) -> None:
    previous, heir = state.members[event.previous], state.members[event.user]
    state.members[event.previous] = replace(previous, role=Role.ADMIN, permissions=state.permissions)
    state.members[event.user] = replace(heir, role=Role.OWNER, permissions=frozenset())
    state.owner = event.user
    state.mutes.pop(event.user, None)
    state.successor = ""
    _clear_heir(state)


def _owner_replaced(state: GroupState, event: e.OwnerReplaced) -> None:
    _transferred(state, event)
    state.members[event.previous] = replace(state.members[event.previous], role=Role.MEMBER, permissions=frozenset())


def _ownership_returned(state: GroupState, event: e.OwnershipReturned) -> None:
    _transferred(state, event)
    permissions = frozenset(event.was_permissions)
    state.members[event.previous] = replace(state.members[event.previous], role=event.was_role, permissions=permissions)
    state.successor = event.was_successor


def _owner_missing(state: GroupState, event: e.OwnerMissing) -> None:
    state.locked_until_ms = FOREVER_MS


def _heir_named(state: GroupState, event: e.HeirNamed) -> None:
    state.successor = event.user


def _heir_dropped(state: GroupState, event: e.HeirDropped) -> None:
    state.successor = ""


def _antiraid(state: GroupState, event: e.AntiraidSet) -> None:
    """Set an end; while it was on already, who counts as a newcomer stays as it was."""
    if state.antiraid_until_ms <= event.at:
        state.antiraid_from_ms, state.antiraid_since_ms = event.newcomers_ms, event.at
    state.antiraid_until_ms = event.until_ms


def _antiraid_ended(state: GroupState, event: e.AntiraidEnded) -> None:
    """End it; `antiraid_since_ms` keeps when, for the service should not raise it again at once."""
    state.antiraid_from_ms, state.antiraid_since_ms, state.antiraid_until_ms = 0, event.at, 0


def _antiraid_lapsed(state: GroupState, event: e.AntiraidLapsed) -> None:
    state.antiraid_from_ms = state.antiraid_since_ms = state.antiraid_until_ms = 0


def _renamed(state: GroupState, event: e.GroupRenamed) -> None:
    state.name = event.name


def _topic(state: GroupState, event: e.TopicSet) -> None:
    state.topic = event.topic


def _category(state: GroupState, event: e.CategorySet) -> None:
    state.category = event.category


def _join_mode(state: GroupState, event: e.JoinModeSet) -> None:
    state.join_mode = event.join_mode


def _member_limit(state: GroupState, event: e.MemberLimitSet) -> None:
    state.member_limit, state.asked_limit = event.limit, 0


def _limit_asked(state: GroupState, event: e.LimitAsked) -> None:
    state.asked_limit = event.limit


def _limit_granted(state: GroupState, event: e.LimitGranted) -> None:
    state.member_limit, state.asked_limit = event.limit, 0


def _limit_denied(state: GroupState, event: e.LimitDenied | e.LimitWithdrawn) -> None:
    state.asked_limit = 0


def _graded(state: GroupState, event: e.GroupGraded) -> None:
    state.grade, state.entries_per_day = event.grade, event.entries_per_day
    state.most_followers = max(state.most_followers, event.followers)


def _info_page(state: GroupState, event: e.InfoPageSet) -> None:
    state.info_hidden_ms = event.at if event.shown == "off" else 0


def _rules(state: GroupState, event: e.RulesSet) -> None:
    state.rules = event.rules


def _announced(state: GroupState, event: e.AnnouncementSet) -> None:
    state.announcement = event.announcement


def _announcement_cleared(state: GroupState, event: e.AnnouncementCleared) -> None:
    state.announcement = ""


def _suspended(state: GroupState, event: e.GroupSuspended) -> None:
    state.status, state.status_until_ms = GroupStatus.SUSPENDED, event.until_ms


def _restored(state: GroupState, event: e.GroupRestored | e.SuspensionEnded) -> None:
    state.status, state.status_until_ms = GroupStatus.ACTIVE, 0


def _bans_ended(state: GroupState, event: e.BansEnded) -> None:
    for user in event.users:
        state.bans.pop(user, None)


def _mutes_ended(state: GroupState, event: e.MutesEnded) -> None:
    for user in event.users:
        state.mutes.pop(user, None)


def _warnings_expired(state: GroupState, event: e.WarningsExpired) -> None:
    for number in event.numbers:
        state.warnings.pop(number, None)


def _requests_ended(state: GroupState, event: e.RequestsExpired | e.JoinRequestsClosed) -> None:
    for user in event.users:
        state.requests.pop(user, None)


def _invitations_expired(state: GroupState, event: e.InvitationsExpired) -> None:
    for user in event.users:
        state.invitations.pop(user, None)


def _content_refused(state: GroupState, event: e.ContentRefused) -> None:
    """Nothing came of the post: this is for the record."""


def _review(state: GroupState, event: e.ContentHeld | e.ContentFlagged) -> None:
    if isinstance(event, e.ContentFlagged) and not event.queued:
        return
    held: dict[str, Any] = {"seq": event.seq} if isinstance(event, e.ContentFlagged) else {"mark": event.mark}
    held |= {"staff": event.staff, "own_rule": event.own_rule}
    number = state.version
    state.reviews = {one: review for one, review in state.reviews.items() if review.until_ms > event.at}
    state.reviews[number] = Review(number, event.user, event.at, event.rule, event.severity, event.until_ms, **held)


def _reviewed(state: GroupState, event: e.HeldApproved | e.HeldDenied | e.HeldRejected | e.FlagCleared) -> None:
    state.reviews.pop(event.number, None)


def _released(state: GroupState, event: e.HeldReleased) -> None:
    review = state.reviews.pop(event.number, None)
    if review is not None and event.to_admins:
        state.reviews[event.number] = replace(review, staff=False, rule=review.own_rule, own_rule="")


def _word_added(state: GroupState, event: e.WordAdded) -> None:
    state.words = {**state.words, event.word: Word(event.word, event.verdict, event.by)}


def _word_removed(state: GroupState, event: e.WordRemoved) -> None:
    state.words = {word: one for word, one in state.words.items() if word != event.word}


APPLIERS: dict[type[e.Event], Callable[[GroupState, Any], None]] = {
    e.MemberJoined: _joined,
    e.BotTaken: _bot_taken,
    e.JoinRequested: _join_requested,
    e.JoinRequestEnded: _join_request_ended,
    e.JoinRequestsClosed: _requests_ended,
    e.Invited: _invited,
    e.RejoinBarred: _rejoin_barred,
    e.InvitationRevoked: _invitation_revoked,
    e.InvitationsLapsed: _invitations_lapsed,
    e.InviteCodeMade: _code_made,
    e.InviteCodeUsed: _code_used,
    e.InviteCodeRevoked: _code_revoked,
    e.QuestionSet: _question,
    e.MemberLeft: _left,
    e.MemberDeparted: _departed,
    e.MemberKicked: _left,
    e.MemberBanned: _banned,
    e.BanLifted: _unbanned,
    e.MemberMuted: _muted,
    e.MuteLifted: _unmuted,
    e.MemberWarned: _warned,
    e.WarningLifted: _unwarned,
    e.LadderSet: _ladder,
    e.NoteWritten: _noted,
    e.NotesCleared: _noted,
    e.GroupLocked: _locked,
    e.GroupUnlocked: _unlocked,
    e.SlowModeSet: _slow_mode,
    e.EntryDeleted: _entry_deleted,
    e.EntriesPurged: _entry_deleted,
    e.EntryPinned: _pinned,
    e.EntryUnpinned: _unpinned,
    e.CommentsSet: _comments,
    e.LinksSet: _links,
    e.MemberPromoted: _promoted,
    e.PermissionsSet: _promoted,
    e.MemberDemoted: _demoted,
    e.TagSet: _tagged,
    e.TransferOffered: _transfer_offered,
    e.TransferWithdrawn: _transfer_withdrawn,
    e.OwnershipTransferred: _transferred,
    e.AntiraidSet: _antiraid,
    e.RaidNoticed: _antiraid,
    e.AntiraidEnded: _antiraid_ended,
    e.AntiraidLapsed: _antiraid_lapsed,
    e.OwnerReplaced: _owner_replaced,
    e.OwnershipReturned: _ownership_returned,
    e.OwnerMissing: _owner_missing,
    e.HeirNamed: _heir_named,
    e.HeirDropped: _heir_dropped,
    e.GroupRenamed: _renamed,
    e.TopicSet: _topic,
    e.CategorySet: _category,
    e.JoinModeSet: _join_mode,
    e.MemberLimitSet: _member_limit,
    e.LimitAsked: _limit_asked,
    e.LimitGranted: _limit_granted,
    e.LimitDenied: _limit_denied,
    e.LimitWithdrawn: _limit_denied,
    e.GroupGraded: _graded,
    e.InfoPageSet: _info_page,
    e.RulesSet: _rules,
    e.AnnouncementSet: _announced,
    e.AnnouncementCleared: _announcement_cleared,
    e.ContentRefused: _content_refused,
    e.ContentHeld: _review,
    e.ContentFlagged: _review,
    e.HeldApproved: _reviewed,
    e.HeldDenied: _reviewed,
    e.HeldRejected: _reviewed,
    e.HeldReleased: _released,
    e.FlagCleared: _reviewed,
    e.WordAdded: _word_added,
    e.WordRemoved: _word_removed,
    e.GroupSuspended: _suspended,
    e.GroupRestored: _restored,
    **PLATFORM_APPLIERS,
    **KEEPING,
    e.BansEnded: _bans_ended,
    e.MutesEnded: _mutes_ended,
    e.LockEnded: _unlocked,
    e.SuspensionEnded: _restored,
    e.WarningsExpired: _warnings_expired,
    e.RequestsExpired: _requests_ended,
    e.InvitationsExpired: _invitations_expired,
    e.TransferExpired: _transfer_withdrawn,
}
