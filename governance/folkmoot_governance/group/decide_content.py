"""Content: what is noted of posts that broke a rule, what is held for review, and the group's own words (G10)."""

from collections.abc import Callable, Sequence
from typing import Any

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus

from ..actor import Actor
from ..content.kinds import Action
from ..content.rules import check_steps
from ..duration import end_of
from ..policy import Policy
from ..refusal import Refusal
from ..text import N_
from . import commands as c
from .checks import check_standing, refuse
from .decide_moderation import check_within
from .events import (
    ContentFlagged,
    ContentHeld,
    ContentRefused,
    Event,
    FlagCleared,
    HeldApproved,
    HeldDenied,
    HeldRejected,
    HeldReleased,
    WordAdded,
    WordRemoved,
)
from .state import GroupState, Review

Decision = Sequence[Event] | Refusal


def record_verdict(state: GroupState, command: c.RecordVerdict, actor: Actor, now: int, policy: Policy) -> Decision:
    """Note a broken rule. What is to be held while the queue is full is refused; what is flagged is flagged once."""
    if state.status is GroupStatus.CLOSED:
        return []
    user, rule, severity = command.user, command.rule, command.severity
    waiting = [one for one in state.reviews.values() if one.until_ms > now]
    own = sum(one.user == user for one in waiting)
    is_full = len(waiting) >= policy.reviews_per_group or own >= policy.reviews_per_member
    until = end_of(now, policy.review_ms)
    if command.action is Action.FLAG:
        if command.seq and any(one.seq == command.seq for one in waiting):
            return []
        return [
            ContentFlagged(
                at=now,
                by=actor.user,
                user=user,
                rule=rule,
                severity=severity,
                seq=command.seq,
                until_ms=until,
                queued=bool(command.seq) and not is_full,
                staff=command.staff,
                own_rule=command.own_rule,
                text=command.text,
            )
        ]
    if command.action is Action.HOLD and not is_full:
        return [
            ContentHeld(
                at=now,
                by=actor.user,
                user=user,
                rule=rule,
                severity=severity,
                until_ms=until,
                mark=command.mark,
                staff=command.staff,
                own_rule=command.own_rule,
            )
        ]
    return [ContentRefused(at=now, by=actor.user, user=user, rule=rule, severity=severity, text=command.text)]


def find_review(state: GroupState, number: int, now: int, *, staff: bool = False) -> Review | Refusal:
    """Return what waits under a number, for the operator's staff or for the group's admins."""
    found = state.reviews.get(number)
    if found is None or found.until_ms <= now or (staff and not found.staff):
        return refuse(
            ErrorCode.NO_SUCH_ENTRY, N_("Nothing is waiting under number {number}."), number=number, help="/queue"
        )
    if found.staff and not staff:
        text = N_("This post breaks a rule of the operator's: the operator's staff has to look at it.")
        return refuse(ErrorCode.FORBIDDEN, text, rule="review.staff", help="/rules")
    return found


def approve_held(state: GroupState, command: c.ApproveHeld, actor: Actor, now: int, policy: Policy) -> Decision:
    """Let a held post through, unless its author may not post any more; nobody approves an own one."""
    found = find_review(state, command.number, now)
    if isinstance(found, Refusal):
        return found
    if found.seq:
        return [FlagCleared(at=now, by=actor.user, user=found.user, number=found.number)]
    refusal = check_other(found, actor) or check_author(state, found, now)
    return refusal or [HeldApproved(at=now, by=actor.user, user=found.user, number=found.number)]


def check_other(found: Review, actor: Actor) -> Refusal | None:
    """Refuse to look at a post of one's own."""
    if found.user != actor.user:
        return None
    text = N_("Somebody else must look at a post of your own.")
    return refuse(ErrorCode.FORBIDDEN, text, rule="review.own", help="/admins")


def check_banned(state: GroupState, user: str, now: int) -> Refusal | None:
    """Refuse to post what somebody wrote who is banned by now: in a channel who comments is no member."""
    ban = state.ban_of(user, now)
    if ban is None:
        return None
    text = N_("@{user} is banned {until}: what they wrote is not posted.")
    return refuse(ErrorCode.BANNED, text, user=user, until_ms=ban.until_ms, help=f"/unban @{user}")


def check_author(state: GroupState, found: Review, now: int) -> Refusal | None:
    """Refuse to post what its author may not say here any more."""
    refusal = check_within(state, found.user) or check_banned(state, found.user, now)
    if refusal:
        return refusal
    mute = state.mute_of(found.user, now)
    if mute:
        text = N_("@{user} is muted {until}: what they wrote is not posted.")
        help = f"/unmute @{found.user}"
        return refuse(ErrorCode.MUTED, text, user=found.user, until_ms=mute.until_ms, help=help)
    return None


def release_held(state: GroupState, command: c.ReleaseHeld, actor: Actor, now: int, policy: Policy) -> Decision:
    """Let a post pass as the operator's staff; where the group's own word holds it as well, its admins look next."""
    found = find_review(state, command.number, now, staff=True)
    if isinstance(found, Refusal):
        return found
    to_admins, seq = bool(found.own_rule), found.seq
    posting: Refusal | None = None
    if not to_admins and not seq:
        posting = check_standing(state, now, while_suspended=False) or check_author(state, found, now)
    released = HeldReleased(at=now, by=actor.user, user=found.user, number=found.number, to_admins=to_admins, seq=seq)
    return check_other(found, actor) or posting or [released]


def reject_held(state: GroupState, command: c.RejectHeld, actor: Actor, now: int, policy: Policy) -> Decision:
    """Turn a post down as the operator's staff. What was flagged is posted: that is removed, or stands."""
    found = find_review(state, command.number, now, staff=True)
    if isinstance(found, Refusal):
        return found
    if found.seq:
        help = f"entry remove {state.code} {found.seq}"
        return refuse(ErrorCode.CONFLICT, N_("This has been posted already: {help}"), help=help)
    rule, reason = found.rule, command.reason
    rejected = HeldRejected(at=now, by=actor.user, user=found.user, number=found.number, rule=rule, reason=reason)
    return check_other(found, actor) or [rejected]


def deny_held(state: GroupState, command: c.DenyHeld, actor: Actor, now: int, policy: Policy) -> Decision:
    """Turn a held post down. What was flagged is posted: that is deleted, or stands."""
    found = find_review(state, command.number, now)
    if isinstance(found, Refusal):
        return found
    if found.seq:
        help = f"/delete {found.seq}"
        return refuse(ErrorCode.CONFLICT, N_("This has been posted already: {help}"), help=help)
    return [HeldDenied(at=now, by=actor.user, user=found.user, number=found.number, reason=command.reason)]


def add_word(state: GroupState, command: c.AddWord, actor: Actor, now: int, policy: Policy) -> Decision:
    """Add a word, or give it another verdict. That it can be compiled is for the shell to know."""
    known = state.words.get(command.word)
    if known is None and len(state.words) >= policy.words_per_group:
        text = N_("The group has as many words as it may: {current} of {limit}.")
        return refuse(
            ErrorCode.CONFLICT, text, current=len(state.words), limit=policy.words_per_group, help="/word list"
        )
    if known is not None and known.verdict is command.verdict:
        return []
    refusal = check_steps(state.words, command.word, "/word list")
    if refusal:
        return refusal
    was = known.verdict.value if known else ""
    return [WordAdded(at=now, by=actor.user, word=command.word, verdict=command.verdict, was_verdict=was)]


def remove_word(state: GroupState, command: c.RemoveWord, actor: Actor, now: int, policy: Policy) -> Decision:
    if command.word not in state.words:
        return refuse(
            ErrorCode.NO_SUCH_ENTRY, N_("{word} is not among the group's words."), word=command.word, help="/word list"
        )
    was = state.words[command.word].verdict.value
    return [WordRemoved(at=now, by=actor.user, word=command.word, was_verdict=was)]


CONTENT: dict[type[c.Command], Callable[[GroupState, Any, Actor, int, Policy], Decision]] = {
    c.RecordVerdict: record_verdict,
    c.ApproveHeld: approve_held,
    c.DenyHeld: deny_held,
    c.ReleaseHeld: release_held,
    c.RejectHeld: reject_held,
    c.AddWord: add_word,
    c.RemoveWord: remove_word,
}
