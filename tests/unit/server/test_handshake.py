"""What is remembered of a handshake must be what the library would have said to each."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from folkmoot_server.transport import handshake
from folkmoot_server.transport.handshake import Greeter, Settings, new_handshake

SETTINGS = Settings(1 << 16, [Subprotocol("folkmoot.v1.msgpack"), Subprotocol("folkmoot.v1.json")])

KEYS = st.binary(min_size=15, max_size=17).map(lambda raw: base64.b64encode(raw).decode()) | st.just("no key at all")
NAMES = st.sampled_from(
    ["Sec-WebSocket-Key", "sec-websocket-key", "Sec-WebSocket-Version", "Upgrade", "Connection", "X"]
)
VALUES = st.sampled_from(["13", "8", "websocket", "Upgrade", "keep-alive, Upgrade", "folkmoot.v1.json", "", " "])
OTHERS = st.lists(
    st.tuples(NAMES | st.just("Sec-WebSocket-Protocol"), VALUES)
    | st.tuples(st.just("Sec-WebSocket-Key"), KEYS | st.just("")),
    max_size=3,
)
USUAL = [
    ("Host", "example.org"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Protocol", "folkmoot.v1.json"),
]


def request(headers: list[tuple[str, str]]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"GET /ws HTTP/1.1\r\n{lines}\r\n".encode()


def by_library(data: bytes) -> tuple[int, str | None, Subprotocol | None]:
    core = new_handshake(SETTINGS)
    core.receive_data(data)
    for event in core.events_received():
        assert isinstance(event, Request)
        response = core.accept(event)
        return response.status_code, response.headers.get("Sec-WebSocket-Accept"), core.subprotocol
    return 0, None, None


def by_greeter(greeter: Greeter, data: bytes) -> tuple[int, str | None, Subprotocol | None]:
    opening = greeter.read(data)
    if opening is None:
        return 0, None, None
    answer = greeter.accept(opening)
    if isinstance(answer, Response):
        return answer.status_code, None, None
    head, _, lines = answer[0].decode().partition("\r\n")
    assert head == "HTTP/1.1 101 Switching Protocols"
    fields = dict(line.split(": ", 1) for line in lines.split("\r\n") if line)
    return 101, fields["Sec-WebSocket-Accept"], answer[1]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is, as a list of one."""
    now = [1_700_000_000.0]
    monkeypatch.setattr(handshake, "time", lambda: now[0])
    return now


@st.composite
def openings(draw: st.DrawFn) -> bytes:
    headers = draw(st.sampled_from([USUAL, USUAL, USUAL[1:], USUAL[:-1]])) + draw(st.just([]) | OTHERS)
    at = draw(st.sampled_from([0, 2, len(headers)]))
    return request([*headers[:at], ("Sec-WebSocket-Key", draw(KEYS)), *headers[at:]])


@given(st.lists(openings(), min_size=2, max_size=5))
def test_every_request_is_answered_as_by_the_library_alone(requests: list[bytes]) -> None:
    greeter = Greeter(SETTINGS)
    for data in [*requests, *requests]:
        assert by_greeter(greeter, data) == by_library(data)


def test_the_second_of_a_kind_is_not_read_again(clock: list[float]) -> None:
    greeter = Greeter(SETTINGS)
    first = greeter.read(request([*USUAL, ("Sec-WebSocket-Key", "A" * 22 + "==")]))
    assert first is not None
    greeter.accept(first)
    second = greeter.read(request([*USUAL, ("Sec-WebSocket-Key", "B" * 22 + "==")]))
    assert second is not None
    assert second.request is first.request
    clock[0] += 1
    third = greeter.read(request([*USUAL, ("Sec-WebSocket-Key", "C" * 22 + "==")]))
    assert third is not None
    assert third.request is not first.request, "the date of the answer would be wrong"


def test_what_is_remembered_is_bounded(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "MAX_KNOWN", 3)
    greeter = Greeter(SETTINGS)
    known = 0
    for number in [*range(10), *range(10)]:
        opening = greeter.read(request([*USUAL, ("X", str(number)), ("Sec-WebSocket-Key", "A" * 22 + "==")]))
        assert opening is not None
        known += opening.accepted is not None
        greeter.accept(opening)
    assert known == 3


def test_what_follows_the_request_is_for_a_core() -> None:
    greeter = Greeter(SETTINGS)
    data = request([*USUAL, ("Sec-WebSocket-Key", "A" * 22 + "==")])
    opening = greeter.read(data)
    assert opening is not None
    greeter.accept(opening)
    assert greeter.read(data + b"x") is None
    assert greeter.read(data[:-2]) is None


def test_the_path_tells_who_wants_a_socket() -> None:
    greeter = Greeter(Settings(1 << 16, path="/ws"))
    for size in range(len("GET /ws") + 1):
        assert greeter.asks_for_socket(b"GET /ws"[:size]) is None
    for head in (b"GET /ws HTTP/1.1\r\n", b"GET /ws ", b"GET /ws?from=here HTTP/1.1"):
        assert greeter.asks_for_socket(head) is True
    for head in (
        b"GET /wsx",
        b"GET /ws/x",
        b"GET /w ",
        b"GET /\r\n",
        b"POST /ws ",
        b"P",
        b"get /ws ",
        b"GET  /ws ",
        b"\x16",
    ):
        assert greeter.asks_for_socket(head) is False
