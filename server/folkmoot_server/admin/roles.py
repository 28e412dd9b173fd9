"""Administration of the operator's staff: who works for it, and as what (G14)."""

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import GrantRole
from folkmoot_protocol.admin import roles as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult
from folkmoot_protocol.types import PlatformRole

from .call import Call, Outcome, carries_out
from .common import act_on_account, find_account


@carries_out(rows.LIST_ROLES)
async def list_roles(call: Call, options: NoOptions) -> Outcome:
    staff = await call.app.store.ledger.list_staff()
    return AdminResult(items=tuple(map(msgspec.to_builtins, staff)))


@carries_out(rows.CREATE_ROLE)
async def create_role(call: Call, options: rows.Given) -> Outcome:
    return await grant(call, options.role)


@carries_out(rows.DELETE_ROLE)
async def delete_role(call: Call, options: NoOptions) -> Outcome:
    return await grant(call, None)


async def grant(call: Call, role: PlatformRole | None) -> Outcome:
    """Give the account that a call is about a role, or take it."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    changed = await act_on_account(call, account, GrantRole(role, call.reason))
    if isinstance(changed, Refusal):
        return changed
    item: dict[str, object] = {"user": account.user, "role": account.state.platform}
    return AdminResult(items=(item,), changed=changed)
