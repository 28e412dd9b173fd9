"""Which events of a case whoever has reported, appealed or applied may be given as they stand, with a proof (P16, W16).

The others tell what the operator's staff does with the case, or who else has reported the same.
"""

from .state import (
    AppealOpened,
    ApplicationOpened,
    ApplicationReopened,
    BadFaithOverturned,
    CaseClosed,
    CaseEvent,
    MediationOpened,
    ReportJoined,
    ReportOpened,
    ReportReopened,
)

OPENINGS = (ReportOpened, ReportJoined, AppealOpened, ApplicationOpened, MediationOpened)


def may_be_given(event: CaseEvent, user: str) -> bool:
    """Say whether `user`, whose case it is as well, may be given an event of it."""
    match event:
        case CaseClosed(bad_faith=names):
            return set(names) <= {user}
        case BadFaithOverturned(user=whom):
            return whom == user
        case ReportReopened() | ApplicationReopened():
            return True
        case _:
            return isinstance(event, OPENINGS) and event.by == user
