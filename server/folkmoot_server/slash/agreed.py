"""What needs the terms in force to be accepted (G5.2)."""

from folkmoot_governance import Refusal
from folkmoot_governance.access import WITHOUT_AGREEMENT
from folkmoot_governance.account import check_agreement

from .call import Call
from .row import Slash


def check_agreed(row: Slash, call: Call) -> Refusal | None:
    """Refuse a command to who has not accepted the terms in force, unless these never stand in its way."""
    if row.name in WITHOUT_AGREEMENT:
        return None
    return check_agreement(call.account.state.agreement, call.app.policy)
