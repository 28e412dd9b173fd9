"""Opening what was removed: where the operator wants it so, two of staff have to approve that for the case (G13)."""

from collections.abc import Sequence

from folkmoot_governance import Refusal
from folkmoot_governance.case.export import ACT, APPROVALS, approved_by
from folkmoot_governance.case.state import CaseEvent, CaseExported, ExportApproved
from folkmoot_protocol.errors import ErrorCode

from ..common.i18n import N_
from ..storage.api import ActFilter
from ..storage.change_set import case_stream
from .call import Call
from .common import who_may

MOST_APPROVALS = 200
APPROVING = tuple(str(kind.__struct_config__.tag) for kind in (ExportApproved, CaseExported))


async def approvals(call: Call, number: str) -> tuple[str, ...]:
    """Return who has approved that identities, and what was removed, go along with a case's next export, and might
    approve it today as well."""
    wanted = ActFilter(kinds=APPROVING)
    found = await call.app.store.ledger.acts(case_stream(number.lower()), wanted, MOST_APPROVALS)
    events = [one.event for one in reversed(found) if isinstance(one.event, CaseEvent)]
    return await who_may(call, approved_by(events, call.app.clock.now_ms()), ACT)


def opens_removed(call: Call, approved: Sequence[str]) -> bool:
    """Say whether what was removed may be opened for a case, when these have approved it."""
    return not call.app.config.staff.two_open_removed or len(approved) >= APPROVALS


async def check_opening(call: Call, number: str) -> Refusal | None:
    """Refuse to open for a case what was removed, as long as it takes somebody else's approval."""
    approved = await approvals(call, number)
    if opens_removed(call, approved):
        return None
    text = N_("What was removed is opened once two of the staff have approved that for the case; so far: {count}.")
    detail = {"count": len(approved), "rule": "staff.two_open_removed", "help": "export approve"}
    return Refusal(ErrorCode.FORBIDDEN, text, detail)
