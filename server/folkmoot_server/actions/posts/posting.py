"""Posting: from an allowed text to an entry in the commit queue. The hot path: see docs/message-path.md."""

from collections.abc import Collection, Coroutine
from typing import Any, TypeGuard

from folkmoot_governance import Policy, Refusal, check_post
from folkmoot_governance.actor import Emergencies
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.content.match import Verdict
from folkmoot_governance.emergency import check_emergency, check_slowed
from folkmoot_governance.features import check_features
from folkmoot_governance.group.mentions import find_mentions
from folkmoot_governance.group.publish import NO_THREAD, Original, Thread, is_held
from folkmoot_governance.measure_checks import check_power
from folkmoot_governance.published import COMMENT, PUBLICATION, check_text
from folkmoot_governance.restrictions import Power
from folkmoot_governance.text import NN_
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.results import Result
from folkmoot_protocol.types import Entry, EntryKind

from ...bus.api import Bus
from ...bus.messages import GroupUpdate, PostUpdate, TypingUpdate
from ...common.clock import Clock
from ...common.i18n import N_
from ...content.group_words import Found, GroupWords
from ...content.rules_in_force import ContentRules
from ...delivery.flood import limit
from ...delivery.session import Session
from ...live.accounts import Account
from ...live.commit_queue import CommitQueue
from ...live.in_force import InForce
from ...live.pending import OVERTAKEN, TOO_BUSY
from ...live.rooms import Room, Rooms
from ...storage.api import Store
from ...storage.change_set import Asked, ChangeSet, NewEntry
from ..accounts.govern import AccountService
from ..channels.responses import Responses
from ..channels.threads import Threads
from ..groups.finding import GroupFinder
from ..groups.membership import NO_SUCH_ENTRY, NOT_A_MEMBER
from ..groups.raid_guard import RaidGuard
from ..repeats import KEPT_MS, OTHER_USE, Answers, refusal_of
from .flags import open_flag
from .form import (
    NO_REPOSTS,
    NO_THREADS,
    TEXT,
    Form,
    as_published,
    digest_of_post,
    features_of,
    form_in,
    is_same,
    said,
    said_in,
    shown_original,
)
from .review import FOR_APPROVAL, Review

TYPING_MS = 3000


Judged = tuple[ChangeSet, Verdict | None]
"""What a post stores, and the content rule that it breaks though it stands."""

Answer = Result | Refusal | None


class PendingPost:
    """A post with all that its way to disk needs (a `PendingCommit`). The store gives its entry a seq.

    `said` is all that is judged of it, `own` is what the group's own words say of that, `thread` what it comments on,
    `original` what it repeats. `change_set` and `flag` come with the judgement that allows it.
    """

    __slots__ = (
        "_posting",
        "body",
        "change_set",
        "flag",
        "form",
        "original",
        "own",
        "request",
        "room",
        "said",
        "session",
        "thread",
        "tries",
    )

    def __init__(
        self,
        posting: "Posting",
        session: Session,
        request: rq.Post,
        room: Room,
        body: str,
        form: Form = TEXT,
        own: Found | None = None,
        thread: Thread = NO_THREAD,
        original: Original | None = None,
    ) -> None:
        self._posting = posting
        self.session = session
        self.request = request
        self.room: Room = room
        self.body = body
        self.form = form
        self.said = body if form is TEXT else said_in(body, form)
        self.own = own
        self.thread = thread
        self.original = original
        self.change_set: ChangeSet
        self.flag: Verdict | None
        self.tries = 0

    def done(self) -> None:
        entry, repeated = self.change_set.entries[0].entry, self.change_set.repeated
        try:
            self.session.finish()
            if repeated is None:
                self.session.reply(self.request.id, self.form.result(entry.seq, entry.ts))
            else:
                self.session.give(self.request.id, self.answer_again(repeated))
        finally:
            # Whatever becomes of the answer: the entry is stored, so the group hears of it.
            self._posting.tell(self)

    def answer_again(self, used: Entry | Asked) -> Result | Refusal:
        """Return the answer where the nonce was used before, for `used`."""
        return self._posting.answer_again(self.request, self.body, self.form, used)

    def fail(self, refusal: Refusal) -> None:
        self.session.finish()
        self.session.refuse(self.request.id, refusal)

    def rollback(self) -> frozenset[str]:
        """Nothing of a post is counted before it is stored."""
        return frozenset()

    def retry(self) -> None:
        """Judge the post again under the group's governance of now, in the place of its first try."""
        if self.room.state.words != (self.own.words if self.own else {}):
            # They are asked in another thread, which takes a while; its author can send it again.
            self.fail(OVERTAKEN)
            return
        self._posting.judge_again(self)


class Posting:
    """Decides on posts and queues them; owns what limits how fast somebody may post."""

    def __init__(
        self,
        body_chars: int,
        policy: Policy,
        clock: Clock,
        bus: Bus,
        store: Store,
        rooms: Rooms,
        finder: GroupFinder,
        commit_queue: CommitQueue,
        account_service: AccountService,
        rules: ContentRules,
        group_words: GroupWords,
        raids: RaidGuard,
        review: Review,
        answers: Answers,
        in_force: InForce,
        threads: Threads,
        responses: Responses,
    ) -> None:
        self._responses = responses
        self._threads = threads
        self._in_force = in_force
        self._body_chars = body_chars
        self._policy = policy
        self._clock = clock
        self._bus = bus
        self._store = store
        self._rooms = rooms
        self._finder = finder
        self._commit_queue = commit_queue
        self._account_service = account_service
        self._rules = rules
        self._group_words = group_words
        self._raids = raids
        self._review = review
        self._answers = answers

    def post(self, session: Session, request: rq.Post, body: str) -> Refusal | Coroutine[Any, Any, Answer] | None:
        """Post to a group. With the room in memory this decides and queues in one step, without an await."""
        room = self._rooms.get(request.group)
        if room is None or room.state.words or room.state.form or request.thread or request.repost:
            return self.post_after_reading(session, request, body)
        pending = PendingPost(self, session, request, room, body)
        refusal = self.post_now(pending)
        return self.repeat_or_refuse(session, request, body, TEXT, refusal) if may_repeat(refusal, request) else refusal

    def post_now(self, pending: PendingPost) -> Refusal | None:
        """Post to a group that is in memory and has no words of its own."""
        return self.check_rate(pending.session) or self.queue(pending)

    async def post_after_reading(self, session: Session, request: rq.Post, body: str, form: Form = TEXT) -> Answer:
        """As `post_now`, for any group: after it was read, and its own words were searched for."""
        refusal = await self._post_after_reading(session, request, body, form)
        if isinstance(refusal, Refusal) and may_repeat(refusal, request):
            room = self._rooms.find(request.group)
            form = form if room is None else form_in(room, request, form)
            return await self.repeat_or_refuse(session, request, body, form, refusal)
        return refusal

    async def _post_after_reading(self, session: Session, request: rq.Post, body: str, form: Form) -> Refusal | None:
        # First of all: groups that are not there must be counted, too, for each is looked for in storage.
        refusal = self.check_rate(session)
        if refusal is not None:
            return refusal
        room = await self._finder.find(request.group, session)
        if isinstance(room, Refusal):
            return room
        if room.state.form is not None and session.account is not None and session.account.state.home:
            # In groups it is not a member; readers of channels are people.
            return NOT_A_MEMBER
        own: Found | None = None
        thread = NO_THREAD
        if request.thread and room.state.form is not None:
            thread = await self._threads.look(room, request, session.user)
            room = await self._finder.find(room.state.code)
            if isinstance(room, Refusal):
                return room
        original: Original | None = None
        if request.repost:
            if request.thread or room.state.form is None or form.kind is not EntryKind.TEXT:
                return NO_REPOSTS
            looked = await self._threads.look_at(request.repost, session)
            if isinstance(looked, Refusal):
                return looked
            original = looked
            room = await self._finder.find(room.state.code)
            if isinstance(room, Refusal):
                return room
        while room.state.words and speaks_in(room, session.user) and not (own and own.words is room.state.words):
            own = await self._group_words.judge(room.state.code, room.state.words, said_in(body, form))
            room = await self._finder.find(room.state.code)
            if isinstance(room, Refusal):
                return room
        if request.thread and room.state.form is None:
            return NO_THREADS
        form = form_in(room, request, form, original)
        own = own if room.state.words else None
        pending = PendingPost(self, session, request, room, body, form, own, thread, original)
        return self.queue(pending)

    def check_length(self, body: str) -> Refusal | None:
        """Refuse a post longer than `limits.body_chars`."""
        if len(body) <= self._body_chars:
            return None
        text = N_("A post has at most {limit} characters; this one has {length}.")
        return Refusal(ErrorCode.TOO_LONG, text, {"limit": self._body_chars, "length": len(body)})

    def check_rate(self, session: Session) -> Refusal | None:
        """Refuse who has signed out meanwhile, who posts faster than `limits.posts_per_second`, or than its credit
        allows."""
        account = session.account
        if account is None:
            return NOT_A_MEMBER
        ticks = self._clock.ticks()
        wait = account.posts.take(ticks)
        refusal = limit(session, wait, ticks) if wait or session.floods else None
        if refusal is None and (wait := account.by_minute.take(ticks)):
            return account.too_many(
                "posts_per_minute",
                NN_(
                    "Your credit allows {limit} post a minute: wait {wait}.",
                    "Your credit allows {limit} posts a minute: wait {wait}.",
                    "limit",
                ),
                wait,
            )
        return refusal

    def queue(self, pending: PendingPost) -> Refusal | None:
        """Judge a post and queue it: one step, so nothing comes between the decision and the order."""
        judged = self._judge(pending)
        if not isinstance(judged, tuple):
            return judged
        pending.change_set, pending.flag = judged
        pending.session.begin()
        self._commit_queue.put(pending)
        return None

    def judge_again(self, pending: PendingPost) -> None:
        """Queue a post that another node overtook once more, or answer why it may not be any longer."""
        judged = self._judge(pending, again=True)
        if judged is None:
            pending.session.finish()
        elif isinstance(judged, Refusal):
            pending.fail(judged)
        else:
            pending.change_set, pending.flag = judged
            self._commit_queue.put(pending)

    def _judge(self, pending: PendingPost, *, again: bool = False) -> Judged | Refusal | None:
        """Return what a post would store, or why it may not be; None when it is held for review and answered later.

        A post judged `again` has been counted already.
        """
        account = pending.session.account
        if account is None:
            return NOT_A_MEMBER
        room, user, now = pending.room, account.user, self._clock.now_ms()
        refusal = self._check_allowed(pending, account, now, again=again)
        if refusal is not None:
            return refusal
        verdict = self._rules.judge(room, user, pending.said, now, pending.own, again=again)
        if verdict is not None and verdict.action is not Action.FLAG:
            return self._review.stop(pending, verdict)
        if pending.form.text is COMMENT and is_held(room.state, user, pending.thread):
            return self._review.stop(pending, FOR_APPROVAL)
        if (room.state.slow_ms or self._in_force.emergencies) and pending.form.is_said:
            room.last_posts[user] = self._clock.ticks()
        return make_change_set(pending, account, verdict, now), verdict

    def _check_allowed(self, pending: PendingPost, account: Account, now: int, *, again: bool) -> Refusal | None:
        """Refuse what may not be posted, whatever the content rules say."""
        room, body, user, form = pending.room, pending.said, account.user, pending.form
        policy, reply_to = self._policy, pending.request.reply_to
        identity, verified_ts = account.identity, account.verified_ts
        slowed = room.state.slow_ms and form.is_said
        last_post = room.last_post_ms(user, now, self._clock.ticks()) if slowed else 0
        held, halted = account.held, self._in_force.emergencies and account.emergencies
        is_plain = form is TEXT
        refusal = (
            (None if is_plain else check_features(features_of(form), account.assessed, policy))
            # Each by its place: to put them together first would cost more than to look at them.
            or check_text(
                form.text,
                body,
                user,
                identity,
                held,
                room.state,
                now,
                policy,
                last_post,
                verified_ts,
                halted,
                0 if is_plain else len(form.media),
                pending.thread,
                () if is_plain else self._categories_of(pending),
                pending.original,
            )
            or (self._check_slowed(pending, account.user, halted, now) if halted else None)
            or (NO_SUCH_ENTRY if reply_to and reply_to > room.last_seq and pending.thread is NO_THREAD else None)
            or (TOO_BUSY if self._commit_queue.is_full() else None)
        )
        may_raid = body and not again and room.state.form is None
        if refusal is None and may_raid and self._raids.is_raided(room, user, body, now):
            # What was just done against the raid may hold for this very post.
            refusal = check_post(room.state, user, identity, now, 0, policy, verified_ts)
        return refusal

    def _categories_of(self, pending: PendingPost) -> Collection[str]:
        """Return the categories that a post of a channel is of: what its author says, and what the operator's content
        rules find. Nothing else has any."""
        if pending.form.text is not PUBLICATION:
            return ()
        declared = pending.request.category or pending.room.state.category
        repeated = {pending.original.category} if pending.original is not None else set[str]()
        return {declared} | repeated | self._rules.categories_of(pending.said)

    def _check_slowed(self, pending: PendingPost, user: str, held: Emergencies, now: int) -> Refusal | None:
        """Refuse a post that comes too soon after the author's last one while an emergency slows posting."""
        if not pending.form.is_said:
            return None
        state, last = pending.room.state, pending.room.last_post_ms(user, now, self._clock.ticks())
        of = (state.category, *self._categories_of(pending))
        return next(filter(None, (check_slowed(held, now, last, state.code, one) for one in of)), None)

    def tell(self, pending: PendingPost) -> None:
        """Publish a stored post, unless it repeats one; record the rule that it breaks, if it does."""
        change_set = pending.change_set
        if change_set.repeated is None:
            new, state = change_set.entries[0], pending.room.state
            self._bus.publish(GroupUpdate(state.code, (new.entry,), change_set.version))
            if state.form is not None:
                self._tell_readers(pending, new.entry)
            if pending.flag is not None:
                self._review.flag(pending.room, new, pending.flag)

    def _tell_readers(self, pending: PendingPost, entry: Entry) -> None:
        """Tell those who read a channel, and whom an entry of it concerns."""
        self._responses.note(pending.room, entry)
        if entry.kind is EntryKind.POST:
            channel, ts = pending.room.state, entry.ts
            repeated = shown_original(pending.original, ts)
            self._bus.publish(PostUpdate(channel.code, as_published(entry, channel, ts), repeated))

    async def repeat_or_refuse(
        self, session: Session, request: rq.Post, body: str, form: Form, refusal: Refusal
    ) -> Result | Refusal:
        """Answer a post that is refused now, but was stored before under its nonce, with its place (Delivery 5).

        What is ahead in the commit queue may be that very post, so it is waited for.
        """
        code, user, nonce = parse_group_code(request.group) or "", session.user, request.nonce
        assert nonce is not None
        waited = await self._account_service.store_rows(user, ())
        if waited is not None:
            return waited
        now = self._clock.now_ms()
        used: Entry | Asked | None = await self._store.ledger.find_answer(user, code, nonce, now)
        if used is None and code:
            used = await self._store.journal.find_nonce(code, user, nonce, now - KEPT_MS)
        return refusal if used is None else self.answer_again(request, body, form, used)

    def answer_again(self, request: rq.Post, body: str, form: Form, used: Entry | Asked) -> Result | Refusal:
        """Answer a post whose nonce was used before: with its place, or, if it was held for review, with that."""
        if isinstance(used, Entry):
            return form.result(used.seq, used.ts) if is_same(said(request, body, form), used) else OTHER_USE
        kept = self._answers.open(used)
        refusal = refusal_of(kept) if kept and kept.digest == digest_of_post(request, body, form) else None
        return refusal or OTHER_USE

    def tell_typing(self, room: Room, account: Account) -> Refusal | None:
        """Let the others know that somebody is typing, if it might post; they hear it once in `TYPING_MS`."""
        now, ticks, code = self._clock.now_ms(), self._clock.ticks(), room.state.code
        refusal = (
            check_power(account.held, Power.POST, now)
            or check_emergency(account.emergencies, Power.POST, now, code, room.state.category)
            or check_post(room.state, account.user, account.identity, now, 0, self._policy, account.verified_ts)
        )
        since = ticks - TYPING_MS
        if refusal is None and account.typed_at.get(code, since) <= since:
            # What is older need not be remembered: so many groups are typed in within that time, no more.
            account.typed_at = {one: at for one, at in account.typed_at.items() if at > since}
            account.typed_at[code] = ticks
            self._bus.publish(TypingUpdate(code, account.user))
        return refusal


def speaks_in(room: Room, user: str) -> bool:
    """Say whether somebody may say something in a group, so that its own words are asked: in a channel readers may."""
    return room.state.form is not None or user in room.state.members


def make_change_set(pending: PendingPost, account: Account, verdict: Verdict | None, now: int) -> ChangeSet:
    """Return what a post stores: its entry and, if a rule flags it, the row that keeps the flag from getting lost."""
    room, request, form, body = pending.room, pending.request, pending.form, pending.body
    data = form.data
    if "@" in body and (mentions := find_mentions(body, room.state.members)):
        data = {**data, "mentions": list(mentions)}
    entry = Entry(
        # Most likely; the store decides.
        seq=room.last_seq + room.in_flight + 1,
        ts=now,
        kind=form.kind,
        from_=room.author(account),
        body=body,
        reply_to=request.reply_to,
        target=form.target,
        data=data or None,
    )
    change_set = ChangeSet(room.stream, room.state.version, entries=(NewEntry(entry, request.nonce),))
    if form.media:
        change_set.media = form.media
    if verdict is not None:
        nonce, row = open_flag(room.state.code, account.user, request.nonce, verdict, now)
        change_set.entries, change_set.rows = (NewEntry(entry, nonce),), (row,)
    return change_set


def may_repeat(refusal: Refusal | None, request: rq.Post) -> TypeGuard[Refusal]:
    """Say whether a refused post may be one that was stored before, and is sent again because its answer was lost."""
    return refusal is not None and bool(request.nonce) and refusal.code is not ErrorCode.RATE_LIMITED
