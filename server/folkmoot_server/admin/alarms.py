"""Administration of emergencies, and of what everybody is told (G5)."""

from folkmoot_governance import Refusal
from folkmoot_governance.actor import Emergency
from folkmoot_governance.emergency import CATEGORY, PLATFORM, EndEmergency, Halt, StartEmergency
from folkmoot_protocol.admin import alarms as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..common.codes import emergency_number
from ..common.i18n import N_
from .call import Call, Outcome, carries_out


def emergency_item(one: Emergency) -> dict[str, object]:
    """Return an emergency as staff sees it."""
    return {
        "number": one.number,
        "scope": one.scope,
        "what": one.halt,
        "until_ms": one.until_ms,
        "every_ms": one.slow_ms,
        "reason": one.reason,
        "by": one.by,
        "started_ts": one.started_ts,
    }


async def scope_of(call: Call) -> str | Refusal:
    """Return where it is to hold: there must be such a category, or such a group."""
    if call.target == PLATFORM:
        return PLATFORM
    if call.target.startswith(CATEGORY):
        if call.target.removeprefix(CATEGORY) in call.app.policy.categories:
            return call.target
        known = ", ".join(sorted(call.app.policy.categories))
        text = N_("There is no category {category}; there are: {known}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"category": call.target[:64], "known": known})
    room = await call.app.membership.find_room(call.target)
    return room if isinstance(room, Refusal) else room.state.code


@carries_out(rows.START_EMERGENCY)
async def start_emergency(call: Call, options: rows.NewEmergency) -> Outcome:
    scope = await scope_of(call)
    if isinstance(scope, Refusal):
        return scope
    command = StartEmergency(
        emergency_number(),
        scope,
        Halt(options.what),
        int(options.duration),
        call.reason,
        int(options.every or 0),
        options.announcement.strip(),
    )
    started = await call.app.alarms.command(command, call.account, dry_run=call.dry_run)
    if isinstance(started, Refusal):
        return started
    assert started is not None, "what is started is returned"
    return AdminResult(items=(emergency_item(started),), changed=1)


@carries_out(rows.LIST_EMERGENCIES)
async def list_emergencies(call: Call, options: NoOptions) -> Outcome:
    found = await call.app.store.ledger.emergencies(call.app.clock.now_ms())
    return AdminResult(items=tuple(map(emergency_item, found)))


@carries_out(rows.END_EMERGENCY)
async def end_emergency(call: Call, options: NoOptions) -> Outcome:
    command = EndEmergency(call.target.strip().lower(), call.reason)
    ended = await call.app.alarms.command(command, call.account, dry_run=call.dry_run)
    return ended if isinstance(ended, Refusal) else AdminResult(items=({"number": command.number},), changed=1)


@carries_out(rows.CREATE_ANNOUNCEMENT)
async def create_announcement(call: Call, options: rows.News) -> Outcome:
    told = await call.app.alarms.announce(
        options.text.strip(), int(options.duration), call.account, dry_run=call.dry_run
    )
    if isinstance(told, Refusal):
        return told
    return AdminResult(items=({"number": told.number, "text": told.text, "until_ms": told.until_ms},), changed=1)


@carries_out(rows.LIST_ANNOUNCEMENTS)
async def list_announcements(call: Call, options: NoOptions) -> Outcome:
    found = await call.app.store.ledger.announcements(call.app.clock.now_ms())
    items = [
        {
            "number": one.number,
            "at_ts": one.ts,
            "until_ms": one.until_ms,
            "by": one.by,
            "group": one.code,
            "text": one.text,
        }
        for one in found
    ]
    return AdminResult(items=tuple(items))
