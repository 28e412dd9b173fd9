"""One connection: what it is sent in which write, and what becomes of a slow one."""

import asyncio
from collections.abc import Callable

import pytest

from folkmoot_governance import Refusal
from folkmoot_governance.group.events import TopicSet
from folkmoot_protocol import events as ev
from folkmoot_protocol.codec import JSON, MSGPACK
from folkmoot_protocol.errors import CloseCode, ErrorCode
from folkmoot_protocol.results import Empty, PostResult
from folkmoot_server.common.metrics import ERRORS, LAGS
from folkmoot_server.delivery.session import MAX_IN_FLIGHT, Session, flush
from tests.builders.rules import NOW, make_group
from tests.integration.wire import PATIENCE_S
from tests.unit.server.lines import LIMITS, House, Peer, turn

MOST = LIMITS.outbox_bytes


@pytest.fixture
async def house() -> House:
    return House()


@pytest.fixture
async def peer(house: House) -> Peer:
    return house.peer(MSGPACK)


def errors(code: ErrorCode) -> float:
    return ERRORS.labels(code)._value.get()


async def test_what_is_sent_in_one_turn_goes_out_in_one_write(peer: Peer) -> None:
    session = peer.session
    session.reply(7, PostResult(seq=3, ts=4))
    session.reply(8, Empty())
    assert peer.line.writes == []
    await turn()
    assert [[frame.re for frame in write] for write in peer.turns] == [[7, 8]]  # type: ignore[union-attr]
    assert peer.frames[0].result == {"seq": 3, "ts": 4}  # type: ignore[union-attr]
    session.reply(9, Empty())
    await turn()
    assert len(peer.turns) == 2


@pytest.mark.parametrize("codec", [JSON, MSGPACK], ids=lambda one: one.subprotocol)
async def test_frames_are_text_or_binary_as_the_codec_is(house: House, codec: object) -> None:
    peer = house.peer(codec)  # type: ignore[arg-type]
    peer.session.reply(1, Empty())
    await turn()
    assert peer.line.writes[0][0] == (0x81 if codec is JSON else 0x82)


async def test_a_refusal_is_told_in_ones_language_and_counted(peer: Peer) -> None:
    before = errors(ErrorCode.FORBIDDEN)
    refusal = Refusal(ErrorCode.FORBIDDEN, "Too fast: wait {wait}.", {"retry_after_ms": 5000})
    peer.session.refuse(3, refusal)
    peer.session.speak("zh-CN")
    peer.session.refuse(4, refusal)
    await turn()
    english, chinese = peer.frames
    assert isinstance(english, ev.Error) and isinstance(chinese, ev.Error)
    assert (english.re, english.code, english.message) == (3, "forbidden", "Too fast: wait 5 seconds.")
    assert english.detail == {"rule": "permissions", "help": "/rights", "retry_after_ms": 5000}
    assert (chinese.re, chinese.message != english.message, peer.session.language) == (4, True, "zh-CN")
    assert errors(ErrorCode.FORBIDDEN) == before + 2


async def test_entries_are_written_at_once_only_while_nothing_has_to_wait(house: House) -> None:
    room, other = house.room(), house.room(make_group(code="591827364505"))
    peer = house.peer(MSGPACK, "mia", room)
    session = peer.session

    def is_quick() -> bool:
        session.look_again()
        return session.write is not None

    assert is_quick() and session.write == peer.line.write
    session.rooms.add(other)
    assert not is_quick(), "two rooms: their entries go out together"
    session.rooms.clear()
    assert not is_quick(), "no room"
    session.rooms.add(room)
    session.outbox.append(b"x")
    assert not is_quick(), "what was sent before goes first"
    session.outbox.clear()
    session.lagged["x"] = (1, 2)
    assert not is_quick()
    session.lagged.clear()
    peer.session.socket.is_backed_up = True
    assert not is_quick()
    peer.session.socket.is_backed_up = False
    assert is_quick()
    peer.session.socket.is_open = False
    assert not is_quick()


async def test_an_answer_ends_writing_at_once_until_it_is_out(house: House) -> None:
    peer = house.peer(MSGPACK, "mia", house.room())
    peer.session.reply(1, Empty())
    assert peer.session.write is None
    await turn()
    assert peer.session.write is not None


async def test_what_may_be_dropped_is_kept_from_the_slow(peer: Peer) -> None:
    peer.session.push_if_quick(b"")
    assert len(peer.session.outbox) == 1
    peer.session.lagged["x"] = (1, 2)
    peer.session.push_if_quick(b"")
    peer.session.lagged.clear()
    peer.stick()
    peer.session.push_if_quick(b"")
    assert len(peer.session.outbox) == 1


async def test_a_slow_peer_is_sent_what_fits_and_told_of_the_rest(peer: Peer) -> None:
    session = peer.session
    peer.stick(1000)
    session.push(b"x" * 500)
    session.deliver_slowly("a", b"x" * (MOST - 1500), 3, 4)
    assert (len(session.outbox), session.lagged) == (2, {}), "it fits exactly"
    session.deliver_slowly("a", b"x", 5, 6)
    session.deliver_slowly("b", b"", 8, 8)
    session.deliver_slowly("a", b"", 7, 9)
    assert (len(session.outbox), session.lagged) == (2, {"a": (5, 9), "b": (8, 8)})


async def test_a_peer_is_told_what_it_missed_when_half_has_drained(peer: Peer) -> None:
    session, lags = peer.session, LAGS._value.get()
    peer.stick(MOST)
    session.deliver_slowly("a", b"x", 5, 6)
    session.deliver_slowly("b", b"x", 8, 9)
    peer.line.waiting = MOST // 2 + 1
    assert not session.catch_up()
    peer.line.waiting = MOST // 2
    assert session.catch_up()
    await turn()
    assert peer.frames == [ev.LagEvent(group="a", from_=5, to=6), ev.LagEvent(group="b", from_=8, to=9)]
    assert session.lagged == {}
    assert LAGS._value.get() == lags + 2


async def test_the_hub_looks_after_a_slow_peer_until_it_was_told(house: House, peer: Peer) -> None:
    other = house.peer(MSGPACK)
    for one in (peer, other):
        one.stick(MOST)
        one.session.deliver_slowly("a", b"x", 5, 6)
    peer.take_all()
    await peer.until(lambda: peer.line.writes)
    assert not other.line.writes
    other.take_all()
    await other.until(lambda: other.line.writes)


async def test_what_was_missed_of_a_group_that_one_left_is_not_told(house: House) -> None:
    room, other = house.room(), house.room(make_group(code="482190673350"))
    peer = house.peer(MSGPACK, "mia", room)
    session = peer.session
    session.lagged[room.state.code] = (5, 6)
    session.stale[room] = None
    session.look_again()
    session.forget_lag(other)
    assert (session.write, session.stale) == (None, {room: None})
    session.forget_lag(room)
    assert (session.lagged, session.stale, session.write is None) == ({}, {}, False)


async def test_a_slow_peer_is_told_how_a_group_is_once_it_can_take_that(house: House) -> None:
    room = house.room()
    peer, other = (house.peer(MSGPACK, user, room) for user in ("mia", "lin"))
    peer.stick(MOST)
    for _ in range(50):
        house.hub.tell_change(room, TopicSet(at=NOW, by="lin", topic="x" * 100))
    await turn()
    assert len(other.frames) == 50
    assert not peer.frames
    peer.take_all()
    await peer.until(lambda: peer.frames)
    (seen,) = peer.frames
    assert isinstance(seen, ev.GroupEvent)
    assert seen.group.role is not None, "a member sees the fields of its own"
    assert not peer.session.stale


@pytest.mark.parametrize(
    "push",
    [
        lambda session: session.reply(1, Empty()),
        lambda session: session.push(b"x"),
        lambda session: session.refuse(1, Refusal(ErrorCode.BAD_REQUEST, "no")),
    ],
    ids=["answers", "frames", "refusals"],
)
async def test_whoever_has_too_much_waiting_all_the_same_is_closed(peer: Peer, push: Callable[[Session], None]) -> None:
    peer.stick(2 * MOST)
    push(peer.session)
    assert not peer.closed
    peer.line.waiting = 2 * MOST + 1
    push(peer.session)
    assert [code for code, _ in peer.closed] == [CloseCode.FLOODING]


async def test_answers_that_wait_to_be_written_count_before_more_is_read(peer: Peer) -> None:
    session = peer.session
    session.push(b"x" * MOST)
    assert not session.is_behind()
    session.push(b"x")
    assert session.is_behind()
    await session.wait_for_room()
    assert not session.is_behind()


async def test_requests_wait_while_too_many_are_on_their_way(peer: Peer) -> None:
    session = peer.session
    for _ in range(MAX_IN_FLIGHT - 1):
        session.begin()
    assert not session.is_behind()
    session.begin()
    session.begin()
    assert session.is_behind()
    waiting = asyncio.create_task(session.wait_for_room())
    await turn()
    session.finish()
    await turn()
    assert not waiting.done()
    session.finish()
    async with asyncio.timeout(PATIENCE_S):
        await waiting
    assert not session.is_behind()


async def test_requests_wait_while_their_answers_are_not_taken(peer: Peer) -> None:
    session = peer.session
    peer.stick(MOST + 1)
    assert session.is_behind()
    waiting = asyncio.create_task(session.wait_for_room())
    await turn()
    assert not waiting.done()
    peer.line.waiting = MOST
    assert not session.is_behind()
    async with asyncio.timeout(PATIENCE_S):
        await waiting
    peer.take_all()
    peer.line.waiting = MOST + 1
    assert not session.is_behind(), "what the peer has not been too slow for is no reason"


async def test_nobody_waits_for_a_connection_that_has_ended(peer: Peer) -> None:
    peer.stick(MOST + 1)
    peer.session.socket.is_open = False
    async with asyncio.timeout(PATIENCE_S):
        await peer.session.wait_for_room()


async def test_a_connection_is_closed_once_after_what_was_sent(peer: Peer) -> None:
    session = peer.session
    session.reply(1, Empty())
    assert not session.closing
    session.close(CloseCode.FORBIDDEN, "why")
    session.close(CloseCode.RESTART)
    assert (peer.kinds(), peer.closed, session.closing) == (["Ok"], [(CloseCode.FORBIDDEN, "why")], True)
    session.reply(2, Empty())
    await turn()
    assert (peer.kinds(), session.outbox) == ([], []), "nobody is there any more"


async def test_nothing_is_written_where_nothing_was_sent(peer: Peer) -> None:
    peer.session.close(CloseCode.RESTART)
    assert (peer.line.writes, peer.closed) == ([], [(CloseCode.RESTART, "")])


async def test_who_does_not_sign_in_is_cut_off_unless_it_waits_for_an_answer(house: House) -> None:
    peer, busy, user = house.peer(MSGPACK), house.peer(MSGPACK), house.peer(MSGPACK)
    for one in (peer, busy, user):
        one.session.start_deadline()
    busy.session.socket.pause()
    user.session.signed_in()
    await peer.until(lambda: peer.closed)
    assert (peer.closed, busy.closed, user.closed) == ([(CloseCode.NOT_AUTHENTICATED, "")], [], [])
    # The door closes it when the answer is there, unless that has signed it in.
    assert (busy.session.overdue, user.session.overdue) == (True, False)
    user.session.signed_out()
    await user.until(lambda: user.closed)


async def test_a_session_has_its_own_number_and_no_user_before_one_signs_in(house: House) -> None:
    first, second = house.peer(MSGPACK).session, house.peer(MSGPACK, "mia").session
    assert (first.user, second.user) == ("", "mia")
    assert second.number == first.number + 1


async def test_flushing_takes_sessions_in_order(house: House) -> None:
    peers = [house.peer(MSGPACK), house.peer(MSGPACK)]
    for peer in peers:
        peer.session.outbox.append(b"\x82\x00")
    peers[0].session.socket.is_open = False
    flush([peer.session for peer in peers])
    assert [peer.line.writes for peer in peers] == [[], [b"\x82\x00"]]
