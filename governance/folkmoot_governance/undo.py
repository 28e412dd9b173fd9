"""What undoes an act: a slash command that restores exactly what was before, as long as what the act did is still so.

Two tables, by event. `UNDO` has the lines that restore, where the event knows what was before and nothing has been put
in its place. `HELPS` has those that help where nothing restores: who was kicked can be invited, which gives back no
role. What is in neither cannot be undone by a command.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from folkmoot_protocol.types import CommentPolicy, JoinMode, Role

from .duration import show_duration, show_until
from .group import events as e
from .group.state import GroupState, case_number
from .roles import Permission
from .typed import write_text


class Asked(Struct, frozen=True):
    """Who wants to undo which act (its case number), and when (Unix ms)."""

    case: str
    user: str
    now: int

    @property
    def act(self) -> str:
        """The number of the act in its group."""
        return self.case.rpartition("-")[2]


class Undo(Struct, frozen=True):
    """A slash command; whether it `restores` all that was, or helps only."""

    line: str
    restores: bool


Line = Callable[[GroupState, Any, Asked], str]
"""Returns a slash command, empty where none is of use (any more)."""


def undo_of(state: GroupState, event: e.Event, case: str, user: str, now: int) -> Undo | None:
    """Return what undoes `event`, the act `case`, by `user` at `now`, where the group is at `state`."""
    asked = Asked(case, user, now)
    for table, restores in ((UNDO, True), (HELPS, False)):
        line = table[type(event)](state, event, asked) if type(event) in table else ""
        if line:
            return Undo(line, restores)
    return None


def _ban(state: GroupState, event: e.MemberBanned, asked: Asked) -> str:
    ban = state.bans.get(event.user)
    if not event.was_out or ban is None or ban.case != asked.case:
        return ""
    if event.was_until_ms <= asked.now:
        return f"/unban @{event.user}"
    return f"/ban @{event.user} replace {show_until(event.was_until_ms)} {event.was_reason}".rstrip()


def _lifted_ban(state: GroupState, event: e.BanLifted, asked: Asked) -> str:
    if event.was_until_ms <= asked.now or _has_place(state, event.user):
        return ""
    return f"/ban @{event.user} {show_until(event.was_until_ms)} {event.was_reason}".rstrip()


def _mute(state: GroupState, event: e.MemberMuted, asked: Asked) -> str:
    mute = state.mutes.get(event.user)
    if event.was_until_ms is None or mute is None or mute.case != asked.case:
        return ""
    if event.was_until_ms <= asked.now:
        return f"/unmute @{event.user}"
    if event.user not in state.members and state.form is None:
        return ""
    return f"/mute @{event.user} replace {show_until(event.was_until_ms)} {event.was_reason}".rstrip()


def _lifted_mute(state: GroupState, event: e.MuteLifted, asked: Asked) -> str:
    is_gone = event.user not in state.members and state.form is None
    if event.was_until_ms <= asked.now or event.user in state.mutes or is_gone:
        return ""
    return f"/mute @{event.user} {show_until(event.was_until_ms)} {event.was_reason}".rstrip()


def _warning(state: GroupState, event: e.MemberWarned, asked: Asked) -> str:
    is_there = any(case_number(state.code, one.number) == asked.case for one in state.warnings.values())
    return f"/unwarn @{event.user} {asked.act}" if is_there else ""


def _note(state: GroupState, event: e.NoteWritten, asked: Asked) -> str:
    return f"/note @{event.user} clear {asked.act}"


def _ladder(state: GroupState, event: e.LadderSet, asked: Asked) -> str:
    if event.was_ladder is None or state.ladder != event.ladder:
        return ""
    return f"/ladder {event.was_ladder or 'default'}"


def _lock(state: GroupState, event: e.GroupLocked, asked: Asked) -> str:
    if event.was_until_ms is None or state.locked_until_ms != event.until_ms:
        return ""
    return f"/lock replace {show_until(event.was_until_ms)}" if event.was_until_ms > asked.now else "/unlock"


def _unlock(state: GroupState, event: e.GroupUnlocked, asked: Asked) -> str:
    is_over = event.was_until_ms <= asked.now or state.locked_until_ms > asked.now
    return "" if is_over else f"/lock {show_until(event.was_until_ms)}"


def _slow(state: GroupState, event: e.SlowModeSet, asked: Asked) -> str:
    if event.was_slow_ms is None or state.slow_ms != event.slow_ms:
        return ""
    return f"/slow {show_duration(event.was_slow_ms) if event.was_slow_ms else 'off'}"


def _antiraid(state: GroupState, event: e.AntiraidSet, asked: Asked) -> str:
    if event.was_until_ms is None or state.antiraid_until_ms != event.until_ms:
        return ""
    is_on = event.was_until_ms > asked.now
    return f"/antiraid on replace {show_until(event.was_until_ms)}" if is_on else "/antiraid off"


def _raid(state: GroupState, event: e.RaidNoticed, asked: Asked) -> str:
    return "/antiraid off" if state.antiraid_until_ms == event.until_ms else ""


def _join(state: GroupState, event: e.MemberJoined, asked: Asked) -> str:
    if event.giver:
        return f"/bot remove {event.user}" if event.user in state.members else ""
    is_mine = event.was_nothing and event.user == event.by == asked.user
    return f"/leave {state.code}" if is_mine and state.role_of(event.user) is Role.MEMBER else ""


def _request(state: GroupState, event: e.JoinRequested, asked: Asked) -> str:
    return f"/leave {state.code}" if event.user == asked.user and event.user in state.requests else ""


def _invitation(state: GroupState, event: e.Invited, asked: Asked) -> str:
    one = state.invitations.get(event.user)
    return f"/uninvite @{event.user}" if event.was_nothing and one and one.until_ms == event.until_ms else ""


def _code(state: GroupState, event: e.InviteCodeMade, asked: Asked) -> str:
    return f"/uninvite {event.code_id}" if event.code_id in state.invite_codes else ""


def _question(state: GroupState, event: e.QuestionSet, asked: Asked) -> str:
    if event.was_question is None or (state.question, state.answers) != (event.question, "\n".join(event.answers)):
        return ""
    if event.was_question:
        return f"/question {event.was_question} = {' | '.join(event.was_answers)}"
    return "" if state.join_mode is JoinMode.QUESTION else "/question off"


def _pin(state: GroupState, event: e.EntryPinned, asked: Asked) -> str:
    return f"/unpin {event.seq}" if event.seq in state.pins else ""


def _unpin(state: GroupState, event: e.EntryUnpinned, asked: Asked) -> str:
    is_out = event.was_latest and event.seq not in state.pins
    return f"/pin {event.seq}" if is_out else ""


def _comments(state: GroupState, event: e.CommentsSet, asked: Asked) -> str:
    now = state.threads.get(event.seq, CommentPolicy.OPEN) if event.seq else state.comments
    is_so = now is event.comments is not event.was_comments
    return f"/comments {event.was_comments} {event.seq or ''}".rstrip() if is_so else ""


def _links(state: GroupState, event: e.LinksSet, asked: Asked) -> str:
    return f"/links {event.was_links}" if event.was_links and state.links is event.links else ""


def _promotion(state: GroupState, event: e.MemberPromoted, asked: Asked) -> str:
    return f"/demote @{event.user}" if state.role_of(event.user) is Role.ADMIN else ""


def _demotion(state: GroupState, event: e.MemberDemoted, asked: Asked) -> str:
    if event.was_permissions is None or state.role_of(event.user) is not Role.MEMBER:
        return ""
    if frozenset(event.was_permissions) == state.permissions:
        return f"/promote @{event.user}"
    return f"/promote @{event.user} {' '.join(event.was_permissions) or 'none'}"


def _rights(state: GroupState, event: e.PermissionsSet, asked: Asked) -> str:
    member = state.members.get(event.user)
    if event.was_permissions is None or member is None or member.role is not Role.ADMIN:
        return ""
    if member.permissions != frozenset(event.permissions):
        return ""
    changes = [
        _change(one, event) for one in Permission if (one in event.permissions) != (one in event.was_permissions)
    ]
    return f"/rights @{event.user} {' '.join(changes)}"


def _change(one: Permission, event: e.PermissionsSet) -> str:
    return f"-{one}" if one in event.permissions else f"+{one}"


def _tag(state: GroupState, event: e.TagSet, asked: Asked) -> str:
    member = state.members.get(event.user)
    is_so = event.was_tag is not None and member is not None and member.tag == event.tag
    return f"/tag @{event.user} {write_text(event.was_tag or '')}" if is_so else ""


def _offer(state: GroupState, event: e.TransferOffered, asked: Asked) -> str:
    is_open = state.heir == event.user and state.heir_until_ms == event.until_ms
    return "/transfer cancel" if event.was_nothing and is_open else ""


def _heir(state: GroupState, event: e.HeirNamed, asked: Asked) -> str:
    if event.was_heir is None or state.successor != event.user:
        return ""
    if event.was_heir and event.was_heir not in state.members:
        return ""
    return f"/heir @{event.was_heir}" if event.was_heir else "/heir off"


def _no_heir(state: GroupState, event: e.HeirDropped, asked: Asked) -> str:
    return f"/heir @{event.user}" if event.user in state.members and not state.successor else ""


def _name(state: GroupState, event: e.GroupRenamed, asked: Asked) -> str:
    return f"/rename {event.was}" if event.was is not None and state.name == event.name else ""


def _topic(state: GroupState, event: e.TopicSet, asked: Asked) -> str:
    return f"/topic {write_text(event.was)}" if event.was is not None and state.topic == event.topic else ""


def _category(state: GroupState, event: e.CategorySet, asked: Asked) -> str:
    return f"/category {event.was}" if event.was_free and state.category == event.category else ""


def _join_mode(state: GroupState, event: e.JoinModeSet, asked: Asked) -> str:
    has_question = event.was is not JoinMode.QUESTION or state.answers
    is_so = event.was is not None and state.join_mode is event.join_mode and has_question
    return f"/joinmode {event.was}" if is_so else ""


def _limit(state: GroupState, event: e.MemberLimitSet, asked: Asked) -> str:
    is_so = event.was_free and state.member_limit == event.limit and not (state.asked_limit or event.was_asked)
    return f"/limit {event.was}" if is_so and len(state.members) <= (event.was or 0) else ""


def _page(state: GroupState, event: e.InfoPageSet, asked: Asked) -> str:
    return "/infopage on" if event.shown == "off" and state.info_hidden_ms == event.at else ""


def _rules(state: GroupState, event: e.RulesSet, asked: Asked) -> str:
    is_so = event.was_rules is not None and state.rules == event.rules
    return f"/setrules {write_text(event.was_rules or '')}" if is_so else ""


def _announcement(state: GroupState, event: e.AnnouncementSet, asked: Asked) -> str:
    is_so = event.was_announcement is not None and state.announcement == event.announcement
    return f"/announce {write_text(event.was_announcement or '')}" if is_so else ""


def _no_announcement(state: GroupState, event: e.AnnouncementCleared, asked: Asked) -> str:
    is_so = event.was_announcement and not state.announcement
    return f"/announce {write_text(event.was_announcement)}" if is_so else ""


def _word(state: GroupState, event: e.WordAdded, asked: Asked) -> str:
    word = state.words.get(event.word)
    if event.was_verdict is None or word is None or word.verdict is not event.verdict:
        return ""
    return f"/word add {event.was_verdict} {event.word}" if event.was_verdict else f"/word del {event.word}"


def _no_word(state: GroupState, event: e.WordRemoved, asked: Asked) -> str:
    is_out = event.was_verdict and event.word not in state.words
    return f"/word add {event.was_verdict} {event.word}" if is_out else ""


def _has_place(state: GroupState, user: str) -> bool:
    """Say whether somebody is in, banned, invited or waiting: what an invitation or a ban would change is more then."""
    return any(user in held for held in (state.members, state.bans, state.invitations, state.requests))


def _invite(state: GroupState, event: e.MemberKicked | e.RejoinBarred | e.InvitationRevoked, asked: Asked) -> str:
    is_out = not any(event.user in held for held in (state.members, state.bans, state.invitations))
    return f"/invite @{event.user}" if is_out else ""


def _unban(state: GroupState, event: e.MemberBanned, asked: Asked) -> str:
    ban = state.bans.get(event.user)
    return f"/unban @{event.user}" if ban is not None and ban.case == asked.case else ""


def _remove(state: GroupState, event: e.MemberJoined, asked: Asked) -> str:
    is_another = event.user != asked.user and state.role_of(event.user) is Role.MEMBER
    return f"/kick @{event.user}" if is_another else ""


def _pin_again(state: GroupState, event: e.EntryUnpinned, asked: Asked) -> str:
    return f"/pin {event.seq}" if event.was_latest is False and event.seq not in state.pins else ""


def _hand_over(state: GroupState, event: e.OwnershipTransferred, asked: Asked) -> str:
    is_so = state.owner == event.user and event.previous in state.members and state.heir != event.previous
    return f"/transfer @{event.previous}" if is_so else ""


def _offer_again(state: GroupState, event: e.TransferWithdrawn, asked: Asked) -> str:
    return f"/transfer @{event.user}" if not state.heir and event.user in state.members else ""


def _raid_again(state: GroupState, event: e.AntiraidEnded, asked: Asked) -> str:
    return "" if state.antiraid_until_ms else "/antiraid on"


UNDO: dict[type[e.Event], Line] = {
    e.MemberBanned: _ban,
    e.BanLifted: _lifted_ban,
    e.MemberMuted: _mute,
    e.MuteLifted: _lifted_mute,
    e.MemberWarned: _warning,
    e.NoteWritten: _note,
    e.LadderSet: _ladder,
    e.GroupLocked: _lock,
    e.GroupUnlocked: _unlock,
    e.SlowModeSet: _slow,
    e.AntiraidSet: _antiraid,
    e.RaidNoticed: _raid,
    e.MemberJoined: _join,
    e.JoinRequested: _request,
    e.Invited: _invitation,
    e.InviteCodeMade: _code,
    e.QuestionSet: _question,
    e.EntryPinned: _pin,
    e.EntryUnpinned: _unpin,
    e.CommentsSet: _comments,
    e.LinksSet: _links,
    e.MemberPromoted: _promotion,
    e.MemberDemoted: _demotion,
    e.PermissionsSet: _rights,
    e.TagSet: _tag,
    e.TransferOffered: _offer,
    e.HeirNamed: _heir,
    e.HeirDropped: _no_heir,
    e.GroupRenamed: _name,
    e.TopicSet: _topic,
    e.CategorySet: _category,
    e.JoinModeSet: _join_mode,
    e.MemberLimitSet: _limit,
    e.InfoPageSet: _page,
    e.RulesSet: _rules,
    e.AnnouncementSet: _announcement,
    e.AnnouncementCleared: _no_announcement,
    e.WordAdded: _word,
    e.WordRemoved: _no_word,
}

HELPS: dict[type[e.Event], Line] = {
    e.MemberKicked: _invite,
    e.RejoinBarred: _invite,
    e.InvitationRevoked: _invite,
    e.MemberBanned: _unban,
    e.MemberJoined: _remove,
    e.EntryUnpinned: _pin_again,
    e.OwnershipTransferred: _hand_over,
    e.TransferWithdrawn: _offer_again,
    e.AntiraidEnded: _raid_again,
}
