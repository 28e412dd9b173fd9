"""What becomes of a post that breaks a content rule (G10): refused, held for review, or posted and flagged."""

import hashlib

from folkmoot_governance import GroupState, Refusal
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.content.match import Verdict
from folkmoot_governance.group import state as g
from folkmoot_governance.group.commands import RecordVerdict
from folkmoot_governance.group.events import ContentHeld, ContentRefused, Event
from folkmoot_governance.group.publish import COMMENTS_APPROVED
from folkmoot_protocol.errors import ErrorCode

from ...common.clock import Clock
from ...common.i18n import N_
from ...content.rules_in_force import ContentRules
from ...live.once import current_once
from ...live.rooms import Room, Rooms
from ...sealed.held_posts import HeldText, HeldTexts
from ...storage.change_set import ChangeSet, NewEntry
from ...storage.changes import media_change
from ..acting import SERVICE, ExtraRows
from ..groups.govern import GroupService
from ..repeats import Answers
from .flags import closing
from .form import AskedPost, digest_of_post

REFUSED = N_("This breaks content rule {rule}, so it is not posted.")
HELD = N_("This breaks content rule {rule}, so an admin will look at it first. You need not send it again.")
HELD_BY_STAFF = N_(
    "This breaks content rule {rule}, so the operator's staff will look at it first. You need not send it again."
)


FOR_APPROVAL = Verdict(COMMENTS_APPROVED, Severity.LOW, Action.HOLD)
"""Of a comment where an editor looks first."""
HELD_COMMENT = N_("Comments here are read by an editor before they are shown. You need not send it again.")


def refused(verdict: Verdict) -> Refusal:
    """Return what the author of a refused post is told."""
    detail: dict[str, object] = {"rule": verdict.rule, "severity": verdict.severity.value, "help": "/rules"}
    return Refusal(ErrorCode.CONTENT_REFUSED, REFUSED, detail)


def held(review: g.Review) -> Refusal:
    """Return what the author of a held post is told."""
    detail: dict[str, object] = {"rule": review.rule, "severity": review.severity.value, "number": review.number}
    text = HELD_COMMENT if review.rule == COMMENTS_APPROVED else HELD_BY_STAFF if review.staff else HELD
    return Refusal(ErrorCode.CONTENT_HELD, text, {**detail, "until_ms": review.until_ms})


class Review:
    """Stops posts that break a rule, and records what was stopped or let through with a flag.

    `kept_ms`: how long the text of a held post is kept, sealed.
    """

    def __init__(
        self,
        rooms: Rooms,
        clock: Clock,
        group_service: GroupService,
        rules: ContentRules,
        texts: HeldTexts,
        kept_ms: int,
        answers: Answers,
    ) -> None:
        self._rooms = rooms
        self._clock = clock
        self._group_service = group_service
        self._rules = rules
        self._texts = texts
        self._kept_ms = kept_ms
        self._answers = answers

    def stop(self, post: AskedPost, verdict: Verdict) -> Refusal | None:
        """Refuse a post, or hold it for review; None when the answer comes once that is stored.

        Called in the step in which the post was judged, after everything else allowed it.
        """
        if verdict.action is Action.HOLD:
            return self.hold(post, verdict)
        room, user = post.room, post.session.user
        if self._rules.is_to_record(room.state.code, user, verdict.rule, self._clock.now_ms()):
            command = RecordVerdict(user, verdict.rule, verdict.severity, verdict.action)
            self._group_service.act_unasked(room, command, self._keeping(post))
        return refused(verdict)

    def _keeping(self, post: AskedPost) -> ExtraRows:
        """Return what keeps a post that is held or refused, sealed: what becomes of it is decided later, or decided
        again on appeal."""
        request, form = post.request, post.form
        text = HeldText(form.kind, post.body, request.reply_to, form.target, form.data)

        def keep(change_set: ChangeSet, state: GroupState, event: Event) -> None:
            if isinstance(event, (ContentHeld, ContentRefused)):
                until_ms = event.at + self._kept_ms
                rows = self._texts.rows(state.code, state.version, text, self._clock.certain_ms(), until_ms)
                shown = [media_change(one, until_ms=until_ms) for one in form.media]
                change_set.rows = [*change_set.rows, *rows, *shown]

        return keep

    def hold(self, post: AskedPost, verdict: Verdict) -> Refusal | None:
        """Put a post into the queue for review; what was sent again under its nonce is there already."""
        session, request, room, form = post.session, post.request, post.room, post.form
        mark = hashlib.sha256(request.nonce.encode()).hexdigest()[:16] if request.nonce else ""
        for review in room.state.reviews.values():
            if mark and review.mark == mark and review.user == session.user:
                return held(review)
        command = RecordVerdict(
            session.user,
            verdict.rule,
            verdict.severity,
            verdict.action,
            mark=mark,
            staff=verdict.staff,
            own_rule=verdict.own_rule,
        )
        act = self._group_service.act(room, command, SERVICE, self._keeping(post))
        if isinstance(act, Refusal):
            return act
        session.begin()

        def answer() -> Refusal:
            review = room.state.reviews.get(act.change_set.version + 1)
            return held(review) if isinstance(act.events[0], ContentHeld) and review else refused(verdict)

        once = current_once.get()
        if once is None and request.nonce:
            digest = digest_of_post(request, post.body, form)
            once = self._answers.begin(session.user, room.state.code, request.nonce, digest)
        if once is not None and isinstance(act.events[0], ContentHeld):
            # What is held will be an entry without this nonce, or none at all: so it is remembered by itself.
            act.once, once.keep = once, answer

        def done() -> None:
            session.finish()
            session.refuse(request.id, answer())

        def fail(refusal: Refusal) -> None:
            session.finish()
            repeated = act.change_set.repeated
            session.give(request.id, refusal if repeated is None else post.answer_again(repeated))

        act.on_done, act.on_fail = done, fail
        self._group_service.queue(act)
        return None

    def flag(self, room: Room, new: NewEntry, verdict: Verdict) -> None:
        """Note that an entry, stored just now, breaks a rule. `jobs.lost_flags` finds what is lost here."""
        current = self._rooms.get(room.state.code)
        if current is not None and new.nonce is not None:
            user, seq = new.entry.from_.user, new.entry.seq
            command = RecordVerdict(
                user,
                verdict.rule,
                verdict.severity,
                verdict.action,
                seq,
                staff=verdict.staff,
                own_rule=verdict.own_rule,
            )
            self._group_service.act_unasked(current, command, closing(room.state.code, user, new.nonce))
