"""Measures of the platform that have no end, as far as they stand: of what somebody was told, what is so still (P15).

A measure for a time is part of the state of what it is against. One without an end (a text removed, a verification
withdrawn, a report found to be in bad faith) is done once, so `/sanctions` finds it where its notice is: in the box,
which keeps it for as long as one may appeal.
"""

from collections.abc import Sequence

from .measures import MEASURES
from .personal_notices import PersonalNotice
from .restrictions import Measure, Subject

FOUND_ELSEWHERE = (Measure.CLOSE, Measure.CREDIT)
"""Without an end, but in the state of the group, or in the account's credit."""

LASTING: dict[str, Subject] = {
    **{row.notice: row.subject for row in MEASURES if not row.longest_ms and row.measure not in FOUND_ELSEWHERE},
    "bad_faith": Subject.ACCOUNT,
}
"""The kinds of notices of such measures, and what each is against."""

OVER: dict[str, str] = {
    "verification_withdrawn": "verified",
    "limit_denied": "limit_granted",
    "credential_revoked": "credential_granted",
    "post_refuted": "refutation_over",
}
"""The kind of notice after which a measure stands no more, where there is one."""

SAME = ("seq", "credential")
"""What of a notice's data says what it is about, besides the group."""


def lasting(told: Sequence[PersonalNotice], now: int) -> list[PersonalNotice]:
    """Return, of what an account was told, the latest first, the measures without an end against which it may appeal at
    `now` (Unix ms) and that nothing has ended since; an appeal that succeeded is not looked for."""
    found, ended = [], set[tuple[object, ...]]()
    for notice in told:
        about = (notice.code, *(notice.data.get(name) for name in SAME))
        ended.add((notice.kind, *about))
        may_appeal = notice.data.get("appeal_until_ms", 0) > now
        if notice.kind in LASTING and may_appeal and (OVER.get(notice.kind), *about) not in ended:
            found.append(notice)
    return found
