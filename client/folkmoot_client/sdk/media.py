"""Sending files to a server and fetching them, over plain HTTP beside the WebSocket.

Whole requests in a thread of their own, by the standard library: they are few, and long.
"""

import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from folkmoot_protocol import ErrorCode

from .errors import ConnectionLost, NotReachable, RequestRefused

PIECE = 1 << 16
PATIENCE_S = 300
"""How long a server may take to answer: what is sent waits for its turn to be looked at."""

Progress = Callable[[int, int], None]
"""Is told how many bytes were sent, of how many; in another thread."""


def size_of(source: bytes | Path) -> int:
    """Return how many bytes something to be sent has."""
    return len(source) if isinstance(source, bytes) else source.stat().st_size


def pieces_of(source: bytes | Path) -> Iterator[bytes]:
    """Yield something to be sent, a piece at a time."""
    if isinstance(source, bytes):
        yield from (source[start : start + PIECE] for start in range(0, len(source), PIECE))
        return
    with source.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def told(pieces: Iterator[bytes], size: int, on_progress: Progress | None) -> Iterator[bytes]:
    """Yield pieces, and tell how far that is each time the next one is wanted."""
    sent = 0
    for piece in pieces:
        yield piece
        sent += len(piece)
        if on_progress is not None:
            on_progress(sent, size)


def send(url: str, path: str, source: bytes | Path, on_progress: Progress | None) -> dict[str, Any]:
    """Send bytes to the address of an upload; return what the server says became of them. Raises as `fetch`."""
    size = size_of(source)
    headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
    return dict(msgspec.json.decode(fetch(url, "PUT", path, headers, told(pieces_of(source), size, on_progress))))


def fetch(url: str, method: str, path: str, headers: dict[str, str], body: Iterator[bytes] | None = None) -> bytes:
    """Return the body of a good answer. Raises `RequestRefused`, `NotReachable`, `ConnectionLost`."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "wss":
        connection = http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise NotReachable(f"{url}: {error}") from error
        # Who is refused before all was sent finds the answer there all the same.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionLost(1006, str(error)) from error
    finally:
        connection.close()
    if response.status >= 400:
        raise refusal_of(response.status, answer)
    return answer


def refusal_of(status: int, answer: bytes) -> RequestRefused:
    """Return what a refusal says, whoever has made it."""
    try:
        said = msgspec.json.decode(answer, type=dict[str, Any])
        return RequestRefused(str(said["code"]), str(said["message"]), said["detail"])
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        return RequestRefused(ErrorCode.UNAVAILABLE if status >= 500 else ErrorCode.MEDIA_REFUSED, f"HTTP {status}")
