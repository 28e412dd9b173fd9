"""What can come of a request besides its result."""

from collections.abc import Mapping
from typing import Any

from folkmoot_protocol import Error, ErrorCode

DEFAULT_RETRY_MS = 500

PASSING = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.RATE_LIMITED, ErrorCode.CONFLICT, ErrorCode.INTERNAL})

WAITED_FOR = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.RATE_LIMITED})
"""What a client with `waits` waits for: nothing was done, and the server says when to come again."""


class ClientError(Exception):
    """Root of the SDK's errors."""


class RequestRefused(ClientError):
    """The server answered a request with an error frame.

    `code` is an `ErrorCode` or a newer one, `message` is in the session's language and for people, `detail`
    is for programs.
    """

    def __init__(self, code: str, message: str, detail: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.detail: dict[str, Any] = dict(detail or {})

    @classmethod
    def of(cls, frame: Error) -> "RequestRefused":
        """Return the error that a frame tells of."""
        return cls(frame.code, frame.message, frame.detail)

    @property
    def retry_after_ms(self) -> int:
        """How long to wait before the same request may succeed."""
        given = self.detail.get("retry_after_ms")
        return given if type(given) is int and given >= 0 else DEFAULT_RETRY_MS

    @property
    def is_passing(self) -> bool:
        """Say whether a short wait cures it: the server is busy, or has had trouble.

        A mute or a suspension ends some day too, but is not waited for.
        """
        return self.code in PASSING


class ConnectionLost(ClientError):
    """The connection broke before the reply: the request may or may not have been carried out.

    Raised only for requests that are not safe to repeat. `code` is the WebSocket close code, 1006 for none.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"connection lost ({code}{' ' + reason if reason else ''})")
        self.code = code
        self.reason = reason


class NotReachable(ClientError):
    """No connection could be made within the time allowed; the cause is chained."""


class SessionEnded(ClientError):
    """The connection closed for good: by us, or with a code after which one does not come back.

    `code` is the WebSocket close code, 1000 when the client was closed on purpose.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"session ended ({code}{' ' + reason if reason else ''})")
        self.code = code
        self.reason = reason
