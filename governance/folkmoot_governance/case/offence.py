"""What a report is about, and which reports are of one offence (G12).

One thing is one case, however many report it: an entry, whatever it is reported for; an account or a group for one
reason. Once that is decided, the same entry is the same offence for good. An account or a group may do the same again:
there it is one offence only where the reports were open at the same time.
"""

from msgspec import Struct

from ..content.kinds import GRAVITY
from .rules import CaseRules
from .state import CaseState


class Thing(Struct, frozen=True):
    """What is reported: the entry `seq` of the group `code` by `user`, the group, whose owner is `user`, or the account
    `user`, `of_account` where that was done in a group; for a `reason`, which of an entry is empty: there it makes no
    difference."""

    code: str
    seq: int
    user: str
    reason: str
    of_account: bool = False


def thing_of(code: str, seq: int, user: str, reason: str, *, of_account: bool = False) -> Thing:
    """Return what is reported for a reason."""
    return Thing(code, seq, user, "" if seq else reason, of_account)


def thing_in(case: CaseState) -> Thing:
    """Return what a report is about."""
    return thing_of(case.code, case.seq, case.user, case.reason, of_account=case.of_account)


def is_one_offence(one: CaseState, other: CaseState) -> bool:
    """Say whether two reports are of one offence: there is one penalty for both."""
    if thing_in(one) != thing_in(other):
        return False
    first, then = sorted((one, other), key=lambda case: case.opened_ts)
    return bool(one.seq) or first.is_open or then.opened_ts <= first.closed_ts


def gravest_reason(case: CaseState, rules: CaseRules) -> str:
    """Return the rule that what follows from a report rests on: the gravest of the reasons that it was made for, which
    weighs in the case's severity; of several as grave the first. Empty where the operator has none of them any more."""
    told = [case.reason, *(one.reason for one in case.reporters.values())]
    known = [reason for reason in told if reason in rules.reasons]
    return max(known, key=lambda reason: GRAVITY[rules.reasons[reason]], default="")
