"""What strangers send costs others no more than a share of a turn, is counted whatever it is, and ends."""

import asyncio
import json
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import msgpack
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import CloseCode, ErrorCode
from folkmoot_protocol.group_code import FIRST_NUMBER, make_group_code
from folkmoot_server.main import tls_context
from folkmoot_server.transport.handshake import Settings
from folkmoot_server.transport.intake import Intake
from folkmoot_server.transport.server import WebSocketServer
from folkmoot_server.transport.websocket import FRAMES_AT_ONCE, ODD_AT_ONCE
from tests.conformance.echo import MAX_SIZE, Echo
from tests.integration.server import FAILURES, Seat, Server, serving
from tests.integration.test_http_connections import make_certificate
from tests.integration.wire import PATIENCE_S, Closed, Wire, refused
from tests.unit.server.stores import Stage, staged


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose limits are those that a newcomer's configuration has, but few acts."""
    limits = {
        "limits__requests_per_second": 20,
        "limits__posts_per_second": 5,
        "limits__acts_per_minute": 9,
        "limits__connections_per_address": 0,
    }
    with serving(tmp_path_factory.mktemp("strict"), groups=12, members=3, **limits) as server:
        yield server


@pytest.fixture
def crew(strict: Server) -> list[Seat]:
    return strict.seats.pop()


@pytest.fixture
def own(crew: list[Seat]) -> Seat:
    return crew[0]


@pytest.fixture
async def member(strict: Server, own: Seat) -> AsyncIterator[Wire]:
    async with await Wire.open(strict.url, own.token) as wire:
        yield wire


def raw(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    """Return a frame as a client sends it."""
    return Frame(opcode, data, fin).serialize(mask=True)


async def closed_by(wire: Wire, data: bytes) -> int:
    """Send bytes past the library; return the code that the server closes with."""
    wire.socket.transport.write(data)
    async with asyncio.timeout(20):
        return await wire.closed()


ODD = {
    "pings": raw(Opcode.PING) * (2 * ODD_AT_ONCE),
    "pongs nobody asked for": raw(Opcode.PONG) * (2 * ODD_AT_ONCE),
    "fragments that hold nothing": raw(Opcode.BINARY, fin=False) + raw(Opcode.CONT, fin=False) * (2 * ODD_AT_ONCE),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("signed_in", [False, True], ids=["stranger", "member"])
async def test_frames_that_are_no_messages_are_counted_and_end_the_connection(
    strict: Server, own: Seat, odd: str, signed_in: bool
) -> None:
    wire = await Wire.open(strict.url, own.token if signed_in else None)
    assert await closed_by(wire, ODD[odd]) == CloseCode.FLOODING


async def test_some_pings_are_answered(strict: Server) -> None:
    async with await Wire.open(strict.url) as wire:
        for pong in [await wire.socket.ping() for _ in range(50)]:
            await asyncio.wait_for(pong, 20)
        assert wire.close_code is None


BEFORE_SIGN_IN = {
    "unknown": lambda number: {"type": "dance", "id": number},
    "of the wrong type": lambda number: {"type": "login", "id": number, "user": 3},
    "too early": lambda number: {"type": "groups", "id": number},
    "a token that is none": lambda number: {"type": "resume", "id": number, "token": f"{number:040}"},
}


@pytest.mark.parametrize("kind", BEFORE_SIGN_IN)
async def test_requests_of_nobody_are_counted_whatever_they_are(strict: Server, kind: str) -> None:
    wire = await Wire.open(strict.url)
    frames = [msgpack.packb(BEFORE_SIGN_IN[kind](number)) for number in range(1, 200)]
    assert await closed_by(wire, b"".join(raw(Opcode.BINARY, frame) for frame in frames)) == CloseCode.FLOODING


async def test_what_cannot_be_decoded_costs_a_member_as_much_as_what_can(strict: Server, member: Wire) -> None:
    for number in range(1000, 1080):
        await member.socket.send(msgpack.packb({"type": "dance", "id": number}))
    await member.until(lambda: any(isinstance(one, ev.Error) and one.re == 1079 for one in member.log))
    codes = [one.code for one in member.log if isinstance(one, ev.Error)]
    assert codes[0] == ErrorCode.UNKNOWN_REQUEST
    assert ErrorCode.RATE_LIMITED in codes


async def test_a_command_that_is_posted_costs_what_a_command_costs(strict: Server, own: Seat, member: Wire) -> None:
    answers = [await member.send(rq.Post, group=own.code, body="/id") for _ in range(60)]
    found = await asyncio.gather(*answers, return_exceptions=True)
    assert "rate_limited" in {getattr(one, "code", "") for one in found}


async def test_a_post_to_a_group_that_is_not_there_is_counted(strict: Server, member: Wire) -> None:
    answers = [await member.send(rq.Post, group="482190673350", body="hello") for _ in range(500)]
    found = await asyncio.gather(*answers, return_exceptions=True)
    assert "rate_limited" in {getattr(one, "code", "") for one in found}


async def test_acts_that_go_into_the_record_are_bounded_for_an_account(own: Seat, member: Wire) -> None:
    for number in range(3):
        await member.run(f"/topic number {number}", own.code)
    error = await refused(member.run("/topic one too many", own.code), "rate_limited")
    assert error.detail["rule"] == "limits.acts_per_minute"
    assert error.detail["retry_after_ms"] > 0
    # What reads is not held up.
    await member.run("/info", own.code)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, limits__auth_seconds=1, limits__requests_per_second=0) as stage:
        yield stage


async def test_who_sends_much_at_once_gets_all_of_it_answered_and_others_are_not_held_up(stage: Stage) -> None:
    busy, other = [await stage.connect(seat) for seat in stage.seats[0][:2]]
    order: list[str] = []

    def note(name: str) -> "asyncio.Future[None]":
        return lambda _: order.append(name)  # type: ignore[return-value]

    many = 100 * FRAMES_AT_ONCE
    answers = [await busy.send(rq.ListGroups) for _ in range(many)]
    answers[-1].add_done_callback(note("busy"))
    (await other.send(rq.ListGroups)).add_done_callback(note("other"))
    async with asyncio.timeout(20):
        assert len(await asyncio.gather(*answers)) == many
    assert order == ["other", "busy"]


ACTS = {
    "coming and going": lambda number, code, own: (
        rq.LeaveGroup if number % 2 else rq.JoinGroup,
        {"group": code},
    ),
    "the same as commands": lambda number, code, own: (
        rq.RunCommand,
        {"line": "/leave", "group": code} if number % 2 else {"line": f"/join {code}"},
    ),
    "topics of a group of one's own": lambda number, code, own: (rq.Post, {"group": own, "body": f"/topic {number}"}),
    "groups founded": lambda number, code, own: (rq.CreateGroup, {"name": f"Number {number}"}),
}


@pytest.mark.parametrize("kind", ACTS)
async def test_a_post_waits_for_few_of_the_acts_that_a_stranger_asks_for(stage: Stage, kind: str) -> None:
    member, stranger = await stage.connect(stage.seats[0][1]), await stage.connect(stage.seats[1][0])
    code, own = stage.seats[0][1].code, stage.seats[1][0].code
    await stranger.ask(rq.JoinGroup, group=code)
    await stranger.ask(rq.LeaveGroup, group=code)
    order: list[str] = []
    stage.store.sizes.clear()
    stage.store.gate.clear()
    acts = []
    for number in range(20):
        request, fields = ACTS[kind](number, code, own)
        acts.append(await stranger.send(request, **fields))
        acts[-1].add_done_callback(lambda _: order.append("act"))
    await stage.store.waiting.wait()
    for _ in range(100):
        # Time enough for all of it to be decided, if that might be.
        await member.ask(rq.ListGroups)
    post = await member.send(rq.Post, group=code, body="hello")
    post.add_done_callback(lambda _: order.append("post"))
    await member.ask(rq.ListGroups)
    stage.store.gate.set()
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(post, *acts, return_exceptions=True)
    assert order.index("post") <= 1, "the post came after more than the act that was under way"
    assert max(stage.store.sizes) <= 2


async def test_the_time_to_sign_in_ends_with_the_request_that_is_under_way(stage: Stage) -> None:
    slots = stage.node.app.sign_in._slots
    while not slots.locked():
        await slots.acquire()
    async with await Wire.open(stage.url) as slow, await Wire.open(stage.url) as silent:
        first = await slow.send(rq.Resume, token="x" * 40)
        assert await silent.closed() == CloseCode.NOT_AUTHENTICATED
        second = await slow.send(rq.Resume, token="y" * 40)
        slots.release()
        await refused(first, "auth_failed")
        assert await slow.closed() == CloseCode.NOT_AUTHENTICATED
        with pytest.raises(Closed):
            await second


async def test_codes_of_groups_are_not_found_by_trying(tmp_path: Path) -> None:
    limits = {"limits__unknown_codes_per_minute": 5, "limits__requests_per_second": 0, "limits__acts_per_minute": 0}
    with serving(tmp_path, groups=2, members=2, **limits) as server:
        own, others = server.seats[0][0], server.seats[1][0]
        codes = iter(make_group_code(FIRST_NUMBER + number) for number in range(100))
        async with await Wire.open(server.url, own.token) as wire:
            # However somebody asks, each code counts.
            await refused(wire.ask(rq.GetGroup, group=next(codes)), "no_such_group")
            await refused(wire.ask(rq.JoinGroup, group=next(codes)), "no_such_group")
            await refused(wire.ask(rq.Post, group=next(codes), body="hello"), "no_such_group")
            await refused(wire.run(f"/join {next(codes)}", own.code), "no_such_group")
            await wire.ask(rq.Sync, cursors={next(codes): 0})
            for _ in range(3):
                error = await refused(wire.ask(rq.GetGroup, group=next(codes)), "rate_limited")
                assert error.detail["rule"] == "limits.unknown_codes_per_minute"
            # What is there is found out as little as what is not.
            await refused(wire.ask(rq.GetGroup, group=others.code), "rate_limited")
            # One's own groups are no secret.
            await wire.ask(rq.GetGroup, group=own.code)
            await wire.post(own.code, "hello")
        async with await Wire.open(server.url, others.token) as wire:
            # Another account at the same address has what is left there: nothing.
            await refused(wire.ask(rq.GetGroup, group=own.code), "rate_limited")


async def test_coming_and_going_is_told_once(tmp_path: Path) -> None:
    limits = {"limits__acts_per_minute": 0, "policy__groups__quiet_minutes": 10}
    with serving(tmp_path, groups=2, members=1, **limits) as server:
        owner, guest = server.seats[0][0], server.seats[1][0]
        async with await Wire.open(server.url, owner.token) as host, await Wire.open(server.url, guest.token) as wire:
            for _ in range(5):
                await wire.ask(rq.JoinGroup, group=owner.code)
                await wire.ask(rq.LeaveGroup, group=owner.code)
            await wire.ask(rq.JoinGroup, group=owner.code)
            await host.post(owner.code, "the end")
            entries = await host.history(owner.code)
            told = [one.data["event"] for one in entries if one.data and one.data.get("user") == guest.user]
            assert told == ["joined"]
            # Whoever listens is in the picture all the same, and the record has it all.
            assert (await host.group(owner.code)).members == 2
            assert str(await host.run("/log", owner.code)).count(f"@{guest.user} joined") == 6


async def test_typing_is_told_once_in_a_while(strict: Server, crew: list[Seat], own: Seat, member: Wire) -> None:
    async with await Wire.open(strict.url, crew[1].token) as mate:
        for _ in range(8):
            await member.ask(rq.Typing, group=own.code)
        await member.post(own.code, "done")
        await mate.until(lambda: any(isinstance(one, ev.EntryEvent) for one in mate.log))
        assert sum(isinstance(one, ev.TypingEvent) for one in mate.log) == 1


@pytest.mark.parametrize(
    ("settings", "invitation", "code"),
    [
        ({"registration__mode": "closed"}, None, "forbidden"),
        ({"registration__mode": "invitation"}, None, "forbidden"),
        ({"registration__mode": "invitation"}, "{group} WRONG-CODE", "forbidden"),
        ({"registration__mode": "invitation"}, "{group} {code}", None),
        ({"registration__per_day": 1}, None, None),
    ],
)
async def test_who_may_register(
    tmp_path: Path, settings: dict[str, object], invitation: str | None, code: str | None
) -> None:
    with serving(tmp_path, groups=1, members=2, **settings) as server:
        owner = server.seats[0][0]
        async with await Wire.open(server.url, owner.token) as host:
            made = await host.run("/invite code", owner.code)
            given = invitation and invitation.format(group=owner.code, code=made.data["invite_code"])
        async with await Wire.open(server.url) as wire:
            asked = wire.register("gus", invitation=given)
            if code is not None:
                error = await refused(asked, code)
                assert error.detail["rule"] == "registration.mode"
                return
            session = await asked
            assert [group.id for group in session.groups] == ([owner.code] if invitation else [])
        async with await Wire.open(server.url) as wire:
            # The code is used up; the day is over.
            await refused(wire.register("zoe", invitation=given), "forbidden" if invitation else "rate_limited")


async def test_wrong_passwords_are_slowed_down_and_the_owner_is_told(tmp_path: Path) -> None:
    with serving(tmp_path, limits__sign_ins_per_minute=0) as server:
        async with await Wire.open(server.url) as owner:
            await owner.register("olga")
            async with await Wire.open(server.url) as guess:
                for number in range(5):
                    await refused(guess.ask(rq.Login, user="olga", password=f"a guess {number}"), "auth_failed")
                error = await refused(guess.ask(rq.Login, user="olga", password="a good one"), "rate_limited")
                assert error.detail["retry_after_ms"] > 0
            async with await Wire.open(server.url, owner.token) as again:
                await again.until(lambda: any(isinstance(one, ev.CaseEvent) for one in again.log))
                told = next(one for one in again.log if isinstance(one, ev.CaseEvent))
                assert (told.state, told.case) == ("tried", "")
                assert told.text.startswith("5 wrong passwords")


FILES = 200
FEW_FILES = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
from folkmoot_server.cli import main
main()
"""


@pytest.fixture
def poor(tmp_path: Path) -> Iterator[Server]:
    """A server that may open few files."""
    server = Server(tmp_path, {"limits__connections_per_address": 0})
    server.seed(1, 2)
    command = [sys.executable, "-c", FEW_FILES, "serve", "--profile", "open", "--data", str(server.data)]
    command += ["--listen", "127.0.0.1:0", "--ready-file", str(server.ready)]
    with (
        (tmp_path / "stderr").open("ab") as stderr,
        subprocess.Popen(command, env=server.environment(), stderr=stderr) as process,
    ):
        while not server.ready.exists():
            assert process.poll() is None, server.stderr()
            time.sleep(0.01)
        server.urls = json.loads(server.ready.read_text())
        yield server
        process.terminate()
        assert process.wait(PATIENCE_S) == 0, server.stderr()
    assert not FAILURES.search(server.stderr()), server.stderr()


async def test_strangers_leave_storage_the_files_it_needs(poor: Server) -> None:
    where, seat = parse_uri(poor.url), poor.seats[0][0]
    async with await Wire.open(poor.url, seat.token) as wire:
        strangers = [await asyncio.open_connection(where.host, where.port) for _ in range(2 * FILES)]
        try:
            ends = [asyncio.create_task(reader.read()) for reader, _ in strangers]
            async with asyncio.timeout(PATIENCE_S):
                while sum(one.done() for one in ends) < FILES:
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                    ends = [one for one in ends if not one.done()] + [one for one in ends if one.done()]
                    if all(one.done() for one in ends):
                        break
            # Reading and search open files of their own.
            seq = await wire.post(seat.code, "stored all the same")
            assert [one.seq for one in await wire.history(seat.code)][-1] == seq
            assert "stored" in (await wire.run("/search stored", seat.code)).text
        finally:
            for _, writer in strangers:
                writer.close()
            await asyncio.gather(*ends, return_exceptions=True)


TWO_REQUESTS = {
    "two handshakes": "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" * 2,
    "two that are none": "GET /ws HTTP/1.1\r\n\r\n" * 2,
    "a page and another": "GET /rules HTTP/1.1\r\nHost: {host}\r\n\r\n" * 2,
    "a handshake in a page's request": "POST /ws HTTP/1.1\r\nContent-Length: 9999\r\n\r\nGET /ws HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("kind", TWO_REQUESTS)
async def test_requests_in_one_packet_leave_nothing_in_the_log(strict: Server, kind: str) -> None:
    where, before = parse_uri(strict.url), len(strict.stderr())
    for _ in range(20):
        reader, writer = await asyncio.open_connection(where.host, where.port)
        writer.write(TWO_REQUESTS[kind].format(host=f"{where.host}:{where.port}").encode())
        writer.write_eof()
        with suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
    assert strict.stderr()[before:] == ""


async def test_connections_that_ask_for_nothing_count_for_their_address(tmp_path: Path) -> None:
    with serving(tmp_path, groups=1, members=1, limits__connections_per_address=10) as server:
        where = parse_uri(server.url)
        idle = [await asyncio.open_connection(where.host, where.port) for _ in range(10)]
        with pytest.raises(InvalidStatus) as caught:
            await Wire.open(server.url)
        assert caught.value.response.status_code == 429
        # Those who are to be told are few, too.
        more = [await asyncio.open_connection(where.host, where.port) for _ in range(40)]
        for reader, _ in more[20:]:
            with suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
        for _, writer in [*idle, *more]:
            writer.close()
        while True:
            with suppress(InvalidStatus, ConnectionError, InvalidMessage):
                async with await Wire.open(server.url, server.seats[0][0].token):
                    return


async def test_a_handshake_of_tls_has_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("folkmoot_server.transport.server.TLS_S", 0.2)
    certificate, key = make_certificate(tmp_path)
    there: list[str] = []

    def enter(peer: str) -> bool:
        there.append(peer)
        return True

    server = WebSocketServer(Echo(), Settings(MAX_SIZE), intake=Intake(9, enter, there.remove))
    await server.start("127.0.0.1", 0, tls_context(certificate, key))
    silent, plain = [await asyncio.open_connection("127.0.0.1", server.name[1]) for _ in range(2)]
    plain[1].write(b"GET / HTTP/1.1\r\n\r\n")
    for reader, writer in (silent, plain):
        with suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with connect(f"wss://127.0.0.1:{server.name[1]}/", ssl=context) as socket:
        assert there == ["127.0.0.1"], "the two that agreed on nothing are gone"
        await socket.send(b"hello")
        assert await socket.recv() == b"hello"
    await server.close(1001)
    assert not there
