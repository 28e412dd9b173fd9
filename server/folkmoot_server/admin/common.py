"""What functions of administration share: finding what is meant, pages, acts that may be a dry run."""

from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec
from msgspec import Struct

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import AccountCommand
from folkmoot_governance.case.commands import CloseReport
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.case.state import Outcome as CaseOutcome
from folkmoot_governance.group.commands import Command
from folkmoot_governance.reading import ReadTexts, decide_reading
from folkmoot_governance.restrictions import Basis, Grounds
from folkmoot_governance.staff import check_staff
from folkmoot_protocol.admin.accounts import Grounded
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.results import AdminResult

from ..actions.accounts.govern import AccountAct
from ..actions.acting import ExtraRows, join
from ..actions.cases.govern import CaseAct
from ..common.i18n import N_
from ..live.accounts import Account
from ..live.rooms import Room
from ..storage.change_set import RowChange
from .call import Call

LONGEST = 15


def page_of(rows: Sequence[dict[str, object]], limit: int, key: str) -> AdminResult:
    """Return a page of rows; its cursor is the last row's key."""
    more = len(rows) > limit
    return AdminResult(items=tuple(rows[:limit]), cursor=str(rows[limit - 1][key]) if more else None)


async def list_rows(call: Call, load: Callable[[str, int], Awaitable[Sequence[Struct]]], key: str) -> AdminResult:
    """Return a page of the rows that `load` reads: so many, after the one with such a `key`."""
    rows = await load(call.cursor, call.limit + 1)
    return page_of([msgspec.to_builtins(row) for row in rows], call.limit, key)


async def find_account(call: Call) -> Account | Refusal:
    """Return the account that a call is about."""
    user = fold_user_name(call.target)
    account = await call.app.accounts.load(user)
    return account or Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": user})


def check_asker(call: Call, act: str) -> Refusal | None:
    """Refuse who may not do an act, a row of `permissions.PLATFORM_RULES`."""
    return check_staff(call.account.state, act, call.app.policy, call.app.clock.now_ms())


async def who_may(call: Call, users: Iterable[str], act: str) -> tuple[str, ...]:
    """Return those of several who may do an act now: what staff has approved counts while they might approve it."""
    now, policy = call.app.clock.now_ms(), call.app.policy
    accounts = [await call.app.accounts.load(user) for user in users]
    return tuple(one.user for one in accounts if one is not None and check_staff(one.state, act, policy, now) is None)


async def act_on_account(
    call: Call,
    account: Account,
    command: AccountCommand,
    rows: Sequence[RowChange] = (),
    report: CaseState | None = None,
) -> int | Refusal:
    """Decide a measure on an account and store it, unless it is a dry run; return how many events it has.

    The `report` that it is taken for is upheld in the same transaction.
    """
    closing = upholding(call, report)
    if isinstance(closing, Refusal):
        return closing
    act = await call.app.account_service.decide(account.state, command, call.account.actor(), rows)
    if not isinstance(act, Refusal):
        join(act, [*act.also, *closing])
    stored = await store_account_act(call, act)
    if not isinstance(stored, Refusal):
        await settle(call, closing)
    return stored


async def store_account_act(call: Call, act: AccountAct | Refusal) -> int | Refusal:
    """Store what was decided in this very step, unless it is a dry run; return how many events it has."""
    if isinstance(act, Refusal):
        return act
    # An act on an account takes effect when it is stored, so a dry run just lets it go.
    refusal = None if call.dry_run else await call.app.account_service.wait_stored(act)
    return refusal or len(act.events)


async def act_on_room(
    call: Call,
    room: Room,
    command: Command,
    report: CaseState | None = None,
    extra_rows: ExtraRows | None = None,
) -> int | Refusal:
    """Decide a measure on a group and store it, unless it is a dry run; return how many events it has.

    The `report` that it is taken for is upheld in the same transaction.
    """
    service, closing = call.app.group_service, upholding(call, report)
    if isinstance(closing, Refusal):
        return closing
    if call.dry_run:
        events = service.would(room, command, call.account)
        return events if isinstance(events, Refusal) else len(events)
    act = service.act(room, command, call.account, extra_rows)
    if isinstance(act, Refusal):
        return act
    join(act, closing)
    refusal = await service.wait_stored(act)
    if refusal is None:
        await settle(call, closing)
    return refusal or len(act.events)


async def record_reading(call: Call, command: ReadTexts) -> Refusal | None:
    """Put on record, before anything is shown, that people's texts are read and for which case; return why not."""
    decision = decide_reading(command, call.account.actor(), call.app.clock.now_ms())
    if isinstance(decision, Refusal):
        return decision
    service = call.app.account_service
    return await service.wait_stored(service.record(call.account, decision, ()))


async def find_report(call: Call, number: str, is_about: Callable[[CaseState], bool]) -> CaseState | Refusal | None:
    """Return the report that a measure is taken for, None where none is named. It must be about whom the measure hits,
    and open, for the asker to uphold, or upheld already."""
    if not number:
        return None
    report = await call.app.store.ledger.load_case(number.lower())
    if report is None or report.kind is not CaseKind.REPORT or not is_about(report):
        text = N_("There is no report {case} about the one whom this affects.")
        return Refusal(ErrorCode.NO_SUCH_ENTRY, text, {"case": number[:64], "help": "case list"})
    if report.outcome is CaseOutcome.UPHELD:
        return report
    act = call.app.cases.service.act(report, CloseReport(CaseOutcome.UPHELD, call.reason), call.account.actor())
    return act if isinstance(act, Refusal) else report


def upholding(call: Call, report: CaseState | None) -> tuple[CaseAct, ...] | Refusal:
    """Return the act that upholds the report that a measure is taken for, none where that is done, or there is none;
    it is to be stored with the measure."""
    if report is None or not report.is_open:
        return ()
    act = call.app.cases.service.act(report, CloseReport(CaseOutcome.UPHELD, call.reason), call.account.actor())
    return act if isinstance(act, Refusal) else (act,)


async def settle(call: Call, closed: Sequence[CaseAct]) -> None:
    """Carry out what follows from cases that were closed with a measure."""
    for act in closed if not call.dry_run else ():
        await call.app.cases.settler.settle(act.state.number)


async def grounds_of(call: Call, options: Grounded) -> Grounds | Refusal:
    """Return the grounds that the options name; the entry must be there."""
    if not options.entry:
        return Grounds(options.rule, options.law)
    code_text, _, digits = options.entry.rpartition(":")
    code = parse_group_code(code_text)
    if code is None or not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST):
        text = N_("Give the entry as group code and number: 4821-9067-3350:17.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "entry"})
    found = await call.app.store.journal.entry(code, int(digits))
    if found is None:
        text = N_("There is no entry #{seq} in this group.")
        return Refusal(ErrorCode.NO_SUCH_ENTRY, text, {"seq": int(digits), "help": "/history"})
    return Grounds(options.rule, options.law, code, found.seq, found.ts)


async def basis_of(call: Call, target: str, options: Grounded) -> tuple[Basis, CaseState | None] | Refusal:
    """Return what a measure against an account or a group rests on, and the report that it is taken for."""
    grounds = await grounds_of(call, options)
    if isinstance(grounds, Refusal):
        return grounds
    report = await find_report(call, options.report, lambda one: target in (one.user, one.code))
    if isinstance(report, Refusal):
        return report
    return Basis(grounds, report.number if report else ""), report
