"""Administration of the nodes of the service."""

import msgspec

from folkmoot_governance import Refusal
from folkmoot_protocol.admin import nodes as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..common.i18n import N_
from .call import Call, Outcome, carries_out


@carries_out(rows.SHOW_NODE)
async def show_node(call: Call, options: NoOptions) -> Outcome:
    status = call.app.status
    item: dict[str, object] = {
        "node": status.name,
        "version": status.version,
        "started_ts": status.started_ts,
        "uptime_ms": status.uptime_ms(),
        "connections": status.connections(),
        "remarks": list(status.remarks.values()),
        "jobs": msgspec.to_builtins(status.jobs()),
    }
    return AdminResult(items=(item,))


@carries_out(rows.CONFIRM)
async def confirm(call: Call, options: NoOptions) -> Outcome:
    """Put on record that the clock is right, or that what is due may be removed, and go by it."""
    actor = call.account.actor()
    if call.target == "time":
        changed = await call.app.timekeeper.confirm(actor, call.reason, dry_run=call.dry_run)
    elif call.target == "removal":
        changed = await call.app.store_acts.confirm_removal(actor, call.reason, dry_run=call.dry_run)
    else:
        return Refusal(ErrorCode.BAD_REQUEST, N_("Confirm time or removal."), {"field": "target"})
    return changed if isinstance(changed, Refusal) else AdminResult(items=(), changed=changed)
