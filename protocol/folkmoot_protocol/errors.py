"""Error and close codes, each with its behaviour, and the two errors that decoding may raise.

A code is stable and for programs. The tables say what a program may do about it: wait and try again,
reconnect, or stop. The meanings are English msgids, the fallback for a person when the sender of an error has
nothing better to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from .msgids import N_


class ErrorCode(StrEnum):
    """The `code` of an error frame."""

    BAD_REQUEST = "bad_request"
    UNKNOWN_REQUEST = "unknown_request"
    NOT_AUTHENTICATED = "not_authenticated"
    AUTH_FAILED = "auth_failed"
    OTP_REQUIRED = "otp_required"
    AGREEMENT_REQUIRED = "agreement_required"
    IDENTITY_REQUIRED = "identity_required"
    NAME_TAKEN = "name_taken"
    WEAK_PASSWORD = "weak_password"  # noqa: S105 - a code, not a password
    BAD_NAME = "bad_name"
    NO_SUCH_GROUP = "no_such_group"
    NO_SUCH_USER = "no_such_user"
    NO_SUCH_ENTRY = "no_such_entry"
    NOT_A_MEMBER = "not_a_member"
    ALREADY_MEMBER = "already_member"
    FORBIDDEN = "forbidden"
    OUTRANKED = "outranked"
    REFUTED = "refuted"
    FUNCTION_LIMITED = "function_limited"
    COMMENTS_CLOSED = "comments_closed"
    FOLLOWERS_ONLY = "followers_only"
    BANNED = "banned"
    BLACKLISTED = "blacklisted"
    MUTED = "muted"
    GROUP_MUTED = "group_muted"
    SLOW_MODE = "slow_mode"
    GROUP_SUSPENDED = "group_suspended"
    GROUP_CLOSED = "group_closed"
    ACCOUNT_SUSPENDED = "account_suspended"
    GROUP_FULL = "group_full"
    GROUP_QUOTA = "group_quota"
    JOIN_QUOTA = "join_quota"
    FOLLOW_QUOTA = "follow_quota"
    CHANNEL_QUOTA = "channel_quota"
    NOT_OPEN = "not_open"
    LICENCE_REQUIRED = "licence_required"
    FEATURE_OFF = "feature_off"
    JOIN_CLOSED = "join_closed"
    WRONG_ANSWER = "wrong_answer"
    CREDIT_TOO_LOW = "credit_too_low"
    CONTENT_REFUSED = "content_refused"
    CONTENT_HELD = "content_held"
    MEDIA_REFUSED = "media_refused"
    MEDIA_PENDING = "media_pending"
    MEDIA_QUOTA = "media_quota"
    RATE_LIMITED = "rate_limited"
    TOO_LONG = "too_long"
    UNKNOWN_COMMAND = "unknown_command"
    BAD_SYNTAX = "bad_syntax"
    CONFIRM_REQUIRED = "confirm_required"
    EMERGENCY = "emergency"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """How an error behaves: `temporary` when the same request may succeed later if one only waits."""

    temporary: bool
    meaning: str


def _lasting(meaning: str) -> ErrorInfo:
    return ErrorInfo(temporary=False, meaning=meaning)


def _temporary(meaning: str) -> ErrorInfo:
    return ErrorInfo(temporary=True, meaning=meaning)


ERRORS: Mapping[ErrorCode, ErrorInfo] = {
    ErrorCode.BAD_REQUEST: _lasting(N_("The request is malformed.")),
    ErrorCode.UNKNOWN_REQUEST: _lasting(N_("The server does not know this request.")),
    ErrorCode.NOT_AUTHENTICATED: _lasting(N_("Sign in first.")),
    ErrorCode.AUTH_FAILED: _lasting(N_("The user name or the password is wrong.")),
    ErrorCode.OTP_REQUIRED: _lasting(N_("Signing in to this account needs a code as well.")),
    ErrorCode.AGREEMENT_REQUIRED: _lasting(N_("Accept the current agreement first.")),
    ErrorCode.IDENTITY_REQUIRED: _lasting(N_("Your identity must be verified first.")),
    ErrorCode.NAME_TAKEN: _lasting(N_("This name is taken.")),
    ErrorCode.WEAK_PASSWORD: _lasting(N_("This password is too weak.")),
    ErrorCode.BAD_NAME: _lasting(N_("This name is not allowed.")),
    ErrorCode.NO_SUCH_GROUP: _lasting(N_("There is no such group.")),
    ErrorCode.NO_SUCH_USER: _lasting(N_("There is no such user.")),
    ErrorCode.NO_SUCH_ENTRY: _lasting(N_("There is no such entry.")),
    ErrorCode.NOT_A_MEMBER: _lasting(N_("You are not a member of this group.")),
    ErrorCode.ALREADY_MEMBER: _lasting(N_("This account is a member already.")),
    ErrorCode.FORBIDDEN: _lasting(N_("You may not do that.")),
    ErrorCode.OUTRANKED: _lasting(N_("You cannot act on an equal or a superior.")),
    ErrorCode.REFUTED: _lasting(N_("The platform has refuted this post.")),
    ErrorCode.FUNCTION_LIMITED: _temporary(N_("The platform has taken this function from the channel for a time.")),
    ErrorCode.COMMENTS_CLOSED: _lasting(N_("Comments are closed.")),
    ErrorCode.FOLLOWERS_ONLY: _lasting(N_("Only followers may comment.")),
    ErrorCode.BANNED: _lasting(N_("You are banned from this group.")),
    ErrorCode.BLACKLISTED: _lasting(N_("This account is on the blacklist.")),
    ErrorCode.MUTED: _temporary(N_("You are muted.")),
    ErrorCode.GROUP_MUTED: _temporary(N_("The group is muted.")),
    ErrorCode.SLOW_MODE: _temporary(N_("The group is in slow mode: wait before you post again.")),
    ErrorCode.GROUP_SUSPENDED: _temporary(N_("The group is suspended.")),
    ErrorCode.GROUP_CLOSED: _lasting(N_("The group is closed.")),
    ErrorCode.ACCOUNT_SUSPENDED: _temporary(N_("The account is suspended.")),
    ErrorCode.GROUP_FULL: _temporary(N_("The group is full.")),
    ErrorCode.GROUP_QUOTA: _lasting(N_("You cannot create more groups.")),
    ErrorCode.JOIN_QUOTA: _lasting(N_("You cannot join more groups.")),
    ErrorCode.FOLLOW_QUOTA: _lasting(N_("You cannot follow more channels.")),
    ErrorCode.CHANNEL_QUOTA: _lasting(N_("You cannot open more public accounts.")),
    ErrorCode.NOT_OPEN: _temporary(N_("The channel is not open yet.")),
    ErrorCode.LICENCE_REQUIRED: _lasting(N_("This needs a licence.")),
    ErrorCode.FEATURE_OFF: _lasting(N_("This function is not in use here.")),
    ErrorCode.JOIN_CLOSED: _lasting(N_("The group is not accepting new members.")),
    ErrorCode.WRONG_ANSWER: _lasting(N_("The answer is wrong.")),
    ErrorCode.CREDIT_TOO_LOW: _lasting(N_("Your credit is too low for that.")),
    ErrorCode.CONTENT_REFUSED: _lasting(N_("This content breaks the rules.")),
    ErrorCode.CONTENT_HELD: _lasting(N_("This content is held for review.")),
    ErrorCode.MEDIA_REFUSED: _lasting(N_("This file cannot be accepted.")),
    ErrorCode.MEDIA_PENDING: _temporary(N_("This file is still being checked.")),
    ErrorCode.MEDIA_QUOTA: _temporary(N_("You have uploaded too much: please wait.")),
    ErrorCode.RATE_LIMITED: _temporary(N_("Too many requests: slow down.")),
    ErrorCode.TOO_LONG: _lasting(N_("This text is too long.")),
    ErrorCode.UNKNOWN_COMMAND: _lasting(N_("There is no such command.")),
    ErrorCode.BAD_SYNTAX: _lasting(N_("The command is malformed.")),
    ErrorCode.CONFIRM_REQUIRED: _lasting(N_("This must be confirmed.")),
    ErrorCode.EMERGENCY: _temporary(N_("Emergency measures are in force.")),
    ErrorCode.CONFLICT: _temporary(N_("Something else changed at the same time: try again.")),
    ErrorCode.UNAVAILABLE: _temporary(N_("The service cannot do that now: try again later.")),
    ErrorCode.INTERNAL: _temporary(N_("Something went wrong on the server.")),
}


class CloseCode(IntEnum):
    """The status of a WebSocket close frame (RFC 6455 section 7.4; 4000 to 4999 are the application's)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    TOO_BIG = 1009
    RESTART = 1012
    UNDECODABLE = 4400
    NOT_AUTHENTICATED = 4401
    FORBIDDEN = 4403
    FLOODING = 4429


@dataclass(frozen=True, slots=True)
class CloseInfo:
    """How a client takes a close: whether to `reconnect` by itself (with jitter), and why it was closed."""

    reconnect: bool
    meaning: str


CLOSES: Mapping[CloseCode, CloseInfo] = {
    CloseCode.NORMAL: CloseInfo(False, N_("The connection was closed on purpose.")),
    CloseCode.GOING_AWAY: CloseInfo(True, N_("The server is stopping.")),
    CloseCode.TOO_BIG: CloseInfo(False, N_("A frame was too large.")),
    CloseCode.RESTART: CloseInfo(True, N_("The server is restarting.")),
    CloseCode.UNDECODABLE: CloseInfo(False, N_("A frame could not be decoded.")),
    CloseCode.NOT_AUTHENTICATED: CloseInfo(True, N_("Nobody signed in within the time allowed.")),
    CloseCode.FORBIDDEN: CloseInfo(False, N_("The account is suspended or the session was revoked.")),
    CloseCode.FLOODING: CloseInfo(True, N_("Too many requests in spite of warnings.")),
}


class ProtocolError(Exception):
    """A frame that cannot be decoded, or is no map with a string `type`: the connection closes with 4400."""


class RequestError(Exception):
    """A decodable frame whose request is unknown or malformed: it is answered with an error frame.

    `re` is the request's id, 0 when the frame had no usable one. `message` is English and for the author of a
    client; `detail` holds `field` when one field is to blame.
    """

    def __init__(self, code: ErrorCode, re: int, message: str, detail: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.re = re
        self.message = message
        self.detail: dict[str, object] = dict(detail or {})
