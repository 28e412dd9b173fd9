"""Administration of groups."""

from typing import Any

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.restrictions import Measure, Subject
from folkmoot_protocol.admin import groups as rows
from folkmoot_protocol.admin.accounts import Grounded, Suspension
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult

from ..live.rooms import Room
from ..storage.api import GroupRow
from .call import Call, Outcome, carries_out
from .common import act_on_room, basis_of, list_rows
from .taking import restriction_items, take, told


def group_item(room: Room, now: int) -> dict[str, object]:
    """Return a group as a line of the operator's list."""
    state = room.state
    status = state.standing(now).value
    row = GroupRow(state.code, state.name, state.owner, status, len(state.members), state.created_ts, state.asked_limit)
    item: dict[str, object] = msgspec.to_builtins(row)
    return item | {"status_until_ms": state.status_until_ms, "restrictions": restriction_items(state.restrictions, now)}


async def act_on_group(call: Call, command: c.Command) -> Outcome:
    """Carry out a measure on the group that a call is about."""
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    changed = await act_on_room(call, room, command)
    if isinstance(changed, Refusal):
        return changed
    return AdminResult(items=(group_item(room, call.app.clock.now_ms()),), changed=changed)


async def against_group(call: Call, measure: Measure, options: Grounded, **more: Any) -> Outcome:
    """Take a measure of the platform against the group that a call is about."""
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    taken = await take(call, Subject.GROUP, room.state.code, measure, options, **more)
    return told(taken, group_item(room, call.app.clock.now_ms()))


@carries_out(rows.LIST_GROUPS)
async def list_groups(call: Call, options: NoOptions) -> Outcome:
    return await list_rows(call, call.app.store.ledger.list_groups, "code")


@carries_out(rows.SHOW_GROUP)
async def show_group(call: Call, options: NoOptions) -> Outcome:
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    state = room.state
    item = msgspec.to_builtins(room.view(call.app.clock.now_ms()))
    item |= {
        "version": state.version,
        "status_until_ms": state.status_until_ms,
        "restrictions": restriction_items(state.restrictions, call.app.clock.now_ms()),
        "asked_limit": state.asked_limit,
        "entries_per_day": state.entries_per_day,
        "bans": len(state.bans),
        "last_seq": room.last_seq,
        "listeners": room.listening,
    }
    return AdminResult(items=(item,))


@carries_out(rows.SUSPEND_GROUP)
async def suspend_group(call: Call, options: Suspension) -> Outcome:
    more = {"duration_ms": options.duration, "replaces": options.replace}
    return await against_group(call, Measure.SUSPEND, options, **more)


@carries_out(rows.RESTORE_GROUP)
async def restore_group(call: Call, options: NoOptions) -> Outcome:
    return await act_on_group(call, c.RestoreGroup(call.reason))


@carries_out(rows.CLOSE_GROUP)
async def close_group(call: Call, options: Grounded) -> Outcome:
    return await against_group(call, Measure.CLOSE, options)


@carries_out(rows.APPROVE_GROUP)
async def approve_group(call: Call, options: NoOptions) -> Outcome:
    """Let a group have the size that its owner asked for (G8.3)."""
    return await act_on_group(call, c.GrantLimit(call.reason))


@carries_out(rows.REJECT_GROUP)
async def reject_group(call: Call, options: Grounded) -> Outcome:
    """Turn that size down."""
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    based = await basis_of(call, room.state.code, options)
    if isinstance(based, Refusal):
        return based
    basis, report = based
    changed = await act_on_room(call, room, c.DenyLimit(call.reason, basis=basis), report)
    if isinstance(changed, Refusal):
        return changed
    return AdminResult(items=(group_item(room, call.app.clock.now_ms()),), changed=changed)
