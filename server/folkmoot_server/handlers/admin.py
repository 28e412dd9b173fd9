"""Platform administration over the protocol: `folkmoot admin` speaks to this.

Permission is checked by the rules (`permissions.PLATFORM_RULES`), here only for what reads.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.account import AccountCommand, AttestIdentity, RestoreAccount, SuspendAccount
from folkmoot_governance.duration import parse_duration
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.checks import check_permission
from folkmoot_governance.permissions import may_on_platform
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.results import AdminResult
from folkmoot_protocol.types import Identity

from ..accounts import Account
from ..governor import Act
from ..i18n import N_
from ..session import Session
from ..settle import stored
from ..storage.api import GroupRow
from . import admin_rules
from .groups import NO_SUCH_GROUP, find_room, queue_act

if TYPE_CHECKING:
    from ..node import Node

FORBIDDEN = Refusal(ErrorCode.FORBIDDEN, N_("Your platform role does not cover this."))
UNKNOWN = Refusal(ErrorCode.UNKNOWN_COMMAND, N_("There is no such administration command."))
NEEDS_REASON = Refusal(ErrorCode.BAD_REQUEST, N_("Give a reason: whoever it hits is told."), {"field": "reason"})
NEEDS_DURATION = Refusal(
    ErrorCode.BAD_REQUEST, N_("Say for how long: 30s 10m 2h 7d 2w 6mo 1y, or perm."), {"field": "duration"}
)
PAGE = 100

Outcome = AdminResult | Refusal | None


async def administer(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    """Carry out one administration request."""
    assert session.account is not None
    if not may_on_platform(session.account.state.platform, "read"):
        return FORBIDDEN
    run = ACTS.get((request.noun, request.verb))
    return await run(node, session, request) if run else UNKNOWN


async def list_users(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    limit = request.limit or PAGE
    rows = await node.store.ledger.list_accounts(request.cursor or "", limit + 1)
    return page_of([msgspec.to_builtins(row) for row in rows], limit, "user")


async def list_groups(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    limit = request.limit or PAGE
    rows = await node.store.ledger.list_groups(request.cursor or "", limit + 1)
    return page_of([msgspec.to_builtins(row) for row in rows], limit, "code")


def page_of(rows: list[dict[str, object]], limit: int, key: str) -> AdminResult:
    """Return a page of rows; its cursor is the last row's key."""
    more = len(rows) > limit
    return AdminResult(items=tuple(rows[:limit]), cursor=str(rows[limit - 1][key]) if more else None)


async def find_account(node: "Node", request: rq.Admin) -> Account | Refusal:
    """Return the account that a request names."""
    user = (request.target or "").removeprefix("@")
    account = await node.accounts.load(user) if user else None
    return account or Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": user})


def account_item(account: Account) -> dict[str, object]:
    """Return an account as administrators see it. Identity says a level, never with what it was passed."""
    state = account.state
    return {
        "user": account.user,
        "display_name": account.profile.display_name,
        "identity": state.identity.value,
        "platform": state.platform.value if state.platform else None,
        "suspended_until_ms": state.suspended_until_ms,
        "suspended_reason": state.suspended_reason,
        "created_ts": state.created_ts,
        "groups": sorted(account.groups),
        "connections": len(account.sessions),
    }


async def show_user(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    account = await find_account(node, request)
    return account if isinstance(account, Refusal) else AdminResult(items=(account_item(account),))


async def suspend_user(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    duration = parse_duration(str((request.options or {}).get("duration", "")))
    if duration is None:
        return NEEDS_DURATION
    return await act_on_user(node, session, request, SuspendAccount(duration, request.reason or ""))


async def restore_user(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    return await act_on_user(node, session, request, RestoreAccount(request.reason or ""))


async def verify_user(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    level = str((request.options or {}).get("identity", ""))
    if level not in set(Identity):
        text = N_("Give the identity level: {levels}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "identity", "levels": " ".join(Identity)})
    return await act_on_user(node, session, request, AttestIdentity(Identity(level), request.reason or ""))


async def act_on_user(node: "Node", session: Session, request: rq.Admin, command: AccountCommand) -> Outcome:
    """Decide a measure on an account; store it unless it is a dry run."""
    if not request.reason:
        return NEEDS_REASON
    account = await find_account(node, request)
    if isinstance(account, Refusal):
        return account
    assert session.account is not None
    act = node.governor.act_on_account(account.state, command, session.account.actor())
    if isinstance(act, Refusal):
        return act
    if request.dry_run:
        return AdminResult(items=(account_item(account),), changed=len(act.events))
    refusal = await stored(node, act)
    return refusal or AdminResult(items=(account_item(account),), changed=len(act.events))


async def show_group(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    room = await find_room(node, request.target or "")
    if isinstance(room, Refusal):
        return room
    state = room.state
    item = msgspec.to_builtins(room.view(node.clock.now_ms()))
    item |= {
        "version": state.version,
        "status_until_ms": state.status_until_ms,
        "asked_limit": state.asked_limit,
        "entries_per_day": state.entries_per_day,
        "bans": len(state.bans),
        "last_seq": room.last_seq,
        "listeners": len(room.all_listeners()),
    }
    return AdminResult(items=(item,))


async def suspend_group(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    duration = parse_duration(str((request.options or {}).get("duration", "")))
    if duration is None:
        return NEEDS_DURATION
    return await act_on_group(node, session, request, c.SuspendGroup(duration, request.reason or ""))


async def restore_group(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    return await act_on_group(node, session, request, c.RestoreGroup(request.reason or ""))


async def close_group(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    return await act_on_group(node, session, request, c.CloseGroup(request.reason or ""))


async def approve_group(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    """Let a group have the size that its owner asked for (G8.3)."""
    return await act_on_group(node, session, request, c.GrantLimit(request.reason or ""))


async def reject_group(node: "Node", session: Session, request: rq.Admin) -> Outcome:
    """Turn that size down."""
    return await act_on_group(node, session, request, c.DenyLimit(request.reason or ""))


async def act_on_group(node: "Node", session: Session, request: rq.Admin, command: c.Command) -> Outcome:
    """Decide a measure on a group; store it unless it is a dry run. From decision to queue without an await."""
    if not request.reason:
        return NEEDS_REASON
    code = parse_group_code(request.target or "")
    room = await node.rooms.load(code) if code else None
    account = session.account
    if room is None or account is None:
        return NO_SUCH_GROUP
    if request.dry_run:
        refusal = check_permission(room.state, command, account.actor(), node.clock.now_ms())
        return refusal or AdminResult(items=(group_item(room.state.code, node),), changed=1)
    act = node.governor.act(room, command, account)
    if isinstance(act, Refusal):
        return act

    def result(stored: Act) -> AdminResult:
        return AdminResult(items=(group_item(room.state.code, node),), changed=len(stored.events))

    queue_act(node, session, request.id, act, result)
    return None


def group_item(code: str, node: "Node") -> dict[str, object]:
    """Return a group as a line of the operator's list."""
    room = node.rooms.find(code)
    assert room is not None
    state = room.state
    status = state.standing(node.clock.now_ms()).value
    row = GroupRow(code, state.name, state.owner, status, len(state.members), state.created_ts, state.asked_limit)
    item: dict[str, object] = msgspec.to_builtins(row)
    return item | {"status_until_ms": state.status_until_ms}


ACTS: dict[tuple[str, str], Callable[["Node", Session, rq.Admin], Awaitable[Outcome]]] = {
    ("user", "list"): list_users,
    ("user", "show"): show_user,
    ("user", "suspend"): suspend_user,
    ("user", "restore"): restore_user,
    ("user", "verify"): verify_user,
    ("group", "list"): list_groups,
    ("group", "show"): show_group,
    ("group", "suspend"): suspend_group,
    ("group", "restore"): restore_group,
    ("group", "close"): close_group,
    ("group", "approve"): approve_group,
    ("group", "reject"): reject_group,
    ("rule", "list"): admin_rules.list_rules,
    ("rule", "reload"): admin_rules.reload_rules,
    ("rule", "test"): admin_rules.try_rules,
}
