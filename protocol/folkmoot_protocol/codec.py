"""The two encodings of protocol version 1 behind one interface.

A frame is first unpacked into plain values (by msgpack or as JSON), then converted once, by msgspec, into the struct
that its `type` names. Both halves are bounded: containers, nesting, the number of values. Decoding raises
`ProtocolError` or `RequestError` and nothing else, whatever the bytes.

This is the hot path of the server. A post costs one unpack, one pass over its handful of values and one convert;
walking nested values, looking for forbidden characters and explaining an error happen only in frames that call for it.
"""

import json
import re
from collections.abc import Callable
from typing import Any, cast

import msgpack
import msgspec

from .errors import ErrorCode, ProtocolError, RequestError
from .events import FRAMES, Ok, ServerFrame
from .requests import REQUESTS, Request
from .results import RESULTS, Result

#: Bounds of a request. The server's `limits.frame_bytes` is lower than the first and closes with 1009 before.
MAX_REQUEST_BYTES = 1 << 20
MAX_CONTAINER = 1024
MAX_DEPTH = 8
MAX_VALUES = 4096

#: Bound of one array in a server's frame: a packed array reserves its memory before its values are there.
MAX_FRAME_CONTAINER = 1 << 16

_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1

# All that the unpackers, the converter and Python's own limits can raise: ValueError covers msgspec's errors, most
# of msgpack's and UnicodeError; the others are a type that msgpack can't hash, big numbers and deep nesting.
_DECODE_ERRORS = (ValueError, TypeError, OverflowError, RecursionError, MemoryError, msgpack.UnpackException)


def _refuse_extension(code: int, data: bytes) -> Any:
    raise ValueError(f"extension type {code}")


def _unpack_msgpack(data: bytes | str, max_container: int) -> Any:
    return msgpack.unpackb(
        data,
        max_array_len=max_container,
        max_map_len=max_container,
        max_ext_len=0,
        ext_hook=_refuse_extension,
    )


_json_decoder = msgspec.json.Decoder()


def _unpack_json(data: bytes | str, max_container: int) -> Any:
    return _json_decoder.decode(data)


_packer = msgpack.Packer()


def _pack_msgpack(struct: msgspec.Struct) -> bytes:
    return cast(bytes, _packer.pack(msgspec.to_builtins(struct)))


class Codec:
    """One encoding. There are two instances, `MSGPACK` and `JSON`; they hold no state of a connection.

    `subprotocol` is its WebSocket name, `binary` the kind of frame that it travels in. Not for use from several
    threads at once.
    """

    __slots__ = ("_encode", "_unpack", "binary", "subprotocol")

    def __init__(
        self,
        subprotocol: str,
        *,
        binary: bool,
        unpack: Callable[[bytes | str, int], Any],
        encode: Callable[[msgspec.Struct], bytes],
    ) -> None:
        self.subprotocol = subprotocol
        self.binary = binary
        self._unpack = unpack
        self._encode = encode

    def encode(self, struct: msgspec.Struct) -> bytes:
        """Return the frame for a request or a server frame; a JSON frame is UTF-8, to be sent as text."""
        return self._encode(struct)

    def decode_request(self, data: bytes | str) -> Request:
        """Return the typed request in a client's frame.

        Raises `ProtocolError` when there is none (close with 4400), `RequestError` when it is unknown or malformed
        (answer with its code).
        """
        if len(data) > MAX_REQUEST_BYTES:
            raise ProtocolError("frame too large")
        try:
            values = self._unpack(data, MAX_CONTAINER)
        except _DECODE_ERRORS as error:
            raise self._undecodable(data, error) from error
        kind = _get_kind(values)
        request_type = REQUESTS.get(kind)
        if request_type is None:
            raise RequestError(ErrorCode.UNKNOWN_REQUEST, _get_id(values), "unknown request type", {"type": kind[:64]})
        _check_values(values, data)
        try:
            return msgspec.convert(values, request_type)
        except _DECODE_ERRORS as error:
            raise _malformed(values, str(error)) from error

    def decode_frame(self, data: bytes | str) -> ServerFrame | None:
        """Return the typed frame that a server sent, None for an event that this version doesn't know.

        Raises `ProtocolError`. What an `Ok` holds stays a plain map: see `read_result`.
        """
        try:
            values = self._unpack(data, MAX_FRAME_CONTAINER)
            frame_type = FRAMES.get(_get_kind(values))
            return None if frame_type is None else msgspec.convert(values, frame_type)
        except _DECODE_ERRORS as error:
            raise ProtocolError(f"undecodable frame: {error}") from error

    def _undecodable(self, data: bytes | str, error: Exception) -> ProtocolError | RequestError:
        """Tell a well-formed map that holds half a surrogate pair from bytes that are no frame at all.

        A browser that cuts an emoji in two sends such a string; it deserves an answer rather than a close.
        """
        try:
            values = _unpack_surrogates(data, binary=self.binary)
            if type(values) is dict and type(values.get("type")) is str:
                return _bad_request(values, "half a surrogate pair in a string")
        except _DECODE_ERRORS:
            pass  # the first error says what is wrong with the frame
        return ProtocolError(f"undecodable frame: {type(error).__name__}: {error}"[:200])


MSGPACK = Codec("folkmoot.v1.msgpack", binary=True, unpack=_unpack_msgpack, encode=_pack_msgpack)
JSON = Codec("folkmoot.v1.json", binary=False, unpack=_unpack_json, encode=msgspec.json.Encoder().encode)

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
        return msgspec.convert(ok.result, RESULTS[request_type])
    except _DECODE_ERRORS as error:
        raise ProtocolError(f"unexpected result: {error}") from error


def _get_kind(values: Any) -> str:
    if type(values) is not dict:
        raise ProtocolError("not a map")
    kind = values.get("type")
    if type(kind) is not str:
        raise ProtocolError("no string `type`")
    return kind


def _get_id(values: dict[Any, Any]) -> int:
    """Return the id to answer to, 0 when the frame has none that is usable."""
    given = values.get("id")
    return given if type(given) is int and 0 < given < 2**53 else 0


def _bad_request(values: dict[Any, Any], message: str, field: str | None = None) -> RequestError:
    detail = {} if field is None else {"field": field}
    return RequestError(ErrorCode.BAD_REQUEST, _get_id(values), message, detail)


def _check_values(values: dict[Any, Any], data: bytes | str) -> None:
    """Refuse what no field may hold: NUL, integers beyond 64 bits, nesting or numbers of values without measure."""
    for value in values.values():
        kind = type(value)
        if kind is not str and (kind is not int or not _MIN_INT <= value <= _MAX_INT) and kind is not bool:
            _walk(values)
            break
    if _may_hold_nul(data):
        _walk(values)


def _may_hold_nul(data: bytes | str) -> bool:
    """Whether a string in the frame can hold NUL: rarely a false alarm, never a miss.

    In MessagePack the byte also stands in lengths and numbers; in JSON it takes an escape.
    """
    if isinstance(data, str):
        return "u0000" in data
    return data.find(0) >= 0 or data.find(b"u0000") >= 0


def _walk(values: dict[Any, Any]) -> None:
    """Visit every value, without recursion. Raises `RequestError`."""
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


def _unpack_surrogates(data: bytes | str, *, binary: bool) -> Any:
    """Unpack with half surrogate pairs let through. Raises any of `_DECODE_ERRORS`."""
    if binary:
        return msgpack.unpackb(
            data,
            max_array_len=MAX_CONTAINER,
            max_map_len=MAX_CONTAINER,
            max_ext_len=0,
            ext_hook=_refuse_extension,
            unicode_errors="surrogatepass",
        )
    return json.loads(data) if _HALF_PAIR.search(data if isinstance(data, str) else data.decode()) else None


_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")

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
    """Put msgspec's type names into words; the first letter loses its capital, as the text follows a field's name."""
    problem = re.sub(r"`([\w| ]+)`", lambda name: _say_union(name[1]), problem)
    return problem[:1].lower() + problem[1:]


def _say_union(names: str) -> str:
    return " or ".join(_WORDS.get(name, name) for name in names.split(" | "))
