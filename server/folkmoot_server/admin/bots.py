"""Administration of bots: which there are, and who answers for them. What ends one is a measure as against anybody."""

from folkmoot_protocol.admin import bots as rows
from folkmoot_protocol.admin.row import NoOptions

from .call import Call, Outcome, carries_out
from .common import list_rows


@carries_out(rows.LIST_BOTS)
async def list_bots(call: Call, options: NoOptions) -> Outcome:
    return await list_rows(call, call.app.store.ledger.list_bots, "user")
