"""Posts, history, read marks, typing. `post` is the hot path: see docs/message-path.md."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeGuard

from msgspec import Struct

from folkmoot_governance import Refusal, check_post
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.content.match import Verdict
from folkmoot_governance.duration import DAY_MS
from folkmoot_governance.group.links import check_links
from folkmoot_governance.group.mentions import find_mentions
from folkmoot_governance.identity import spills
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.results import Empty, HistoryResult, PostResult, Result, SyncResult
from folkmoot_protocol.types import Entry, EntryKind, SyncGroup

from ..actions.posts import review as content
from ..actions.stored import stored
from ..bus.api import GroupNews, TypingNews
from ..common.i18n import N_
from ..content.group_words import Found
from ..delivery.session import Session
from ..jobs.lost_flags import open_flag
from ..live.accounts import Account
from ..live.commit_queue import OVERTAKEN, TOO_BUSY
from ..live.rooms import Room
from ..slash import run as slash
from ..storage.api import NewEntry, Page, Work
from ..storage.sql.projection import read_mark_row
from .groups import NO_SUCH_ENTRY, NO_SUCH_GROUP, NOT_A_MEMBER, enter_room

if TYPE_CHECKING:
    from ..node import Node

HISTORY_PAGE = 50
SYNC_PAGE = 50
SYNC_ENTRIES = 1000
"""Entries in one answer to `sync`, all groups together; the others are told to have more."""
SPILLED = Refusal(
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


Judged = tuple[Work, Verdict | None]
"""What a post stores, and the content rule that it breaks though it stands."""

TEXT = Form(EntryKind.TEXT, lambda seq, ts: PostResult(seq=seq, ts=ts))


class PendingPost:
    """A post with all that its way to disk needs (a `Pending` of the writer). The store gives its entry a seq.

    `own` is what the group's own words say of it. `work` and `flag` come with the judgement that allows it.
    """

    __slots__ = ("body", "flag", "form", "node", "own", "request", "room", "session", "tries", "work")

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
        self.work: Work
        self.flag: Verdict | None
        self.tries = 0

    def done(self) -> None:
        work = self.work
        entry = work.entries[0].entry
        seq, ts = work.repeated or (entry.seq, entry.ts)
        try:
            self.session.finish()
            self.session.reply(self.request.id, self.form.result(seq, ts))
        finally:
            # Whatever becomes of the answer: the entry is stored, so the group hears of it.
            if work.repeated is None:
                self.node.bus.publish(GroupNews(self.room.state.code, (entry,), work.version))
                if self.flag is not None:
                    content.flag(self.node, self.room, work.entries[0], self.flag)

    def fail(self, refusal: Refusal) -> None:
        self.session.finish()
        self.session.refuse(self.request.id, refusal)

    def withdraw(self) -> frozenset[str]:
        """Nothing of a post is counted before it is stored."""
        return frozenset()

    def redo(self) -> None:
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
            self.work, self.flag = judged
            self.node.writer.put(self)


def post(
    node: "Node", session: Session, request: rq.Post
) -> Refusal | Coroutine[Any, Any, Result | Refusal | None] | None:
    """Post to a group. With the room in memory this decides and queues in one step, without an await."""
    body = request.body
    if len(body) > node.config.limits.body_chars:
        text = N_("A post has at most {limit} characters; this one has {length}.")
        return Refusal(ErrorCode.TOO_LONG, text, {"limit": node.config.limits.body_chars, "length": len(body)})
    if body.startswith("/"):
        if not body.startswith("//"):
            return slash.post_command(node, session, request)
        body = body[1:]
    room = node.rooms.get(request.group)
    if room is None or room.state.words:
        return post_after_reading(node, session, request, body)
    pending = PendingPost(node, session, request, room, body)
    refusal = post_now(pending)
    return repeat_or_refuse(pending, refusal) if may_repeat(refusal, request) else refusal


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
    pending.work, pending.flag = judged
    pending.session.begin()
    pending.node.writer.put(pending)
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
    return make_work(pending, account, verdict, now), verdict


def check_allowed(pending: PendingPost, account: Account, now: int, *, again: bool) -> Refusal | None:
    """Refuse what may not be posted, whatever the content rules say."""
    node, room, body, user = pending.node, pending.room, pending.body, account.user
    identity, policy, reply_to = account.state.identity, node.governor.policy, pending.request.reply_to
    last_post = room.last_posts.get(user, 0) if pending.form.target is None else 0
    refusal = (
        check_post(room.state, user, identity, now, last_post, policy)
        or (NO_SUCH_ENTRY if reply_to and reply_to > room.last_seq else None)
        or check_links(room.state, user, body)
        or (SPILLED if spills(body) else None)
        or (TOO_BUSY if node.writer.is_full() else None)
    )
    if refusal is None and not again and node.raids.is_raided(room, user, body, now):
        # What was just done against the raid may hold for this very post.
        refusal = check_post(room.state, user, identity, now, 0, policy)
    return refusal


def make_work(pending: PendingPost, account: Account, verdict: Verdict | None, now: int) -> Work:
    """Return what a post stores: its entry and, if a rule flags it, the row that keeps the flag from getting lost."""
    room, request, form, body = pending.room, pending.request, pending.form, pending.body
    data = form.data
    if "@" in body and (mentions := find_mentions(body, room.state.members)):
        data = {**data, "mentions": list(mentions)}
    entry = Entry(
        # Most likely; the store decides.
        seq=room.last_seq + room.unsettled + 1,
        ts=now,
        kind=form.kind,
        from_=room.author(account),
        body=body,
        reply_to=request.reply_to,
        target=form.target,
        data=data or None,
    )
    work = Work(room.stream, room.state.version, entries=(NewEntry(entry, request.nonce),))
    if verdict is not None:
        nonce, row = open_flag(room.state.code, account.user, request.nonce, verdict, now)
        work.entries, work.rows = (NewEntry(entry, nonce),), (row,)
    return work


def may_repeat(refusal: Refusal | None, request: rq.Post) -> TypeGuard[Refusal]:
    """Say whether a refused post may be one that was stored before, and is sent again because its answer was lost."""
    return refusal is not None and bool(request.nonce) and refusal.code is not ErrorCode.RATE_LIMITED


async def repeat_or_refuse(pending: PendingPost, refusal: Refusal) -> Result | Refusal:
    """Answer a post that is refused now, but was stored before under its nonce, with its place (Delivery 5).

    What is ahead in the writer's queue may be that very post, so it is waited for.
    """
    node, session, nonce = pending.node, pending.session, pending.request.nonce
    assert nonce is not None
    waited = await stored(node, node.governor.store_rows(session.user, ()))
    if waited is not None:
        return waited
    since = node.clock.now_ms() - DAY_MS
    found = await node.store.journal.find_nonce(pending.room.state.code, session.user, nonce, since)
    return pending.form.result(*found) if found else refusal


async def read_page(node: "Node", room: Room, before: int | None, after: int | None, limit: int) -> Page:
    """Read a page of what was delivered: what is stored but not delivered yet comes as an event."""
    # Cut off from the other nodes, this one may not know yet that something was removed.
    found = room.tail.page(before, after, limit) if node.bus.connected else None
    if found is not None:
        return found
    last, age, journal, code = room.last_seq, room.tail.age, node.store.journal, room.state.code
    if after is not None:
        page = await journal.page(code, after=after, limit=limit)
    else:
        page = await journal.page(code, before=last + 1 if before is None else min(before, last + 1), limit=limit)
    if page.entries and page.entries[-1].seq > last:
        page = Page([entry for entry in page.entries if entry.seq <= last], False)
    room.tail.fill(page.entries, room.last_seq, age)
    return page


async def history(node: "Node", session: Session, request: rq.GetHistory) -> HistoryResult | Refusal:
    """Return a page of a group's entries, oldest first."""
    room = await enter_room(node, session, request.group)
    if isinstance(room, Refusal):
        return room
    limit = min(request.limit or HISTORY_PAGE, node.config.limits.history_page)
    page = await read_page(node, room, request.before, request.after, limit)
    # Asked again, because reading took a while: who was removed meanwhile gets nothing.
    if session.user not in room.state.members:
        return NOT_A_MEMBER
    return HistoryResult(tuple(page.entries), page.more)


async def sync(node: "Node", session: Session, request: rq.Sync) -> SyncResult:
    """Return what came after each cursor. Groups that one is not a member of (any more) are left out."""
    found: dict[str, SyncGroup] = {}
    left = SYNC_ENTRIES
    for text, seq in request.cursors.items():
        room = await enter_room(node, session, text)
        if isinstance(room, Refusal):
            continue
        entries: list[Entry] = []
        if left and seq < room.last_seq:
            entries = (await read_page(node, room, None, seq, min(SYNC_PAGE, left))).entries
            left -= len(entries)
        if session.user in room.state.members:
            last_seq = room.last_seq
            reached = entries[-1].seq if entries else seq
            found[text] = SyncGroup(entries=tuple(entries), last_seq=last_seq, more=reached < last_seq)
    return SyncResult(found)


async def mark_read(node: "Node", session: Session, request: rq.MarkRead) -> Empty | Refusal:
    """Remember how far one has read; going back is not remembered."""
    room = await enter_room(node, session, request.group)
    if isinstance(room, Refusal):
        return room
    account = session.account
    assert account is not None
    code, seq = room.state.code, min(request.seq, room.last_seq)
    if seq <= account.read_seqs.get(code, 0):
        return Empty()
    account.read_seqs[code] = seq
    refusal = await stored(node, node.governor.store_rows(account.user, [read_mark_row(code, account.user, seq)]))
    if refusal is None:
        node.hub.tell_one(room, account.user, but=session)
    return refusal or Empty()


async def typing(node: "Node", session: Session, request: rq.Typing) -> Empty | Refusal:
    """Let the others know that one is typing, if one might post."""
    room = await enter_room(node, session, request.group)
    if isinstance(room, Refusal):
        return room
    account = session.account
    assert account is not None
    refusal = check_post(room.state, account.user, account.state.identity, node.clock.now_ms(), 0, node.governor.policy)
    if refusal:
        return refusal
    node.bus.publish(TypingNews(room.state.code, account.user))
    return Empty()
