"""Whatever the bytes, decoding gives a struct or one of its two errors; what is encoded comes back equal."""

import json
from contextlib import suppress
from copy import copy
from functools import cache
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import inspect

from folkmoot_protocol import (
    CODECS,
    FRAMES,
    JSON,
    MSGPACK,
    REQUESTS,
    RESULTS,
    ChannelPost,
    Codec,
    Ok,
    Post,
    ProtocolError,
    RequestError,
    read_result,
)
from folkmoot_protocol.errors import ErrorCode

both = pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.subprotocol)

LARGEST = 2**53 - 1
clean_text = st.characters(codec="utf-8", exclude_characters="\0")
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.text(clean_text, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(clean_text, max_size=8), inner, max_size=3),
    max_leaves=8,
)


def build(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a type, as msgspec sees it, within the bounds that it states."""
    match kind:
        case inspect.StrType():
            return st.text(clean_text, min_size=kind.min_length or 0, max_size=min(kind.max_length or 80, 80))
        case inspect.IntType():
            return st.integers(-LARGEST if kind.ge is None else kind.ge, kind.le or LARGEST)
        case inspect.BoolType():
            return st.booleans()
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.NoneType():
            return st.none()
        case inspect.EnumType():
            return st.sampled_from(list(kind.cls))
        case inspect.UnionType():
            return st.one_of([build(inner) for inner in kind.types])
        case inspect.VarTupleType():
            return st.lists(build(kind.item_type), min_size=kind.min_length or 0, max_size=3).map(tuple)
        case inspect.DictType():
            return st.dictionaries(build(kind.key_type), build(kind.value_type), max_size=min(kind.max_length or 5, 5))
        case inspect.StructType():
            return build_struct(kind)
        case inspect.AnyType():
            return plain_values
    raise AssertionError(f"no strategy for {kind}")


@cache
def original(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Return a strategy for what holds another of its kind, which holds none: a post that repeats a post."""
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    return st.none() | st.fixed_dictionaries(
        {field.name: build(field.type) for field in shape.fields if field.name != "original"}
    ).map(lambda fields: kind(**fields))


def build_struct(kind: inspect.StructType) -> st.SearchStrategy[Any]:
    if kind.cls is ChannelPost:
        plain = {field.name: build(field.type) for field in kind.fields if field.name != "original"}
        return st.fixed_dictionaries({**plain, "original": original(ChannelPost)}).map(
            lambda fields: ChannelPost(**fields)
        )
    values = st.fixed_dictionaries({field.name: build(field.type) for field in kind.fields})
    if kind.cls.__struct_config__.tag == "history":
        values = values.map(lambda fields: fields | {"after": None} if fields["before"] is not None else fields)
    return values.map(lambda fields: kind.cls(**fields))


def build_any(*structs: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    return st.one_of([build(inspect.type_info(struct)) for struct in structs])


requests = build_any(*REQUESTS.values())
events = build_any(*(frame for name, frame in FRAMES.items() if name != "ok"))
answers = st.sampled_from(list(RESULTS)).flatmap(
    lambda request: st.tuples(st.just(request), build(inspect.type_info(RESULTS[request])))
)

# Values that no honest client sends: every kind of key, number and string that either encoding can carry.
awkward_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
field_names = st.sampled_from(sorted({name for request in REQUESTS.values() for name in request.__struct_fields__}))
awkward_requests = st.builds(
    lambda fields, name: fields | {"type": name},
    st.dictionaries(field_names | st.text(max_size=8), awkward_values, max_size=6),
    st.sampled_from(list(REQUESTS)) | awkward_values,
)


def pack(codec: Codec, values: object) -> bytes:
    if codec.binary:
        return bytes(msgpack.packb(values, unicode_errors="surrogatepass"))
    return json.dumps(values).encode()


def decode(codec: Codec, data: bytes | str) -> object:
    """Decode as both ends would. Anything but the two errors fails the test that calls."""
    with suppress(ProtocolError):
        codec.decode_frame(data)
    try:
        return codec.decode_request(data)
    except (ProtocolError, RequestError) as error:
        return error


@both
@given(data=st.binary(max_size=200))
def test_random_bytes(codec: Codec, data: bytes) -> None:
    decode(codec, data)


@given(text=st.text(st.characters(exclude_categories=()), max_size=200))
def test_random_text(text: str) -> None:
    decode(JSON, text)
    assert isinstance(decode(MSGPACK, text), ProtocolError)


@both
@given(request=requests, data=st.data())
def test_mutated_requests(codec: Codec, request: msgspec.Struct, data: st.DataObject) -> None:
    frame = codec.encode(request)
    start = data.draw(st.integers(0, len(frame)))
    end = data.draw(st.integers(start, min(len(frame), start + 4)))
    decode(codec, frame[:start] + data.draw(st.binary(max_size=4)) + frame[end:])


@given(
    request=build_any(Post),
    more=st.dictionaries(st.text(max_size=8), awkward_values, max_size=1),
    data=st.data(),
)
def test_a_post_decoded_at_once_is_what_a_closer_look_gives(
    request: Post, more: dict[str, Any], data: st.DataObject
) -> None:
    frame = pack(MSGPACK, msgspec.to_builtins(request) | more)
    start = data.draw(st.integers(0, len(frame)))
    frame = frame[:start] + data.draw(st.binary(max_size=2)) + frame[start + data.draw(st.integers(0, 2)) :]
    closer = copy(MSGPACK)
    closer._decode_quickly = lambda data: None
    assert repr(decode(MSGPACK, frame)) == repr(decode(closer, frame))


@both
@given(values=awkward_requests)
def test_awkward_structures_are_answered_under_their_id(codec: Codec, values: dict[str, Any]) -> None:
    assume(codec.binary or "NaN" not in json.dumps(values))
    outcome = decode(codec, pack(codec, values))
    if isinstance(outcome, RequestError):
        sent = values.get("id")
        assert outcome.re == (sent if type(sent) is int and 0 < sent <= LARGEST else 0)
        known = values["type"] in REQUESTS
        assert known or outcome.code is ErrorCode.UNKNOWN_REQUEST or "surrogate" in outcome.message
    elif isinstance(outcome, ProtocolError):
        assert not isinstance(values["type"], str) or "Infinity" in json.dumps(values)
    else:
        assert isinstance(outcome, REQUESTS[values["type"]])


@both
@given(values=awkward_values)
def test_awkward_values_that_are_no_request(codec: Codec, values: object) -> None:
    assume(not (isinstance(values, dict) and isinstance(values.get("type"), str)))
    assert isinstance(decode(codec, pack(codec, values)), ProtocolError)


@given(
    depth=st.integers(9, 20_000),
    opening=st.sampled_from([b"\x91", b"\x81\xa1a", b"\xdc\x03\xff", b"\xdd\0\0\x03\xff"]),
)
def test_deeply_nested_msgpack(depth: int, opening: bytes) -> None:
    prefix = b"\x83\xa4type\xa4post\xa2id\x07\xa1x"
    for frame in (opening * depth, prefix + opening * depth, prefix + opening * depth + b"\x01"):
        assert isinstance(decode(MSGPACK, frame), ProtocolError | RequestError)


@given(depth=st.integers(9, 20_000), brackets=st.sampled_from(["[]", ('{"a":', "}"), ('[{"a":', "}]")]))
def test_deeply_nested_json(depth: int, brackets: tuple[str, str]) -> None:
    nested = brackets[0] * depth + "1" + brackets[1] * depth
    for frame in (
        nested,
        nested[:depth],
        f'{{"type":"post","id":7,"x":{nested}}}',
        f'{{"type":"zz","x":"\\ud800","y":{nested}}}',
    ):
        assert isinstance(decode(JSON, frame), ProtocolError | RequestError)


@both
@given(request=requests)
def test_requests_come_back_the_same(codec: Codec, request: msgspec.Struct) -> None:
    assert codec.decode_request(codec.encode(request)) == request


@both
@given(frame=events)
def test_frames_come_back_the_same(codec: Codec, frame: msgspec.Struct) -> None:
    assert codec.decode_frame(codec.encode(frame)) == frame


@both
@given(answer=answers, re=st.integers(1, LARGEST))
def test_results_come_back_the_same(codec: Codec, answer: tuple[Any, Any], re: int) -> None:
    request, result = answer
    frame = codec.decode_frame(codec.encode(Ok(re, result)))
    assert isinstance(frame, Ok)
    assert frame.re == re
    assert read_result(request, frame) == result
