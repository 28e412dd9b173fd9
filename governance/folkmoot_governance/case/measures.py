"""Which acts are measures that one may appeal against, whom they hit, and who took them (P15)."""

from ..account import AccountEvent, AccountSuspended, CreditChanged
from ..account_events import AccountClosing
from ..group import events as e
from .commands import Measured

OF_GROUPS = (e.MemberKicked, e.MemberBanned, e.MemberMuted, e.MemberWarned, e.EntryDeleted, e.HeldDenied)
"""Acts of a group's owner and admins against somebody."""

OF_THE_PLATFORM = (e.GroupWarned, e.GroupSuspended, e.GroupClosed, e.LimitDenied)
"""Acts of the operator's staff against a group: they hit its owner, who answers for it."""


def measure_of(event: e.Event, case: str, code: str, owner: str, user: str) -> Measured | None:
    """Return an act of the group `code` as a measure; None where it is none, or somebody's act on themselves.

    Where it hit many it is the measure against `user`, if that is one of them: each can appeal for themselves.
    """
    tag = str(event.__struct_config__.tag)
    if isinstance(event, OF_THE_PLATFORM):
        return Measured(case, tag, owner, event.by, event.at)
    if isinstance(event, OF_GROUPS) and event.by != event.user:
        return Measured(case, tag, event.user, event.by, event.at, code)
    if isinstance(event, e.EntriesRemoved):
        hit = user if user in event.users else event.users[0]
        return Measured(case, tag, hit, event.by, event.at, one_of_many=True)
    others = [one for one in event.users if one != event.by] if isinstance(event, e.EntriesPurged) else []
    if others:
        return Measured(case, tag, user if user in others else others[0], event.by, event.at, code, one_of_many=True)
    return None


def account_measure_of(event: AccountEvent, case: str, user: str, decider: str) -> Measured | None:
    """Return an act on an account as a measure; `decider` is who is behind an act of the service."""
    is_measure = isinstance(event, (AccountSuspended, AccountClosing)) or (
        isinstance(event, CreditChanged) and event.points < 0
    )
    tag = str(event.__struct_config__.tag)
    return Measured(case, tag, user, event.by or decider, event.at) if is_measure else None
