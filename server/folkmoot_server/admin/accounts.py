"""Review of identities by the operator's staff (G6, G6.2), each look at a number on record before it is given; and
closing accounts (P9.2)."""

from collections.abc import Sequence
from datetime import UTC, datetime

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import (
    AccountCommand,
    ApproveIdentity,
    CloseForOther,
    ReadIdentity,
    RejectIdentity,
)
from folkmoot_governance.identity import check_number
from folkmoot_protocol import requests as rq
from folkmoot_protocol.results import AdminResult
from folkmoot_protocol.types import Identity

from ..actions.app import App
from ..common.codes import new_author_tag
from ..delivery.session import Session
from ..live.accounts import Account
from ..sealed.identities import removal
from ..storage.change_set import RowChange
from ..storage.changes import erasure
from .common import NEEDS_REASON, PAGE, account_item, find_account, page_of

UNREADABLE = "–"


async def list_asking(app: App, session: Session, request: rq.Admin) -> AdminResult:
    """List who waits for a review."""
    limit = request.limit or PAGE
    found = await app.store.ledger.list_asking(request.cursor or "", limit + 1)
    rows: list[dict[str, object]] = [{"user": user, "asked": asked, "since_ts": since} for user, asked, since in found]
    return page_of(rows, limit, "user")


async def show_identity(app: App, session: Session, request: rq.Admin) -> AdminResult | Refusal:
    """Show the numbers of an account, and who else has given the same, once the look is on record."""
    account = await find_account(app, request)
    if isinstance(account, Refusal):
        return account
    case = str((request.options or {}).get("case", "")).strip()[:64]
    refusal = await act(app, session, account, ReadIdentity(case))
    if refusal:
        return refusal
    today = datetime.fromtimestamp(app.clock.now_ms() / 1000, UTC).date()
    items = []
    for row in await app.store.ledger.list_identities(account.user):
        number, others = app.vault.open(row), await app.store.ledger.same_identity(row.blind)
        item: dict[str, object] = {
            "user": row.user,
            "identity": row.identity,
            "number": number or UNREADABLE,
            "check": check_number(Identity(row.identity), number, today).value if number else UNREADABLE,
            "since_ts": row.ts,
            "same": [user for user in others if user != row.user],
        }
        items.append(item)
    return AdminResult(items=tuple(items))


async def approve(app: App, session: Session, request: rq.Admin) -> AdminResult | Refusal:
    """Give an account the level that it asks for."""
    return await review(app, session, request, ApproveIdentity(request.reason or ""))


async def reject(app: App, session: Session, request: rq.Admin) -> AdminResult | Refusal:
    """Turn it down; the number is erased."""
    return await review(app, session, request, RejectIdentity(request.reason or ""))


async def review(
    app: App, session: Session, request: rq.Admin, command: ApproveIdentity | RejectIdentity
) -> AdminResult | Refusal:
    """Decide on what an account asks for; store it unless it is a dry run."""
    if not request.reason:
        return NEEDS_REASON
    account = await find_account(app, request)
    if isinstance(account, Refusal):
        return account
    asked = account.state.asked
    rows = [removal(account.user, asked)] if isinstance(command, RejectIdentity) else []
    refusal = await act(app, session, account, command, rows, dry_run=request.dry_run)
    item: dict[str, object] = {"user": account.user, "asked": asked.value, "identity": account.state.identity.value}
    return refusal or AdminResult(items=(item,), changed=1)


async def act(
    app: App,
    session: Session,
    account: Account,
    command: AccountCommand,
    rows: Sequence[RowChange] = (),
    *,
    dry_run: bool = False,
) -> Refusal | None:
    """Decide a command of staff on an account, and store it unless it is a dry run."""
    assert session.account is not None
    decided = app.account_service.act(account.state, command, session.account.actor(), rows)
    return await app.account_service.wait_stored(decided) if isinstance(decided, Refusal) or not dry_run else None


async def close_user(app: App, session: Session, request: rq.Admin) -> AdminResult | Refusal:
    """Close an account for good (P9.2, P11)."""
    if not request.reason:
        return NEEDS_REASON
    account = await find_account(app, request)
    if isinstance(account, Refusal):
        return account
    rows = erasure(account.user, app.clock.now_ms())
    command = CloseForOther(new_author_tag(), request.reason)
    refusal = await act(app, session, account, command, rows, dry_run=request.dry_run)
    return refusal or AdminResult(items=(account_item(account),), changed=1)
