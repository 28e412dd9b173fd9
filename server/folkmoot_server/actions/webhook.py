"""Webhooks of the operator: what is posted there is signed, goes where the settings say, and nowhere else."""

import hmac
import ssl
from collections.abc import Mapping
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
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


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> tuple[int, bytes]:
    """Post something; return status and answer. Raises OSError and HTTPException.

    What redirects is not followed: it goes where the operator has said, and nowhere else.
    """
    parts = urlsplit(url)
    assert parts.hostname, "the settings are checked"
    connection = (
        HTTPSConnection(parts.hostname, parts.port, timeout=timeout_s, context=ssl.create_default_context())
        if parts.scheme == "https"
        else HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    )
    try:
        path = parts.path or "/"
        connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read(MOST_READ)
    finally:
        connection.close()
