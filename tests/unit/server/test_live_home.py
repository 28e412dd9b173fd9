"""A post of a channel goes to those who read home live, a slice in each turn of the loop, whatever becomes of them."""

import asyncio
from typing import Any, cast

import pytest

from folkmoot_protocol.codec import JSON, MSGPACK, Codec
from folkmoot_protocol.events import LagEvent, PostEvent
from folkmoot_server.delivery import live_home
from folkmoot_server.delivery.live_home import LiveHome
from tests.builders.entries import make_entry

CODE, OTHER = "482190673350", "482190673352"


class Connection:
    """Stands for a session: keeps what it was given, by seq."""

    def __init__(self, codec: Codec = MSGPACK) -> None:
        self.codec = codec
        self.got: list[tuple[str, int] | tuple[str, int, int]] = []
        self.frames: list[bytes] = []

    def deliver_slowly(self, code: str, data: bytes, first: int, last: int) -> None:
        self.got.append((code, first) if first == last else (code, first, last))
        self.frames.append(data)


def post(seq: int = 1, code: str = CODE) -> PostEvent:
    return PostEvent(group=code, entry=make_entry(seq))


def listening(home: LiveHome, count: int, codec: Codec = MSGPACK) -> list[Connection]:
    found = [Connection(codec) for _ in range(count)]
    for one in found:
        home.listen(cast(Any, one), [CODE])
    return found


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_each_turn_writes_to_a_slice_and_all_have_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_home, "SLICE", 3)
    home = LiveHome()
    some, others = listening(home, 4), listening(home, 4, JSON)
    home.deliver(post())
    reached = []
    for _ in range(4):
        await turns(1)
        reached.append(sum(bool(one.got) for one in (*some, *others)))
    assert reached == [3, 6, 8, 8]
    assert len({id(one.frames[0]) for one in some}) == len({id(one.frames[0]) for one in others}) == 1


async def test_posts_come_in_their_order_and_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_home, "SLICE", 2)
    home = LiveHome()
    connections = listening(home, 5)
    for seq in (1, 2, 3):
        home.deliver(post(seq))
    await turns(20)
    assert all(one.got == [(CODE, 1), (CODE, 2), (CODE, 3)] for one in connections)


async def test_who_has_gone_or_turned_away_meanwhile_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_home, "SLICE", 1)
    home = LiveHome()
    first, gone, away, last = listening(home, 4)
    home.deliver(post())
    await turns(1)
    home.forget(cast(Any, gone))
    home.changed(cast(Any, away), CODE, follows=False)
    await turns(10)
    assert [one.got for one in (first, gone, away, last)] == [[(CODE, 1)], [], [], [(CODE, 1)]]


async def test_what_is_followed_from_now_on_is_heard_of_from_now_on() -> None:
    home = LiveHome()
    (one,), stranger = listening(home, 1), Connection()
    home.changed(cast(Any, one), OTHER, follows=True)
    # Who does not read live does not begin to by following.
    home.changed(cast(Any, stranger), OTHER, follows=True)
    home.deliver(post(code=OTHER))
    await turns(3)
    assert (one.got, stranger.got) == ([(OTHER, 1)], [])
    home.listen(cast(Any, one), [OTHER])
    home.deliver(post(2))
    await turns(3)
    assert one.got == [(OTHER, 1)]


async def test_what_no_news_told_of_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    home = LiveHome()
    (one,) = listening(home, 1)
    home.left_out({CODE: 5, OTHER: 7})
    await turns(3)
    assert [MSGPACK.decode_frame(frame[2:]) for frame in one.frames] == [LagEvent(group=CODE, from_=5, to=5)]
    # Behind what waits already, and as one.
    monkeypatch.setattr(live_home, "MAX_WAITING", 1)
    home.deliver(post(6))
    home.deliver(post(7))
    home.left_out({CODE: 8})
    await turns(5)
    assert [MSGPACK.decode_frame(frame[2:]) for frame in one.frames[2:]] == [LagEvent(group=CODE, from_=7, to=8)]


async def test_of_posts_that_are_too_many_it_is_told_that_they_were_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_home, "MAX_WAITING", 2)
    home = LiveHome()
    (one,) = listening(home, 1)
    for seq in range(1, 7):
        home.deliver(post(seq))
    await turns(20)
    assert one.got == [(CODE, 1), (CODE, 2), (CODE, 3, 6)]
    event = MSGPACK.decode_frame(one.frames[-1][2:])
    assert event == LagEvent(group=CODE, from_=3, to=6)
    home.deliver(post(7))
    await turns(3)
    assert one.got[-1] == (CODE, 7)
