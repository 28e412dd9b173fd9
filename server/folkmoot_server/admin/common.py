"""What acts of administration share: refusals, pages, how things are shown, how a measure is carried out."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec import Struct

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import AccountCommand
from folkmoot_governance.duration import parse_duration
from folkmoot_governance.group import commands as c
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.results import AdminResult

from ..actions.app import App
from ..actions.groups.membership import NO_SUCH_GROUP
from ..common.i18n import N_
from ..delivery.session import Session
from ..live.accounts import Account
from ..storage.api import GroupRow

FORBIDDEN = Refusal(ErrorCode.FORBIDDEN, N_("Your platform role does not cover this."))
NEEDS_REASON = Refusal(ErrorCode.BAD_REQUEST, N_("Give a reason: whoever it hits is told."), {"field": "reason"})
NEEDS_DURATION = Refusal(
    ErrorCode.BAD_REQUEST, N_("Say for how long: 30s 10m 2h 7d 2w 6mo 1y, or perm."), {"field": "duration"}
)
PAGE = 100

Outcome = AdminResult | Refusal | None


def page_of(rows: list[dict[str, object]], limit: int, key: str) -> AdminResult:
    """Return a page of rows; its cursor is the last row's key."""
    more = len(rows) > limit
    return AdminResult(items=tuple(rows[:limit]), cursor=str(rows[limit - 1][key]) if more else None)


async def list_rows(
    request: rq.Admin, load: Callable[[str, int], Awaitable[Sequence[Struct]]], key: str
) -> AdminResult:
    """Return a page of the rows that `load` reads: so many, after the one with such a `key`."""
    limit = request.limit or PAGE
    rows = await load(request.cursor or "", limit + 1)
    return page_of([msgspec.to_builtins(row) for row in rows], limit, key)


def duration_of(request: rq.Admin) -> int | Refusal:
    """Return how long a measure is to last, in ms."""
    duration = parse_duration(str((request.options or {}).get("duration", "")))
    return NEEDS_DURATION if duration is None else duration


async def find_account(app: App, request: rq.Admin) -> Account | Refusal:
    """Return the account that a request names."""
    user = (request.target or "").removeprefix("@")
    account = await app.accounts.load(user) if user else None
    return account or Refusal(ErrorCode.NO_SUCH_USER, N_("There is no account @{user}."), {"user": user})


def account_item(account: Account) -> dict[str, object]:
    """Return an account as administrators see it. Identity says a level, never with what it was passed."""
    state = account.state
    return {
        "user": account.user,
        "display_name": account.profile.display_name,
        "identity": state.identity.value,
        "platform": state.platform.value if state.platform else None,
        "credit": state.credit,
        "level": account.level.name,
        "suspended_until_ms": state.suspended_until_ms,
        "suspended_reason": state.suspended_reason,
        "created_ts": state.created_ts,
        "closed_ts": state.closed_ts,
        "groups": sorted(account.groups),
        "connections": account.connections,
    }


ShowAccount = Callable[[Account], dict[str, object]]
"""Makes the line that tells of an account."""


async def act_on_user(
    app: App, session: Session, request: rq.Admin, command: AccountCommand, item: ShowAccount = account_item
) -> Outcome:
    """Decide a measure on an account; store it unless it is a dry run."""
    if not request.reason:
        return NEEDS_REASON
    account = await find_account(app, request)
    if isinstance(account, Refusal):
        return account
    assert session.account is not None
    act = app.account_service.act(account.state, command, session.account.actor())
    if isinstance(act, Refusal):
        return act
    if request.dry_run:
        return AdminResult(items=(item(account),), changed=len(act.events))
    refusal = await app.account_service.wait_stored(act)
    return refusal or AdminResult(items=(item(account),), changed=len(act.events))


async def act_on_group(app: App, session: Session, request: rq.Admin, command: c.Command) -> Outcome:
    """Decide a measure on a group; store it unless it is a dry run. From decision to queue without an await."""
    if not request.reason:
        return NEEDS_REASON
    code = parse_group_code(request.target or "")
    room = await app.rooms.load(code) if code else None
    account = session.account
    if room is None or account is None:
        return NO_SUCH_GROUP
    if request.dry_run:
        events = app.group_service.would(room, command, account)
        if isinstance(events, Refusal):
            return events
        return AdminResult(items=(group_item(room.state.code, app),), changed=len(events))
    act = app.group_service.act(room, command, account)
    if isinstance(act, Refusal):
        return act

    def result() -> AdminResult:
        return AdminResult(items=(group_item(room.state.code, app),), changed=len(act.events))

    app.group_service.queue_answer(session, request.id, act, result)
    return None


def group_item(code: str, app: App) -> dict[str, object]:
    """Return a group as a line of the operator's list."""
    room = app.rooms.find(code)
    assert room is not None
    state = room.state
    status = state.standing(app.clock.now_ms()).value
    row = GroupRow(code, state.name, state.owner, status, len(state.members), state.created_ts, state.asked_limit)
    item: dict[str, object] = msgspec.to_builtins(row)
    return item | {"status_until_ms": state.status_until_ms}
