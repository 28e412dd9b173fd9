"""Administration of the operator's staff: who works for it, and as what (G14)."""

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import GrantRole, NoteTraining
from folkmoot_governance.account_events import RoleGranted, TrainingNoted
from folkmoot_protocol.admin import roles as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult
from folkmoot_protocol.types import PlatformRole

from ..storage.api import ActFilter
from ..storage.change_set import account_stream
from .call import Call, Outcome, carries_out
from .common import act_on_account, find_account

MAX_LISTED = 200


@carries_out(rows.LIST_ROLES)
async def list_roles(call: Call, options: NoOptions) -> Outcome:
    staff = await call.app.store.ledger.list_staff()
    return AdminResult(items=tuple(map(msgspec.to_builtins, staff)))


@carries_out(rows.SHOW_ROLE)
async def show_role(call: Call, options: NoOptions) -> Outcome:
    """Show the record of somebody's work for the operator, the latest first."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    kinds = tuple(str(kind.__struct_config__.tag) for kind in (RoleGranted, TrainingNoted))
    found = await call.app.store.ledger.acts(account_stream(account.user), ActFilter(kinds=kinds), MAX_LISTED)
    return AdminResult(items=tuple(record_item(one.event) for one in found))


def record_item(event: object) -> dict[str, object]:
    """Return an act of that record as a row."""
    if isinstance(event, TrainingNoted):
        return {"at_ts": event.at, "what": "training", "detail": event.course, "by": event.by, "reason": ""}
    assert isinstance(event, RoleGranted), "no other kind was asked for"
    role = event.role.value if event.role else ""
    return {"at_ts": event.at, "what": "role", "detail": role, "by": event.by, "reason": event.reason}


@carries_out(rows.TRAIN_ROLE)
async def train_role(call: Call, options: rows.Course) -> Outcome:
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    changed = await act_on_account(call, account, NoteTraining(options.course))
    if isinstance(changed, Refusal):
        return changed
    return AdminResult(items=({"user": account.user, "course": options.course},), changed=changed)


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
