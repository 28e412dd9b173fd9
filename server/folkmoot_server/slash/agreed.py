"""What needs the terms in force to be accepted (G5.2), and what new terms never stand in the way of."""

from folkmoot_governance import Refusal
from folkmoot_governance.account import check_agreement

from .call import Call
from .row import Slash

GET_OUT = frozenset({"account", "leave", "transfer", "heir", "dissolve", "delete", "uninvite", "verify"})
"""Closing the account, leaving; for an owner, who cannot leave, handing over or ending the group; taking back what one
has said, asked or shown of oneself."""

BE_HEARD = frozenset(
    {"report", "appeal", "counter", "cases", "rectify", "sanctions", "credit", "notices", "mediate"},
)

READ_GROUP = frozenset({"info", "id", "rules", "members", "admins", "whois", "search", "pins", "log", "export", "duty"})
READ_OWN = frozenset({"help", "warns", "limits", "uptime", "sessions", "mydata", "proof"})
"""What was said, what was decided, one's own record, and which devices have it."""

SET_FOR_ONESELF = frozenset({"ignore", "notify", "lang"})

WITHOUT_AGREEMENT = GET_OUT | BE_HEARD | READ_GROUP | READ_OWN | SET_FOR_ONESELF
"""Commands that do not wait until new terms are accepted. What does: saying something, coming in, governing others."""


def check_agreed(row: Slash, call: Call) -> Refusal | None:
    """Refuse a command to who has not accepted the terms in force, unless it is one of the above."""
    if row.name in WITHOUT_AGREEMENT:
        return None
    return check_agreement(call.account.state.agreement, call.app.policy)
