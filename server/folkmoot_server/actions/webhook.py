"""Posting signed documents to addresses outside: those of the operator's settings, and those of groups (`outgoing`)."""

import hmac
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

MOST_READ = 65_536
SIGNATURE = "X-Folkmoot-Signature"
FAILED = (OSError, HTTPException, ValueError)
"""What `deliver` raises."""


def sign(key: bytes, body: bytes, ts: int) -> str:
    """Return the signature of a body sent at `ts` (Unix ms): HMAC-SHA-256 over time, a full stop and body."""
    return f"t={ts},v1={hmac.new(key, b'%d.%s' % (ts, body), sha256).hexdigest()}"


def deliver(url: str, body: bytes, signature: str, timeout_s: float) -> bytes:
    """Post a document; return the answer. Raises OSError, HTTPException, and ValueError where that is no 2xx."""
    headers = {"Content-Type": "application/json", SIGNATURE: signature}
    status, answer = post(url, body, headers, timeout_s)
    if not 200 <= status < 300:
        raise ValueError(f"the answer was {status}")
    return answer


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float, address: str = "") -> tuple[int, bytes]:
    """Post something; return status and answer. Raises OSError and HTTPException.

    What redirects is not followed: it goes where the operator or the group has said, and nowhere else. `address`: the
    IP address that is connected to, whatever the name stands for; then all of it takes twice the time-out at most.
    """
    parts = urlsplit(url)
    assert parts.hostname, "the settings are checked"
    connection = (
        HTTPSConnection(parts.hostname, parts.port, timeout=timeout_s, context=ssl.create_default_context())
        if parts.scheme == "https"
        else HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    )
    line = Line(address, 2 * timeout_s)
    if address:
        # What `connect` opens its socket by; with TLS it asks for the certificate of the name all the same.
        connection._create_connection = line.open  # type: ignore[attr-defined]  # as the standard library has it
    try:
        path = parts.path or "/"
        connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read(MOST_READ)
    finally:
        line.close()
        connection.close()


class Line:
    """Opens a connection to one IP address alone, and cuts it off when its time is over: each byte that comes begins
    the time-out of a socket anew."""

    def __init__(self, address: str, longest_s: float) -> None:
        self._address = address
        self._own: socket.socket | None = None
        self._timer = threading.Timer(longest_s, self._cut)
        self._timer.daemon = True

    def open(self, place: tuple[str, int], *more: Any, **others: Any) -> socket.socket:
        """Connect, at the port of `place`."""
        opened = socket.create_connection((self._address, place[1]), *more, **others)
        # TLS takes the socket over; this one is the same connection.
        self._own = opened.dup()
        self._timer.start()
        return opened

    def close(self) -> None:
        """It was answered, or failed."""
        self._timer.cancel()
        if self._own is not None:
            self._own.close()

    def _cut(self) -> None:
        with suppress(OSError):
            if self._own is not None:
                self._own.shutdown(socket.SHUT_RDWR)
