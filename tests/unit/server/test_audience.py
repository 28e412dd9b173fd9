"""Who listens: counted in rooms and accounts, once for each connection."""

import pytest

from folkmoot_protocol.codec import JSON, MSGPACK
from folkmoot_protocol.types import LeftReason
from tests.unit.server.lines import House


@pytest.fixture
async def house() -> House:
    return House()


async def test_a_connection_listens_once_however_often_it_is_let_in(house: House) -> None:
    room, audience = house.room(), house.audience
    peers = [house.peer(codec, "mia") for codec in (JSON, MSGPACK)]
    for peer in peers * 2:
        audience.listen(room, peer.session)
    assert room.listening == 2
    assert set(audience.listening_to(room)) == {peer.session for peer in peers}
    listeners = audience.rooms.get(room)
    assert listeners is not None
    assert {codec: list(sessions) for codec, sessions in listeners.by_codec.items()} == {
        JSON: [peers[0].session],
        MSGPACK: [peers[1].session],
    }


async def test_a_room_that_nobody_listens_to_is_forgotten(house: House) -> None:
    room, audience = house.room(), house.audience
    first, second = house.peer(MSGPACK, "mia", room), house.peer(MSGPACK, "max", room)
    audience.unlisten(room, first.session)
    audience.unlisten(room, first.session)
    assert (room.listening, audience.listening_to(room)) == (1, [second.session])
    audience.unlisten(room, second.session)
    audience.unlisten(room, second.session)
    assert (room.listening, audience.rooms.get(room), audience.listening_to(room)) == (0, None, [])


async def test_accounts_have_the_connections_that_are_signed_in_to_them(house: House) -> None:
    audience = house.audience
    assert audience.sessions_of(None) == ()
    first, second, other = house.peer(MSGPACK, "mia"), house.peer(MSGPACK, "mia"), house.peer(MSGPACK, "max")
    account, another = house.accounts.get("mia"), house.accounts.get("max")
    assert account is not None and another is not None
    assert set(audience.sessions_of(account)) == {first.session, second.session}
    assert audience.is_connected(account, first.session) and not audience.is_connected(account, other.session)
    audience.sign_in(account, first.session)
    assert (account.connections, another.connections) == (2, 1)
    audience.sign_out(account, first.session)
    audience.sign_out(account, other.session)
    assert (account.connections, audience.sessions_of(account)) == (1, (second.session,))
    audience.sign_out(account, second.session)
    audience.sign_out(account, second.session)
    assert (account.connections, audience.sessions_of(account)) == (0, ())
    assert list(audience._accounts) == [another], "what nobody is signed in to is forgotten"
    assert not audience.is_connected(account, second.session)


async def test_what_is_left_while_others_listen_is_left_alone(house: House) -> None:
    room = house.room()
    peers = [house.peer(MSGPACK, user, room) for user in ("mia", "max")]
    house.hub.unsubscribe(room, peers[0].session, LeftReason.LEFT)
    assert (room.listening, peers[1].session.rooms) == (1, {room})
