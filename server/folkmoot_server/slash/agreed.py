"""What needs the terms in force to be accepted (G5.2)."""

from folkmoot_governance import Refusal
from folkmoot_governance.access import PEOPLES, WITHOUT_AGREEMENT
from folkmoot_governance.account import check_agreed as check_terms
from folkmoot_governance.group.checks import FOR_PEOPLE

from .call import Call
from .row import Slash


def check_agreed(row: Slash, call: Call) -> Refusal | None:
    """Refuse a command to who has not accepted the terms in force, unless these never stand in its way; to bots what is
    for people."""
    if call.account.state.home and row.name in PEOPLES:
        return FOR_PEOPLE
    if row.name in WITHOUT_AGREEMENT:
        return None
    return check_terms(call.account.state, call.app.policy)
