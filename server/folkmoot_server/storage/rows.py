"""Lines of the lists that staff and jobs read."""

from msgspec import Struct


class IdentityRow(Struct, frozen=True):
    """A number that an account has given for a level of identity, sealed; `blind` is the same for the same number."""

    user: str
    identity: str
    sealed: str
    blind: str
    ts: int


class OpenFlag(Struct, frozen=True):
    """An entry that broke a content rule and has no flag on record yet; `nonce` tells which of `user`'s it is."""

    code: str
    user: str
    nonce: str
    rule: str
    severity: str
    ts: int


class GroupRow(Struct, frozen=True):
    """A line of the operator's list of groups. `asked_limit`: the member limit that waits for the operator's word."""

    code: str
    name: str
    owner: str
    status: str
    members: int
    created_ts: int
    asked_limit: int = 0


class WarningRow(Struct, frozen=True):
    """A line of the operator's list of warnings to groups: what is to be mended, by when, and whether its owner says it
    is (`rectified_ts`, 0 for not yet)."""

    case: str
    code: str
    name: str
    owner: str
    reason: str
    mend_until_ms: int
    rectified_ts: int
    text: str


class AccountRow(Struct, frozen=True):
    """A line of the operator's list of accounts. `suspended_until_ms` 0: not suspended."""

    user: str
    display_name: str
    identity: str
    platform: str | None
    suspended_until_ms: int
    created_ts: int


class ActivityRow(Struct, frozen=True):
    """What a grading needs of a group: where it stands, and how active it was when that was looked at, at `ts`.

    `seq` is the last seq of then. A group that was never looked at has its founding as `ts`, and nothing else.
    """

    code: str
    category: str
    grade: str
    members: int
    ts: int
    seq: int
    entries_per_day: int
