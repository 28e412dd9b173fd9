"""Administration of legal holds (G13)."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.holds import ACT, BeginHold, EndHold, Hold, HoldCommand, in_force
from folkmoot_governance.reading import ReadTexts
from folkmoot_protocol.admin import holds as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.results import AdminResult

from ..actions.groups.finding import NO_SUCH_GROUP
from ..common.i18n import N_
from ..sealed.access_records import AccessRecord, detail_of
from ..storage.api import HeldRow
from .access import access_item
from .call import Call, Outcome, carries_out
from .common import check_asker, find_account, record_reading
from .export_held import acts_to_read, marked, read_rows
from .opening import approvals, opens_removed

FIRST = ("", "", -1)


@carries_out(rows.LIST_HOLDS)
async def list_holds(call: Call, options: NoOptions) -> Outcome:
    """List those of staff, and then those of cases, by number."""
    holds, kept = call.app.holds, await call.app.store.ledger.held_counts()
    now = call.app.clock.now_ms()
    found = [] if call.cursor else in_force((await holds.by_staff()).values(), now)
    by_cases, cursor = await holds.page_of_cases(call.cursor, call.limit)
    items = tuple(hold_item(one, kept.get(one.number, 0)) for one in (*found, *by_cases))
    return AdminResult(items=items, cursor=cursor or None)


def hold_item(hold: Hold, kept: int) -> dict[str, object]:
    """Return a hold as a row; an end that is not known yet is left out."""
    item: dict[str, object] = {"hold": hold.number, "case": hold.case, "kept": kept}
    item |= {"group": hold.code, "user": " ".join(hold.users), "reason": hold.reason}
    times = {"since_ts": hold.since_ms, "till_ts": hold.till_ms, "until_ts": hold.until_ms, "seq": hold.seq}
    return item | {name: value for name, value in times.items() if 0 < value < FOREVER_MS}


async def removed_of(call: Call, rows: Sequence[HeldRow]) -> frozenset[tuple[str, int]]:
    """Return which of the entries that are kept were removed: group and seq."""
    found = set[tuple[str, int]]()
    for code in {row.code for row in rows if row.code}:
        entries, _ = await asyncio.to_thread(read_rows, call, [row for row in rows if row.code == code])
        found |= {(code, one.seq) for one in await marked(call, code, entries) if one.removed}
    return frozenset(found)


def held_item(row: HeldRow, text: bytes | None, gone: Collection[tuple[str, int]] = ()) -> list[dict[str, object]]:
    """Return what is kept as rows: an entry as it was written, without its text where it is one of those that are
    `gone`, or records of the access log."""
    if text is None:
        return [{"month": row.month, "group": row.code, "seq": row.seq, "kind": "unreadable"}]
    if not row.code:
        records = msgspec.json.decode(text, type=list[AccessRecord])
        return [access_item(one) | {"month": row.month, "user": one.user, "text": detail_of(one)} for one in records]
    _grp, seq, ts, kind, user, _name, _role, _tags, body, _reply_to, target, _data = msgspec.json.decode(text)
    if (row.code, seq) in gone:
        kind, body = "removed", ""
    item = {"month": row.month, "group": row.code, "seq": seq, "at_ts": ts, "kind": kind, "user": user, "text": body}
    return [item if target is None else item | {"target": target}]


@carries_out(rows.CREATE_HOLD)
async def create_hold(call: Call, options: rows.NewHold) -> Outcome:
    now = call.app.clock.now_ms()
    code = parse_group_code(options.group) if options.group else ""
    if code is None or (code and await call.app.store.ledger.group_summary(code) is None):
        return NO_SUCH_GROUP
    user = fold_user_name(options.account)
    if user:
        account = await find_account(replace(call, target=user))
        if isinstance(account, Refusal):
            return account
        user = account.user

    def begin(number: str) -> HoldCommand:
        since = 0 if options.since is None else now - options.since
        till = FOREVER_MS if options.till is None else now - options.till
        return BeginHold(number, options.case, call.reason, options.duration, code or "", user, max(0, since), till)

    changed = await call.app.store_acts.act_on_hold(begin, call.account.actor(), dry_run=call.dry_run)
    return changed if isinstance(changed, Refusal) else AdminResult(items=(), changed=changed)


@carries_out(rows.END_HOLD)
async def end_hold(call: Call, options: NoOptions) -> Outcome:
    command = EndHold(call.target, call.reason)
    changed = await call.app.store_acts.act_on_hold(lambda _: command, call.account.actor(), dry_run=call.dry_run)
    if isinstance(changed, Refusal):
        return changed
    if not call.dry_run:
        await call.app.holds.let_go()
    return AdminResult(items=(), changed=changed)


@carries_out(rows.SHOW_HOLD)
async def show_hold(call: Call, options: NoOptions) -> Outcome:
    """List what is kept for a hold; who reads it is on record, with the case that it is held for."""
    refusal = check_asker(call, ACT)
    if refusal:
        return refusal
    hold = (await call.app.holds.by_staff()).get(call.target)
    month, _, rest = call.cursor.partition(" ")
    code, _, seq = rest.partition(" ")
    after = (month, code, int(seq)) if seq.isascii() and seq.isdigit() and len(seq) < 19 else FIRST
    kept: list[HeldRow] = await call.app.store.ledger.held_rows(call.target, after, call.limit + 1)
    if hold is None and not kept:
        text = N_("Nothing is kept for a hold {number}.")
        return Refusal(ErrorCode.NO_SUCH_ENTRY, text, {"number": call.target[:64], "help": "hold list"})
    shown = kept[: call.limit]
    for act in acts_to_read(shown):
        refusal = check_asker(call, act)
        if refusal:
            return refusal
    case = hold.case if hold else call.target
    command = ReadTexts(case, "hold", count=len(shown), permission=ACT)
    refusal = await record_reading(call, command)
    if refusal:
        return refusal
    approved = await approvals(call, case)
    gone = frozenset() if opens_removed(call, approved) else await removed_of(call, shown)
    items = [item for row in shown for item in held_item(row, call.app.holds.open(row), gone)]
    last = shown[-1] if len(kept) > call.limit else None
    cursor = f"{last.month} {last.code} {last.seq}" if last else None
    return AdminResult(items=tuple(items), cursor=cursor)
