"""Administration of sessions: where an account is signed in, and ending that."""

from folkmoot_governance import Refusal
from folkmoot_governance.account_access import check_sessions_of
from folkmoot_protocol.admin import sessions as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult

from ..actions.accounts.sessions import session_item
from .call import Call, Outcome, carries_out
from .common import find_account, store_account_act


@carries_out(rows.LIST_SESSIONS)
async def list_sessions(call: Call, options: NoOptions) -> Outcome:
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    refusal = check_sessions_of(account.user, call.account.actor())
    return refusal or AdminResult(items=tuple(map(session_item, await call.app.sessions.sessions_of(account.user))))


@carries_out(rows.CLOSE_SESSION)
async def close_session(call: Call, options: rows.Which) -> Outcome:
    """End one session of an account, or all."""
    account, sessions = await find_account(call), call.app.sessions
    if isinstance(account, Refusal):
        return account
    ended = [one for one in await sessions.sessions_of(account.user) if options.id.lower() in ("", one.id)]
    act = sessions.end(account, ended, call.account.actor(), call.reason)
    changed = await store_account_act(call, act)
    if isinstance(changed, Refusal):
        return changed
    if not call.dry_run:
        sessions.told(account.user)
    return AdminResult(items=tuple(map(session_item, ended)), changed=changed)
