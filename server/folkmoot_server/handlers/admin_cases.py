"""Administration of credit (G7.2)."""

from typing import TYPE_CHECKING

from folkmoot_governance import Refusal
from folkmoot_governance.account import CreditChanged, SetCredit
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..accounts import Account
from ..i18n import N_
from ..session import Session
from ..slash.own import MOST_CHANGES, change_item
from ..storage.api import Acts, account_stream
from .admin_common import Outcome, act_on_user, find_account

if TYPE_CHECKING:
    from ..node import Node


def credit_item(account: Account) -> dict[str, object]:
    """Return an account's credit as administrators see it."""
    return {"user": account.user, "score": account.state.credit, "level": account.level.name}


async def show_credit(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    """Show an account's score and how it came about."""
    account = await find_account(node, request)
    if isinstance(account, Refusal):
        return account
    wanted = Acts(kinds=(CreditChanged.__struct_config__.tag,))  # type: ignore[arg-type]  # a str
    found = await node.store.ledger.acts(account_stream(account.user), wanted, MOST_CHANGES)
    changes = [change_item(account.user, one) | {"by": one.event.by} for one in found]
    return AdminResult(items=(credit_item(account) | {"changes": changes},))


async def set_credit(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    """Set an account's score."""
    score = (request.options or {}).get("score")
    if not isinstance(score, int) or isinstance(score, bool):
        return Refusal(ErrorCode.BAD_REQUEST, N_("Give the score."), {"field": "score"})
    return await act_on_user(node, session, request, SetCredit(score, request.reason or ""), credit_item)
