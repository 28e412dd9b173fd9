"""A refusal: a decided no, as a value; and what is said of every no besides its text."""

from msgspec import Struct, field

from folkmoot_protocol.errors import ErrorCode


class Refusal(Struct, frozen=True):
    """Why a command was refused, in a form that programs and people both understand.

    `code` is one of PROTOCOL's error codes. `text` is an English message with named placeholders, filled
    from `detail` after translation; a key `…_ms` is offered to the text in a readable form too (`until_ms`
    as `until`, `retry_after_ms` as `wait`). `detail` also says, where it is not what `USUAL` has for the code, which
    `rule` refused and what would `help`. Codes in `TIMED` come with their end: `until_ms` or `retry_after_ms`.
    """

    code: ErrorCode
    text: str
    detail: dict[str, object] = field(default_factory=dict)


class Usual(Struct, frozen=True):
    """Which rule usually refuses with a code, and what usually helps: a slash command, or the type of a request.

    `help` empty: waiting is all that helps.
    """

    rule: str
    help: str = ""


USUAL: dict[ErrorCode, Usual] = {
    # code                        rule, what helps
    ErrorCode.BAD_REQUEST: Usual("request", "/help"),
    ErrorCode.UNKNOWN_REQUEST: Usual("request", "commands"),
    ErrorCode.NOT_AUTHENTICATED: Usual("session", "login"),
    ErrorCode.AUTH_FAILED: Usual("session", "login"),
    ErrorCode.OTP_REQUIRED: Usual("second_factor", "login"),
    ErrorCode.AGREEMENT_REQUIRED: Usual("agreement", "accept_agreement"),
    ErrorCode.IDENTITY_REQUIRED: Usual("policy.identity", "/verify"),
    ErrorCode.NAME_TAKEN: Usual("names", "register"),
    ErrorCode.WEAK_PASSWORD: Usual("password", "register"),
    ErrorCode.BAD_NAME: Usual("names", "/help"),
    ErrorCode.NO_SUCH_GROUP: Usual("known", "/help join"),
    ErrorCode.NO_SUCH_USER: Usual("known", "/members"),
    ErrorCode.NO_SUCH_ENTRY: Usual("known", "/search"),
    ErrorCode.NOT_A_MEMBER: Usual("membership", "/join"),
    ErrorCode.ALREADY_MEMBER: Usual("membership", "/info"),
    ErrorCode.FORBIDDEN: Usual("permissions", "/rights"),
    ErrorCode.OUTRANKED: Usual("permissions.outranks", "/rights"),
    ErrorCode.REFUTED: Usual("refutation", "/appeal"),
    ErrorCode.FUNCTION_LIMITED: Usual("measures", "/sanctions"),
    ErrorCode.COMMENTS_CLOSED: Usual("channel.comments", "/comments"),
    ErrorCode.FOLLOWERS_ONLY: Usual("channel.comments", "/follow"),
    ErrorCode.BANNED: Usual("ban", "/sanctions"),
    ErrorCode.BLACKLISTED: Usual("blacklist", "/sanctions"),
    ErrorCode.MUTED: Usual("mute", "/sanctions"),
    ErrorCode.GROUP_MUTED: Usual("lock", "/admins"),
    ErrorCode.SLOW_MODE: Usual("slow_mode"),
    ErrorCode.GROUP_SUSPENDED: Usual("suspension", "/info"),
    ErrorCode.GROUP_CLOSED: Usual("standing", "/create"),
    ErrorCode.ACCOUNT_SUSPENDED: Usual("suspension"),
    ErrorCode.GROUP_FULL: Usual("member_limit", "/limits"),
    ErrorCode.GROUP_QUOTA: Usual("policy.quota.groups_created", "/limits"),
    ErrorCode.JOIN_QUOTA: Usual("policy.quota.groups_joined", "/leave"),
    ErrorCode.FOLLOW_QUOTA: Usual("follows", "unfollow"),
    ErrorCode.CHANNEL_QUOTA: Usual("policy.channels.per_subject", "/apply quota"),
    ErrorCode.NOT_OPEN: Usual("channel.review", "/cases"),
    ErrorCode.LICENCE_REQUIRED: Usual("policy.channels.licences", "/apply licence"),
    ErrorCode.FEATURE_OFF: Usual("features", "/help"),
    ErrorCode.JOIN_CLOSED: Usual("join_mode", "/info"),
    ErrorCode.WRONG_ANSWER: Usual("question", "/join"),
    ErrorCode.CREDIT_TOO_LOW: Usual("policy.credit", "/credit"),
    ErrorCode.CONTENT_REFUSED: Usual("policy.content", "/rules"),
    ErrorCode.CONTENT_HELD: Usual("policy.content", "/rules"),
    ErrorCode.MEDIA_REFUSED: Usual("media", "/limits"),
    ErrorCode.MEDIA_PENDING: Usual("media"),
    ErrorCode.MEDIA_QUOTA: Usual("media.per_day_bytes"),
    ErrorCode.RATE_LIMITED: Usual("limits"),
    ErrorCode.TOO_LONG: Usual("limits", "/limits"),
    ErrorCode.UNKNOWN_COMMAND: Usual("commands", "/help"),
    ErrorCode.BAD_SYNTAX: Usual("commands", "/help"),
    ErrorCode.CONFIRM_REQUIRED: Usual("confirmation", "/help"),
    ErrorCode.EMERGENCY: Usual("emergency"),
    ErrorCode.CONFLICT: Usual("state", "/info"),
    ErrorCode.UNAVAILABLE: Usual("service"),
    ErrorCode.INTERNAL: Usual("service"),
}
"""For every code. Where a refusal has a rule or a help of its own, its `detail` has it, and that counts."""

TIMED = frozenset(
    {
        ErrorCode.FUNCTION_LIMITED,
        ErrorCode.BANNED,
        ErrorCode.MUTED,
        ErrorCode.GROUP_MUTED,
        ErrorCode.SLOW_MODE,
        ErrorCode.GROUP_SUSPENDED,
        ErrorCode.ACCOUNT_SUSPENDED,
        ErrorCode.CONTENT_HELD,
        ErrorCode.MEDIA_PENDING,
        ErrorCode.MEDIA_QUOTA,
        ErrorCode.RATE_LIMITED,
        ErrorCode.EMERGENCY,
        ErrorCode.UNAVAILABLE,
    }
)
"""Refusals that end by themselves: each says when."""

ENDS = ("until_ms", "retry_after_ms")


def explained(refusal: Refusal) -> dict[str, object]:
    """Return the `detail` of a refusal with its rule and what would help: what everybody who is refused is told."""
    usual = USUAL[refusal.code]
    detail: dict[str, object] = {"rule": usual.rule, **refusal.detail}
    if usual.help:
        detail.setdefault("help", usual.help)
    return detail
