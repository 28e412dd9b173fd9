"""Webhooks of the operator: what is posted there is signed, goes where the settings say, and nowhere else."""

import hmac
import ssl
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
    """Post a document; return the answer. Raises OSError, HTTPException, and ValueError for an answer that is no 2xx.

    What redirects is not followed: the document goes where the operator has said, and nowhere else.
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
        headers = {"Content-Type": "application/json", SIGNATURE: signature}
        connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, headers)
        response = connection.getresponse()
        answer = response.read(MOST_READ)
        if not 200 <= response.status < 300:
            raise ValueError(f"the answer was {response.status}")
        return answer
    finally:
        connection.close()
