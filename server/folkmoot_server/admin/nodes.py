"""Administration of the nodes of the service."""

import msgspec

from folkmoot_protocol.admin import nodes as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult

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
        "jobs": msgspec.to_builtins(status.jobs()),
    }
    return AdminResult(items=(item,))
