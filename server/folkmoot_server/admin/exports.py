"""Administration of exports: what concerns a case, as a signed bundle (G13, P16, W16)."""

import asyncio
import base64
from datetime import UTC, datetime
from hashlib import sha256

from folkmoot_governance import Refusal
from folkmoot_governance.case.checks import NO_SUCH_CASE, check_scope
from folkmoot_governance.case.commands import ApproveExport, CaseCommand, ExportCase
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.duration import DAY_MS
from folkmoot_protocol.admin import exports as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..actions.cases.bundle import verifier
from ..common.i18n import N_
from .call import Call, Outcome, carries_out
from .export_parts import Extent, Gathering, Stopped
from .opening import approvals, opens_removed

BEFORE_MS = 7 * DAY_MS
"""How long before its opening what concerns a case begins, where nothing else is asked for."""


async def find_case(call: Call) -> CaseState | Refusal:
    """Return the case that a call is about."""
    number = call.target.lower()
    case = await call.app.store.ledger.load_case(number)
    outside = check_scope(call.account.actor(), number)
    return case if case is not None and outside is None else NO_SUCH_CASE


@carries_out(rows.APPROVE_EXPORT)
async def approve_export(call: Call, options: rows.Approval) -> Outcome:
    case = await find_case(call)
    if isinstance(case, Refusal):
        return case
    before = await approvals(call, case.number)
    refusal = await act(call, case, ApproveExport(options.reason, before))
    item: dict[str, object] = {"case": case.number, "approved_by": [*before, call.account.user]}
    return refusal or AdminResult(items=(item,), changed=1)


@carries_out(rows.EXPORT_CASE)
async def export_case(call: Call, options: rows.Extent) -> Outcome:
    """Begin an export, or, with the cursor of an earlier answer, do its next step, or give the next piece of it."""
    if call.cursor:
        return await go_on(call)
    case = await find_case(call)
    if isinstance(case, Refusal):
        return case
    now = call.app.clock.now_ms()
    since = read_time(options.since, max(0, case.opened_ts - BEFORE_MS), "since")
    until = read_time(options.until, now, "until")
    if isinstance(since, Refusal):
        return since
    if isinstance(until, Refusal):
        return until
    approved = await approvals(call, case.number)
    removed = opens_removed(call, approved)
    # Those who have approved are used up where it took them.
    by_two = removed and call.app.config.staff.two_open_removed
    command = ExportCase(options.scope, since, until, options.reason, options.identities, approved, by_two)
    refusal = await act(call, case, command)
    if refusal:
        return refusal
    item: dict[str, object] = {"case": case.number, "scope": options.scope, "since_ts": since, "until_ts": until}
    if call.dry_run:
        return AdminResult(items=(item,), changed=1)
    approved = approved if options.identities or by_two else ()
    extent = Extent(options.scope, since, until, options.reason, approved, options.identities, removed)
    name = await call.app.exports.begin(call.account.user, Gathering(call, case.number, extent).steps())
    if isinstance(name, Refusal):
        return name
    return AdminResult(items=(item | {"done": 0, "total": 0},), changed=1, cursor=name)


async def act(call: Call, case: CaseState, command: CaseCommand) -> Refusal | None:
    """Carry out a command on a case, unless it is a dry run; return why not."""
    service = call.app.cases.service
    decided = service.act(case, command, call.account.actor())
    if isinstance(decided, Refusal) or call.dry_run:
        return decided if isinstance(decided, Refusal) else None
    return await service.wait_stored(decided)


async def go_on(call: Call) -> Outcome:
    """Do the next step of an export, or give the next piece of what was made."""
    name, _, place = call.cursor.partition(":")
    exports, user = call.app.exports, call.account.user
    start = int(place) if place.isascii() and place.isdigit() and len(place) < 16 else 0
    piece = exports.piece(name, user, start)
    if piece is not None:
        item: dict[str, object] = {"data": base64.b64encode(piece.data).decode()}
        item |= {"done": start + len(piece.data), "total": piece.size}
        if not piece.following:
            await exports.end(name)
        return AdminResult(items=(item,), cursor=f"{name}:{piece.following}" if piece.following else None)
    try:
        step = await exports.step(name, user)
    except Stopped as stopped:
        return stopped.refusal
    if isinstance(step, Refusal):
        return step
    return AdminResult(items=({"done": step.done, "total": step.total},), cursor=name)


def read_time(text: str, otherwise: int, field: str) -> int | Refusal:
    """Return a moment (Unix ms) that was given as a day or a day and a time, UTC where nothing else is said."""
    if not text:
        return otherwise
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        said = N_("Give a day, or a day and a time: 2026-11-30, 2026-11-30T12:00.")
        return Refusal(ErrorCode.BAD_REQUEST, said, {"field": field, "help": "export case --help"})
    return max(0, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000))


@carries_out(rows.SHOW_KEY)
async def show_key(call: Call, options: NoOptions) -> Outcome:
    program = await asyncio.to_thread(verifier)
    return AdminResult(items=({"key": str(call.app.event_log.key), "verifier_sha256": sha256(program).hexdigest()},))
