"""Administration of the access log: reading it is an act of staff, for a case (G6.2, G13)."""

from folkmoot_governance import Refusal
from folkmoot_governance.reading import READ_ACCESS, ReadTexts
from folkmoot_protocol.admin import access as rows
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..common.i18n import N_
from ..sealed.access_records import AccessKind, AccessRecord, detail_of
from .call import Call, Outcome, carries_out
from .common import find_account, record_reading

EVERYTHING = frozenset(AccessKind)


def access_item(one: AccessRecord) -> dict[str, object]:
    """Return a record as staff sees it."""
    return {
        "at_ts": one.ts,
        "kind": one.kind.value,
        "address": one.address,
        "port": one.port,
        "connection": one.connection,
        "detail": detail_of(one),
    }


@carries_out(rows.LIST_ACCESS)
async def list_access(call: Call, options: rows.OfCase) -> Outcome:
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    found, cursor = await call.app.access_log.read(account.user, EVERYTHING, call.limit, call.cursor)
    refusal = await record_reading(call, ReadTexts(options.case, "access", count=len(found), permission=READ_ACCESS))
    return refusal or AdminResult(items=tuple(map(access_item, found)), cursor=cursor or None)


@carries_out(rows.FIND_DRAWN)
async def find_drawn(call: Call, options: rows.OfCase) -> Outcome:
    """Say for which account something stands, once that is on record."""
    refusal = await record_reading(call, ReadTexts(options.case, "audit", permission=READ_ACCESS))
    if refusal:
        return refusal
    user = await call.app.audit.whose(call.target.lower())
    if user is None:
        text = N_("{drawn} does not stand for any account.")
        return Refusal(ErrorCode.NO_SUCH_USER, text, {"drawn": call.target[:64], "help": "access list"})
    return AdminResult(items=({"user": user},))
