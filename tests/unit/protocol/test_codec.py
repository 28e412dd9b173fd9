import json
from typing import Any

import msgpack
import pytest

from folkmoot_protocol import (
    CODECS,
    JSON,
    MSGPACK,
    SUBPROTOCOLS,
    Admin,
    Codec,
    Empty,
    EntryEvent,
    Error,
    ErrorCode,
    GetHistory,
    Logout,
    Ok,
    Post,
    PostResult,
    ProtocolError,
    RequestError,
    Sync,
    TypingEvent,
    for_subprotocol,
    read_result,
)
from folkmoot_protocol.codec import MAX_CONTAINER, MAX_DEPTH, MAX_REQUEST_BYTES, MAX_VALUES

both = pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.subprotocol)
POST = {"type": "post", "id": 7, "group": "482190673352", "body": "hello", "nonce": "c0ffee"}


def pack(codec: Codec, values: object) -> bytes:
    return bytes(msgpack.packb(values)) if codec.binary else json.dumps(values).encode()


def refuse(codec: Codec, values: object) -> RequestError:
    with pytest.raises(RequestError) as refused:
        codec.decode_request(pack(codec, values))
    return refused.value


def nest(depth: int) -> Any:
    """Return lists inside one another, `depth` of them."""
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


def test_the_subprotocol_chooses_the_codec() -> None:
    assert SUBPROTOCOLS == ("folkmoot.v1.msgpack", "folkmoot.v1.json")
    assert for_subprotocol("folkmoot.v1.msgpack") is MSGPACK
    assert for_subprotocol("folkmoot.v1.json") is JSON
    assert for_subprotocol(None) is JSON
    with pytest.raises(KeyError):
        for_subprotocol("mqtt")


@both
def test_a_request_is_decoded_into_its_type(codec: Codec) -> None:
    expected = Post(id=7, group="482190673352", body="hello", nonce="c0ffee")
    assert codec.decode_request(pack(codec, POST)) == expected


def test_json_takes_text_as_well_as_bytes() -> None:
    assert JSON.decode_request(json.dumps(POST)) == JSON.decode_request(json.dumps(POST).encode())


def test_msgpack_takes_no_text() -> None:
    with pytest.raises(ProtocolError):
        MSGPACK.decode_request(json.dumps(POST))
    with pytest.raises(ProtocolError):
        MSGPACK.decode_frame(json.dumps({"type": "ok", "re": 1, "result": {}}))


@both
def test_unknown_fields_are_ignored(codec: Codec) -> None:
    newer = POST | {"mood": "sunny", "extra": {"a": [1, 2.5, None]}}
    assert codec.decode_request(pack(codec, newer)) == codec.decode_request(pack(codec, POST))


@both
@pytest.mark.parametrize("values", [None, 1, "type", [], ["type"], {}, {"type": 1}, {"type": None}, {"type": ["post"]}])
def test_what_is_no_map_with_a_string_type_is_undecodable(codec: Codec, values: object) -> None:
    with pytest.raises(ProtocolError):
        codec.decode_request(pack(codec, values))
    with pytest.raises(ProtocolError):
        codec.decode_frame(pack(codec, values))


@both
def test_an_unknown_type_is_answered_under_its_id(codec: Codec) -> None:
    error = refuse(codec, {"type": "x" * 100, "id": 9})
    assert (error.code, error.re, error.detail) == (ErrorCode.UNKNOWN_REQUEST, 9, {"type": "x" * 64})


@both
@pytest.mark.parametrize("bad", [0, -1, 2**53, 2**64 - 1, True, "7", None, 1.5, []])
def test_an_unusable_id_is_answered_with_0(codec: Codec, bad: object) -> None:
    assert refuse(codec, {"type": "zzz", "id": bad}).re == 0
    error = refuse(codec, POST | {"id": bad})
    assert (error.code, error.re, error.detail) == (ErrorCode.BAD_REQUEST, 0, {"field": "id"})


@both
def test_the_largest_id_is_usable(codec: Codec) -> None:
    assert codec.decode_request(pack(codec, POST | {"id": 2**53 - 1})).id == 2**53 - 1


BAD_FIELDS = [
    (POST | {"group": 3}, "group", "`group`: expected a string, got an integer"),
    ({"type": "post", "id": 1, "group": "1"}, "body", "`body`: missing"),
    (POST | {"nonce": ""}, "nonce", "`nonce`: expected a string of length >= 1"),
    (POST | {"nonce": "x" * 65}, "nonce", None),
    (POST | {"group": "1" * 41}, "group", "`group`: expected a string of length <= 40"),
    (POST | {"reply_to": 0}, "reply_to", None),
    (POST | {"reply_to": 2**63}, "reply_to", None),
    ({"type": "login", "id": 1, "user": "u" * 65, "password": "p"}, "user", None),
    ({"type": "login", "id": 1, "user": "u", "password": "p" * 1025}, "password", None),
    ({"type": "resume", "id": 1, "token": "t" * 257}, "token", None),
    ({"type": "command", "id": 1, "line": "/" * 8193}, "line", None),
    ({"type": "history", "id": 1, "group": "1", "limit": 201}, "limit", None),
    ({"type": "history", "id": 1, "group": "1", "limit": 0}, "limit", None),
    ({"type": "history", "id": 1, "group": "1", "after": True}, "after", None),
    (
        {"type": "create_group", "id": 1, "name": "n", "join_mode": "x"},
        "join_mode",
        "`join_mode`: invalid enum value 'x'",
    ),
    (
        {"type": "sync", "id": 1, "cursors": {"1": "2"}},
        "cursors",
        "`cursors`: expected an integer, got a string",
    ),
    ({"type": "sync", "id": 1, "cursors": {str(n): 0 for n in range(1001)}}, "cursors", None),
    ({"type": "admin", "id": 1, "noun": "user", "verb": "list", "limit": 501}, "limit", None),
    ({"type": "admin", "id": 1, "noun": "user", "verb": "list", "options": {"a": []}}, "options", None),
    (
        {"type": "admin", "id": 1, "noun": "user", "verb": "list", "options": {str(n): 1 for n in range(17)}},
        "options",
        None,
    ),
]


@both
@pytest.mark.parametrize(("values", "field", "message"), BAD_FIELDS)
def test_a_bad_field_is_named(codec: Codec, values: dict[str, object], field: str, message: str | None) -> None:
    error = refuse(codec, values)
    assert (error.code, error.re, error.detail) == (ErrorCode.BAD_REQUEST, values["id"], {"field": field})
    assert error.message.startswith(f"`{field}`: ")
    assert message is None or error.message == message


@both
def test_fields_that_exclude_each_other_are_refused(codec: Codec) -> None:
    error = refuse(codec, {"type": "history", "id": 1, "group": "1", "before": 5, "after": 2})
    assert error.message == "`before` and `after` exclude each other"
    assert codec.decode_request(codec.encode(GetHistory(id=1, group="1", before=5))).id == 1


@both
@pytest.mark.parametrize("extra", [{"body": "a\0b"}, {"x": "\0"}, {"x": {"y": ["\0"]}}, {"x": {"\0": 1}}, {"\0": 1}])
def test_nul_is_refused_wherever_it_stands(codec: Codec, extra: dict[str, object]) -> None:
    error = refuse(codec, POST | extra)
    assert (error.code, error.re, error.message) == (ErrorCode.BAD_REQUEST, 7, "NUL in a string")


@both
def test_zero_bytes_in_numbers_and_lengths_are_no_nul(codec: Codec) -> None:
    post = Post(id=65536, group="1", body="x" * 256)
    assert codec.decode_request(codec.encode(post)) == post


@both
def test_half_a_surrogate_pair_is_answered(codec: Codec) -> None:
    half = b'{"type": "post", "id": 7, "group": "1", "body": "\\ud83d!"}'
    if codec.binary:
        half = msgpack.packb(POST | {"body": "\ud83d!"}, unicode_errors="surrogatepass")
    with pytest.raises(RequestError) as refused:
        codec.decode_request(half)
    assert (refused.value.code, refused.value.re) == (ErrorCode.BAD_REQUEST, 7)
    assert refused.value.message == "half a surrogate pair in a string"


def test_an_escaped_emoji_is_read() -> None:
    request = JSON.decode_request(rb'{"type": "post", "id": 7, "group": "1", "body": "\ud83d\ude00"}')
    assert request == Post(id=7, group="1", body="😀")


@pytest.mark.parametrize(
    "text",
    [
        rb'{"type": "post", "id": 7, "a": "\ud83d"',
        rb'{"type": "post", "id": 7, "a": "\ud83d\ude00", "b": NaN}',
        rb'{"id": 7, "a": "\ud83d"}',
        b'{"type": "post", "a": "\\ud83d", "x": ' + b"[" * 9999,
    ],
)
def test_broken_json_stays_broken_with_a_surrogate_in_it(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        JSON.decode_request(text)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**300])
@pytest.mark.parametrize("extra", ["flat", "nested"])
def test_integers_beyond_64_bits_are_refused(number: int, extra: str) -> None:
    error = refuse(JSON, POST | {"x": number if extra == "flat" else {"y": [number]}})
    assert (error.re, error.message) == (7, "integer beyond 64 bits")


@both
def test_nesting_ends_at_its_bound(codec: Codec) -> None:
    assert codec.decode_request(pack(codec, POST | {"x": nest(MAX_DEPTH - 1)})).id == 7
    assert refuse(codec, POST | {"x": nest(MAX_DEPTH)}).message == "nested too deeply"


@both
def test_the_number_of_values_ends_at_its_bound(codec: Codec) -> None:
    row = [0] * 1000
    assert codec.decode_request(pack(codec, POST | {"x": [row] * 4})).id == 7
    assert refuse(codec, POST | {"x": [row] * (MAX_VALUES // 1000 + 1)}).message == "too many values"


def test_a_packed_array_cannot_reserve_memory_for_what_does_not_come() -> None:
    with pytest.raises(ProtocolError, match="max_array_len"):
        MSGPACK.decode_request(pack(MSGPACK, POST | {"x": [0] * (MAX_CONTAINER + 1)}))


@both
def test_a_frame_beyond_all_measure_is_not_looked_at(codec: Codec) -> None:
    with pytest.raises(ProtocolError, match="too large"):
        codec.decode_request(pack(codec, POST | {"body": "x" * MAX_REQUEST_BYTES}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x81\xa4type",
        pack(MSGPACK, POST) + b"\x00",
        pack(MSGPACK, {1: 2}),
        pack(MSGPACK, POST | {"x": msgpack.Timestamp(1)}),
        pack(MSGPACK, POST | {"x": msgpack.ExtType(5, b"x")}),
        b"\x82\xa4type\xa4post\x91\x01\x01",
        b"\x91" * 5000,
        b"\xdd\xff\xff\xff\xff",
    ],
)
def test_bytes_that_are_no_plain_msgpack_map_are_undecodable(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        MSGPACK.decode_request(data)


def test_an_empty_extension_is_refused_too() -> None:
    assert refuse(MSGPACK, POST | {"x": msgpack.ExtType(5, b"")}).message == "extension type"


@both
def test_a_frame_is_decoded_into_its_type(codec: Codec) -> None:
    for frame in (TypingEvent("1", "bob"), Error(3, "a_newer_code", "No.", {"until_ts": 5})):
        assert codec.decode_frame(codec.encode(frame)) == frame


@both
def test_an_event_that_is_newer_than_we_is_none(codec: Codec) -> None:
    assert codec.decode_frame(pack(codec, {"type": "weather", "group": "1"})) is None


@both
def test_a_malformed_event_is_a_protocol_error(codec: Codec) -> None:
    with pytest.raises(ProtocolError):
        codec.decode_frame(pack(codec, {"type": "entry", "group": "1"}))
    with pytest.raises(ProtocolError):
        codec.decode_frame(b"\xc1")


@both
def test_a_result_is_read_by_the_request_that_it_answers(codec: Codec) -> None:
    frame = codec.decode_frame(codec.encode(Ok(7, PostResult(seq=1, ts=2))))
    assert isinstance(frame, Ok)
    assert read_result(Post, frame) == PostResult(seq=1, ts=2)
    assert read_result(Logout(id=7), Ok(7, {"newer": 1})) == Empty()
    with pytest.raises(ProtocolError):
        read_result(Sync, frame)


def test_a_failed_encode_leaves_nothing_behind() -> None:
    before = MSGPACK.encode(TypingEvent("1", "bob"))
    with pytest.raises(UnicodeEncodeError):
        MSGPACK.encode(TypingEvent("1", "\ud800"))
    assert MSGPACK.encode(TypingEvent("1", "bob")) == before


def test_entries_are_decoded_as_they_were_encoded_by_others() -> None:
    author = {"user": "bob", "display_name": "Bob", "role": "admin", "tags": ["creator"]}
    entry = {"seq": 5, "ts": 6, "kind": "notice", "from": author, "body": "", "data": {"event": "muted"}}
    frame = MSGPACK.decode_frame(pack(MSGPACK, {"type": "entry", "group": "1", "entry": entry}))
    assert isinstance(frame, EntryEvent)
    assert frame.entry.from_.tags == ("creator",)
    assert frame.entry.data == {"event": "muted"}


def test_options_of_an_administrator_keep_their_types() -> None:
    request = Admin(id=1, noun="user", verb="set", options={"a": True, "b": 1, "c": "x"})
    for codec in CODECS:
        decoded = codec.decode_request(codec.encode(request))
        assert isinstance(decoded, Admin)
        assert decoded.options is not None
        assert [type(value) for value in decoded.options.values()] == [bool, int, str]
