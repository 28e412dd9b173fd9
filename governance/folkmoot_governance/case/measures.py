"""Which acts are measures that one may appeal against, whom they hit, and who took them (P15)."""

from ..account import AccountEvent, AccountSuspended, CreditChanged
from ..group import events as e
from .commands import Measured

OF_GROUPS = (e.MemberKicked, e.MemberBanned, e.MemberMuted, e.MemberWarned, e.EntryDeleted, e.HeldDenied)
"""Acts of a group's owner and admins against somebody."""

OF_THE_PLATFORM = (e.GroupWarned, e.GroupSuspended, e.GroupClosed, e.LimitDenied)
"""Acts of the operator's staff against a group: they hit its owner, who answers for it."""


def measure_of(event: e.Event, case: str, code: str, owner: str) -> Measured | None:
    """Return an act of the group `code` as a measure; None where it is none, or somebody's act on themselves."""
    tag = str(event.__struct_config__.tag)
    if isinstance(event, OF_THE_PLATFORM):
        return Measured(case, tag, owner, event.by, event.at)
    if isinstance(event, OF_GROUPS) and event.by != event.user:
        return Measured(case, tag, event.user, event.by, event.at, code)
    return None


def purge_of(event: e.EntriesPurged, case: str, code: str, user: str) -> Measured | None:
    """Return the removal of many entries as a measure against `user`, who wrote some of them. Others whom it hit may
    appeal against it, too, each for themselves."""
    tag = str(event.__struct_config__.tag)
    return Measured(case, tag, user, event.by, event.at, code, one_of_many=True) if event.by != user else None


def account_measure_of(event: AccountEvent, case: str, user: str, decider: str) -> Measured | None:
    """Return an act on an account as a measure; `decider` is who is behind an act of the service."""
    is_measure = isinstance(event, AccountSuspended) or (isinstance(event, CreditChanged) and event.points < 0)
    tag = str(event.__struct_config__.tag)
    return Measured(case, tag, user, event.by or decider, event.at) if is_measure else None
