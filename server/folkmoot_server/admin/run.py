"""Platform administration over the protocol: `folkmoot admin` speaks to this.

Permission is checked by the rules (`permissions.PLATFORM_RULES`), here only for what reads.
"""

from collections.abc import Awaitable, Callable

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import AttestIdentity, RestoreAccount, SuspendAccount
from folkmoot_governance.group import commands as c
from folkmoot_governance.permissions import may_on_platform
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult
from folkmoot_protocol.types import Identity

from ..actions.app import App
from ..common.i18n import N_
from ..delivery.session import Session
from . import accounts as admin_identity
from . import cases as admin_cases
from . import content as admin_rules
from . import words as admin_words
from .common import FORBIDDEN, Outcome, account_item, act_on_group, act_on_user, duration_of, find_account, list_rows

UNKNOWN = Refusal(ErrorCode.UNKNOWN_COMMAND, N_("There is no such administration command."))


async def administer(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Carry out one administration request."""
    assert session.account is not None
    if not may_on_platform(session.account.state.platform, "read"):
        return FORBIDDEN
    run = ACTS.get((request.noun, request.verb))
    return await run(app, session, request) if run else UNKNOWN


async def list_users(app: App, session: Session, request: rq.Admin) -> Outcome:
    return await list_rows(request, app.store.ledger.list_accounts, "user")


async def list_groups(app: App, session: Session, request: rq.Admin) -> Outcome:
    return await list_rows(request, app.store.ledger.list_groups, "code")


async def show_user(app: App, session: Session, request: rq.Admin) -> Outcome:
    account = await find_account(app, request)
    return account if isinstance(account, Refusal) else AdminResult(items=(account_item(account),))


async def suspend_user(app: App, session: Session, request: rq.Admin) -> Outcome:
    duration = duration_of(request)
    if isinstance(duration, Refusal):
        return duration
    return await act_on_user(app, session, request, SuspendAccount(duration, request.reason or ""))


async def restore_user(app: App, session: Session, request: rq.Admin) -> Outcome:
    return await act_on_user(app, session, request, RestoreAccount(request.reason or ""))


async def verify_user(app: App, session: Session, request: rq.Admin) -> Outcome:
    level = str((request.options or {}).get("identity", ""))
    if level not in set(Identity):
        text = N_("Give the identity level: {levels}.")
        return Refusal(ErrorCode.BAD_REQUEST, text, {"field": "identity", "levels": " ".join(Identity)})
    return await act_on_user(app, session, request, AttestIdentity(Identity(level), request.reason or ""))


async def show_group(app: App, session: Session, request: rq.Admin) -> Outcome:
    room = await app.membership.find_room(request.target or "")
    if isinstance(room, Refusal):
        return room
    state = room.state
    item = msgspec.to_builtins(room.view(app.clock.now_ms()))
    item |= {
        "version": state.version,
        "status_until_ms": state.status_until_ms,
        "asked_limit": state.asked_limit,
        "entries_per_day": state.entries_per_day,
        "bans": len(state.bans),
        "last_seq": room.last_seq,
        "listeners": room.listening,
    }
    return AdminResult(items=(item,))


async def suspend_group(app: App, session: Session, request: rq.Admin) -> Outcome:
    duration = duration_of(request)
    if isinstance(duration, Refusal):
        return duration
    return await act_on_group(app, session, request, c.SuspendGroup(duration, request.reason or ""))


async def restore_group(app: App, session: Session, request: rq.Admin) -> Outcome:
    return await act_on_group(app, session, request, c.RestoreGroup(request.reason or ""))


async def close_group(app: App, session: Session, request: rq.Admin) -> Outcome:
    return await act_on_group(app, session, request, c.CloseGroup(request.reason or ""))


async def approve_group(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Let a group have the size that its owner asked for (G8.3)."""
    return await act_on_group(app, session, request, c.GrantLimit(request.reason or ""))


async def reject_group(app: App, session: Session, request: rq.Admin) -> Outcome:
    """Turn that size down."""
    return await act_on_group(app, session, request, c.DenyLimit(request.reason or ""))


ACTS: dict[tuple[str, str], Callable[[App, Session, rq.Admin], Awaitable[Outcome]]] = {
    ("user", "list"): list_users,
    ("user", "show"): show_user,
    ("user", "suspend"): suspend_user,
    ("user", "restore"): restore_user,
    ("user", "verify"): verify_user,
    ("user", "close"): admin_identity.close_user,
    **admin_cases.CASE_ACTS,
    ("group", "list"): list_groups,
    ("group", "show"): show_group,
    ("group", "suspend"): suspend_group,
    ("group", "restore"): restore_group,
    ("group", "close"): close_group,
    ("group", "approve"): approve_group,
    ("group", "reject"): reject_group,
    ("identity", "list"): admin_identity.list_asking,
    ("identity", "show"): admin_identity.show_identity,
    ("identity", "approve"): admin_identity.approve,
    ("identity", "reject"): admin_identity.reject,
    ("word", "list"): admin_words.list_words,
    ("word", "create"): admin_words.create_word,
    ("word", "delete"): admin_words.delete_word,
    ("word", "test"): admin_words.try_word,
    ("rule", "list"): admin_rules.list_rules,
    ("rule", "reload"): admin_rules.reload_rules,
    ("rule", "test"): admin_rules.try_rules,
}
