"""Posting: from an allowed text to an entry in the commit queue. The hot path: see docs/message-path.md."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeGuard

from msgspec import Struct

from folkmoot_governance import Refusal, check_post
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.content.match import Verdict
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.group.links import check_links
from folkmoot_governance.group.mentions import find_mentions
from folkmoot_governance.identity import contains_id_number
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.results import PostResult, Result
from folkmoot_protocol.types import Entry, EntryKind

from ...bus.messages import GroupUpdate
from ...common.i18n import N_
from ...content.group_words import Found
from ...delivery.session import Session
from ...live.accounts import Account
from ...live.pending import OVERTAKEN, TOO_BUSY
from ...live.rooms import Room
from ...storage.change_set import ChangeSet, NewEntry
from ..groups.membership import NO_SUCH_ENTRY, NO_SUCH_GROUP, NOT_A_MEMBER
from ..stored import stored
from . import review as content
from .flags import open_flag

if TYPE_CHECKING:
    from ...node import Node


HAS_ID_NUMBER = Refusal(
    ErrorCode.BAD_SYNTAX,
    N_("Everybody here would read this number, so it is not posted. Type it as a command: {help} <number>"),
    {"rule": "identity.spilled", "help": "/verify mobile|person|organisation"},
)


class Form(Struct, frozen=True):
    """What kind of entry a post becomes, and how its place (seq, ts) is answered.

    `target`: the entry that it is about (an edit, a reaction), which makes it no post that slow mode counts. `data`
    stands in the entry besides what its text brings.
    """

    kind: EntryKind
    result: Callable[[int, int], Result]
    target: int | None = None
    data: dict[str, object] = {}


Judged = tuple[ChangeSet, Verdict | None]
"""What a post stores, and the content rule that it breaks though it stands."""


TEXT = Form(EntryKind.TEXT, lambda seq, ts: PostResult(seq=seq, ts=ts))


class PendingPost:
    """A post with all that its way to disk needs (a `PendingCommit`). The store gives its entry a seq.

    `own` is what the group's own words say of it. `change_set` and `flag` come with the judgement that allows it.
    """

    __slots__ = ("body", "change_set", "flag", "form", "node", "own", "request", "room", "session", "tries")

    def __init__(
        self,
        node: "Node",
        session: Session,
        request: rq.Post,
        room: Room,
        body: str,
        form: Form = TEXT,
        own: Found | None = None,
    ) -> None:
        self.node = node
        self.session = session
        self.request = request
        self.room: Room = room
        self.body = body
        self.form = form
        self.own = own
        self.change_set: ChangeSet
        self.flag: Verdict | None
        self.tries = 0

    def done(self) -> None:
        change_set = self.change_set
        entry = change_set.entries[0].entry
        seq, ts = change_set.repeated or (entry.seq, entry.ts)
        try:
            self.session.finish()
            self.session.reply(self.request.id, self.form.result(seq, ts))
        finally:
            # Whatever becomes of the answer: the entry is stored, so the group hears of it.
            if change_set.repeated is None:
                self.node.bus.publish(GroupUpdate(self.room.state.code, (entry,), change_set.version))
                if self.flag is not None:
                    content.flag(self.node, self.room, change_set.entries[0], self.flag)

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
        judged = judge(self, again=True)
        if judged is None:
            self.session.finish()
        elif isinstance(judged, Refusal):
            self.fail(judged)
        else:
            self.change_set, self.flag = judged
            self.node.commit_queue.put(self)


def post_now(pending: PendingPost) -> Refusal | None:
    """Post to a group that is in memory and has no words of its own."""
    return check_rate(pending.node, pending.session) or queue(pending)


async def post_after_reading(
    node: "Node", session: Session, request: rq.Post, body: str, form: Form = TEXT
) -> Result | Refusal | None:
    """As `post_now`, for any group: after it was read, and its own words were searched for."""
    code = parse_group_code(request.group)
    room = await node.rooms.load(code) if code else None
    if room is None:
        return NO_SUCH_GROUP
    refusal = check_rate(node, session)
    if refusal is not None:
        return refusal
    own: Found | None = None
    while room.state.words and session.user in room.state.members and not (own and own.words is room.state.words):
        own = await node.own_words.judge(room.state.code, room.state.words, body)
        room = await node.rooms.load(room.state.code)
        if room is None:
            return NO_SUCH_GROUP
    pending = PendingPost(node, session, request, room, body, form, own if room.state.words else None)
    refusal = queue(pending)
    return await repeat_or_refuse(pending, refusal) if may_repeat(refusal, request) else refusal


def check_rate(node: "Node", session: Session) -> Refusal | None:
    """Refuse who posts too fast, and who has signed out meanwhile."""
    return node.check_post_rate(session, node.clock.now_ms()) if session.account is not None else NOT_A_MEMBER


def queue(pending: PendingPost) -> Refusal | None:
    """Judge a post and queue it: one step, so nothing comes between the decision and the order."""
    judged = judge(pending)
    if not isinstance(judged, tuple):
        return judged
    pending.change_set, pending.flag = judged
    pending.session.begin()
    pending.node.commit_queue.put(pending)
    return None


def judge(pending: PendingPost, *, again: bool = False) -> Judged | Refusal | None:
    """Return what a post would store, or why it may not be; None when it is held for review, which is answered later.

    A post judged `again` has been counted already.
    """
    account = pending.session.account
    if account is None:
        return NOT_A_MEMBER
    node, room, user = pending.node, pending.room, account.user
    now = node.clock.now_ms()
    refusal = check_allowed(pending, account, now, again=again)
    if refusal is not None:
        return refusal
    verdict = node.content.judge(room, user, pending.body, now, pending.own, again=again)
    if verdict is not None and verdict.action is not Action.FLAG:
        return content.stop(pending, verdict)
    if room.state.slow_ms and pending.form.target is None:
        room.last_posts[user] = now
    return make_change_set(pending, account, verdict, now), verdict


def check_allowed(pending: PendingPost, account: Account, now: int, *, again: bool) -> Refusal | None:
    """Refuse what may not be posted, whatever the content rules say."""
    node, room, body, user = pending.node, pending.room, pending.body, account.user
    identity, policy, reply_to = account.state.identity, node.group_service.policy, pending.request.reply_to
    last_post = room.last_posts.get(user, 0) if pending.form.target is None else 0
    refusal = (
        check_post(room.state, user, identity, now, last_post, policy)
        or (NO_SUCH_ENTRY if reply_to and reply_to > room.last_seq else None)
        or check_links(room.state, user, body)
        or (HAS_ID_NUMBER if contains_id_number(body) else None)
        or (TOO_BUSY if node.commit_queue.is_full() else None)
    )
    if refusal is None and not again and node.raids.is_raided(room, user, body, now):
        # What was just done against the raid may hold for this very post.
        refusal = check_post(room.state, user, identity, now, 0, policy)
    return refusal


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
    if verdict is not None:
        nonce, row = open_flag(room.state.code, account.user, request.nonce, verdict, now)
        change_set.entries, change_set.rows = (NewEntry(entry, nonce),), (row,)
    return change_set


def may_repeat(refusal: Refusal | None, request: rq.Post) -> TypeGuard[Refusal]:
    """Say whether a refused post may be one that was stored before, and is sent again because its answer was lost."""
    return refusal is not None and bool(request.nonce) and refusal.code is not ErrorCode.RATE_LIMITED


async def repeat_or_refuse(pending: PendingPost, refusal: Refusal) -> Result | Refusal:
    """Answer a post that is refused now, but was stored before under its nonce, with its place (Delivery 5).

    What is ahead in the commit queue may be that very post, so it is waited for.
    """
    node, session, nonce = pending.node, pending.session, pending.request.nonce
    assert nonce is not None
    waited = await stored(node, node.group_service.store_rows(session.user, ()))
    if waited is not None:
        return waited
    since = node.clock.now_ms() - DAY_MS
    found = await node.store.journal.find_nonce(pending.room.state.code, session.user, nonce, since)
    return pending.form.result(*found) if found else refusal
