"""What becomes of a post that breaks a content rule (G10): refused, held for review, or posted and flagged."""

import hashlib
from typing import TYPE_CHECKING

from folkmoot_governance import GroupState, Refusal
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.content.match import Verdict
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.group.commands import RecordVerdict
from folkmoot_governance.group.events import ContentHeld, Event
from folkmoot_governance.group.state import Review
from folkmoot_protocol.errors import ErrorCode

from ...common.i18n import N_
from ...live.rooms import Room
from ...sealed.held_posts import HeldText
from ...storage.change_set import ChangeSet, NewEntry
from ..acting import SERVICE
from ..groups.govern import Act
from .flags import closing

if TYPE_CHECKING:
    from ...node import Node
    from .posting import PendingPost

MONTH_MS = 31 * DAY_MS
REFUSED = N_("This breaks content rule {rule}, so it is not posted.")
HELD = N_("This breaks content rule {rule}, so an admin looks at it first. You need not send it again.")


def refused(verdict: Verdict) -> Refusal:
    """Return what the author of a refused post is told."""
    detail: dict[str, object] = {"rule": verdict.rule, "severity": verdict.severity.value, "help": "/rules"}
    return Refusal(ErrorCode.CONTENT_REFUSED, REFUSED, detail)


def held(review: Review) -> Refusal:
    """Return what the author of a held post is told."""
    detail: dict[str, object] = {"rule": review.rule, "severity": review.severity.value, "number": review.number}
    return Refusal(ErrorCode.CONTENT_HELD, HELD, {**detail, "until_ms": review.until_ms})


def stop(post: "PendingPost", verdict: Verdict) -> Refusal | None:
    """Refuse a post, or hold it for review; None when the answer comes once that is stored.

    Called in the step in which the post was judged, after everything else allowed it.
    """
    if verdict.action is Action.HOLD:
        return hold(post, verdict)
    node, room, user = post.node, post.room, post.session.user
    now = node.clock.now_ms()
    if node.content.is_to_record(room.state.code, user, verdict.rule, now):
        node.group_service.act_unasked(room, RecordVerdict(user, verdict.rule, verdict.severity, verdict.action))
    return refused(verdict)


def hold(post: "PendingPost", verdict: Verdict) -> Refusal | None:
    """Put a post into the queue for review; what was sent again under its nonce is there already."""
    node, session, request, room, form = post.node, post.session, post.request, post.room, post.form
    mark = hashlib.sha256(request.nonce.encode()).hexdigest()[:16] if request.nonce else ""
    for review in room.state.reviews.values():
        if mark and review.mark == mark and review.user == session.user:
            return held(review)
    command = RecordVerdict(session.user, verdict.rule, verdict.severity, verdict.action, mark=mark)
    text = HeldText(form.kind, post.body, request.reply_to, form.target, form.data)
    kept_ms = node.config.retention.months * MONTH_MS

    def keep(change_set: ChangeSet, state: GroupState, event: Event) -> None:
        if isinstance(event, ContentHeld):
            rows = node.held_texts.rows(state.code, state.version, text, event.at, event.at + kept_ms)
            change_set.rows = [*change_set.rows, *rows]

    act = node.group_service.act(room, command, SERVICE, keep)
    if isinstance(act, Refusal):
        return act
    session.begin()

    def done(stored: Act) -> None:
        session.finish()
        event, version = stored.events[0], stored.change_set.version + 1
        review = room.state.reviews.get(version)
        is_held = isinstance(event, ContentHeld) and review is not None
        session.refuse(request.id, held(review) if is_held and review else refused(verdict))

    def fail(refusal: Refusal) -> None:
        session.finish()
        session.refuse(request.id, refusal)

    act.on_done, act.on_fail = done, fail
    node.group_service.queue(act)
    return None


def flag(node: "Node", room: Room, new: NewEntry, verdict: Verdict) -> None:
    """Note for admins that an entry, stored just now, breaks a rule. `jobs.lost_flags` finds what is lost here."""
    current = node.rooms.get(room.state.code)
    if current is not None and new.nonce is not None:
        user, seq = new.entry.from_.user, new.entry.seq
        command = RecordVerdict(user, verdict.rule, verdict.severity, verdict.action, seq)
        node.group_service.act_unasked(current, command, closing(room.state.code, user, new.nonce))
