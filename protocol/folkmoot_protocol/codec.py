"""The two encodings of protocol version 1 behind one interface.

A frame is first unpacked into plain values (by msgpack or as JSON), then converted once, by msgspec, into the
struct that its `type` names. Both halves are bounded: containers, nesting, the number of values. Decoding
raises `ProtocolError` or `RequestError` and nothing else, whatever the bytes.

This is the hot path of the server. A plain post in MessagePack is decoded by one typed step; what that step
does not take, good or bad, goes the way above. Walking nested values, looking for forbidden characters and
explaining an error happen only in frames that call for it.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgpack  # type: ignore[import-untyped]  # it comes without types
import msgspec
from msgspec import convert

from .errors import ErrorCode, ProtocolError, RequestError
from .events import FRAMES, Ok, ServerFrame
from .requests import REQUESTS, Edit, Post, Request
from .results import RESULTS, Result

#: Bounds of a request. The server's `limits.frame_bytes` is lower than the first and closes with 1009 before.
MAX_REQUEST_BYTES = 1 << 20
MAX_CONTAINER = 1024
MAX_DEPTH = 8
MAX_VALUES = 4096

#: Bound of one array in a server's frame: a packed array reserves its memory before its values are there.
MAX_FRAME_CONTAINER = 1 << 16

FIXMAP = 0x80
"""First byte of a map of up to 15 fields, plus their number (MessagePack specification, map format family)."""

_POST_HEAD = b"\xa4type\xa4post"
"""How nearly every post begins, after its first byte: to look is cheaper than the error of decoding something else."""

# No container, no bytes, no extension: nothing to look into.
_PLAIN = frozenset((str, int, bool, type(None)))
_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1

# All that the unpackers, the converter, a look for `type` and Python's own limits can raise. ValueError
# covers msgspec's errors, most of msgpack's, and UnicodeError.
_DECODE_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    RecursionError,
    MemoryError,
    msgpack.UnpackException,
)

_bounds = {"max_array_len": MAX_CONTAINER, "max_map_len": MAX_CONTAINER, "max_ext_len": 0}
_unpack_request = partial(msgpack.unpackb, **_bounds)
_unpack_frame = partial(msgpack.unpackb, max_array_len=MAX_FRAME_CONTAINER, max_ext_len=0)
_unpack_surrogates = partial(msgpack.unpackb, **_bounds, unicode_errors="surrogatepass")
# Of two types: for one alone, `type` might be missing.
_decode_post = msgspec.msgpack.Decoder(Post | Edit).decode
_unpack_json = msgspec.json.Decoder().decode


class Codec:
    """One encoding. There are two instances, `MSGPACK` and `JSON`; they hold no state of a connection.

    `subprotocol` is its WebSocket name, `binary` the kind of frame that it travels in. Not for use from
    several threads at once.
    """

    __slots__ = (
        "_decode_quickly",
        "_is_odd",
        "_unpack_any",
        "_unpack_frame",
        "_unpack_request",
        "binary",
        "encode",
        "subprotocol",
    )

    #: Return the frame for a request or a server frame; a JSON frame is UTF-8, to be sent as text.
    encode: Callable[[msgspec.Struct], bytes]

    def __init__(self, subprotocol: str, *, binary: bool, functions: "_Functions") -> None:
        self.subprotocol = subprotocol
        self.binary = binary
        self.encode = functions.encode
        self._decode_quickly = functions.decode_quickly
        self._unpack_request = functions.unpack_request
        self._unpack_frame = functions.unpack_frame
        self._unpack_any = functions.unpack_any
        self._is_odd = functions.is_odd

    def decode_request(self, data: bytes | str) -> Request:
        """Return the typed request in a client's frame.

        Raises `ProtocolError` when there is none (close with 4400), `RequestError` when it is unknown or
        malformed (answer with its code).
        """
        if len(data) > MAX_REQUEST_BYTES:
            raise ProtocolError("frame too large")
        request = self._decode_quickly(data)
        if request is not None:
            return request
        try:
            values = self._unpack_request(data)
            request_type = REQUESTS.get(values["type"])
        except _DECODE_ERRORS as error:
            raise self._undecodable(data, error) from error
        if request_type is None:
            raise _unknown(values)
        if self._is_odd(values, data):
            _check_values(values)
        try:
            return convert(values, request_type)
        except _DECODE_ERRORS as error:
            raise _malformed(values, str(error)) from error

    def decode_frame(self, data: bytes | str) -> ServerFrame | None:
        """Return the typed frame that a server sent, None for an event that this version doesn't know.

        Raises `ProtocolError`. What an `Ok` holds stays a plain map: see `read_result`.
        """
        try:
            values = self._unpack_frame(data)
            frame_type = FRAMES.get(_get_kind(values))
            return None if frame_type is None else convert(values, frame_type)
        except _DECODE_ERRORS as error:
            raise _no_frame(error) from error

    def _undecodable(self, data: bytes | str, error: Exception) -> ProtocolError | RequestError:
        """Tell a well-formed map that holds half a surrogate pair from bytes that are no frame at all.

        A browser that cuts an emoji in two sends such a string; it deserves an answer rather than a close.
        """
        try:
            values = self._unpack_any(data)
            _get_kind(values)
        except (ProtocolError, *_DECODE_ERRORS):
            return _no_frame(error)
        return _bad_request(values, "half a surrogate pair in a string")


@dataclass(frozen=True, slots=True)
class _Functions:
    """What differs between the encodings.

    `decode_quickly` returns a request that is beyond doubt, None for all others, good or bad. `unpack_any` also
    takes half surrogate pairs, in frames that `unpack_request` refused; `is_odd` says whether the values of a
    request need a look inside, rarely in vain and never missing one.
    """

    encode: Callable[[msgspec.Struct], bytes]
    decode_quickly: Callable[[Any], Request | None]
    unpack_request: Callable[[bytes | str], Any]
    unpack_frame: Callable[[bytes | str], Any]
    unpack_any: Callable[[bytes | str], Any]
    is_odd: Callable[[dict[Any, Any], Any], bool]


def _decode_post_alone(data: bytes | str) -> Post | None:
    """Return a post in one step; None if it has a NUL, a field that is not its own, or something wrong with it."""
    if isinstance(data, str) or not data.startswith(_POST_HEAD, 1):
        return None
    try:
        post = _decode_post(data)
    except _DECODE_ERRORS:
        return None
    if type(post) is Edit or "\0" in post.body or "\0" in post.group or "\0" in (post.nonce or ""):
        return None
    fields = 4 + (post.reply_to is not None) + (post.nonce is not None)
    return post if data[0] == FIXMAP | fields else None


def _no_shortcut(data: bytes | str) -> None:
    """JSON has escapes and integers of any size: each request is looked at."""


def _is_odd_msgpack(values: dict[Any, Any], data: bytes) -> bool:
    """A NUL in a string is a zero byte, which a number or a length may hold too."""
    return 0 in data or not _PLAIN.issuperset(map(type, values.values()))


def _has_escape(data: bytes | str) -> bool:
    return "\\u" in data if isinstance(data, str) else b"\\u" in data


def _is_odd_json(values: dict[Any, Any], data: bytes | str) -> bool:
    """A NUL in a string takes an escape; of the two, only JSON has integers beyond 64 bits."""
    return (
        _has_escape(data)
        or not _PLAIN.issuperset(map(type, values.values()))
        or any(type(value) is int and not _MIN_INT <= value <= _MAX_INT for value in values.values())
    )


def _unpack_json_surrogates(data: bytes | str) -> Any:
    """Unpack a frame that holds half a surrogate pair. Raises any of `_DECODE_ERRORS`."""
    if not _has_escape(data):
        raise ValueError("no escape")
    values = json.loads(data)
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return values
    raise ValueError("no half of a pair")


MSGPACK = Codec(
    "folkmoot.v1.msgpack",
    binary=True,
    functions=_Functions(
        msgspec.msgpack.Encoder().encode,
        _decode_post_alone,
        _unpack_request,
        _unpack_frame,
        _unpack_surrogates,
        _is_odd_msgpack,
    ),
)
JSON = Codec(
    "folkmoot.v1.json",
    binary=False,
    functions=_Functions(
        msgspec.json.Encoder().encode, _no_shortcut, _unpack_json, _unpack_json, _unpack_json_surrogates, _is_odd_json
    ),
)

#: In the order in which a server prefers them.
CODECS: tuple[Codec, ...] = (MSGPACK, JSON)
SUBPROTOCOLS: tuple[str, ...] = tuple(codec.subprotocol for codec in CODECS)


def for_subprotocol(name: str | None) -> Codec:
    """Return the codec that was negotiated; JSON when the client offered no subprotocol. Raises KeyError."""
    if name is None:
        return JSON
    return {codec.subprotocol: codec for codec in CODECS}[name]


def read_result(request: Request | type[Request], ok: Ok) -> Result:
    """Return the struct in a decoded `ok`, given the request that it answers. Raises `ProtocolError`."""
    request_type = request if isinstance(request, type) else type(request)
    try:
        return convert(ok.result, RESULTS[request_type])
    except _DECODE_ERRORS as error:
        raise ProtocolError(f"unexpected result: {error}") from error


def _get_kind(values: Any) -> str:
    if type(values) is not dict:
        raise ProtocolError("not a map")
    kind = values.get("type")
    if type(kind) is not str:
        raise ProtocolError("no string `type`")
    return kind


def _no_frame(error: Exception) -> ProtocolError:
    return ProtocolError(f"undecodable frame: {type(error).__name__}: {error}"[:200])


def _unknown(values: Any) -> RequestError | ProtocolError:
    try:
        kind = _get_kind(values)
    except ProtocolError as error:
        return error
    detail = {"type": kind[:64]}
    return RequestError(ErrorCode.UNKNOWN_REQUEST, _get_id(values), "unknown request type", detail)


def _get_id(values: dict[Any, Any]) -> int:
    """Return the id to answer to, 0 when the frame has none that is usable."""
    given = values.get("id")
    return given if type(given) is int and 0 < given < 2**53 else 0


def _bad_request(values: dict[Any, Any], message: str, field: str | None = None) -> RequestError:
    detail = {} if field is None else {"field": field}
    return RequestError(ErrorCode.BAD_REQUEST, _get_id(values), message, detail)


def _check_values(values: dict[Any, Any]) -> None:
    """Refuse what no field may hold: NUL, integers beyond 64 bits, deep nesting, too many values.

    Raises `RequestError`. Goes level by level, without recursion.
    """
    level: list[Any] = [values]
    seen = 0
    for _depth in range(MAX_DEPTH + 1):
        seen += len(level)
        if seen > MAX_VALUES:
            raise _bad_request(values, "too many values")
        level = _open_level(level, values)
        if not level:
            return
    raise _bad_request(values, "nested too deeply")


def _open_level(level: list[Any], values: dict[Any, Any]) -> list[Any]:
    """Return what is directly inside the containers of a level, after a look at the others."""
    inside: list[Any] = []
    for value in level:
        if type(value) is dict:
            inside += value.keys()
            inside += value.values()
        elif type(value) is list:
            inside += value
        else:
            _check_scalar(value, values)
    return inside


def _check_scalar(value: Any, values: dict[Any, Any]) -> None:
    if type(value) is str:
        if "\0" in value:
            raise _bad_request(values, "NUL in a string")
    elif type(value) is int:
        if not _MIN_INT <= value <= _MAX_INT:
            raise _bad_request(values, "integer beyond 64 bits")
    elif type(value) is msgpack.ExtType:
        raise _bad_request(values, "extension type")


_MISSING = re.compile(r"Object missing required field `(?P<field>\w+)`")
_AT_PATH = re.compile(r"(?P<problem>.*) - at (?P<key>`key` in )?`\$\.?(?P<field>\w*)(?P<rest>.*)`", re.DOTALL)
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "bool": "true or false",
    "float": "a fraction",
    "object": "a map",
    "array": "an array",
    "null": "null",
    "bytes": "bytes",
}


def _malformed(values: dict[Any, Any], problem: str) -> RequestError:
    """Turn msgspec's error into one that names the field: "`group`: expected a string, got an integer"."""
    if missing := _MISSING.match(problem):
        field = missing["field"]
        return _bad_request(values, f"`{field}`: missing", field)
    found = _AT_PATH.fullmatch(problem)
    if found is None:
        return _bad_request(values, problem)
    field = found["field"] or None
    text = _say_types(found["problem"])
    return _bad_request(values, f"`{field}`: {text}" if field else text, field)


def _say_types(problem: str) -> str:
    """Put msgspec's type names into words; the text follows a field's name, so it begins small."""
    problem = re.sub(r"`([\w| ]+)`", lambda name: _say_union(name[1]), problem)
    return problem[:1].lower() + problem[1:]


def _say_union(names: str) -> str:
    return " or ".join(_WORDS.get(name, name) for name in names.split(" | "))
