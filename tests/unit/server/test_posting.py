"""A post on its way: what it becomes, why it may not be, and what is done when it cannot be stored as decided."""

import asyncio
from collections.abc import AsyncIterator
from inspect import iscoroutine
from pathlib import Path
from typing import Any

import pytest

from folkmoot_governance import Refusal, apply
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.group import events as e
from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.codec import MSGPACK
from folkmoot_protocol.results import PostResult
from folkmoot_protocol.types import EntryKind, LinkRule
from folkmoot_server.actions.posts.form import Form
from folkmoot_server.live.rooms import Room
from folkmoot_server.storage.change_set import Upsert
from tests.builders.rules import NOW, SOON, make_group
from tests.unit.server.lines import Peer, Wired

CODE, OTHER = "482190673350", "591827364505"
EDIT = Form(EntryKind.EDIT, lambda seq, ts: PostResult(seq=seq, ts=ts), target=2, data={"x": 1})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Wired]:
    house = Wired(tmp_path, limits__posts_per_second=5, limits__body_chars=10)
    yield house
    await house.close()


@pytest.fixture
async def room(house: Wired) -> Room:
    return await house.open(make_group(code=CODE), last_seq=3)


@pytest.fixture
async def mia(house: Wired, room: Room) -> Peer:
    return await house.enter(MSGPACK, "mia", room)


async def post(house: Wired, peer: Peer, body: str = "hello", group: str = CODE, **fields: Any) -> Any:
    """Post; return the refusal or the result, or None when the answer comes over the line."""
    answer = house.node.app.posts.posting.post(peer.session, rq.Post(id=7, group=group, body=body, **fields), body)
    return await answer if iscoroutine(answer) else answer


async def after_reading(house: Wired, peer: Peer, body: str = "hello", *form: Form, **fields: Any) -> Any:
    request = rq.Post(id=7, group=CODE, body=body, **fields)
    return await house.node.app.posts.posting.post_after_reading(peer.session, request, body, *form)


async def done(house: Wired, peer: Peer) -> list[Any]:
    """Return what was sent when all that was accepted is answered."""
    await house.queue.drain()
    await asyncio.sleep(0)
    frames = list(peer.frames)
    peer.line.writes.clear()
    return frames


def code_of(refusal: object) -> str:
    assert isinstance(refusal, Refusal), refusal
    return refusal.code.value


def change(house: Wired, room: Room, event: e.Event, *, elsewhere: bool = False) -> None:
    """Let something have happened in the group: `elsewhere` this node has not heard of it yet."""
    apply(house.shelf.groups[CODE], event)
    if not elsewhere:
        apply(room.state, event)


MUTED = e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON)
LINK = "a.org/x"


# What it becomes


async def test_a_post_is_answered_and_then_told(house: Wired, room: Room, mia: Peer) -> None:
    change(house, room, e.TagSet(at=NOW, by="olga", user="mia", tag="cook"))
    assert await post(house, mia, "hi @max", reply_to=3) is None
    answer, told = await done(house, mia)
    assert answer == ev.Ok(re=7, result={"seq": 4, "ts": NOW})
    entry = told.entry
    assert (entry.seq, entry.ts, entry.kind, entry.body, entry.reply_to) == (4, NOW, "text", "hi @max", 3)
    assert (entry.from_.user, entry.from_.display_name, entry.from_.role) == ("mia", "Mia", "member")
    assert (entry.from_.tags, entry.data, entry.target) == (("cook",), {"mentions": ["max"]}, None)
    (change_set,) = house.shelf.committed
    assert (change_set.rows, change_set.entries[0].nonce, mia.session.is_behind()) == ((), None, False)


async def test_a_post_without_mentions_has_no_data(house: Wired, room: Room, mia: Peer) -> None:
    await post(house, mia, "a@b @nobo")
    _, told = await done(house, mia)
    assert told.entry.data is None


async def test_posts_of_one_turn_expect_the_places_that_they_get(house: Wired, room: Room, mia: Peer) -> None:
    for body in ("one", "two"):
        assert await post(house, mia, body) is None
    assert [one.change_set.entries[0].entry.seq for one in house.queue._queue] == [4, 5]  # type: ignore[attr-defined]
    assert [one.room.in_flight for one in house.queue._queue] == [2, 2]  # type: ignore[union-attr]
    frames = await done(house, mia)
    assert [frame.entry.body for frame in frames if isinstance(frame, ev.EntryEvent)] == ["one", "two"]
    assert room.in_flight == 0


async def test_a_form_of_its_own_brings_target_and_data(house: Wired, room: Room, mia: Peer) -> None:
    assert await after_reading(house, mia, "hi @max", EDIT) is None
    _, told = await done(house, mia)
    assert (told.entry.kind, told.entry.target, told.entry.data) == ("edit", 2, {"x": 1, "mentions": ["max"]})


async def test_a_group_that_is_not_in_memory_is_read_first(house: Wired) -> None:
    house.shelf.groups[CODE] = make_group(code=CODE)
    peer = await house.enter(MSGPACK, "mia")
    assert await post(house, peer, group="4821-9067-3350") is None
    assert (await done(house, peer))[0].result == {"seq": 1, "ts": NOW}
    assert house.shelf.asked["group"] == 1
    for group in (OTHER, "nonsense"):
        assert code_of(await post(house, peer, group=group)) == "no_such_group"


# Why it may not be


@pytest.mark.parametrize(
    ("event", "body", "fields", "code"),
    [
        (MUTED, "hi", {}, "muted"),
        (None, "hi", {"reply_to": 4}, "no_such_entry"),
        (e.LinksSet(at=NOW, by="olga", links=LinkRule.OFF), LINK, {}, "content_refused"),
        (None, "verify person 11010519491231002X", {}, "bad_syntax"),
        (e.MemberLeft(at=NOW, by="mia", user="mia"), "hi", {}, "not_a_member"),
    ],
)
async def test_what_is_refused(
    house: Wired, room: Room, mia: Peer, event: e.Event | None, body: str, fields: dict[str, Any], code: str
) -> None:
    if event is not None:
        change(house, room, event)
    assert code_of(await post(house, mia, body, **fields)) == code
    assert await done(house, mia) == []
    assert (house.shelf.committed, room.in_flight) == ([], 0)


async def test_who_spills_a_number_is_told_how_to_type_it(house: Wired, room: Room, mia: Peer) -> None:
    refusal = await post(house, mia, "verify person 11010519491231002X")
    assert isinstance(refusal, Refusal)
    assert refusal.detail == {"rule": "identity.spilled", "help": "/verify mobile|person|organisation"}


async def test_what_is_allowed_just_so(house: Wired, room: Room, mia: Peer) -> None:
    for body, fields in (("hi", {"reply_to": 3}), (LINK, {})):
        assert await post(house, mia, body, **fields) is None


async def test_nothing_is_taken_while_too_much_waits(
    house: Wired, room: Room, mia: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.queue, "is_full", lambda: True)
    assert code_of(await post(house, mia)) == "unavailable"


async def test_a_post_has_a_longest(house: Wired) -> None:
    posting = house.node.app.posts.posting
    assert posting.check_length("x" * 10) is None
    refusal = posting.check_length("x" * 11)
    assert refusal is not None
    assert (code_of(refusal), refusal.detail) == ("too_long", {"limit": 10, "length": 11})


async def test_one_posts_so_fast_and_no_faster(house: Wired, room: Room, mia: Peer) -> None:
    for _ in range(10):
        assert await post(house, mia) is None
    refusal = await post(house, mia)
    assert (code_of(refusal), refusal.detail["retry_after_ms"] // 10, mia.session.floods) == ("rate_limited", 20, 1)
    house.now_s += 0.21
    assert await post(house, mia) is None
    assert mia.session.floods == 0, "patience comes back"


async def test_credit_limits_posts_a_minute(tmp_path: Path) -> None:
    house = Wired(tmp_path, policy__quota__standard__posts_per_minute=2)
    room = await house.open(make_group(code=CODE))
    peer = await house.enter(MSGPACK, "mia", room)
    assert [await post(house, peer) for _ in range(2)] == [None, None]
    refusal = await post(house, peer)
    assert (code_of(refusal), refusal.detail["limit"]) == ("rate_limited", 2)
    assert refusal.detail["rule"] == "policy.quota.standard.posts_per_minute"
    assert refusal.detail["retry_after_ms"] // 100 == 300
    await house.close()


async def test_who_has_signed_out_posts_no_more(house: Wired, room: Room, mia: Peer) -> None:
    mia.session.account = None
    assert code_of(await post(house, mia)) == "not_a_member"
    assert code_of(await after_reading(house, mia)) == "not_a_member"


async def test_slow_mode_counts_from_the_decision_on_and_edits_do_not_count(
    house: Wired, room: Room, mia: Peer
) -> None:
    change(house, room, e.SlowModeSet(at=NOW, by="olga", slow_ms=9000))
    assert await after_reading(house, mia, "edited", EDIT) is None
    assert room.last_posts == {}
    assert await post(house, mia) is None
    assert room.last_posts == {"mia": NOW}
    refusal = await post(house, mia, "more")
    assert (code_of(refusal), refusal.detail["retry_after_ms"]) == ("slow_mode", 9000)
    assert await after_reading(house, mia, "edited", EDIT) is None


async def test_without_slow_mode_nothing_is_remembered(house: Wired, room: Room, mia: Peer) -> None:
    await post(house, mia)
    assert room.last_posts == {}


async def test_the_post_that_makes_it_a_raid_is_refused(tmp_path: Path) -> None:
    house = Wired(tmp_path, policy__groups__raid_repeats=2)
    joined = [e.MemberJoined(at=NOW, by=user, user=user, via="open") for user in ("gus", "ida")]
    room = await house.open(make_group(*joined, code=CODE))
    gus, ida = [await house.enter(MSGPACK, user, room) for user in ("gus", "ida")]
    text = "Come over to our channel, all of you"
    assert await post(house, gus, text) is None
    assert code_of(await post(house, ida, text)) == "group_muted"
    await house.close()


# Repeating


async def test_a_post_that_is_sent_again_gets_its_place_and_is_not_told_again(
    house: Wired, room: Room, mia: Peer
) -> None:
    await post(house, mia, nonce="n")
    await done(house, mia)
    house.now_s += 1
    await post(house, mia, nonce="n")
    assert await done(house, mia) == [ev.Ok(re=7, result={"seq": 4, "ts": NOW})]


async def test_a_post_that_would_be_refused_by_now_gets_the_place_that_it_has(
    house: Wired, room: Room, mia: Peer
) -> None:
    await post(house, mia, nonce="n")
    apply(room.state, MUTED)
    answer = await post(house, mia, nonce="n")
    assert answer == PostResult(seq=4, ts=NOW), "also while it is still on its way"
    apply(house.shelf.groups[CODE], MUTED)
    assert code_of(await post(house, mia, nonce="another")) == "muted"
    assert code_of(await post(house, mia)) == "muted"
    assert await after_reading(house, mia, nonce="n") == PostResult(seq=4, ts=NOW)
    assert code_of(await after_reading(house, mia)) == "muted"
    other = await house.enter(MSGPACK, "max", room)
    change(house, room, e.GroupLocked(at=NOW, by="olga", until_ms=SOON))
    assert code_of(await post(house, other, nonce="n")) == "group_muted", "a nonce is its author's"
    house.now_s += 24 * 3600 + 1
    change(house, room, e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON * 2))
    assert code_of(await post(house, mia, nonce="n")) == "muted", "after a day it is forgotten"


async def test_who_is_too_fast_is_not_looked_up(house: Wired, room: Room, mia: Peer) -> None:
    for _ in range(10):
        await post(house, mia, nonce="n")
    commits = house.shelf.asked["commit"]
    assert code_of(await post(house, mia, nonce="n")) == "rate_limited"
    assert code_of(await after_reading(house, mia, nonce="n")) == "rate_limited"
    await house.queue.drain()
    assert house.shelf.asked["commit"] == commits + 1


async def test_where_storage_does_not_answer_nobody_is_told_a_place(house: Wired, room: Room, mia: Peer) -> None:
    change(house, room, MUTED)
    house.shelf.broken = True
    assert code_of(await post(house, mia, nonce="n")) == "unavailable"
    house.shelf.broken = False


# Storing


async def test_a_post_that_could_not_be_stored_is_refused_and_told_to_nobody(
    house: Wired, room: Room, mia: Peer
) -> None:
    house.shelf.broken = True
    await post(house, mia)
    await mia.until(lambda: mia.line.writes)
    (answer,) = mia.frames
    assert isinstance(answer, ev.Error)
    assert (answer.re, answer.code, room.last_seq) == (7, "unavailable", 3)
    house.shelf.broken = False


async def test_a_post_that_was_overtaken_is_judged_again(house: Wired, room: Room, mia: Peer) -> None:
    change(house, room, e.TopicSet(at=NOW, by="olga", topic="Tea"), elsewhere=True)
    await post(house, mia)
    answer, *rest = [frame for frame in await done(house, mia) if not isinstance(frame, ev.GroupEvent)]
    assert (answer.result["seq"], [frame.entry.body for frame in rest]) == (4, ["hello"])
    change(house, room, MUTED, elsewhere=True)
    await post(house, mia)
    answer = next(frame for frame in await done(house, mia) if not isinstance(frame, ev.GroupEvent))
    assert (answer.code, mia.session.is_behind(), mia.session.in_flight) == ("muted", False, 0)


async def test_a_post_is_not_counted_twice_when_it_is_judged_again(tmp_path: Path) -> None:
    house = Wired(tmp_path, policy__groups__raid_repeats=2)
    joined = [e.MemberJoined(at=NOW, by=user, user=user, via="open") for user in ("gus", "ida")]
    room = await house.open(make_group(*joined, code=CODE))
    gus = await house.enter(MSGPACK, "gus", room)
    change(house, room, e.TopicSet(at=NOW, by="olga", topic="Tea"), elsewhere=True)
    await post(house, gus, "Come over to our channel, all of you")
    await done(house, gus)
    (told,) = room.raid_watch.posts.values()
    assert len(told) == 1
    await house.close()


async def test_content_rules_are_told_that_a_post_is_judged_again(
    house: Wired, room: Room, mia: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = house.node.app.posts.posting._rules
    judge, told = rules.judge, []

    def note(*asked: Any, **more: Any) -> Any:
        told.append(more.get("again", False))
        return judge(*asked, **more)

    monkeypatch.setattr(rules, "judge", note)
    change(house, room, e.TopicSet(at=NOW, by="olga", topic="Tea"), elsewhere=True)
    await post(house, mia)
    await done(house, mia)
    assert told == [False, True]


# Words of the group


def word(verdict: Action, text: str = "casino") -> e.WordAdded:
    return e.WordAdded(at=NOW, by="olga", word=text, verdict=verdict)


async def test_a_word_of_the_group_refuses_a_post(house: Wired, room: Room, mia: Peer) -> None:
    change(house, room, word(Action.REFUSE))
    refusal = await post(house, mia, "casino!")
    assert (code_of(refusal), refusal.detail["rule"]) == ("content_refused", "word:casino")
    assert await post(house, mia, "harmless") is None
    frames = await done(house, mia)
    assert [frame.entry.body for frame in frames if isinstance(frame, ev.EntryEvent)][-1] == "harmless"


async def test_a_word_of_the_group_holds_a_post(house: Wired, room: Room, mia: Peer) -> None:
    change(house, room, word(Action.HOLD))
    assert await post(house, mia, "casino!") is None
    answer = (await done(house, mia))[0]
    assert (answer.re, answer.code) == (7, "content_held")
    assert [review.rule for review in room.state.reviews.values()] == ["word:casino"]


async def test_a_word_of_the_group_flags_a_post(house: Wired, room: Room, mia: Peer) -> None:
    change(house, room, word(Action.FLAG))
    assert await post(house, mia, "casino!", nonce="n") is None
    assert (await done(house, mia))[0].result == {"seq": 4, "ts": NOW}
    await house.queue.drain()
    (review,) = room.state.reviews.values()
    assert (review.user, review.rule, review.seq) == ("mia", "word:casino", 4)
    posted = house.shelf.committed[0]
    (row,) = posted.rows
    assert isinstance(row, Upsert)
    assert (row.values["nonce"], row.values["user"], row.values["ts"]) == ("n", "mia", NOW)
    assert posted.entries[0].nonce == "n"


async def test_words_are_searched_for_again_when_they_change_meanwhile(house: Wired, room: Room, mia: Peer) -> None:
    change(house, room, word(Action.REFUSE, "harmless"))
    judge = house.node.group_words.judge
    asked = []

    async def meanwhile(code: str, words: Any, body: str) -> Any:
        asked.append(sorted(words))
        if len(asked) == 1:
            change(house, room, word(Action.REFUSE))
        return await judge(code, words, body)

    house.node.group_words.judge = meanwhile  # type: ignore[method-assign]
    assert code_of(await post(house, mia, "casino!")) == "content_refused"
    assert asked == [["harmless"], ["casino", "harmless"]]


async def test_words_of_a_group_are_not_searched_for_a_stranger(house: Wired, room: Room) -> None:
    change(house, room, word(Action.REFUSE))
    gus = await house.enter(MSGPACK, "gus")
    assert code_of(await post(house, gus, "casino!")) == "not_a_member"
    assert not house.node.group_words._compiled


async def test_words_that_are_all_gone_meanwhile_count_no_more(house: Wired, room: Room, mia: Peer) -> None:
    change(house, room, word(Action.REFUSE))
    judge = house.node.group_words.judge

    async def meanwhile(code: str, words: Any, body: str) -> Any:
        change(house, room, e.WordRemoved(at=NOW, by="olga", word="casino"))
        return await judge(code, words, body)

    house.node.group_words.judge = meanwhile  # type: ignore[method-assign]
    assert await post(house, mia, "casino!") is None


@pytest.mark.parametrize("had_words", [False, True])
async def test_who_is_overtaken_by_a_change_of_words_may_send_it_again(
    house: Wired, room: Room, mia: Peer, had_words: bool
) -> None:
    if had_words:
        change(house, room, word(Action.FLAG, "harmless"))
    change(house, room, word(Action.FLAG), elsewhere=True)
    await post(house, mia)
    frames = [frame for frame in await done(house, mia) if isinstance(frame, ev.Error)]
    assert [frame.code for frame in frames] == ["conflict"]


async def test_words_that_are_still_the_same_are_not_searched_for_again(house: Wired, room: Room, mia: Peer) -> None:
    change(house, room, word(Action.FLAG, "harmless"))
    change(house, room, e.TopicSet(at=NOW, by="olga", topic="Tea"), elsewhere=True)
    await post(house, mia)
    assert [frame.result["seq"] for frame in await done(house, mia) if isinstance(frame, ev.Ok)] == [4]


async def test_a_post_that_is_held_when_it_is_judged_again_is_answered_once(
    house: Wired, room: Room, mia: Peer
) -> None:
    change(house, room, word(Action.HOLD))
    change(house, room, e.TopicSet(at=NOW, by="olga", topic="Tea"), elsewhere=True)
    await post(house, mia, "casino!")
    frames = [frame for frame in await done(house, mia) if not isinstance(frame, ev.GroupEvent)]
    assert [frame.code for frame in frames if isinstance(frame, ev.Error)] == ["content_held"]
    assert mia.session.in_flight == 0


# Typing


async def test_typing_is_told_by_who_might_post(house: Wired, room: Room, mia: Peer) -> None:
    other = await house.enter(MSGPACK, "max", room)
    account, posting = house.accounts.get("mia"), house.node.app.posts.posting
    assert account is not None
    assert posting.tell_typing(room, account) is None
    await asyncio.sleep(0)
    assert other.frames == [ev.TypingEvent(group=CODE, user="mia")]
    change(house, room, MUTED)
    assert code_of(posting.tell_typing(room, account)) == "muted"
    await asyncio.sleep(0)
    assert len(other.frames) == 1


async def test_an_answer_that_cannot_be_given_keeps_nobody_else_from_the_entry(
    house: Wired, room: Room, mia: Peer
) -> None:
    other = await house.enter(MSGPACK, "max", room)
    await after_reading(house, mia, "hello", Form(EntryKind.TEXT, lambda seq, ts: 1 // 0))  # type: ignore[arg-type, return-value]
    await done(house, mia)
    assert [frame.entry.body for frame in other.frames if isinstance(frame, ev.EntryEvent)] == ["hello"]
